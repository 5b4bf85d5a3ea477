"""Rules, receivers and whom to scrape, as objects of Prometheus' operator (https://prometheus-operator.dev/docs/)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flyball import wellknown
from flyball.alerts.alertmanager import MOST_ALERTS, SILENCED, TEXT, compared, sources
from flyball.alerts.routes import USUAL, Matcher, tree, written
from flyball.alerts.rule import Record, Rule, rule_file
from flyball.guards.alerting import inhibition
from flyball.guards.alerting.receivers import NOBODY, People, Receiver, key_of
from flyball.guards.alerting.stack import Alerting

GROUP = "monitoring.coreos.com"
CRDS = ("prometheusrules", "alertmanagerconfigs", "podmonitors")
MOST_IN_OBJECT = 900 * 1024
"""Bytes of one object, written as JSON. etcd takes 1.5 MiB for each (https://etcd.io/docs/v3.5/dev-guide/limit/), and
what the server notes of each field comes on top."""
NAME = "flyball"
METRICS = "metrics"
"""Port of a proxy, of a cache's exporter and of a log collector."""
WORKLOAD = "workload"
Groups = Mapping[str, Sequence[Rule | Record]]
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whose:
    """Where the objects are, what tells those of several stacks in one namespace apart, and which labels they bear."""

    namespace: str
    owner: str
    environment: str
    apart: bool = False
    labels: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """Of all objects, of which there is one of a kind."""
        own = f"-{self.owner}-{self.environment}".lower().replace("_", "-") if self.apart else ""
        return NAME + own

    @property
    def ours(self) -> dict[str, str]:
        """Labels of all that is the stack's."""
        return {
            wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY,
            wellknown.ENVIRONMENT_LABEL: self.environment,
            wellknown.OWNER_LABEL: self.owner,
        }

    def metadata(self, name: str) -> Manifest:
        return {"name": name, "namespace": self.namespace, "labels": {**(self.labels or {}), **self.ours}}


def rule_objects(groups: Groups, whose: Whose, runbooks: str = "", most: int = MOST_IN_OBJECT) -> list[Manifest]:
    """One PrometheusRule, several where one would be too large: then a group may be in parts."""
    found: list[list[Manifest]] = [[]]
    room = most
    for group in rule_file(groups, runbooks)["groups"]:
        for part in _parts(group, most):
            size = _size(part)
            if size > room and found[-1]:
                found.append([])
                room = most
            found[-1].append(part)
            room -= size
    return [
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "PrometheusRule",
            "metadata": whose.metadata(whose.name if number == 1 else f"{whose.name}-{number}"),
            "spec": {"groups": each},
        }
        for number, each in enumerate(found, 1)
        if each
    ]


def _parts(group: Manifest, most: int) -> list[Manifest]:
    """A group as it is, or in parts that are each below `most`; later parts have a number at the end of their name."""
    parts: list[list[Manifest]] = [[]]
    room = most - len(group["name"]) - 96
    left = room
    for rule in group["rules"]:
        size = _size(rule) + 2
        if size > left and parts[-1]:
            parts.append([])
            left = room
        parts[-1].append(rule)
        left -= size
    names = (group["name"] if number == 1 else f"{group['name']}-{number}" for number in range(1, len(parts) + 1))
    return [{**group, "name": name, "rules": rules} for name, rules in zip(names, parts, strict=True)]


def _size(value: Any) -> int:
    return len(json.dumps(value).encode())


def receivers_object(alerting: Alerting, whose: Whose) -> Manifest:
    """The AlertmanagerConfig. The operator keeps it to alerts whose `namespace` is this one, and sends on what it took:
    what else of the cluster's own Alertmanager fits an alert gets it too."""
    people = alerting.people
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "AlertmanagerConfig",
        "metadata": whose.metadata(whose.name),
        "spec": {
            "route": written(tree(people, USUAL), _matcher, _camel),
            "inhibitRules": [
                {
                    "sourceMatch": [_matcher(each) for each in sources(rule)],
                    "targetMatch": [_matcher(each) for each in SILENCED],
                    "equal": list(compared(rule)),
                }
                for rule in inhibition.ALL
            ],
            "receivers": [{"name": NOBODY}, *(_receiver(each, people, alerting.secret) for each in people.receivers)],
        },
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _matcher(matcher: Matcher) -> dict[str, str]:
    label, how, value = matcher
    return {"name": label, "matchType": how, "value": value}


def _receiver(receiver: Receiver, people: People, secret: str) -> Manifest:
    """As the role's, with keys of a Secret in the place of files."""

    def of(file: str) -> dict[str, str]:
        return {"name": secret, "key": key_of(file)}

    resolved = {"sendResolved": people.hears_ends(receiver)}
    ways: dict[str, list[Manifest]] = {}
    if file := receiver.webhook_file:
        ways["webhookConfigs"] = [{"urlSecret": of(file), **resolved, "maxAlerts": MOST_ALERTS}]
    if receiver.emails:
        smtp = people.smtp
        login = {"authUsername": smtp.username, "authPassword": of(smtp.password_file)} if smtp.password_file else {}
        sent = {"from": smtp.sender, "smarthost": smtp.server, "requireTLS": smtp.tls, **login}
        ways["emailConfigs"] = [{"to": email, **sent, **resolved} for email in receiver.emails]
    if slack := receiver.slack:
        channel = {"channel": slack.channel} if slack.channel else {}
        ways["slackConfigs"] = [{"apiURL": of(slack.file), **channel, "text": TEXT, **resolved}]
    if key := receiver.pagerduty:
        url = {"url": key.url} if key.url else {}
        ways["pagerdutyConfigs"] = [{"routingKey": of(key.file), **url, **resolved}]
    if key := receiver.opsgenie:
        url = {"apiURL": key.url} if key.url else {}
        ways["opsgenieConfigs"] = [{"apiKey": of(key.file), **url, **resolved}]
    return {"name": receiver.name, **ways}


def monitors(whose: Whose, collectors: str | None = None) -> list[Manifest]:
    """Whom to scrape: the proxies and caches of the stack, whose pods all name that port alike, and the log collectors
    in the namespace `collectors`. Each figure gets the name of its workload."""
    found = [_monitor(whose, whose.name, whose.ours, whose.namespace)]
    if collectors:
        found.append(_monitor(whose, f"{whose.name}-logs", {wellknown.NAME_LABEL: collectors}, collectors))
    return found


def _monitor(whose: Whose, name: str, pods: Mapping[str, str], namespace: str) -> Manifest:
    label = "__meta_kubernetes_pod_label_" + "".join(c if c.isalnum() else "_" for c in wellknown.NAME_LABEL)
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "PodMonitor",
        "metadata": whose.metadata(name),
        "spec": {
            "namespaceSelector": {"matchNames": [namespace]},
            "selector": {"matchLabels": dict(pods)},
            "podMetricsEndpoints": [
                {
                    "port": METRICS,
                    # The server fills these in, and each apply would take them for a difference.
                    "relabelings": [{"action": "replace", "sourceLabels": [label], "targetLabel": WORKLOAD}],
                }
            ],
        },
    }


def of_cluster(groups: Groups, names: Iterable[str], whose: Whose) -> dict[str, list[Rule | Record]]:
    """The rules of which those in `names` are about the cluster, and so say no namespace of the stack: they get it, or
    the operator's routes would let them pass."""
    labels = {"namespace": whose.namespace, "environment": whose.environment}
    wide = set(names)
    return {
        name: [replace(rule, labels={**rule.labels, **labels}) if rule.name in wide else rule for rule in rules]
        for name, rules in groups.items()
    }
