"""What a stack survives: one row for each service, from the rules alone, without a cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from flyball.guards.alerting.stack import Alerting, check_paged, check_watched
from flyball.guards.clean_up.nodes import Nodes
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.units import Bytes, Milliseconds, show_count, show_duration, show_size
from flyball.guards.timeouts import deadlines
from flyball.guards.workload import digests, fixed, kubelet
from flyball.guards.workload.balancer import check_class
from flyball.guards.workload.caches import NODE, Cache
from flyball.guards.workload.canary import check_parts
from flyball.guards.workload.digests import NO_IMAGES, ByDigest
from flyball.guards.workload.jobs import JobSpec
from flyball.guards.workload.loss import Loss, of
from flyball.guards.workload.pipeline import check_shipped
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.shrinking import all_words, size_of
from flyball.guards.workload.survival import lost, survived, utilization, waiting
from flyball.stack.findings import finding
from flyball.stack.pools import Bought, check_brought, told
from flyball.stack.read import Stack, examine


@dataclass(frozen=True, slots=True)
class Row:
    """One service at its peak with `floor` replicas.

    `now` and `after` are utilizations, 1 being all that a replica can do; `after` is None for a loss that leaves
    nobody. `waiting` is the probability that a request waits, now and after the loss that the service is sized for.
    `used` is the share of the deadline that its calls may take, `path` the chain of calls that takes longest,
    its first 20 services.
    """

    service: str
    need: int
    floor: int
    target: int
    ceiling: int
    now: float
    after: Mapping[str, float | None]
    waiting: tuple[float, float]
    used: float
    path: tuple[str, ...]
    periods: tuple[tuple[str, int, int], ...]
    objective: str | None = None
    canary: str | None = None
    """How a new version is let in, where that is step by step."""


@dataclass(frozen=True, slots=True)
class Run:
    """When a job runs, None where that is once; how long a run may take, and how many attempts that leaves it.

    `before` is the service that changes only after it has succeeded, whose migration it is; `at_once` the most runs
    that are under way at one time.
    """

    job: str
    schedule: str | None
    timezone: str | None
    deadline: Milliseconds
    attempts: int
    before: str | None = None
    at_once: int = 1

    def __str__(self) -> str:
        longest, attempts = show_duration(self.deadline), show_count(self.attempts, "attempt")
        if self.before:
            succeeded = "comes after its migration has succeeded"
            return f"a new version of {self.before} {succeeded}, within {longest} and {attempts}"
        when = f"at {self.schedule} ({self.timezone})" if self.schedule else "once for each change of its arguments"
        overlap = f", up to {self.at_once} runs at once" if self.at_once > 1 else ""
        return f"job {self.job} runs {when}, for {longest} and in {attempts} at the most{overlap}"


@dataclass(frozen=True, slots=True)
class Held:
    """A cache: what keys may take of its memory [bytes], how long they are to live [s], and for how many clients."""

    cache: str
    memory: Bytes
    maxmemory: Bytes
    ttl: int
    clients: int
    survives: str | None

    def __str__(self) -> str:
        share = f"{self.maxmemory // MI}Mi of keys in {show_size(self.memory)}"
        loss = f"keeps them through the loss of a {self.survives}" if self.survives else "is filled anew after a loss"
        ttl = show_duration(self.ttl * 1000)
        return f"cache {self.cache} holds {share}, each for {ttl}, for {show_count(self.clients, 'client')}, and {loss}"


@dataclass(frozen=True, slots=True)
class Reached:
    """A service's own balancer: on which port, and by whom, where that is not everybody."""

    service: str
    port: int
    sources: tuple[str, ...]
    internal: bool

    def __str__(self) -> str:
        kind = "an internal balancer" if self.internal else "a balancer"
        callers = ", ".join(self.sources) or "everybody"
        address = "its address comes from who makes balancers in the cluster, and never where nobody does"
        return f"{self.service} is called at port {self.port} of {kind} by {callers}; {address}"


@dataclass(frozen=True, slots=True)
class Heard:
    """Who gets what: pages, warnings or the sign of life, of one owner or, where that is None, of all others."""

    what: str
    owner: str | None
    ways: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.what}{f' of {self.owner}' if self.owner else ''} go to {', '.join(self.ways)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of the services that could be sized, every broken rule, and what to think of beside.

    `runs` are those of the jobs that hold their own rules.
    """

    rows: tuple[Row, ...]
    findings: tuple[Problem, ...]
    runs: tuple[Run, ...] = ()
    nodes: Nodes | None = None
    """None where what is said of them breaks rules."""
    warnings: tuple[Problem, ...] = ()
    """What breaks no rule of a service, and loses something all the same."""
    caches: tuple[Held, ...] = ()
    """Those that hold their own rules."""
    hears: tuple[Heard, ...] = ()
    """Who gets what, where alerts go to anybody."""
    pools: tuple[Bought, ...] = ()
    """Spot nodes that the stack brings."""
    members: tuple[Loss, ...] = ()
    """What keeps data, or must not run twice, and what its loss means."""
    shrinks: tuple[str, ...] = ()
    """What an earlier configuration loses by this one, and which volumes grow, in words, where both keep all rules."""
    ways: tuple[Reached, ...] = ()
    """Balancers of services' own."""
    images: ByDigest = NO_IMAGES
    """How the images of all containers are pulled."""

    def as_json(self) -> dict[str, Any]:
        """Plain values: shares as numbers, a loss that leaves nobody as null."""
        return {
            "services": [_row_json(row) for row in self.rows],
            "jobs": [{**asdict(run), "deadline": show_duration(run.deadline)} for run in self.runs],
            "caches": [{**asdict(held), "ttl": show_duration(held.ttl * 1000)} for held in self.caches],
            "balancers": [asdict(way) for way in self.ways],
            "members": [asdict(each) for each in self.members],
            "images": asdict(self.images),
            "nodes": _nodes_json(self.nodes) if self.nodes else None,
            "alerts": [asdict(each) for each in self.hears],
            "pools": [asdict(each) for each in self.pools],
            "findings": [finding(f) for f in self.findings],
            "warnings": [finding(f) for f in self.warnings],
        }


def plan(config: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Plan:
    """The plan of a configuration, also of one that breaks rules.

    Compared with an earlier one, `before`, what of its members, their volumes and balancers no `up` could change is
    found too, and what it takes from services.
    """
    stack, problems = examine(config)
    shrinks: tuple[str, ...] = ()
    if before is not None:
        earlier, others = examine(before)
        shrinks = () if problems or others else tuple(_shrinks(stack, earlier))
        problems = [*problems, *_fixed(stack, earlier)]
    paths = deadlines.Paths(stack.promises)
    rows = tuple(_row(stack, service, paths) for service in stack.services.values())
    sound = not any(problem.path[:1] == ("nodes",) for problem in problems)
    warnings = [
        *check_shipped(len(stack.services), "logs" in config, ("logs",)),
        *check_paged(config, ("alerts",)),
        *check_watched(stack.alerts, ("alerts",)),
        *check_brought(config, stack.base),
    ]
    hears = () if any(problem.path[:1] == ("alerts",) for problem in problems) else _hears(stack.alerts)
    runs = tuple(_run(job.spec) for job in (*stack.jobs.values(), *stack.migrations))
    caches = tuple(map(_held, stack.caches.values()))
    bought = () if any(problem.path[:1] in (("pools",), ("platform",)) for problem in problems) else told(stack.pools)
    nodes = stack.nodes if sound else None
    members = tuple(each for service in stack.services.values() if (each := _loss(stack, service)))
    ways = tuple(way for service in stack.services.values() if (way := _reached(service)))
    images = digests.count(stack.images, stack.place.platform.registry)
    return Plan(
        rows, tuple(problems), runs, nodes, tuple(warnings), caches, hears, bought, members, shrinks, ways, images
    )


def _fixed(stack: Stack, before: Stack) -> Iterator[Problem]:
    """What Kubernetes would refuse half-way, of the services that both can read."""
    for service in stack.services.values():
        was = _same(before, service)
        if was:
            yield from check_parts(service.spec.rollout.canary, was.spec.spot, service.path)
        if members := fixed.before(was) if was else None:
            yield from fixed.check(service, members)
        if (own := service.spec.balancer) and was and (made := was.spec.balancer):
            yield from check_class(own, made.kind, service.path)


def _hears(alerting: Alerting | None) -> tuple[Heard, ...]:
    if alerting is None:
        return ()
    people = alerting.people
    words = {"page": "pages", "warning": "warnings"}
    found = [
        Heard(words[severity], owner, receiver.ways)
        for owner, own in people.owners.items()
        for severity, receiver in own.items()
    ]
    found += [Heard("pages", None, people.page.ways), Heard("warnings", None, people.warning.ways)]
    if people.watchdog:
        every = show_duration(people.watchdog.every)
        found.append(Heard(f"signs of life, each {every},", None, people.watchdog.receiver.ways))
    return tuple(found)


def _shrinks(after: Stack, before: Stack) -> Iterator[str]:
    """What a stack takes from the services of another one, in words."""
    yield from (f"{name}: is removed, with all its replicas" for name in before.services if name not in after.services)
    sizes = {name: size_of(service) for name, service in before.services.items()}
    yield from all_words(after.services, sizes, governed=after.governor is not None)
    for service in after.services.values():
        was = _same(before, service)
        if grown := fixed.growth(service, fixed.before(was) if was else None):
            yield f"{grown}, if their class lets them"


def _same(before: Stack, service: Service) -> Service | None:
    """The same service in the same namespace, which has the same objects."""
    was = before.services.get(service.name)
    return was if was and was.spec.namespace == service.spec.namespace else None


def _row(stack: Stack, service: Service, paths: deadlines.Paths) -> Row:
    sizing = service.sizing
    return Row(
        service=service.name,
        need=sizing.need,
        floor=sizing.floor,
        target=sizing.target,
        ceiling=sizing.ceiling,
        now=utilization(service) or 0.0,
        after={loss: utilization(service, count) for loss, count in lost(service, stack.nodes.count).items()},
        waiting=waiting(service),
        used=float(Fraction(stack.promises[service.name].spent, service.spec.deadline)),
        path=paths.longest(service.name),
        periods=tuple((p.window or "otherwise", p.headroom.need, p.headroom.floor) for p in sizing.periods),
        objective=str(service.spec.objective) if service.spec.objective else None,
        canary=_canary(service),
    )


def _canary(service: Service) -> str | None:
    """The steps beside the floor, in words."""
    canary, floor = service.spec.rollout.canary, service.sizing.floor
    if canary is None:
        return None
    counts = zip(canary.steps, canary.sizes(floor, service.sizing.beside), strict=True)
    of = f" {canary.of}" if service.spec.routed else ""
    steps = ", ".join(f"{count} beside {floor} ({canary.share(step, floor):.1f} %{of})" for step, count in counts)
    pause, errors = show_duration(canary.pause * 1000), float(canary.errors * 100)
    return (
        f"{steps}, {pause} each, until more than {errors:g} % of {show_count(canary.requests, 'request')} or more fail"
    )


def _loss(stack: Stack, service: Service) -> Loss | None:
    left = {loss: service.sizing.floor - count for loss, count in lost(service, stack.nodes.count).items()}
    if service.members and service.members.alone:
        left = {}
    survives = [loss for loss in survived(service, left) if loss != "spot" and (loss != "zone" or stack.zones)]
    return of(service, (caller.name for caller in service.callers), survives)


def _run(spec: JobSpec) -> Run:
    schedule, zone = (spec.clock.schedule, spec.clock.timezone) if spec.clock else (None, None)
    return Run(spec.name, schedule, zone, spec.deadline, spec.retries + 1, spec.serves, spec.at_once)


def _reached(service: Service) -> Reached | None:
    own = service.spec.balancer
    return Reached(service.name, own.port, own.sources, own.internal) if own else None


def _held(cache: Cache) -> Held:
    return Held(cache.name, cache.memory, cache.maxmemory, cache.ttl, cache.clients, NODE if cache.paired else None)


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "service": row.service,
        "need": row.need,
        "floor": row.floor,
        "target": row.target,
        "ceiling": row.ceiling,
        "utilization": {"now": row.now, **row.after},
        "waiting": {"before": row.waiting[0], "after": row.waiting[1]},
        "deadline": {"used": row.used, "path": list(row.path)},
        "schedule": [{"window": name, "need": need, "floor": floor} for name, need, floor in row.periods],
        "objective": row.objective,
        "canary": row.canary,
    }


def _nodes_json(nodes: Nodes) -> dict[str, Any]:
    """In bytes, and in the words of a KubeletConfiguration."""
    return {
        "disk": nodes.least_disk,
        "containers": nodes.containers,
        "log": nodes.logs.held,
        "kubelet": kubelet.configuration(nodes),
    }
