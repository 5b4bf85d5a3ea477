"""A set as its arguments describe it: services, what is beside them, and who hears of them, with all rules applied."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flyball.alerts.whole import Watched
from flyball.guards.alerting import stack
from flyball.guards.alerting.stack import Alerting
from flyball.guards.reading.problem import Path, Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY
from flyball.guards.reading.strict import check
from flyball.guards.workload import digests, jobs
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.held import hold
from flyball.guards.workload.job_set import Described
from flyball.guards.workload.limits import Governed, Limits, limits_of, limits_of_cache, read_governed
from flyball.guards.workload.resolve import PARTS, Place, Service, check_any, examine
from flyball.kubernetes.args import AlertsArgs, ServiceArgs, ServicesArgs, SetCacheArgs, SetJobArgs
from flyball.kubernetes.governor import balance
from flyball.kubernetes.objects import Manifest, ownership
from flyball.kubernetes.place import check_place, place_of

Heard = tuple[Alerting | None, list[Problem]]
"""Who hears of what, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Set:
    """Services, and what is beside them, as they will run."""

    place: Place
    services: Mapping[str, Service]
    jobs: Mapping[str, jobs.Job]
    caches: Mapping[str, Cache]
    governed: Governed | None
    alerting: Alerting | None = None
    shared: bool = False

    @property
    def alerts(self) -> list[Manifest]:
        """The objects of its alerts; none where nobody hears."""
        governed = self.governed is not None
        watched = Watched(self.place, self.services, self.jobs, self.caches, governed, shared=self.shared)
        return watched.objects(self.alerting)

    @property
    def limits(self) -> dict[str, Limits]:
        each = [*map(limits_of, self.services.values()), *map(limits_of_cache, self.caches.values())]
        return {name: found for limits in each for name, found in limits.items()}

    @property
    def labels(self) -> dict[str, str]:
        return ownership(self.place.environment, self.place.owner)


def resolve_services(name: str, args: ServicesArgs) -> Set:
    """The arguments with all rules applied. Raises `Refused`; the paths in its messages begin with the set's name."""

    def heard(given: Mapping[str, Any], owner: str) -> Heard:
        return stack.read(given["alerts"], owner, (name, "alerts")) if "alerts" in given else (None, [])

    return _resolve(name, args, ServicesArgs, ("alerts",), heard)


def resolve_alerts(name: str, args: AlertsArgs) -> Set:
    """As `resolve_services`, where nothing is made of the set but its alerts."""
    words = stack.GuardedAlertsArgs.__annotations__

    def heard(given: Mapping[str, Any], owner: str) -> Heard:
        alerting, problems = stack.read({key: given[key] for key in words if key in given}, owner, (name,))
        return alerting, [*problems, *_check_made(alerting, (name,))]

    found = _resolve(name, args, AlertsArgs, words, heard)
    return replace(found, governed=Governed(policies=False) if args.get("governed") else None)


def _check_made(alerting: Alerting | None, path: Path) -> Iterator[Problem]:
    if alerting and not alerting.objects:
        hint = "leave it out, or take these alerts out of the program"
        yield Problem((*path, "objects"), DOES_NOT_APPLY, "is false, and objects are all that there would be", hint)


def _resolve(
    name: str,
    args: Any,
    expected: Any,
    words: Collection[str],
    heard: Callable[[Mapping[str, Any], str], Heard],
) -> Set:
    """The set of arguments of the type `expected`, those in `words` less: of them `heard` makes who hears, with the
    owner of all of it."""
    place = place_of(args, shared=True)
    alerting, unheard = heard(args, place.owner) if isinstance(args, Mapping) else (None, [])
    given, run, caches = (args.get(key) if isinstance(args, Mapping) else None for key in PARTS)
    outer: Any = args
    if isinstance(args, Mapping):
        read_apart = {key: {} for key in PARTS if isinstance(args.get(key), Mapping)}
        outer = {key: each for key, each in {**args, **read_apart}.items() if key not in words}
    problems = [*check(outer, expected, (name,)), *check_place(args, place, (name,)), *unheard]
    if isinstance(args, Mapping):
        problems += check_any(args, (name,))
    described = Described(_by_name(run), (name, "jobs"), SetJobArgs)
    held = hold(caches, {**_by_name(given), **_by_name(run)}, place.namespace, (name, "caches"), SetCacheArgs)
    found = examine(_by_name(given), place, (name, "services"), ServiceArgs, jobs=described, caches=held.callees)
    r = Reader(args, (name,), [])
    governed, shared = read_governed(r), r.value("shared", bool, False)
    images = [
        *digests.of_set(found.services, found.jobs, held.caches, (name,)),
        *digests.unread(_by_name(given), found.services, (name, "services")),
        *digests.unread(_by_name(run), found.jobs, (name, "jobs")),
        *digests.unread(_by_name(caches), held.caches, (name, "caches")),
        *balance.images(governed, (name, "governor")),
    ]
    crowded = held.check_callers(found.callers, found.pods)
    refuse(
        [*problems, *held.problems, *crowded, *found.problems, *digests.check(images, place.platform.registry, (name,))]
    )
    return Set(place, found.services, found.jobs, held.called(found.callers), governed, alerting, shared)


def _by_name(given: object) -> dict[str, object]:
    return {str(name): value for name, value in given.items()} if isinstance(given, Mapping) else {}
