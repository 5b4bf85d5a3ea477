"""What a stack's alerts come to: rules, and with somebody who hears, objects for a cluster and files for everybody."""

from collections.abc import Mapping
from typing import Any

from flyball.alerts import chart, cluster, operator
from flyball.alerts.alertmanager import configuration
from flyball.alerts.cluster import Groups
from flyball.alerts.operator import Manifest, Whose
from flyball.alerts.routes import USUAL
from flyball.alerts.rule import rule_file
from flyball.collector.config import NAMESPACE as COLLECTORS
from flyball.stack.read import Stack

RULES_FILE, ALERTMANAGER_FILE = "rules.yml", "alertmanager.yml"
OBJECTS_FILE, VALUES_FILE = "objects.yaml", "values.yaml"


def groups(stack: Stack) -> Groups:
    """All rules, by the name of their group; each says whose it is, and has the namespace by which Prometheus' operator
    sends it on."""
    shipped, governed = stack.logs is not None, stack.governor is not None
    found = cluster.rules(stack.services.values(), governed, shipped, stack.caches.values(), stack.jobs.values())
    return operator.of_cluster(found, cluster.wide(found), whose(stack, {}))


def runbooks(stack: Stack) -> str:
    return stack.alerts.runbooks if stack.alerts else ""


def whose(stack: Stack, labels: Mapping[str, str]) -> Whose:
    """The place of the stack's objects; `labels` are those by which the operator selects them."""
    place = stack.place
    return Whose(place.namespace, place.owner, place.environment, stack.shared, labels)


def rule_objects(stack: Stack, labels: Mapping[str, str]) -> list[Manifest]:
    """The rules as objects that the operator selects by these labels."""
    return operator.rule_objects(groups(stack), whose(stack, labels), runbooks(stack))


def objects(stack: Stack) -> list[Manifest]:
    """All objects of Prometheus' operator; none where nobody hears, or where there is no operator."""
    if not stack.alerts or not stack.alerts.objects:
        return []
    own = whose(stack, stack.alerts.labels)
    return [
        *rule_objects(stack, stack.alerts.labels),
        operator.receivers_object(stack.alerts, own),
        *operator.monitors(own, COLLECTORS if stack.logs else None),
    ]


def files(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """Documents by the name of their file: rules and receivers for whoever has no operator, and where there is one its
    objects, with what they need of its chart."""
    found = {RULES_FILE: [rule_file(groups(stack), runbooks(stack))]}
    if stack.alerts:
        found[ALERTMANAGER_FILE] = [configuration(stack.alerts.people, USUAL)]
    if made := objects(stack):
        found[OBJECTS_FILE] = made
        found[VALUES_FILE] = [chart.values(stack.alerts.labels if stack.alerts else {})]
    return found
