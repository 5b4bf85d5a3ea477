"""From the cases of alerts a test file for promtool for each rule."""

import re
from collections.abc import Iterator
from typing import Any

from tests.alerts import calm_day, recovery
from tests.alerts.case import STEP, Case
from tests.alerts.cases import CASES, CONTENT, ENTRIES, RULES
from tests.alerts.service_series import Series

from flyball.alerts.rule import Record, Rule

_RECORDED = re.compile(r"flyball_(?:workload|hop|job|cache)_\w+")
WATCHED = 1800
"""Seconds that an alert which must not fire is watched for, beyond the time it takes."""


def files() -> dict[str, dict[str, Any]]:
    """By name the files for one `promtool test rules test-*.json`: each alert fires once it is due and its time is up,
    and not before. Each is held against a file of its own rule and of what is recorded for it: promtool evaluates all
    that it is given at every step, which is most of its time."""
    found = {"rules.json": CONTENT, **calm_day.files(CONTENT, "rules.json")}
    for name, rule in RULES.items():
        rules = [*(record.as_prometheus() for record in _recorded_for(rule.expr)), rule.as_prometheus()]
        found[f"rule-{name}.json"] = {"groups": [{"name": name, "rules": rules}]}
        found[f"test-{name}.json"] = {
            "rule_files": [f"rule-{name}.json"],
            "evaluation_interval": f"{STEP}s",
            "tests": [test for case in CASES if case.alert == name for test in _tests(case)],
        }
    return found


def _recorded_for(expr: str) -> list[Record]:
    """What is recorded of the series in an expression, and for that, in order."""
    names = set(_RECORDED.findall(expr))
    while True:
        found = [entry for entry in ENTRIES if isinstance(entry, Record) and entry.name in names]
        more = {name for record in found for name in _RECORDED.findall(record.expr)}
        if more <= names:
            return found
        names |= more


def _tests(case: Case) -> Iterator[dict[str, Any]]:
    """That it fires when due, that it ends with its cause, and that a failed scrape and a restart are none; or that it
    does not fire at all."""
    yield _test(case)
    rule = RULES[case.alert]
    if case.labels is None or rule.severity in recovery.NEVER_ENDS:
        return
    fires = case.due + rule.seconds
    series, gone = recovery.recovered(case, fires)
    expressions = [rule.expr, *(record.expr for record in _recorded_for(rule.expr))]
    ended = gone + recovery.within(case, expressions)
    yield _given(series, [_check(rule, fires, case.labels, case.value), _check(rule, ended, None)])
    last = recovery.RESTART * STEP + rule.seconds + WATCHED
    yield _given(recovery.disturbed(case), [_check(rule, seconds, None) for seconds in range(0, last + 1, 300)])


def _given(series: Series, checks: list[dict[str, Any]]) -> dict[str, Any]:
    written = [{"series": name, "values": values} for name, values in series.items()]
    return {"interval": f"{STEP}s", "input_series": written, "alert_rule_test": checks}


def _test(case: Case) -> dict[str, Any]:
    rule = RULES[case.alert]
    checks: list[dict[str, Any]] = []
    if case.labels is None:
        checks += [_check(rule, seconds, None) for seconds in range(0, rule.seconds + WATCHED + 1, 900)]
    else:
        fires = case.due + rule.seconds
        if fires >= STEP:
            checks.append(_check(rule, fires - STEP, None))
        checks.append(_check(rule, fires, case.labels, case.value))
    return _given(case.series, checks)


def _check(rule: Rule, seconds: int, labels: dict[str, str] | None, value: str = "") -> dict[str, Any]:
    check: dict[str, Any] = {"eval_time": f"{seconds}s", "alertname": rule.name}
    if labels is not None:
        found = rule.as_prometheus()
        texts = {
            name: re.sub(r"{{ \$value[^}]*}}", value, _rendered(text, labels))
            for name, text in found["annotations"].items()
        }
        check["exp_alerts"] = [{"exp_labels": {**labels, **found["labels"]}, "exp_annotations": texts}]
    return check


def _rendered(text: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", value)
    # What is no label of the alert renders as nothing.
    while "{{ $labels." in text:
        before, _, after = text.partition("{{ $labels.")
        text = before + after.partition(" }}")[2]
    return text
