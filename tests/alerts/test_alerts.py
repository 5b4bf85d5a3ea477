"""Every rule says how urgent it is, what is wrong and what to do, and has series that prove it."""

import json

import pytest
import yaml
from click.testing import CliRunner
from tests.alerts.cases import CASES, CONTENT, ENTRIES, RULES, SIZES, promtool_tests

from flyball.alerts import hosts, zones
from flyball.alerts.rule import Rule, Severity, rule_file
from flyball.cli import main
from flyball.guards.alerting import hosts as limits
from flyball.guards.alerting.zones import UNEVEN_FOR, Zoned
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


def test_names_are_given_once() -> None:
    assert len(RULES) == sum(isinstance(entry, Rule) for entry in ENTRIES)


def test_a_rule_as_prometheus_reads_it() -> None:
    assert RULES["GroupAtCap"].as_prometheus() == {
        "alert": "GroupAtCap",
        "expr": 'count(up{job="node",groups=~".*,web,.*"}) >= 4',
        "for": "5m",
        "labels": {"severity": "page", "subject": "size", "group": "web"},
        "annotations": {
            "summary": "web is at its cap of 4 hosts and cannot grow any more",
            "action": "Shed load now; raise the ceiling only by a person's decision, since nobody has seen more run.",
        },
    }


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
    night = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 80}]}
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "there", "zones": ["a", "b", "c"]}
    services = {"plain": given, "web": {**given, "survive": "zone"}}
    timed = {**given, "survive": "zone", "schedule": night}
    found = zones.zoned(read({**outer, "services": {**services, "timed": timed}}).services.values())
    assert found == [Zoned("shop", "web", 10), Zoned("shop", "timed", 2)]
    assert zones.rules([]) == {"flyball-zones": []}
    assert [rule.name for rule in zones.rules(found)["flyball-zones"]] == ["ZoneTooFull", "ZoneTooFull", "ZonesUnknown"]
    assert UNEVEN_FOR >= 2 * balance.EVERY


def test_the_command_prints_them() -> None:
    found = CliRunner().invoke(main, ["alerts", "-s", "stacks/Pulumi.prod.yaml"])
    assert found.exit_code == 0, found.output
    [group] = yaml.safe_load(found.output)["groups"]
    assert group["name"] == "flyball-zones"
    assert {rule["alert"] for rule in group["rules"]} == {"ZoneTooFull", "ZonesUnknown"}


def test_a_group_without_rules_is_left_out() -> None:
    assert rule_file({"none": [], "one": [RULES["HostDown"]]})["groups"] == [
        {"name": "one", "rules": [RULES["HostDown"].as_prometheus()]}
    ]


def test_both_files_are_plain_data() -> None:
    assert json.loads(json.dumps(CONTENT)) == CONTENT
    assert promtool_tests("rules.yml")["rule_files"] == ["rules.yml"]
