"""All alerts on the services of a stack, in a file that Prometheus reads, or in objects of its operator."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flyball import wellknown
from flyball.alerts import caches, jobs, logs, services, zones
from flyball.alerts.rule import Record, Rule, rule_file
from flyball.alerts.workload import thresholds
from flyball.guards.fail_fast.container import check_labels
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import INVALID_NAME
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.resolve import Service

Groups = Mapping[str, Sequence[Rule | Record]]
MOST_IN_OBJECT = 1_500
"""Rules of one object. etcd takes 1.5 MiB for each (https://etcd.io/docs/v3.5/dev-guide/limit/), and a rule with its
texts is below 1 KiB."""


def rules(
    found: Iterable[Service], governed: bool, shipped: bool, held: Iterable[Cache] = (), run: Iterable[Job] = ()
) -> Groups:
    """The rules by the name of their group, of services, of caches `held` and of jobs `run`; `governed` says whether
    the cluster has a Governor, `shipped` whether logs leave their nodes."""
    each = list(found)
    limits = thresholds(each)
    on_services = services.rules(limits, governed) | (zones.rules() if any(one.zones for one in limits) else {})
    place = each[0].place if each else Place()
    return {**on_services, **jobs.rules(run), **caches.rules(held, place), **logs.rules(shipped)}


def selecting(given: Iterable[str]) -> dict[str, str]:
    """Labels that are given as ``KEY=VALUE``. Raises `Refused` with all that are none."""
    words = list(given)
    problems = [
        Problem(("--label", word), INVALID_NAME, "is no label", "write KEY=VALUE") for word in words if "=" not in word
    ]
    found = dict(word.split("=", 1) for word in words if "=" in word)
    refuse([*problems, *check_labels(found, ("--label",))])
    return found


def objects(groups: Groups, namespace: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """A PrometheusRule for each group, several for one that is too large.

    `labels` are those by which the operator selects the rules that it loads: without them it ignores all of them.
    """
    found: list[dict[str, Any]] = []
    for name, entries in groups.items():
        parts = [entries[at : at + MOST_IN_OBJECT] for at in range(0, len(entries), MOST_IN_OBJECT)]
        for number, part in enumerate(parts, 1):
            group = name if number == 1 else f"{name}-{number}"
            metadata = {"name": group, "namespace": namespace, "labels": {**labels, **_OURS}}
            kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
            found.append({**kind, "metadata": metadata, "spec": rule_file({group: part})})
    return found


_OURS = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
