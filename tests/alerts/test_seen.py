"""A freeze that has begun and an override that was used are seen within a minute, by what is configured."""

from typing import Any

import pytest
from tests.stack.test_alerts import ALL, CONFIG

from ansible_collections.flyball.guards.plugins.filter.guards import FilterModule
from flyball.alerts.chart import values
from flyball.guards.alerting import seen
from flyball.guards.reading.units import duration
from flyball.guards.roles.prometheus import ROLE
from flyball.stack import alerting
from flyball.stack.read import read

CONFIGURED: dict[str, Any] = {**CONFIG, "alerts": ALL, "governor": {}}
SOON = {"alertmanager_group_wait": "1s"}


def _way(route: dict[str, Any], labels: dict[str, str], wait: str = "") -> tuple[str, str]:
    """The receiver of an alert, and how long its message waits; the matchers are those of Alertmanager's own file."""
    wait = route.get("group_wait", wait)
    for inner in route.get("routes", ()):
        if all(_fits(matcher, labels) for matcher in inner["matchers"]):
            return _way(inner, labels, wait)
    return route["receiver"], wait


def _fits(matcher: str, labels: dict[str, str]) -> bool:
    for how in ("=~", "!=", "="):
        name, found, value = matcher.partition(how)
        if found:
            is_one = labels.get(name, "") in value.strip('"').split("|")
            return is_one is (how != "!=")
    raise AssertionError(matcher)


@pytest.mark.parametrize(("alert", "receiver"), [("ClusterFrozen", "warning"), ("OverrideUsed", "page")])
def test_at_the_worst_it_takes_less_than_a_minute(alert: str, receiver: str) -> None:
    found = alerting.files(read(CONFIGURED))
    [rules] = [group for group in found["rules.yml"][0]["groups"] if group["name"] == "flyball-guards"]
    [rule] = [rule for rule in rules["rules"] if rule.get("alert") == alert]
    to, wait = _way(found["alertmanager.yml"][0]["route"], rule["labels"])
    scraped = values({})["prometheus"]["prometheusSpec"]["scrapeInterval"]
    assert to == receiver
    spans = [scraped, rules["interval"], rule["for"], wait]
    assert spans == ["30s", "15s", "0s", "5s"]
    assert sum(map(duration, spans)) < seen.WITHIN * 1000


def test_the_role_scrapes_as_often() -> None:
    assert ROLE.defaults["prometheus_interval"] == f"{seen.SCRAPED}s"


@pytest.mark.parametrize(("subject", "severity"), [("freeze", "warning"), ("override", "page")])
@pytest.mark.parametrize(("given", "waits"), [({}, "5s"), ({"alertmanager_group_wait": "10m"}, "5s"), (SOON, "1s")])
def test_the_role_tells_as_soon(given: dict[str, Any], waits: str, subject: str, severity: str) -> None:
    """Its Alertmanager may be a cluster's too; whoever wants to wait less does."""
    variables = {f"alertmanager_{what}": {"webhooks": [f"https://example.com/{what}"]} for what in ("page", "warning")}
    made = FilterModule().filters()["alertmanager_config"]({**variables, **given}, {})
    assert _way(made["route"], {"subject": subject, "severity": severity}) == (severity, waits)
