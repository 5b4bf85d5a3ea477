"""Every alert ends with its cause, and of a failed scrape and a restart nobody is told: what promtool is asked."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from tests.alerts import promtool, recovery
from tests.alerts.case import Case
from tests.alerts.cases import CASES, RULES

files = cache(promtool.files)
ENDING = [name for name, rule in RULES.items() if rule.severity not in recovery.NEVER_ENDS]


def _moments(test: dict[str, Any]) -> tuple[list[int], list[int]]:
    """When the alert has to be there, and when it must not be [s]."""
    checks = [(int(check["eval_time"][:-1]), "exp_alerts" in check) for check in test["alert_rule_test"]]
    return [at for at, there in checks if there], [at for at, there in checks if not there]


def _of(name: str) -> list[tuple[list[int], list[int]]]:
    return [_moments(test) for test in files()[f"test-{name}.json"]["tests"]]


def test_every_alert_that_has_come_goes() -> None:
    ends = {name: sum(bool(there) and max(gone) > max(there) for there, gone in _of(name)) for name in ENDING}
    loud = Counter(case.alert for case in CASES if case.labels is not None)
    assert ends == {name: loud[name] for name in ENDING}
    assert all(ends.values())


def test_every_alert_is_asked_about_after_a_failed_scrape_and_a_restart() -> None:
    for name in ENDING:
        last = recovery.RESTART * recovery.STEP + RULES[name].seconds + promtool.WATCHED
        assert any(not there and max(gone) > last - 300 for there, gone in _of(name)), name


def test_what_is_said_of_an_alert_is_of_one_that_there_is() -> None:
    assert set(recovery.WELL) <= set(ENDING)


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("7", ["7", "_", "_", "_", "_", "_"]),
        ("1x2 0x9", ["1", "1", "1", "0", "0", "0"]),
        ("_x2 5+2x1 stale 4-1x3", ["_", "_", "5", "7", "stale", "4"]),
        ("-3x0 0.5+1.5x9", ["-3", "0.5", "2", "3.5", "5", "6.5"]),
        ("1e3+1e-2x9", ["1000", "1000.01", "1000.02", "1000.03", "1000.04", "1000.05"]),
    ],
)
def test_samples_are_those_of_promtool(text: str, samples: list[str]) -> None:
    assert recovery.expanded(text, 6) == samples


def test_a_gauge_goes_back_a_counter_stays_and_requests_go_on() -> None:
    requests, refused = (f'haproxy_frontend_{what}_total{{proxy="inbound"}}' for what in ("http_requests", "x"))
    case = Case("RequestsShed", {"gauge": "0x4 5x99", requests: "0+60x99", refused: "0+3x99"}, due=0, labels={})
    series, gone = recovery.recovered(case, 300)
    seen = 6 + recovery.LONGER
    assert gone == seen * 60
    after = {name: values.split()[seen:] for name, values in series.items()}
    assert after == {"gauge": ["0x600"], requests: ["480+60x600"], refused: ["24+0x600"]}
    assert recovery.disturbed(case)["gauge"] == "0x9 _ 0x18 stale 0x600"
