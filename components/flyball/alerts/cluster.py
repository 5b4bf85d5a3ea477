"""All alerts on the services of a stack, by the name of their group."""

from collections.abc import Iterable, Mapping, Sequence

from flyball.alerts import caches, certificates, jobs, logs, services, watch, zones
from flyball.alerts.rule import Record, Rule
from flyball.alerts.workload import thresholds
from flyball.guards.fail_fast.container import check_labels
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import INVALID_NAME
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.resolve import Service

Groups = Mapping[str, Sequence[Rule | Record]]
_WIDE = ("flyball-guards", "flyball-log-pipeline", "flyball-watch", "flyball-certificates")
_WIDE_TOO = ("AutoscalersBlind", "ZonesUnknown")
"""Groups of rules, and single ones, that are about the whole cluster: what they tell is in no namespace of a stack."""


def rules(
    found: Iterable[Service],
    governed: bool,
    shipped: bool,
    held: Iterable[Cache] = (),
    run: Iterable[Job] = (),
    place: Place | None = None,
) -> Groups:
    """The rules by the name of their group, of services, of caches `held` and of jobs `run`; `governed` says whether
    the cluster has a Governor, `shipped` whether logs leave their nodes, and `place` whose all of it is [the first
    service's]. Migrations of services are jobs too. In whatever order these are, rules are in the order of names."""
    each = sorted(found, key=lambda service: service.name)
    kept = sorted(held, key=lambda cache: cache.name)
    run = [*run, *(service.migration for service in each if service.migration)]
    limits = thresholds(each)
    on_services = services.rules(limits, governed) | (zones.rules() if any(one.zones for one in limits) else {})
    place = place or (each[0].place if each else Place())
    watched = {**watch.rules(), **certificates.rules(place.namespace)} if each or kept or run else {}
    return {
        **on_services,
        **jobs.rules(sorted(run, key=lambda job: job.name)),
        **caches.rules(kept, place),
        **logs.rules(shipped),
        **watched,
    }


def wide(groups: Groups) -> frozenset[str]:
    """The alerts that are about the whole cluster."""
    return frozenset(
        rule.name
        for group, found in groups.items()
        for rule in found
        if isinstance(rule, Rule) and (group in _WIDE or rule.name in _WIDE_TOO)
    )


def selecting(given: Iterable[str]) -> dict[str, str]:
    """Labels that are given as ``KEY=VALUE``. Raises `Refused` with all that are none."""
    words = list(given)
    problems = [
        Problem(("--label", word), INVALID_NAME, "is no label", "write KEY=VALUE") for word in words if "=" not in word
    ]
    found = dict(word.split("=", 1) for word in words if "=" in word)
    refuse([*problems, *check_labels(found, ("--label",))])
    return found
