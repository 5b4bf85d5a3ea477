"""A workload's arguments, read into frozen values with every default filled in; the rules work on these."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flyball.guards.alerting import objectives
from flyball.guards.alerting.objectives import Objective
from flyball.guards.clean_up import retention
from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast import inbound
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.governor.steps import Behavior, WriterSteps
from flyball.guards.headroom import headroom, schedule, triggers
from flyball.guards.headroom.headroom import Survive
from flyball.guards.headroom.schedule import Schedule
from flyball.guards.headroom.triggers import Prometheus
from flyball.guards.interruptions import probes
from flyball.guards.interruptions.interruption import Shutdown
from flyball.guards.interruptions.probes import Probes
from flyball.guards.interruptions.rules import PROGRESS_BELOW_SETTLE
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Bytes, Millicores, Milliseconds, ceil_div
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.hops import PROTOCOLS
from flyball.guards.workload import (
    canary,
    file_logs,
    init_containers,
    local_cache,
    members,
    patch_args,
    ports,
    replicas,
    resources,
    sidecar,
    way_in,
    without_port,
)
from flyball.guards.workload.application import Scratch, choice, folder, read_common, read_scratch
from flyball.guards.workload.balancer import Balancer, Behind
from flyball.guards.workload.calls import Callee
from flyball.guards.workload.canary import By, Canary
from flyball.guards.workload.extended import Extended
from flyball.guards.workload.file_logs import LogFiles
from flyball.guards.workload.local_cache import LocalCache
from flyball.guards.workload.members import NOTHING, Kept
from flyball.guards.workload.names import check_service, read_callers
from flyball.guards.workload.ports import Metrics, Port
from flyball.guards.workload.way_in import NO_WAY, Expose, WayIn

LOGS_VOLUME = "logs"
"""Name of the volume for `logs`, beside those of `scratch`."""
ROTATION_VOLUME = "rotation"
"""Name of the volume in which logrotate keeps what it has seen."""


MOST_HISTORY = 10
"""Old revisions that are kept at the most."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """`settle` and `progress` in seconds, `surge` in percent, `history` in revisions."""

    settle: int = 10
    progress: int = 600
    surge: int = 25
    history: int = 3
    canary: Canary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec(Extended):
    """What a workload is, apart from what only Pulumi may know: image, environment, secrets.

    Times in milliseconds, sizes in bytes. `port` is that of the application, `service` the one of its Service;
    both are None of what listens nowhere. `callers` are those that are named, and None where nothing is said of them.
    """

    port: int | None
    service: int | None
    protocol: str
    peak: float
    replica: float
    utilization: float
    lose: int
    survive: frozenset[Survive]
    spot: bool
    base: int | None
    proven: int | None
    ceiling: int | None
    behavior: Behavior
    writer: WriterSteps | None
    schedule: Schedule | None
    triggers: Mapping[str, Prometheus]
    probes: Probes
    logs: LogFiles | None
    cache: LocalCache | None
    shutdown: Shutdown
    rollout: Rollout
    inbound: Inbound
    ports: Mapping[str, Port] = field(default_factory=dict)
    metrics: Metrics | None = None
    objective: Objective | None = None
    expose: Expose | None = None
    balancer: Balancer | None = None
    kept: Kept = NOTHING

    @property
    def needs_keda(self) -> bool:
        """Whether a plain autoscaler, which knows neither the time nor queries, does not suffice."""
        return self.schedule is not None or bool(self.triggers)

    @property
    def fronted(self) -> bool:
        """Whether the proxy stands in front of the application too, and not only beside it for its calls."""
        return self.sidecar.enabled and self.inbound.enabled

    @property
    def counted(self) -> bool:
        """Whether a proxy counts its requests, and how they end."""
        return self.fronted and self.protocol != "tcp"

    @property
    def routed(self) -> bool:
        """Whether a new version gets its share by the weights of a route, so that nothing else leads to it."""
        return self.rollout.canary is not None and self.rollout.canary.by is By.ROUTE

    @property
    def rotated(self) -> LogFiles | None:
        """The logs in files that the application does not rotate itself."""
        return self.logs if self.logs and not self.logs.by_itself else None

    @property
    def beside(self) -> tuple[str, ...]:
        """The containers that flyball puts beside the application."""
        beside = ((init_containers.PROXY, self.proxied), (init_containers.LOGROTATE, self.rotated))
        return tuple(name for name, there in beside if there)

    @property
    def grace_seconds(self) -> int:
        """`terminationGracePeriodSeconds`: the whole way out, and then that of its own sidecars."""
        return self.shutdown.grace_seconds + self.ways_out // 1000

    @property
    def asked(self) -> tuple[Millicores, Bytes]:
        """What a pod asks for, processor and memory, with all that is beside the application, and before it."""
        return self.asked_with([file_logs.rotation(self.rotated)] if self.rotated else [])

    @property
    def ephemeral_storage(self) -> Bytes:
        """The limit of the application's container: more than its log, its scratch volumes and `logs` may hold."""
        volumes = [volume.size for volume in self.scratch.values()]
        return retention.ephemeral_storage(1, volumes, self.logs.limits if self.logs else None)

    @property
    def entry(self) -> int | None:
        """The port of each pod at which it is called, if there is one."""
        return self.inbound.port if self.fronted else self.port

    @property
    def behind(self) -> Behind:
        """The workload as a balancer before it sees it."""
        kept = self.inbound.idle if self.fronted else None
        return Behind(self.kept.members is not None, self.public, self.deadline, kept, self.shutdown.prestop)

    @property
    def callee(self) -> Callee:
        """The workload as those see it who call it; of what listens nowhere, all that can be said beside that."""
        if self.service is None or self.entry is None:
            return Callee(self.name, self.namespace, deadline=self.deadline)
        return Callee(self.name, self.namespace, self.service, self.entry, self.protocol, self.deadline)


def read(
    r: Reader,
    name: str,
    namespace: str,
    promised: Milliseconds = deadlines.DEFAULT_DEADLINE,
    way: WayIn = NO_WAY,
) -> Spec:
    """The workload's arguments with defaults; every value that is out of range or without its unit is a problem.

    Its calls are read by themselves, once all callees are known (`calls.read`). `promised` is its deadline if it states
    none, `way` what leads into the cluster.
    """
    r.problems.extend(check_service(name, r.path))
    listens = r.has("port")
    r = r if listens else without_port.rest(r)
    load, spot = r.at("load"), r.at("spot")
    protocol = choice(r, "protocol", "http", PROTOCOLS) if listens else "tcp"
    deadline = r.duration("deadline", promised)
    replica = load.number("replica", 1.0)
    guard = inbound.read(r.at("inbound"), sidecar.FIRST_PORT, protocol, replica, deadline)
    guard = replace(guard, enabled=guard.enabled and listens)
    port = r.whole("port", 8080, 1, 65_535) if listens else None
    service = None if port is None else ports.read_service(r, port)
    waits = max(deadline, guard.idle if guard.enabled else 0)
    balancer = None if service is None else way_in.read_balancer(r, way, service, waits)
    logs = file_logs.read(r.at("logs"), folder(r.at("logs"), "path", "/var/log/app")) if r.is_map("logs") else None
    return Spec(
        name=name,
        namespace=namespace,
        port=port,
        service=service,
        protocol=protocol,
        peak=load.number("peak", 1.0),
        replica=replica,
        utilization=load.number("utilization", headroom.DEFAULT_UTILIZATION, most=1),
        lose=r.whole("lose", headroom.DEFAULT_LOSE, 1, headroom.MAXIMUM_REPLICAS),
        survive=headroom.read_survive(r),
        spot=r.has("spot") and spot.value("enabled", bool, True),
        base=_replicas(spot, "base"),
        proven=_replicas(r, "proven"),
        ceiling=_replicas(r, "ceiling"),
        deadline=deadline,
        calls={},
        callers=tuple(read_callers(r, namespace)) if r.has("callers") else None,
        public=r.value("public", bool, False),
        behavior=replicas.read_behavior(r.at("behavior")),
        writer=replicas.read_writer(r.at("writer")) if r.has("writer") else None,
        schedule=schedule.read(r.at("schedule")) if r.has("schedule") else None,
        triggers=triggers.read(r.maps("triggers")),
        resources=resources.read(r.at("resources")),
        probes=probes.read(r.at("probes"), protocol, listens=listens),
        scratch=_scratch(r, logs),
        logs=logs,
        cache=local_cache.read(r.at("cache")) if r.is_map("cache") else None,
        shutdown=_shutdown(r.at("shutdown"), deadline, balancer),
        rollout=_rollout(r.at("rollout")),
        inbound=guard,
        ports=ports.read(r, namespace),
        metrics=ports.read_metrics(r),
        objective=objectives.read(r.at("objective")) if r.is_map("objective") else None,
        expose=way_in.read(r),
        balancer=balancer,
        patches=patch_args.read(r),
        kept=members.read(r),
        init=init_containers.read_init(r),
        sidecars=init_containers.read_sidecars(r),
        sidecar=sidecar.read(r.at("proxy"), guard, len(r.maps("calls")), replica),
        **read_common(r),
    )


def _replicas(r: Reader, key: str) -> int | None:
    return r.whole(key, 1, 1, headroom.MAXIMUM_REPLICAS) if r.has(key) else None


def _scratch(r: Reader, logs: LogFiles | None) -> dict[str, Scratch]:
    volumes = read_scratch(r)
    if logs is None:
        return volumes
    for name, use in ((LOGS_VOLUME, "logs"), (ROTATION_VOLUME, "what rotates them")):
        if name in volumes:
            hint = "give it another name"
            r.problem(("scratch", name), FOLDER_TAKEN, f"has the name of the volume for {use}", hint)
    if any(volume.path == logs.path for volume in volumes.values()):
        r.problem(
            ("logs", "path"),
            FOLDER_TAKEN,
            f"is {logs.path!r}, a scratch folder too",
            "give each volume a folder of its own",
        )
    return volumes


def _shutdown(r: Reader, deadline: Milliseconds, balancer: Balancer | None) -> Shutdown:
    default = Shutdown()
    prestop = max(default.prestop, balancer.deregistration if balancer else 0)
    return Shutdown(
        prestop=r.seconds("prestop", ceil_div(prestop, 1000)) * 1000,
        drain=r.duration("drain", max(default.drain, deadline)),
        stop=r.duration("stop", default.stop),
    )


def _rollout(r: Reader) -> Rollout:
    default = Rollout()
    rollout = Rollout(
        settle=r.seconds("settle", default.settle),
        progress=r.seconds("progress", default.progress),
        surge=r.whole("surge", default.surge, 1, 100),
        history=r.whole("history", default.history, 1, MOST_HISTORY),
        canary=canary.read(r),
    )
    if rollout.progress <= rollout.settle and r.readable("progress") and r.readable("settle"):
        hint = "a rollout would be given up before its first replica counts"
        r.problem("progress", PROGRESS_BELOW_SETTLE, "is not longer than settle", hint)
    return rollout
