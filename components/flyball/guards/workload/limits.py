"""Lesson 7 for each Deployment: between which sizes, and in which steps, anybody may move its replicas."""

import re
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from flyball.guards.governor.rules import LIMITS
from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps, check_down, narrower_at, widened
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME
from flyball.guards.reading.units import show_duration
from flyball.guards.workload import replicas
from flyball.guards.workload.arguments import BehaviorArgs, RateArgs, StepArgs, WriterArgs
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.canary import SUFFIX as CANARY_SUFFIX
from flyball.guards.workload.names import SPOT_SUFFIX, check_namespace
from flyball.guards.workload.resolve import Service

MOST = 999_999_999
"""Policies read numbers of up to nine digits."""
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
"""Of a Deployment or StatefulSet, of flyball or not: an RFC 1123 subdomain."""


class ReplicaLimitsArgs(TypedDict):
    """How one Deployment or StatefulSet may be scaled, by anybody."""

    floor: int
    """Fewest replicas."""
    ceiling: int
    """Most replicas."""
    budget: int
    """Pods that may be unavailable on purpose at one time: the floor less what the peak needs."""
    writer: NotRequired[WriterArgs]
    """The most that one write changes [as wide as the autoscaler's steps need it, at least max(4 pods, 100 %) up and
    max(1 pod, 20 %) down]."""
    behavior: NotRequired[BehaviorArgs]
    """The widest behaviour that an autoscaler may have; its period down is also the pause between two scale-downs."""
    named: NotRequired[bool]
    """Whether its pods are those with its name in the label app.kubernetes.io/name, as those of a `Workload` are, so
    that no others may have it [false: those that its own selector says]."""
    stateful: NotRequired[bool]
    """With `named`, whether it is a StatefulSet, as those of a `Cache` and of members are [false: a Deployment]."""


class GovernedArgs(TypedDict):
    """A Governor in the cluster, of Kubernetes 1.36 or later: limits on every writer of replicas."""

    enabled: NotRequired[bool]
    """[true where governor is given]."""
    policies: NotRequired[bool]
    """Whether the policies that a cluster has once come along; false where another stack brings them [true]."""


@dataclass(frozen=True, slots=True)
class Governed:
    """Services have limits; `policies` says whether what enforces them comes along."""

    policies: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """How one Deployment or StatefulSet may be scaled. Raises ValueError for what no writer could obey."""

    floor: int
    """Fewest replicas."""
    ceiling: int
    """Most replicas."""
    budget: int
    """Pods that may be unavailable on purpose at one time: floor - need."""
    steps: WriterSteps = field(default_factory=WriterSteps)
    """The most that one write changes."""
    behavior: Behavior = field(default_factory=Behavior)
    """The widest behaviour that an autoscaler may have. Its period down is also the pause between two scale-downs by
    any other writer: nobody shrinks a workload more often than the autoscaler may."""
    named: bool = False
    """Its pods are those with its name in the label of names, as those of flyball's services; else what its own
    selector says."""
    stateful: bool = False
    """With `named`: it is a StatefulSet, and not a Deployment."""

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= self.ceiling:
            raise ValueError(f"floor {self.floor} must be between 0 and the ceiling, {self.ceiling}")
        if self.budget < 0:
            raise ValueError(f"budget {self.budget} must not be negative")
        # Beyond a thousand, no rounding makes a step narrower that is not so below.
        if stuck := narrower_at(self.steps, self.behavior, min(self.ceiling, 1_000)):
            raise ValueError(f"at {stuck} replicas one write may change less than the autoscaler's behavior asks for")


def read_governed(r: Reader) -> Governed | None:
    """The key `governor`; None where it is not there, or says so. Values of a wrong type are reported elsewhere."""
    if not r.is_map("governor"):
        return None
    given = r.at("governor")
    return Governed(given.value("policies", bool, True)) if given.value("enabled", bool, True) else None


def limits_of(service: Service) -> dict[str, Limits]:
    """The limits of a service's Deployments or its StatefulSet, by name, as the rules have sized it.

    The floor is the lowest of the day: by the clock it is the autoscaler that goes between them. The on-demand base
    beside a spot part has one size, which only a change of the service's arguments moves.
    """
    spec, sizing = service.spec, service.sizing
    if service.members:
        return {spec.name: _of_members(service.members.count, sizing.budget)}

    def limits(floor: int, ceiling: int, named: bool = False) -> Limits:
        return Limits(floor, ceiling, sizing.budget, sizing.writer, spec.behavior, named)

    if sizing.split is None:
        return {spec.name: limits(sizing.floors.least, sizing.ceiling, named=True), **_of_canary(service)}
    base = sizing.split.base
    return {
        spec.name: limits(base, base, named=True),  # the pods of both parts have this name
        spec.name + SPOT_SUFFIX: limits(sizing.floors.least, sizing.ceiling - base),
    }


_NO_PAUSE = Behavior(down=Rate(pods=1, percent=10, period=1))
"""Of what no autoscaler moves: one step down may follow another at once."""


def _of_canary(service: Service) -> dict[str, Limits]:
    """Those of a new version: it grows by its steps, and goes at once, since the version before carries the peak."""
    found = service.spec.rollout.canary
    if found is None:
        return {}
    most = max(found.sizes(service.sizing.ceiling, service.sizing.beside))
    steps = WriterSteps(up=Step(max(4, most), 100), down=Step(most, 100))
    return {service.name + CANARY_SUFFIX: Limits(0, most, service.sizing.budget, steps, _NO_PAUSE)}


def limits_of_cache(cache: Cache) -> dict[str, Limits]:
    """The limits of a cache's StatefulSet: it has one size, which only a change of its arguments moves.

    A pair that becomes a single one loses nothing that there were not two of, so that such a change has no pause.
    """
    return {cache.name: _of_members(cache.replicas, 1)}


def _of_members(size: int, budget: int) -> Limits:
    """Floor and ceiling are the one size that there is: nobody takes a step below it, nor adds a member."""
    return Limits(size, size, budget, behavior=_NO_PAUSE, named=True, stateful=True)


def read(r: Reader) -> dict[str, dict[str, Limits]]:
    """Limits as a program gives them, by namespace and name; what no writer could obey is a problem."""
    found: dict[str, dict[str, Limits]] = {}
    for namespace in r.values:
        r.problems.extend(check_namespace(str(namespace), (*r.path, str(namespace))))
        found[namespace] = {}
        for name, one in r.maps(str(namespace)).items():
            if not _NAME.fullmatch(name):
                one.problem(
                    (), INVALID_NAME, f"{name!r} is no name of a workload", "give that of a Deployment or StatefulSet"
                )
            elif limits := _read(one):
                found[namespace][name] = limits
    return found


def _read(r: Reader) -> Limits | None:
    before = len(r.problems)
    floor, ceiling, budget = (r.whole(key, 0, 0, MOST) for key in ("floor", "ceiling", "budget"))
    behavior = replicas.read_behavior(r.at("behavior"))
    writer = replicas.read_writer(r.at("writer")) if r.has("writer") else widened(behavior)
    # Their pods are measured by the floor of a whole service, which is not known of one of its parts.
    r.problems += check_down(behavior, writer if r.has("writer") else None, MOST, r.path)
    if len(r.problems) > before:
        return None
    try:
        named, stateful = (r.value(key, bool, False) for key in ("named", "stateful"))
        return Limits(floor, ceiling, budget, writer, behavior, named, stateful)
    except ValueError as error:
        r.problem((), LIMITS, str(error), "correct it")
        return None


def as_arguments(limits: Limits) -> ReplicaLimitsArgs:
    """The limits in the words of `ReplicaLimitsArgs`, with every default written out."""
    behavior = limits.behavior
    return {
        "floor": limits.floor,
        "ceiling": limits.ceiling,
        "budget": limits.budget,
        "writer": {"up": _step(limits.steps.up), "down": _step(limits.steps.down)},
        "behavior": {"up": _rate(behavior.up), "down": _rate(behavior.down), "calm": _seconds(behavior.calm)},
        "named": limits.named,
        "stateful": limits.stateful,
    }


def _step(step: Step) -> StepArgs:
    return {"pods": step.pods, "percent": step.percent}


def _rate(rate: Rate) -> RateArgs:
    return {"pods": rate.pods, "percent": rate.percent, "period": _seconds(rate.period)}


def _seconds(seconds: int) -> str:
    return show_duration(seconds * 1000)
