"""What a stack file says of its alerts: who hears of what, and what a plan tells of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flyball.alerts.operator import CRDS
from flyball.cli import main
from flyball.deploy.manifests import rendered
from flyball.deploy.program import run_program
from flyball.guards.alerting import receivers
from flyball.guards.alerting.receivers import Key, People, Receiver, Slack, Smtp, Watchdog
from flyball.guards.alerting.stack import Alerting
from flyball.stack import alerting
from flyball.stack.plan import plan
from flyball.stack.read import read

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = {
    "environment": "test",
    "owner": "shop",
    "namespace": "shop",
    "cluster": "there",
    "logs": {"to": {"otlp": "https://logs.example:4318"}},
    "services": {"web": {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}},
}
FILES = "/etc/alertmanager/secrets"
LEAST = {"page": {"webhook_file": f"{FILES}/page"}, "warning": {"emails": ["team@example.com"]}}
SMTP = {"server": "smtp.example:587", "from": "alerts@example.com"}
ALL: dict[str, Any] = {
    "rules": {"labels": {"release": "kube-prometheus-stack"}},
    "runbooks": "https://wiki.example/runbooks/",
    "page": {"webhook_file": f"{FILES}/page", "pagerduty": {"key_file": f"{FILES}/pagerduty"}},
    "warning": {
        "emails": ["team@example.com"],
        "slack": {"webhook_file": f"{FILES}/slack", "channel": "#shop"},
        "opsgenie": {"key_file": f"{FILES}/opsgenie", "url": "https://api.eu.opsgenie.com/"},
    },
    "watchdog": {"webhook_file": f"{FILES}/watchdog", "every": "1m"},
    "owners": {"shop": {"warning": {"slack": {"webhook_file": f"{FILES}/slack"}}}},
    "smtp": {**SMTP, "username": "alerts", "password_file": f"{FILES}/smtp"},
}
"""Every way that there is."""


def test_the_defaults() -> None:
    found = read({**CONFIG, "alerts": {**LEAST, "smtp": SMTP}}).alerts
    page, warning = Receiver("page", webhook_file=f"{FILES}/page"), Receiver("warning", emails=("team@example.com",))
    smtp = Smtp("smtp.example:587", "alerts@example.com", tls=True)
    assert found == Alerting(People(page, warning, smtp=smtp), {}, "", "flyball-alerts", True)


def test_everything_that_can_be_said() -> None:
    found = read({**CONFIG, "alerts": ALL}).alerts
    page = Receiver("page", webhook_file=f"{FILES}/page", pagerduty=Key(f"{FILES}/pagerduty"))
    warning = Receiver(
        "warning",
        emails=("team@example.com",),
        slack=Slack(f"{FILES}/slack", "#shop"),
        opsgenie=Key(f"{FILES}/opsgenie", "https://api.eu.opsgenie.com/"),
    )
    watchdog = Watchdog(Receiver("watchdog", webhook_file=f"{FILES}/watchdog"), 60_000)
    own = {"shop": {"warning": Receiver("shop-warning", slack=Slack(f"{FILES}/slack"))}}
    smtp = Smtp("smtp.example:587", "alerts@example.com", "alerts", f"{FILES}/smtp")
    people = People(page, warning, watchdog, own, smtp)
    assert found == Alerting(
        people, {"release": "kube-prometheus-stack"}, "https://wiki.example/runbooks", "flyball-alerts", True
    )
    assert people.files == tuple(
        f"{FILES}/{name}" for name in ("page", "pagerduty", "slack", "opsgenie", "watchdog", "smtp")
    )


def test_nobody_has_to_hear() -> None:
    assert read({**CONFIG, "alerts": {"to": "none", "reason": "a demo"}}).alerts is None


def test_a_plan_says_who_gets_what() -> None:
    found = plan({**CONFIG, "governor": {}, "alerts": ALL})
    assert [str(each) for each in found.hears] == [
        "warnings of shop go to Slack",
        "pages go to webhook, PagerDuty",
        "warnings go to team@example.com, Slack #shop, Opsgenie",
        "signs of life, each 1m, go to webhook",
    ]
    assert (found.findings, found.warnings) == ((), ())
    assert found.as_json()["alerts"][0] == {"what": "warnings", "owner": "shop", "ways": ("Slack",)}


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"governor": {}}, ["alerts"]),
        ({"governor": {}, "alerts": {"to": "none", "reason": "a demo"}}, []),
        ({}, []),
        ({"alerts": {**LEAST, "smtp": SMTP}}, ["alerts.watchdog"]),
    ],
)
def test_a_plan_warns_where_nobody_is_called_and_where_nobody_would_miss_it(more: Any, at: list[str]) -> None:
    found = plan({**CONFIG, **more})
    assert [(warning.where, warning.rule.id) for warning in found.warnings] == [(where, "nobody-hears") for where in at]
    assert found.findings == ()


def test_of_what_is_refused_a_plan_does_not_say_who_gets_it() -> None:
    found = plan({**CONFIG, "alerts": {"page": ALL["page"]}})
    assert (found.hears, [finding.where for finding in found.findings]) == ((), ["alerts.warning"])


@given(
    st.recursive(
        st.text(max_size=8) | st.integers() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*ALL, *LEAST["page"], "webhook", "url", "key", "slack", "pagerduty", "password"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_written_there_is_read_or_refused(alerts: Any) -> None:
    found = plan({**CONFIG, "alerts": alerts})
    assert found.findings or found.hears or alerts == {}
    assert all(finding.where.startswith("alerts") for finding in found.findings)


@given(st.sampled_from(sorted(receivers._PLAIN)), st.sampled_from(["page", "warning", "watchdog"]))
def test_no_message_repeats_a_secret(key: str, severity: str) -> None:
    secret = "https://hooks.example/T0KEN"
    given: Any = {**ALL, severity: {key: secret, "webhook_file": secret, "slack": {"webhook_file": "T0KEN"}}}
    found = plan({**CONFIG, "alerts": given}).findings
    assert {finding.where for finding in found} >= {f"alerts.{severity}.{key}", f"alerts.{severity}.webhook_file"}
    assert all("T0KEN" not in str(finding) for finding in found)


def made(**more: Any) -> dict[str, dict[str, Any]]:
    """The objects of the operator that the program makes, by kind and name."""
    objects = rendered(run_program(ROOT, "test", {**CONFIG, **more})).objects
    return {
        f"{o.kind} {o.name}": dict(o.manifest) for o in objects if "monitoring.coreos.com" in o.manifest["apiVersion"]
    }


def test_the_program_makes_rules_receivers_and_whom_to_scrape() -> None:
    found = made(alerts=ALL)
    assert list(found) == [
        "AlertmanagerConfig flyball",
        "PodMonitor flyball",
        "PodMonitor flyball-logs",
        "PrometheusRule flyball",
    ]
    assert {f"{name.partition(' ')[0].lower()}s" for name in found} == set(CRDS)
    for each in found.values():
        assert each["metadata"]["namespace"] == "shop"
        assert each["metadata"]["labels"] == {
            "release": "kube-prometheus-stack",
            "app.kubernetes.io/managed-by": "flyball",
            "flyball.dev/environment": "test",
            "flyball.dev/owner": "shop",
        }


@pytest.mark.parametrize("alerts", [{**ALL, "objects": False}, {"to": "none", "reason": "a demo"}])
def test_without_an_operator_or_anybody_who_hears_it_makes_none(alerts: Any) -> None:
    assert made(alerts=alerts) == {}


def test_of_stacks_in_one_namespace_each_has_names_of_its_own() -> None:
    assert "PrometheusRule flyball-shop-test" in made(alerts=ALL, shared=True)


def test_alerts_about_the_whole_cluster_say_the_namespace_of_the_stack() -> None:
    groups = made(alerts=ALL, governor={})["PrometheusRule flyball"]["spec"]["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
    for name in ("OverrideUsed", "AutoscalersBlind", "LogQueueFilling", "ClusterWatchdog", "CertificateEnds"):
        assert (
            rules[name]["labels"].items() >= {"namespace": "shop", "environment": "test", "owner": "platform"}.items()
        )


def test_the_command_writes_all_of_it_into_a_folder(tmp_path: Path) -> None:
    file, folder = tmp_path / "Pulumi.test.yaml", tmp_path / "out"
    file.write_text(
        json.dumps({"config": {f"flyball:{key}": value for key, value in {**CONFIG, "alerts": ALL}.items()}})
    )
    for _ in range(2):
        found = CliRunner().invoke(main, ["alerts", "-s", str(file), "-o", str(folder)])
        assert (found.exit_code, found.output) == (0, f"4 files in {folder}\n")
    wanted = alerting.files(read({**CONFIG, "alerts": ALL}))
    assert sorted(path.name for path in folder.iterdir()) == sorted(wanted)
    for name, documents in wanted.items():
        assert list(yaml.safe_load_all((folder / name).read_text())) == json.loads(json.dumps(documents))
    (folder / "mine").touch()
    found = CliRunner().invoke(main, ["alerts", "-s", str(file), "-o", str(folder)])
    assert (found.exit_code, (folder / "mine").exists()) == (1, True)
    assert "is no folder of these files alone" in found.output


def test_the_values_for_the_chart() -> None:
    assert alerting.files(read({**CONFIG, "alerts": ALL}))["values.yaml"] == [
        {
            "kube-state-metrics": {"metricLabelsAllowlist": ["nodes=[topology.kubernetes.io/zone]"]},
            "prometheus": {"prometheusSpec": {"scrapeInterval": "30s"}},
            "alertmanager": {
                "alertmanagerSpec": {
                    "replicas": 2,
                    "alertmanagerConfigSelector": {},
                    "alertmanagerConfigNamespaceSelector": {},
                    "alertmanagerConfigMatcherStrategy": {"type": "OnNamespace"},
                }
            },
        }
    ]
    own = {**ALL, "rules": {"labels": {"team": "shop"}}}
    assert alerting.files(read({**CONFIG, "alerts": own}))["values.yaml"][0]["prometheus"] == {
        "prometheusSpec": {
            "scrapeInterval": "30s",
            "ruleSelectorNilUsesHelmValues": False,
            "podMonitorSelectorNilUsesHelmValues": False,
            "serviceMonitorSelectorNilUsesHelmValues": False,
        }
    }
