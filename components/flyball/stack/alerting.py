"""What a stack's alerts come to: rules, and with somebody who hears, objects for a cluster and files for everybody."""

from collections.abc import Mapping
from typing import Any

from flyball.alerts import chart
from flyball.alerts.alertmanager import configuration
from flyball.alerts.cluster import Groups
from flyball.alerts.operator import Manifest
from flyball.alerts.routes import USUAL
from flyball.alerts.rule import rule_file
from flyball.alerts.whole import Watched
from flyball.collector.config import NAMESPACE as COLLECTORS
from flyball.stack.read import Stack

RULES_FILE, ALERTMANAGER_FILE = "rules.yml", "alertmanager.yml"
OBJECTS_FILE, VALUES_FILE = "objects.yaml", "values.yaml"


def watched(stack: Stack) -> Watched:
    """What of a stack alerts are about."""
    return Watched(
        place=stack.place,
        services=stack.services,
        jobs=stack.jobs,
        caches=stack.caches,
        governed=stack.governor is not None,
        collectors=COLLECTORS if stack.logs else None,
        shared=stack.shared,
    )


def groups(stack: Stack) -> Groups:
    """All rules, by the name of their group."""
    return watched(stack).groups


def runbooks(stack: Stack) -> str:
    return stack.alerts.runbooks if stack.alerts else ""


def rule_objects(stack: Stack, labels: Mapping[str, str]) -> list[Manifest]:
    """The rules as objects that the operator selects by these labels."""
    return watched(stack).rule_objects(labels, runbooks(stack))


def objects(stack: Stack) -> list[Manifest]:
    """All objects of Prometheus' operator; none where nobody hears, or where there is no operator."""
    return watched(stack).objects(stack.alerts)


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
