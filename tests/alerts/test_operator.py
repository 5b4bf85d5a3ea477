"""Objects of Prometheus' operator: how large they get, and the way of an alert through them."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.alerts import cases
from tests.stack.test_alerts import ALL, CONFIG

from flyball.alerts import cluster, operator
from flyball.alerts.operator import MOST_IN_OBJECT, Whose
from flyball.alerts.rule import Record
from flyball.guards.alerting.receivers import EARLIER
from flyball.stack.read import read

OURS = Whose("shop", "shop", "test", labels={"release": "a"})


@given(st.lists(st.lists(st.integers(1, 300), max_size=12), max_size=8), st.integers(1_000, 4_000))
def test_no_object_is_too_large_and_no_rule_is_lost_or_moved(groups: list[list[int]], most: int) -> None:
    named = {
        f"group-{i}": [Record(f"a_{i}_{j}", "x" * size) for j, size in enumerate(sizes)]
        for i, sizes in enumerate(groups)
    }
    found = operator.rule_objects(named, OURS, most=most)
    assert all(len(json.dumps(each["spec"])) < most + 32 for each in found)
    assert [rule["record"] for each in found for group in each["spec"]["groups"] for rule in group["rules"]] == [
        record.name for records in named.values() for record in records
    ]
    names = [group["name"] for each in found for group in each["spec"]["groups"]]
    assert len(names) == len(set(names))
    assert [each["metadata"]["name"] for each in found] == [
        "flyball" if number == 1 else f"flyball-{number}" for number in range(1, len(found) + 1)
    ]


def test_ten_thousand_thresholds_are_two_objects() -> None:
    many = [Record("flyball_workload_need", "vector(1)", {"workload": f"w{i}" * 20}) for i in range(10_000)]
    found = operator.rule_objects({"flyball-thresholds": many}, OURS)
    assert [len(json.dumps(each).encode()) < MOST_IN_OBJECT + 1024 for each in found] == [True, True]


def test_every_alert_of_a_stack_has_a_namespace_and_so_finds_its_way() -> None:
    """The operator keeps an AlertmanagerConfig to alerts with the namespace that it is in."""
    on_hosts = {rule.name for rules in cases.ON_HOSTS.values() for rule in rules}
    labelled = cluster.wide(cases.ALL) | on_hosts
    fired = {case.alert: {**case.labels, **cases.RULES[case.alert].labels} for case in cases.CASES if case.labels}
    assert {case.alert for case in cases.CASES if case.labels == {}} <= labelled
    assert [name for name, labels in fired.items() if name not in labelled and "namespace" not in labels] == []


def config(**more: Any) -> dict[str, Any]:
    alerts = read({**CONFIG, "alerts": {**ALL, **more}}).alerts
    assert alerts
    return operator.receivers_object(alerts, OURS)["spec"]


def test_the_way_of_an_alert() -> None:
    route = config()["route"]
    by = {"groupBy": ["alertname", "namespace"]}
    page = {"name": "severity", "matchType": "=", "value": "page"}
    assert route == {
        "receiver": "warning",
        **by,
        "groupWait": "30s",
        "groupInterval": "5m",
        "repeatInterval": "4h",
        "routes": [
            {
                "receiver": "watchdog",
                "matchers": [{"name": "subject", "matchType": "=", "value": "watchdog"}],
                **by,
                "groupWait": "0s",
                "groupInterval": "1m",
                "repeatInterval": "54s",
            },
            {
                "receiver": "warning",
                "matchers": [{"name": "subject", "matchType": "=~", "value": "freeze|override"}],
                **by,
                "groupWait": "5s",
                "groupInterval": "5m",
                "repeatInterval": "4h",
                "routes": [{"receiver": "page", "matchers": [page]}],
            },
            {
                "receiver": "shop-warning",
                "matchers": [{"name": "owner", "matchType": "=", "value": "shop"}, {**page, "matchType": "!="}],
            },
            {"receiver": "page", "matchers": [page]},
        ],
    }
    assert EARLIER == 0.9


def test_a_sign_of_life_that_nobody_asked_for_goes_to_nobody() -> None:
    found = read({**CONFIG, "alerts": {key: value for key, value in ALL.items() if key != "watchdog"}}).alerts
    assert found
    spec = operator.receivers_object(found, OURS)["spec"]
    assert spec["route"]["routes"][0]["receiver"] == "nobody"
    assert spec["receivers"][0] == {"name": "nobody"}


def test_every_secret_is_a_key_of_one_secret() -> None:
    def of(key: str) -> dict[str, str]:
        return {"name": "flyball-alerts", "key": key}

    text = config()["receivers"][2]["slackConfigs"][0]["text"]
    mail = {
        "from": "alerts@example.com",
        "smarthost": "smtp.example:587",
        "requireTLS": True,
        "authUsername": "alerts",
        "authPassword": of("smtp"),
        "sendResolved": True,
    }
    assert config()["receivers"] == [
        {"name": "nobody"},
        {
            "name": "page",
            "webhookConfigs": [{"urlSecret": of("page"), "sendResolved": True, "maxAlerts": 100}],
            "pagerdutyConfigs": [{"routingKey": of("pagerduty"), "sendResolved": True}],
        },
        {
            "name": "warning",
            "emailConfigs": [{"to": "team@example.com", **mail}],
            "slackConfigs": [{"apiURL": of("slack"), "channel": "#shop", "text": text, "sendResolved": True}],
            "opsgenieConfigs": [
                {"apiKey": of("opsgenie"), "apiURL": "https://api.eu.opsgenie.com/", "sendResolved": True}
            ],
        },
        {
            "name": "watchdog",
            "webhookConfigs": [{"urlSecret": of("watchdog"), "sendResolved": False, "maxAlerts": 100}],
        },
        {"name": "shop-warning", "slackConfigs": [{"apiURL": of("slack"), "text": text, "sendResolved": True}]},
    ]
    assert {
        each["name"]
        for each in config(secret="ours")["receivers"][1]["pagerdutyConfigs"][0].values()
        if isinstance(each, dict)
    } == {"ours"}


def test_proxies_caches_and_collectors_are_scraped_by_the_name_of_their_port() -> None:
    own, logs = operator.monitors(OURS, "flyball-logs")
    endpoint = {
        "port": "metrics",
        "relabelings": [
            {
                "action": "replace",
                "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_name"],
                "targetLabel": "workload",
            }
        ],
    }
    labels = {
        "app.kubernetes.io/managed-by": "flyball",
        "flyball.dev/environment": "test",
        "flyball.dev/owner": "shop",
    }
    assert own["spec"] == {
        "namespaceSelector": {"matchNames": ["shop"]},
        "selector": {"matchLabels": labels},
        "podMetricsEndpoints": [endpoint],
    }
    assert logs["spec"] == {
        "namespaceSelector": {"matchNames": ["flyball-logs"]},
        "selector": {"matchLabels": {"app.kubernetes.io/name": "flyball-logs"}},
        "podMetricsEndpoints": [endpoint],
    }
    assert len(operator.monitors(OURS)) == 1
