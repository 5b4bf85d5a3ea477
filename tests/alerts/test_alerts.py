"""Every rule says how urgent it is, what is wrong and what to do, and has series that prove it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from tests.alerts import promtool
from tests.alerts.case import Case
from tests.alerts.cases import CASES, CONTENT, ENTRIES, RULES, SIZES

from flyball.alerts import cluster, hosts, known, logs
from flyball.alerts.rule import OF_SERIES, Rule, Severity, rule_file
from flyball.alerts.workload import thresholds
from flyball.cli import main
from flyball.guards.alerting import hosts as limits
from flyball.guards.alerting.services import Thresholds
from flyball.guards.alerting.zones import UNEVEN_FOR
from flyball.guards.catalogue import RULES as CATALOGUE
from flyball.guards.governor import balance, envelope, freeze
from flyball.stack.read import read


def test_every_rule_has_series_that_make_it_fire_and_series_that_do_not() -> None:
    assert {case.alert for case in CASES if case.labels is not None} == set(RULES)
    assert {case.alert for case in CASES if case.labels is None} == set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_rule_says_what_is_wrong_and_what_to_do(rule: Rule) -> None:
    assert rule.severity in Severity
    assert rule.subject
    assert rule.summary[-1] != "."
    assert rule.action[-1] == "."
    assert rule.guards
    assert set(rule.guards) <= set(CATALOGUE)


@pytest.mark.parametrize("case", [case for case in CASES if case.labels is not None], ids=lambda case: case.alert)
def test_an_alert_says_whose_it_is(case: Case) -> None:
    rule = RULES[case.alert]
    assert case.labels is not None
    assert ("owner" in case.labels) == (rule.owner == OF_SERIES)
    assert rule.as_prometheus()["labels"].get("owner", "") == rule.owner


def test_names_are_given_once() -> None:
    assert len(RULES) == sum(isinstance(entry, Rule) for entry in ENTRIES)


def test_all_are_known() -> None:
    assert set(known.ALERTS) == set(RULES)


def test_a_rule_as_prometheus_reads_it() -> None:
    assert RULES["GroupAtCap"].as_prometheus() == {
        "alert": "GroupAtCap",
        "expr": 'count(up{job="node",groups=~".*,web,.*"}) >= 4',
        "for": "5m",
        "labels": {"severity": "page", "subject": "size", "owner": "platform", "group": "web"},
        "annotations": {
            "summary": "web is at its cap of 4 hosts and cannot grow any more",
            "action": "Shed load now; raise the ceiling only by a person's decision, since nobody has seen more run.",
            "guard": "ceiling-beyond-envelope",
            "runbook_url": "docs/runbooks/GroupAtCap.md",
        },
    }


def test_a_runbook_is_below_the_url_that_is_given() -> None:
    found = rule_file({"some": [RULES["GroupAtCap"]]}, "https://wiki.example/runbooks")["groups"][0]["rules"][0]
    assert found["annotations"]["runbook_url"] == "https://wiki.example/runbooks/GroupAtCap"


def test_times_and_caps_are_those_of_the_guards() -> None:
    assert RULES["GroupNearCap"].seconds == envelope.WARN_FOR_SECONDS
    assert RULES["GroupAtCap"].seconds == envelope.PAGE_FOR_SECONDS
    assert f"> {int(freeze.LONGEST.total_seconds())} " in RULES["FreezeForgotten"].expr
    assert f", {limits.DISK_AHEAD}) < 0" in RULES["DiskFullSoon"].expr


def test_a_warning_that_a_page_silences_has_its_subject() -> None:
    for warning, page in (
        ("DiskFullSoon", "DiskNearlyFull"),
        ("HostDown", "HostsDown"),
        ("GroupNearCap", "GroupAtCap"),
    ):
        assert RULES[warning].subject == RULES[page].subject
        assert (RULES[warning].severity, RULES[page].severity) == (Severity.WARNING, Severity.PAGE)


def test_without_sizes_there_are_no_caps() -> None:
    assert {rule.name for group in hosts.rules().values() for rule in group} == {
        rule.name for group in hosts.rules(SIZES).values() for rule in group if rule.subject != "size"
    }


def test_services_that_need_not_survive_a_zone_have_no_rules() -> None:
    given = {"image": "example.org/web:1.0", "port": 8080, "load": {"peak": 400, "replica": 50}}
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "there", "zones": ["a", "b", "c"]}

    def groups(**services: object) -> cluster.Groups:
        return cluster.rules(read({**outer, "services": services}).services.values(), False, False)

    assert "flyball-zones" not in groups(web=given)
    found = groups(plain=given, web={**given, "survive": "zone"})
    names = [rule.name for rule in found["flyball-zones"]]
    assert names == ["flyball_workload_left", "ZoneTooFull", "ZoneHeadroomLost", "ZonesUnknown"]
    zones = [record for record in found["flyball-thresholds"] if record.name == "flyball_workload_zones"]
    assert [(record.labels["workload"], record.expr) for record in zones] == [("web", "vector(3)")]
    assert UNEVEN_FOR >= 2 * balance.EVERY


def test_the_command_prints_those_of_caches(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.shop.yaml"
    service = "{image: example.org/web:1.0, port: 8080, load: {peak: 1, replica: 1}}"
    file.write_text(
        "config: {flyball:environment: test, flyball:owner: shop, flyball:namespace: shop, flyball:cluster: there,"
        f" flyball:services: {{web: {service}}}, flyball:caches: {{my-keys: {{memory: 1Gi, ttl: 1h}}}}}}"
    )
    found = CliRunner().invoke(main, ["alerts", "-s", str(file)])
    assert found.exit_code == 0, found.output
    rules = {group["name"]: group["rules"] for group in yaml.safe_load(found.output)["groups"]}["flyball-caches"]
    labels = {"namespace": "shop", "cache": "my-keys", "owner": "shop", "environment": "test"}
    assert [rule for rule in rules if "record" in rule] == [
        {"record": "flyball_cache_memory_bytes", "expr": "vector(1073741824)", "labels": labels},
        {"record": "flyball_cache_endless", "expr": "vector(0)", "labels": labels},
    ]
    assert [rule["alert"] for rule in rules if "alert" in rule] == [
        "CacheMemoryHigh",
        "CacheClientsUnread",
        "CacheEvicting",
        "ClusterCacheKeysWithoutTimeToLive",
        "CacheUnknown",
    ]


def printed(*options: str) -> str:
    found = CliRunner().invoke(main, ["alerts", "-s", "stacks/Pulumi.prod.yaml", *options])
    assert found.exit_code == 0, found.output
    return found.output


def test_the_command_prints_a_rule_file() -> None:
    groups = {group["name"]: group["rules"] for group in yaml.safe_load(printed())["groups"]}
    assert list(groups) == [
        "flyball-thresholds",
        "flyball-services",
        "flyball-hops",
        "flyball-autoscalers",
        "flyball-guards",
        "flyball-zones",
        "flyball-log-pipeline",
        "flyball-watch",
        "flyball-targets",
        "flyball-certificates",
    ]
    assert [rule.get("alert") for rule in groups["flyball-zones"]] == [
        None,
        "ZoneTooFull",
        "ZoneHeadroomLost",
        "ZonesUnknown",
    ]
    frontend = {"namespace": "shop", "workload": "frontend", "owner": "shop", "environment": "prod"}
    # At night 9 carry 280 requests of 40 at 80 %, and of 14 over three zones that many are left by the loss of one.
    assert {rule["record"]: rule["expr"] for rule in groups["flyball-thresholds"] if rule["labels"] == frontend} == {
        "flyball_workload_need": "vector(9)",
        "flyball_workload_floor": "vector(14)",
        "flyball_workload_warn": "vector(72)",
        "flyball_workload_ceiling": "vector(90)",
        "flyball_workload_replica": "vector(40)",
        "flyball_workload_utilization": "vector(0.8)",
        "flyball_workload_deadline": "vector(9)",
        "flyball_workload_zones": "vector(3)",
    }


def test_the_command_prints_objects_for_the_operator_with_the_labels_it_selects_by() -> None:
    objects = list(yaml.safe_load_all(printed("--label", "release=monitoring")))
    [groups] = [yaml.safe_load(printed())["groups"]]
    ours = {
        "app.kubernetes.io/managed-by": "flyball",
        "flyball.dev/environment": "prod",
        "flyball.dev/owner": "shop",
    }
    metadata = {"name": "flyball", "namespace": "shop", "labels": {"release": "monitoring", **ours}}
    kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    assert objects == [{**kind, "metadata": metadata, "spec": {"groups": groups}}]


def test_what_is_no_label_is_refused() -> None:
    found = CliRunner().invoke(main, ["alerts", "-s", "stacks/Pulumi.prod.yaml", "--label", "a", "--label", "b=-"])
    assert found.exit_code == 1
    assert "--label.a: is no label; write KEY=VALUE" in found.output
    assert "--label.b: '-' is no label value" in found.output


_KEYS = {"host": "keys.example", "port": 6379, "protocol": "tcp", "timeout": "100ms"}


def test_thresholds_are_those_of_the_rules() -> None:
    """7 carry the peak, 8 with one to lose; 2 and 3 at night; on spot the base is part of all of them."""
    given = {"image": "example.org/web:1.0", "port": 8080, "load": {"peak": 100, "replica": 20}}
    night = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}]}
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "there", "zones": ["a", "b", "c"]}
    services_ = {
        "web": given,
        "timed": {**given, "schedule": night},
        "cheap": {**given, "spot": {}, "proven": 12},
        "still": {**given, "proven": 8, "ceiling": 8},
        "calling": {**given, "calls": {"web": {"timeout": "2s"}, "keys": _KEYS}, "deadline": "3s", "survive": "zone"},
        "plain": {**given, "protocol": "tcp", "probes": {"readiness": {"exec": ["ready"]}}},
        "bare": {**given, "inbound": {"enabled": False}},
        "worker": {
            **{key: value for key, value in given.items() if key != "port"},
            "probes": {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}},
            "calls": {"web": {"timeout": "2s"}},
            "deadline": "3s",
        },
    }
    found = {one.name: one for one in thresholds(read({**outer, "services": services_}).services.values())}
    shop = ("shop", "shop", "test")

    def of(name: str, need: int, floor: int, warn: int, ceiling: int | None, **more: Any) -> Thresholds:
        each = {"replica": 20, "utilization": 0.8, "deadline": 2.0}
        return Thresholds(shop[0], name, shop[1], shop[2], need, floor, warn, ceiling, **(each | more))

    assert found == {
        "web": of("web", 7, 8, 10, 12),
        "timed": of("timed", 2, 3, 10, 12),
        "cheap": of("cheap", 7, 8, 15, 18),
        "still": of("still", 7, 8, 7, None),
        # Only what a proxy counts the requests of.
        "calling": of("calling", 7, 11, 13, 16, deadline=3.0, zones=3, hops={"web": 2.0}),
        "plain": of("plain", 7, 8, 10, 12, deadline=None, protocol="tcp"),
        "bare": of("bare", 7, 8, 10, 12, deadline=None),
        # No request comes to it, and nobody is told that none is counted; its calls are.
        "worker": of("worker", 7, 8, 10, 12, deadline=None, protocol="tcp", hops={"web": 2.0}),
    }


def test_where_no_logs_are_shipped_nobody_watches_them() -> None:
    assert rule_file(logs.rules(False)) == {"groups": []}


def test_a_group_without_rules_is_left_out() -> None:
    assert rule_file({"none": [], "one": [RULES["HostDown"]]})["groups"] == [
        {"name": "one", "rules": [RULES["HostDown"].as_prometheus()]}
    ]


def test_both_files_are_plain_data() -> None:
    assert json.loads(json.dumps(CONTENT)) == CONTENT
    files = promtool.files()
    assert json.loads(json.dumps(files)) == files
    assert {f"rule-{name}.json" for name in RULES} < set(files)
