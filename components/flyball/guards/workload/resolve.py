"""A set of services as one thing: each read and sized once, its calls resolved, all rules between them held.

From what is given of each service follow the port, target, protocol and deadline of its callees, and its callers. What
comes out is one frozen `Service` each, which `plan`, the Governor's limits and the builders of objects use alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from flyball.guards.fail_fast.container import check_container
from flyball.guards.fail_fast.rules import VARIABLE_TAKEN
from flyball.guards.headroom.members import Members
from flyball.guards.reading.problem import Path, Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY
from flyball.guards.reading.units import Milliseconds, ceil_div
from flyball.guards.timeouts import deadlines, hops
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.timeouts.rules import NO_CALLERS
from flyball.guards.workload import (
    balancer,
    calls,
    canary,
    file_logs,
    fixed_names,
    init_containers,
    job_set,
    local_cache,
    member_sizing,
    members,
    migration,
    patch,
    pod,
    ports,
    relations,
    sidecar,
    spec,
    way_in,
)
from flyball.guards.workload.application import Place, Placed, check_mounts, sources, unread
from flyball.guards.workload.calls import Callee
from flyball.guards.workload.job_set import NONE, Described
from flyball.guards.workload.jobs import Job, JobSpec
from flyball.guards.workload.names import EVERYBODY, SPOT_SUFFIX, Caller
from flyball.guards.workload.other_words import check_service
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.ports import Reached
from flyball.guards.workload.promised import deadlines as deadlines_of
from flyball.guards.workload.sizing import Sizing, promise, size
from flyball.guards.workload.spec import Spec
from flyball.guards.workload.way_in import WayIn

PARTS = ("services", "jobs", "caches")
"""What a set may have, and stands apart in its arguments: each is read by itself."""
_BALANCED = frozenset({("expose",), ("deadline",), ("inbound",), ("shutdown",), ("quorum",), ("replicas",)})
"""Arguments that a balancer is held against: nothing is said of the defaults of those that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Placed):
    """One service as it will run: what it is, how it is sized, where, and who may call it."""

    spec: Spec
    sizing: Sizing
    migration: Job | None = None
    """What has to succeed before a new version of it takes the place of the old one."""

    @property
    def address(self) -> str | None:
        """For callers within the cluster; None of what listens nowhere."""
        port = self.spec.service
        return None if port is None else f"{self.spec.name}.{self.spec.namespace}:{port}"

    @property
    def members(self) -> Members | None:
        """What keeps data, or must not run twice: a StatefulSet in place of Deployments."""
        return self.spec.kept.members

    @property
    def autoscaled(self) -> str:
        """The Deployment that the autoscaler sizes: with spot on, the one above the on-demand base."""
        return self.name + (SPOT_SUFFIX if self.sizing.split else "")

    @property
    def most(self) -> int:
        """The most pods that nobody has told to end: those at the ceiling, and what a release has beside them, of which
        the first must come to be ready before an old one goes."""
        ceiling, base, rollout = self.sizing.ceiling, self.not_autoscaled, self.spec.rollout
        if self.members:
            return ceiling
        surge = sum(ceil_div(each * rollout.surge, 100) for each in (base, ceiling - base))
        canaries = max(rollout.canary.sizes(ceiling, self.sizing.beside)) if rollout.canary else 0
        return ceiling + surge + canaries

    @property
    def not_autoscaled(self) -> int:
        """Replicas that the autoscaler does not see: the on-demand base, where there is spot beside it."""
        return self.sizing.base


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of a set: the services and jobs that hold their own rules, and the problems, those of each by itself
    first.

    `promises` are those of all services and jobs, as far as they could be read. `callers` are by namespace and name of
    whom they call.
    """

    services: Mapping[str, Service]
    jobs: Mapping[str, Job]
    promises: Mapping[str, Promise]
    callers: Mapping[tuple[str, str], set[Caller]]
    own: Mapping[str, list[Problem]]
    of_jobs: Mapping[str, list[Problem]]
    between: tuple[Problem, ...]

    @property
    def pods(self) -> dict[Caller, int]:
        """The most that each has, by who it is."""
        found = {Caller(each.spec.namespace, name): each.most for name, each in self.services.items()}
        migrations = [each.migration for each in self.services.values() if each.migration]
        jobs = [*self.jobs.values(), *migrations]
        return found | {Caller(each.spec.namespace, each.name): each.spec.at_once for each in jobs}

    @property
    def problems(self) -> list[Problem]:
        own = (*self.own.values(), *self.of_jobs.values())
        return [*(problem for found in own for problem in found), *self.between]


@dataclass(slots=True)
class _Reading:
    """A service on its way: what is known of it, and the keys that its problems lie under."""

    args: Mapping[str, Any]
    reader: Reader
    spec: Spec
    sizing: Sizing | None = None
    migration: JobSpec | None = None
    bad: frozenset[Path] = frozenset()


def check_any(given: Mapping[str, object], path: Path) -> Iterator[Problem]:
    """Refuse a set of nothing: jobs or caches alone are one too."""
    if all(given.get(key) in (None, {}) for key in PARTS):
        yield Problem((*path, PARTS[0]), EMPTY, "there is no service, job or cache", "name at least one")


def resolve(
    services: Mapping[str, object], place: Place, root: Path = ("services",), expected: Any = PlainArgs
) -> dict[str, Service]:
    """The services of a set by name. Raises `Refused` with every problem of all of them.

    `root` is where they stand, for the messages, and `expected` the TypedDict that describes each: `PlainArgs` or one
    that extends it.
    """
    found = examine(services, place, root, expected)
    refuse(found.problems)
    return dict(found.services)


def resolve_alone(name: str, args: object, place: Place, expected: Any = PlainArgs) -> Service:
    """One workload of which no others are known: its calls must say where they go, and it must say who calls it."""
    found = examine({name: args}, place, (), expected, alone=True)
    refuse(found.problems)
    return found.services[name]


def examine(
    services: Mapping[str, object],
    place: Place,
    root: Path,
    expected: Any = PlainArgs,
    *,
    alone: bool = False,
    jobs: Described = NONE,
    caches: Mapping[str, Callee] = MappingProxyType({}),
) -> Examined:
    """As `resolve`, but hands the problems over. The `jobs` of the set call its services, and nobody calls them; both
    call its `caches`."""
    promised = deadlines_of(services)
    read = {name: _begin(name, args, place, (*root, name), expected, promised[name]) for name, args in services.items()}
    known = {} if alone else {**caches} | {name: reading.spec.callee for name, reading in read.items()}
    for reading in read.values():
        _finish(reading, known, place)
        if alone:
            reading.reader.problems.extend(_check_alone(reading))
    begun = {name: job_set.begin(name, args, place, jobs) for name, args in jobs.arguments.items()}
    for job in begun.values():
        job_set.finish(job, known, place)
    specs = {name: reading.spec for name, reading in read.items()}
    bad = {name: reading.bad for name, reading in read.items()}
    apart = {name: job for name, job in begun.items() if name not in read}
    promises = {name: promise(specs[name], bad[name]) for name in read}
    promises |= {name: job_set.promised(job) for name, job in apart.items()}
    paths = {name: (*root, name) for name in read}
    calling = {name: job.spec for name, job in begun.items()}
    calling |= {each.migration.name: each.migration for each in read.values() if each.migration}
    callers, reached = relations.callers([*specs.values(), *calling.values()]), relations.reached(specs.values())
    return Examined(
        services={
            name: Service(
                spec=reading.spec,
                sizing=reading.sizing,
                migration=_migration(reading, place, reached),
                place=place,
                callers=_callers(reading.spec, callers, place),
                reaches=relations.reaches(reading.spec, reached),
                given=reading.args,
                path=paths[name],
            )
            for name, reading in read.items()
            if reading.sizing is not None
        },
        jobs={name: job.resolved(place, reached) for name, job in begun.items() if not job.reader.problems},
        promises=promises,
        callers=callers,
        own={name: reading.reader.problems for name, reading in read.items()},
        of_jobs={name: job.reader.problems for name, job in begun.items()},
        between=(
            *(() if alone else relations.check_set(specs, root, bad, calling, caches)),
            *job_set.check(begun, specs, bad, root, caches),
            *deadlines.check(promises, paths | {name: job.reader.path for name, job in apart.items()}),
            *(problem for name in read for problem in relations.check_references(specs[name], paths[name], bad[name])),
            *(() if alone else relations.check_names(specs, root, caches)),
            *migration.check_names(
                {n: each.migration is not None for n, each in read.items()}, {*begun, *caches}, root
            ),
        ),
    )


def _begin(name: str, given: object, place: Place, path: Path, expected: Any, promised: Milliseconds) -> _Reading:
    """All of a service but its calls, for which its callees must have been read."""
    args: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    r = Reader(args, path, [])
    read = spec.read(r, name, place.namespace, promised, place.platform.way)
    if not isinstance(given, Mapping):
        r.problems[:] = check_service(given, expected, path)
        return _Reading(args, r, read, bad=frozenset({("load",), ("deadline",)}))
    r.problems[:0] = check_service(args, expected, path)
    return _Reading(args, r, read)


def _finish(reading: _Reading, known: Mapping[str, Callee], place: Place) -> None:
    """The calls, the container and the proxy, and then how all of it is sized."""
    r = reading.reader
    if reading.bad:
        return
    way = place.platform.way
    found = reading.spec = replace(reading.spec, calls=calls.read(r, place.namespace, known))
    r.problems.extend([*check_container(reading.args, r.path), *_check_proxy(found, reading.args, way, r.path)])
    r.problems.extend(calls.check_hosts(found.calls, known, found.sidecar, found.namespace, r.path))
    reading.migration = migration.read(reading.args, found.name, place.namespace, found.calls, r)
    if found.expose:
        prestop = found.shutdown.prestop
        r.problems.extend(way_in.check(found.expose, way, found.protocol, prestop, found.public, r.path))
    if found.balancer and not unread(r) & _BALANCED:
        r.problems.extend(balancer.check(found.balancer, found.behind, r.path))
    r.problems.extend(pod.check_spot(found.pod, place.platform, found.spot, r.path))
    logs = found.logs.path if found.logs else None
    r.problems.extend(check_mounts(found, r.path, logs))
    if found.kept.data:
        r.problems.extend(members.check_folders(found.kept.data, found, logs, r.path))
    reading.bad = unread(r)
    sized = member_sizing.size if found.kept.members else size
    reading.sizing, more = sized(found, len(place.zones), r.path, reading.bad)
    r.problems.extend(more)
    if (released := found.rollout.canary) and (sizing := reading.sizing):
        more = canary.check(released, sizing.least, sizing.peak, counted=found.counted, spot=found.spot, path=r.path)
        r.problems.extend(more)
    if found.routed and not reading.bad & {("expose",), ("rollout",)}:
        r.problems.extend(way_in.check_weights(found.expose, found.balancer, way, r.path))


def _migration(reading: _Reading, place: Place, reached: Mapping[Caller, list[Reached]]) -> Job | None:
    own = migration.given(reading.args)
    if reading.migration is None or own is None:
        return None
    path, reaches = (*reading.reader.path, migration.KEY), relations.reaches(reading.migration, reached)
    args = migration.arguments(reading.args, own)
    return Job(spec=reading.migration, place=place, reaches=reaches, given=args, path=path)


def _check_proxy(spec: Spec, args: Mapping[str, Any], way: WayIn, path: Path) -> Iterator[Problem]:
    """What the calls mean to each other, and to all else of the pod: ports, variables, patches, further containers."""
    made = {name: call.hop for name, call in spec.calls.items()}
    yield from hops.check_hops(made, (*path, "calls"))
    variables = sources(args)
    yield from sidecar.check(spec.sidecar, spec.inbound, made, spec.port, variables, path)
    calling = set(spec.sidecar.call_ports(made).values())
    taken = sidecar.taken(spec.sidecar, spec.inbound, made, spec.port)
    yield from ports.check(spec.port, spec.ports, spec.metrics, taken, path)
    yield from ports.check_services(spec.port, spec.service, spec.ports, path)
    yield from calls.check_told(spec.calls, variables, path)
    listening = taken | {each.port: f"ports.{name}" for name, each in spec.ports.items()}
    listening |= {spec.metrics.port: "metrics"} if spec.metrics and spec.metrics.port not in listening else {}
    yield from fixed_names.check(spec, {p: what for p, what in listening.items() if p not in calling}, path)
    own = _own_variables(spec)
    yield from _check_variables(own, variables, path)
    known = {**variables, **own, **calls.told(spec.calls)}
    yield from fixed_names.check_values(spec, args.get("env"), known, path)
    yield from fixed_names.check_dialled(spec, args, path)
    yield from patch.check(spec, known, way, path)
    folders = [*spec.scratch, *spec.files, *(["logs"] if spec.logs else [])]
    yield from init_containers.check(spec.name, spec.init, spec.sidecars, args, folders, taken, spec.beside, path)


def _own_variables(spec: Spec) -> dict[str, str]:
    """The variables that flyball sets beside those of calls, and the argument that each follows from."""
    return {
        **dict.fromkeys(file_logs.environment(spec.logs, spec.name) if spec.logs else (), "logs"),
        **dict.fromkeys(local_cache.environment(spec.cache) if spec.cache else (), "cache"),
        **dict.fromkeys(members.names(spec.kept), "quorum"),
    }


def _check_variables(own: Mapping[str, str], given: Mapping[str, str], path: Path) -> Iterator[Problem]:
    for name, origin in own.items():
        if name in given:
            hint = f"remove it there: it follows from {origin}"
            what = "how members find each other, which" if origin == "quorum" else "a limit that"
            yield Problem((*path, given[name], name), VARIABLE_TAKEN, f"is {what} flyball sets", hint)


def _check_alone(reading: _Reading) -> Iterator[Problem]:
    """What a set of services would fill in."""
    if reading.spec.sidecar.enabled:
        yield from calls.check_alone(reading.reader)
    called = reading.spec.port is not None
    if called and reading.spec.callers is None and not reading.spec.public and not _exposed(reading.spec):
        hint = "name who may call it, as [front], or [] for nobody, or set public; Services finds out by itself"
        path = (*reading.reader.path, "callers")
        yield Problem(path, NO_CALLERS, "is missing, and nobody could call it", hint)


def _exposed(spec: Spec) -> bool:
    return spec.expose is not None or spec.balancer is not None


def _callers(spec: Spec, found: Mapping[tuple[str, str], set[Caller]], place: Place) -> tuple[Caller, ...]:
    """Who is named, whose calls are known, and whatever brings in what comes from outside; in order."""
    way = place.platform.way.namespace if spec.expose else None
    outside = [Caller(way, EVERYBODY)] if way else []
    return tuple(sorted({*(spec.callers or ()), *outside, *found.get((spec.namespace, spec.name), ())}))
