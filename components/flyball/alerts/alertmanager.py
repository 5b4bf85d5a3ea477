"""Alertmanager's own configuration, from who hears: for the role `alertmanager`, and for whoever runs one himself.

The words are those of https://prometheus.io/docs/alerting/latest/configuration/.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from flyball.alerts.routes import Matcher, Times, tree, written
from flyball.guards.alerting import inhibition
from flyball.guards.alerting.inhibition import Inhibition
from flyball.guards.alerting.receivers import NOBODY, People, Receiver, Smtp

MOST_ALERTS = 100
"""In one message to a webhook: what tells of more is read by nobody."""
TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }}. {{ .Annotations.action }} {{ .Annotations.runbook_url }}\n{{ end }}"
)
"""Of a message in Slack, whose own has only labels."""


def configuration(
    people: People,
    times: Times,
    inhibitions: Iterable[Inhibition] = inhibition.ALL,
    contents: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The file. Secrets stay in their files; Alertmanager before 0.26 cannot read the URL of a webhook from one, so
    that it stands in the configuration where `contents` has that file's."""
    return {
        **({"global": _global(people.smtp)} if people.smtp.server else {}),
        "route": written(tree(people, times), _matcher),
        "inhibit_rules": [_inhibit(each) for each in inhibitions],
        "receivers": [{"name": NOBODY}, *(_receiver(each, contents, people) for each in people.receivers)],
    }


def _global(smtp: Smtp) -> dict[str, Any]:
    login = {"smtp_auth_username": smtp.username, "smtp_auth_password_file": smtp.password_file}
    return {
        "smtp_smarthost": smtp.server,
        "smtp_from": smtp.sender,
        "smtp_require_tls": smtp.tls,
        **(login if smtp.username else {}),
    }


def _matcher(matcher: Matcher) -> str:
    label, how, value = matcher
    return f"{label}{how}{json.dumps(value)}"


def sources(each: Inhibition) -> tuple[Matcher, ...]:
    """What silences: a page that has all of the labels. Labels that both lack would count as equal."""
    there = tuple((label, "=~", ".+") for label in compared(each))
    return (("severity", "=", "page"), *there, *((label, "=", "") for label in each.without))


def compared(each: Inhibition) -> tuple[str, ...]:
    """Labels that have to be the same."""
    return ("subject", *each.labels)


SILENCED: tuple[Matcher, ...] = (("severity", "=", "warning"),)


def _inhibit(each: Inhibition) -> dict[str, Any]:
    return {
        "source_matchers": [_matcher(matcher) for matcher in sources(each)],
        "target_matchers": [_matcher(matcher) for matcher in SILENCED],
        "equal": list(compared(each)),
    }


def _receiver(receiver: Receiver, contents: Mapping[str, str], people: People) -> dict[str, Any]:
    resolved = {"send_resolved": people.hears_ends(receiver)}
    webhooks = [{"url": url} for url in receiver.webhooks]
    if file := receiver.webhook_file:
        webhooks.append({"url": contents[file].strip()} if file in contents else {"url_file": file})
    ways: dict[str, list[dict[str, Any]]] = {
        "webhook_configs": [{**each, **resolved, "max_alerts": MOST_ALERTS} for each in webhooks],
        "email_configs": [{"to": email, **resolved} for email in receiver.emails],
        "slack_configs": [],
        "pagerduty_configs": [],
        "opsgenie_configs": [],
    }
    if slack := receiver.slack:
        channel = {"channel": slack.channel} if slack.channel else {}
        ways["slack_configs"].append({"api_url_file": slack.file, **channel, "text": TEXT, **resolved})
    if key := receiver.pagerduty:
        ways["pagerduty_configs"].append({"routing_key_file": key.file, **_url("url", key.url), **resolved})
    if key := receiver.opsgenie:
        ways["opsgenie_configs"].append({"api_key_file": key.file, **_url("api_url", key.url), **resolved})
    return {"name": receiver.name, **{kind: found for kind, found in ways.items() if found}}


def _url(key: str, url: str) -> dict[str, str]:
    return {key: url} if url else {}
