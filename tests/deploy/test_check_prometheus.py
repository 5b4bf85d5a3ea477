"""`flyball check --prometheus`: rules that are not loaded, and figures that are not there, of a played server."""

import http.server
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.alerts import cases
from tests.deploy.test_checks import CONFIG

from flyball.alerts import needs
from flyball.alerts.rule import Record, Rule, rule_file
from flyball.deploy.checks import prometheus
from flyball.deploy.checks.outcome import Finding, Outcome
from flyball.guards.governor.rules import METRIC_MISSING, PROMETHEUS_SILENT, RULE_NOT_LOADED
from flyball.guards.reading.units import duration
from flyball.lab.loopback import served
from flyball.prometheus import server as reached
from flyball.stack import alerting
from flyball.stack.read import read

STACK = read(CONFIG)
RULES = [rule for group in rule_file(alerting.groups(STACK))["groups"] for rule in group["rules"]]
NEEDED = needs.figures(alerting.groups(STACK))


def loaded(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as Prometheus tells of it."""
    live = {"name": rule.get("alert") or rule["record"], "labels": rule.get("labels", {}), "health": "ok"}
    return {**live, "duration": duration(rule["for"]) / 1000} if "alert" in rule else live


class _Server(http.server.ThreadingHTTPServer):
    rules: list[dict[str, Any]]
    names: list[str]
    described: list[str]
    code = 200


class _Api(http.server.BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/api/v1/")
        data: Any = {
            "rules": {"groups": [{"rules": self.server.rules}]},
            "label/__name__/values": self.server.names,
            "metadata": {name: [] for name in self.server.described},
        }[path]
        self.send_response(self.server.code)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "success", "data": data}).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    """One that has all of it: half of the figures as series, the others only described, as those without series."""
    with served(_Server(("127.0.0.1", 0), _Api)) as made:
        made.rules, names = [loaded(rule) for rule in RULES], list(NEEDED)
        made.names, made.described = names[::2], names[1::2]
        yield made


def asked(server: _Server) -> Outcome:
    return prometheus.check(reached(f"http://127.0.0.1:{server.server_port}/"), STACK)


def test_all_is_loaded_and_there(server: _Server) -> None:
    said = f"{len(RULES)} of {len(RULES)} rules loaded, {len(NEEDED)} of {len(NEEDED)} figures there"
    assert asked(server) == Outcome(said)


def test_rules_that_are_missing_others_and_failing(server: _Server) -> None:
    by_name = {rule["name"]: rule for rule in server.rules}
    by_name["WorkloadAtCap"]["duration"] += 1
    by_name["WorkloadBelowNeed"]["labels"] = {"severity": "warning"}
    by_name["WorkloadBelowFloor"] |= {"health": "err", "lastError": "many-to-many matching"}
    server.rules.remove(by_name["WorkloadRestarts"])
    assert asked(server).findings == (
        Finding(RULE_NOT_LOADED, "not loaded", ("WorkloadRestarts",)),
        Finding(RULE_NOT_LOADED, "loaded with other labels or another time", ("WorkloadBelowNeed", "WorkloadAtCap")),
        Finding(RULE_NOT_LOADED, "loaded, and fails: many-to-many matching", ("WorkloadBelowFloor",)),
    )


def test_a_threshold_of_another_workload_is_none_of_ours(server: _Server) -> None:
    [need] = [rule for rule in server.rules if rule["name"] == "flyball_workload_need"]
    need["labels"] = {**need["labels"], "workload": "other"}
    assert [each.places for each in asked(server).findings] == [("flyball_workload_need",)]


def test_figures_of_an_exporter_that_nobody_scrapes(server: _Server) -> None:
    server.names = [name for name in NEEDED if not name.startswith("haproxy_")]
    server.described = []
    [finding] = asked(server).findings
    proxies = tuple(name for name in NEEDED if name.startswith("haproxy_"))
    silent = {rule for name in proxies for rule in NEEDED[name]}
    assert proxies
    assert finding == Finding(METRIC_MISSING, f"no such figures of haproxy; {len(silent)} rules are silent", proxies)


def test_who_cannot_be_asked_is_not_green() -> None:
    [finding] = prometheus.check(reached("http://127.0.0.1:1"), STACK).findings
    hint = "see that it is reached from here, as by kubectl port-forward"
    assert (finding.rule, finding.message) == (
        PROMETHEUS_SILENT,
        f"not asked: [Errno 111] Connection refused; {hint}",
    )
    assert finding.places == ("http://127.0.0.1:1",)


def test_who_answers_otherwise_is_not_green(server: _Server) -> None:
    server.code = 503
    assert asked(server).findings[0].message.startswith("not asked: it answers 503; see that it is reached")
    server.code, server.rules = 200, [{"labels": {}}]
    assert asked(server).findings[0].message == "not asked: it answers as no Prometheus does"


def test_a_threshold_that_no_service_of_the_stack_has_is_not_missed() -> None:
    assert [name for name in NEEDED if name.startswith("flyball_")] == []


def test_a_job_that_no_clock_starts_needs_no_figures_of_schedules() -> None:
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "there"}

    def of_schedules(**job: str) -> list[str]:
        config = {**outer, "jobs": {"load": {"image": "registry.example/load:1", **job}}}
        return [name for name in needs.figures(alerting.groups(read(config))) if name.startswith("kube_cronjob_")]

    assert of_schedules() == []
    assert of_schedules(schedule="0 4 * * *") == [
        "kube_cronjob_created",
        "kube_cronjob_next_schedule_time",
        "kube_cronjob_spec_suspend",
    ]


def test_the_figures_of_a_query() -> None:
    query = (
        'sum by (pod, up) (rate(a_total{b="c(d) and e"}[5m] offset 5m)) / on (f) group_left (g) h:i unless bool_x'
        ' > 1e5 or label_replace(j, "k", "$1", "l", "(.+)") == bool 2 and Inf'
    )
    assert needs.names(query) == {"a_total", "h:i", "bool_x", "j"}


def test_every_series_that_makes_an_alert_fire_is_a_figure_that_is_known() -> None:
    """The names in the rules are those that promtool's series of the same rules have."""
    rules = [entry for group in cases.ALL.values() for entry in group]
    recorded = {entry.name for entry in rules if isinstance(entry, Record)}
    named = {name for entry in rules for name in needs.names(entry.expr)} - recorded
    given = {series.partition("{")[0] for case in cases.CASES for series in case.series}
    alerts = {entry.name for entry in rules if isinstance(entry, Rule)}
    assert named <= given
    assert not named & alerts
