"""A workload's arguments, read into frozen values with every default filled in; the rules work on these."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

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
from flyball.guards.reading.rules import INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.hops import PROTOCOLS
from flyball.guards.workload import file_logs, replicas, resources, sidecar
from flyball.guards.workload.calls import Call, Callee
from flyball.guards.workload.file_logs import LogFiles
from flyball.guards.workload.names import Caller, check_name, read_callers
from flyball.guards.workload.resources import Resources
from flyball.guards.workload.sidecar import Sidecar

LOGS_VOLUME = "logs"
"""Name of the volume for `logs`, beside those of `scratch`."""
ROTATION_VOLUME = "rotation"
"""Name of the volume in which logrotate keeps what it has seen."""


@dataclass(frozen=True, slots=True)
class Scratch:
    path: str
    size: Bytes


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A value in a Secret that exists already: its name, and the key within it."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """`settle` and `progress` in seconds, `surge` in percent, `history` in revisions."""

    settle: int = 10
    progress: int = 600
    surge: int = 25
    history: int = 3


@dataclass(frozen=True, slots=True)
class Spec:
    """What a workload is, apart from what only Pulumi may know: image, environment, secrets.

    Times in milliseconds, sizes in bytes. `callers` are those that are named, and None where nothing is said of them.
    """

    name: str
    namespace: str
    port: int
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
    deadline: Milliseconds
    calls: Mapping[str, Call]
    callers: tuple[Caller, ...] | None
    public: bool
    behavior: Behavior
    writer: WriterSteps | None
    schedule: Schedule | None
    triggers: Mapping[str, Prometheus]
    resources: Resources
    probes: Probes
    scratch: Mapping[str, Scratch]
    logs: LogFiles | None
    shutdown: Shutdown
    rollout: Rollout
    inbound: Inbound
    sidecar: Sidecar
    user: int = 65_532
    token: bool = False
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    refs: Mapping[str, SecretRef] = field(default_factory=dict)
    priority: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_keda(self) -> bool:
        """Whether a plain autoscaler, which knows neither the time nor queries, does not suffice."""
        return self.schedule is not None or bool(self.triggers)

    @property
    def fronted(self) -> bool:
        """Whether the proxy stands in front of the application too, and not only beside it for its calls."""
        return self.sidecar.enabled and self.inbound.enabled

    @property
    def proxied(self) -> bool:
        """Whether there is a proxy at all: one that has nothing to guard and nobody to call is left out."""
        return self.sidecar.enabled and (self.inbound.enabled or bool(self.calls))

    @property
    def entry(self) -> int:
        """The port of each pod at which it is called."""
        return self.inbound.port if self.fronted else self.port

    @property
    def callee(self) -> Callee:
        """The workload as those see it who call it."""
        return Callee(self.name, self.namespace, self.port, self.entry, self.protocol, self.deadline)


def read(r: Reader, name: str, namespace: str, promised: Milliseconds = deadlines.DEFAULT_DEADLINE) -> Spec:
    """The workload's arguments with defaults; every value that is out of range or without its unit is a problem.

    Its calls are read by themselves, once all callees are known (`calls.read`). `promised` is its deadline if it states
    none.
    """
    r.problems.extend(check_name(name, r.path))
    load, spot = r.at("load"), r.at("spot")
    protocol = _choice(r, "protocol", "http", PROTOCOLS)
    deadline = r.duration("deadline", promised)
    replica = load.number("replica", 1.0)
    guard = inbound.read(r.at("inbound"), sidecar.FIRST_PORT, protocol, replica, deadline)
    logs = file_logs.read(r.at("logs"), _folder(r.at("logs"), "path", "/var/log/app")) if r.is_map("logs") else None
    return Spec(
        name=name,
        namespace=namespace,
        port=r.whole("port", 8080, 1, 65_535),
        protocol=protocol,
        peak=load.number("peak", 1.0),
        replica=replica,
        utilization=load.number("utilization", headroom.DEFAULT_UTILIZATION, most=1),
        lose=r.whole("lose", headroom.DEFAULT_LOSE, 1, headroom.MAXIMUM_REPLICAS),
        survive=_survive(r),
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
        probes=probes.read(r.at("probes"), protocol),
        scratch=_scratch(r, logs),
        logs=logs,
        shutdown=_shutdown(r.at("shutdown"), deadline),
        rollout=_rollout(r.at("rollout")),
        inbound=guard,
        sidecar=sidecar.read(r.at("proxy"), guard, len(r.maps("calls")), replica),
        user=r.whole("user", 65_532, 1, 2**31 - 1),
        token=r.value("token", bool, False),
        command=tuple(r.words("command")),
        arguments=tuple(r.words("arguments")),
        refs={
            variable: SecretRef(ref.value("name", str, ""), ref.value("key", str, ""))
            for variable, ref in r.maps("refs").items()
        },
        priority=r.value("priority", str, "") or None,
        labels=_texts(r.at("labels")),
        annotations=_texts(r.at("annotations")),
    )


def _choice(r: Reader, key: str, default: str, allowed: tuple[str, ...]) -> str:
    word = r.value(key, str, default)
    if word in allowed:
        return word
    r.problem(key, UNKNOWN_VALUE, f"is {word!r}", f"allowed are {', '.join(allowed)}")
    return default


def _replicas(r: Reader, key: str) -> int | None:
    return r.whole(key, 1, 1, headroom.MAXIMUM_REPLICAS) if r.has(key) else None


def _survive(r: Reader) -> frozenset[Survive]:
    words = [word.strip() for word in r.value("survive", str, "replica").split(",")]
    known = [survive.value for survive in Survive]
    for word in words:
        if word not in known:
            r.problem(
                "survive", UNKNOWN_VALUE, f"is {word!r}", f"allowed are {', '.join(known)}, or several with commas"
            )
    return frozenset(Survive(word) for word in words if word in known)


def _folder(r: Reader, key: str, default: str) -> str:
    path = r.value(key, str, default)
    plain = posixpath.normpath(f"/{path.lstrip('/')}")
    if not path.startswith("/") or plain == "/" or ":" in path:
        r.problem(key, INVALID_PATH, f"is {path!r}", "give an absolute folder other than /")
    return plain


def _scratch(r: Reader, logs: LogFiles | None) -> dict[str, Scratch]:
    volumes = _volumes(r)
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


def _volumes(r: Reader) -> dict[str, Scratch]:
    if not r.has("scratch"):
        return {"tmp": Scratch("/tmp", retention.DEFAULT_SCRATCH)}
    volumes: dict[str, Scratch] = {}
    for name, volume in r.maps("scratch").items():
        r.problems.extend(check_name(name, volume.path))
        volumes[name] = Scratch(_folder(volume, "path", "/tmp"), volume.size("size", retention.DEFAULT_SCRATCH))
    paths = [volume.path for volume in volumes.values()]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        r.problem("scratch", FOLDER_TAKEN, f"mounts {path} more than once", "give each volume a folder of its own")
    return volumes


def _shutdown(r: Reader, deadline: Milliseconds) -> Shutdown:
    default = Shutdown()
    return Shutdown(
        prestop=r.seconds("prestop", default.prestop // 1000) * 1000,
        drain=r.duration("drain", max(default.drain, deadline)),
        stop=r.duration("stop", default.stop),
    )


def _rollout(r: Reader) -> Rollout:
    default = Rollout()
    rollout = Rollout(
        settle=r.seconds("settle", default.settle),
        progress=r.seconds("progress", default.progress),
        surge=r.whole("surge", default.surge, 1, 100),
        history=r.whole("history", default.history, 1, 10),
    )
    if rollout.progress <= rollout.settle and r.readable("progress") and r.readable("settle"):
        hint = "a rollout would be given up before its first replica counts"
        r.problem("progress", PROGRESS_BELOW_SETTLE, "is not longer than settle", hint)
    return rollout


def _texts(r: Reader) -> dict[str, str]:
    return {key: value for key, value in r.values.items() if isinstance(value, str)}
