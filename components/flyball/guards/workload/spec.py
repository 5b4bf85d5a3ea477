"""A workload's arguments, read into frozen values with every default filled in; the rules work on these."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flyball.guards.clean_up import retention
from flyball.guards.clean_up.retention import FileLogs
from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast import inbound
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps
from flyball.guards.headroom import headroom, schedule, triggers
from flyball.guards.headroom.headroom import Survive
from flyball.guards.headroom.schedule import Schedule
from flyball.guards.headroom.triggers import Prometheus
from flyball.guards.interruptions import probes
from flyball.guards.interruptions.interruption import Shutdown
from flyball.guards.interruptions.probes import Probes
from flyball.guards.interruptions.rules import PROGRESS_BELOW_SETTLE
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME, INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds
from flyball.guards.timeouts import calls, deadlines, hops
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.deadlines import Call
from flyball.guards.timeouts.hops import Hop
from flyball.guards.workload import resources, sidecar
from flyball.guards.workload.resources import Resources
from flyball.guards.workload.sidecar import Sidecar

LONGEST_NAME = 41
"""63 (RFC 1123 label), less 17 for what ReplicaSet and pod append and 5 for `-spot`."""
LONGEST_PERIOD = 1800
"""Seconds of an autoscaler's `periodSeconds` (https://kubernetes.io/docs/reference/kubernetes-api/
workload-resources/horizontal-pod-autoscaler-v2/)."""
LONGEST_CALM = 3600
"""Seconds of its `stabilizationWindowSeconds`, from the same page."""
LOGS_VOLUME = "logs"
"""Name of the volume for `logs`, beside those of `scratch`."""
PROTOCOLS = ("http", "grpc", "tcp")
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Scratch:
    path: str
    size: Bytes


@dataclass(frozen=True, slots=True)
class Rollout:
    """`settle` and `progress` in seconds, `surge` in percent, `history` in revisions."""

    settle: int = 10
    progress: int = 600
    surge: int = 25
    history: int = 3


@dataclass(frozen=True, slots=True)
class Spec:
    """What a workload is, apart from its image and its environment. Times in milliseconds, sizes in bytes."""

    name: str
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
    hops: Mapping[str, Hop]
    call_ports: Mapping[str, int]
    call_targets: Mapping[str, int]
    outside: Mapping[str, Outside]
    public: bool
    behavior: Behavior
    writer: WriterSteps | None
    schedule: Schedule | None
    triggers: Mapping[str, Prometheus]
    resources: Resources
    probes: Probes
    scratch: Mapping[str, Scratch]
    logs: FileLogs | None
    logs_path: str | None
    shutdown: Shutdown
    rollout: Rollout
    inbound: Inbound
    sidecar: Sidecar
    user: int = 65_532
    token: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_keda(self) -> bool:
        """Whether a plain autoscaler, which knows neither the time nor queries, does not suffice."""
        return self.schedule is not None or bool(self.triggers)

    @property
    def guarded(self) -> bool:
        """Whether the proxy stands in front of the application."""
        return self.sidecar.enabled and self.inbound.enabled

    @property
    def proxied(self) -> bool:
        """Whether there is a proxy at all: one that has nothing to guard and nobody to call is left out."""
        return self.sidecar.enabled and (self.inbound.enabled or bool(self.hops))

    @property
    def entry(self) -> int:
        """The port of each pod at which it is called."""
        return self.inbound.port if self.guarded else self.port


def check_name(name: str, path: Path) -> list[Problem]:
    """A workload's name becomes part of the names of its objects, so it must leave room for what they append."""
    if len(name) > LONGEST_NAME:
        return [
            Problem(
                path,
                INVALID_NAME,
                f"the name has {len(name)} characters",
                f"at most {LONGEST_NAME} leave room for suffixes",
            )
        ]
    if not _NAME.fullmatch(name):
        hint = "lower-case letters, digits and dashes, starting with a letter and not ending with a dash"
        return [Problem(path, INVALID_NAME, f"{name!r} is no name for Kubernetes objects", hint)]
    return []


def check_namespace(name: str, path: Path) -> list[Problem]:
    """A namespace's name is an RFC 1123 label."""
    if _NAMESPACE.fullmatch(name):
        return []
    hint = "at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends"
    return [Problem(path, INVALID_NAME, f"{name!r} is no name for a namespace", hint)]


def read(name: str, args: Mapping[str, Any], path: Path) -> tuple[Spec, list[Problem]]:
    """The workload's arguments with defaults, and every value that is out of range or without its unit."""
    problems = check_name(name, path)
    r = Reader(args, path, problems)
    load, spot, given = r.at("load"), r.at("spot"), r.maps("calls")
    protocol = _choice(r, "protocol", "http", PROTOCOLS)
    outside = {callee: calls.read_outside(c) for callee, c in given.items() if c.has("host")}
    for callee, call in given.items():
        calls.check_outside_words(call, callee in outside)
    deadline = r.duration("deadline", deadlines.DEFAULT_DEADLINE)
    made = {callee: calls.read_call(c, callee in outside) for callee, c in given.items()}
    replica = load.number("replica", 1.0)
    guard = inbound.read(r.at("inbound"), sidecar.FIRST_PORT, protocol, replica, deadline)
    logs_path = _folder(r.at("logs"), "path", "/var/log/app") if r.has("logs") else None
    spec = Spec(
        name=name,
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
        calls=made,
        hops={callee: hops.read(given[callee], callee, call) for callee, call in made.items()},
        call_ports={callee: c.whole("port", 1, 1, 65_535) for callee, c in given.items() if c.has("port")},
        call_targets={callee: c.whole("target", 1, 1, 65_535) for callee, c in given.items() if c.has("target")},
        outside=outside,
        public=r.value("public", bool, False),
        behavior=_behavior(r.at("behavior")),
        writer=_writer(r.at("writer")) if r.has("writer") else None,
        schedule=schedule.read(r.at("schedule")) if r.has("schedule") else None,
        triggers=triggers.read(r.maps("triggers")),
        resources=resources.read(r.at("resources")),
        probes=probes.read(r.at("probes"), protocol),
        scratch=_scratch(r, logs_path),
        logs=_logs(r.at("logs")) if r.has("logs") else None,
        logs_path=logs_path,
        shutdown=_shutdown(r.at("shutdown"), deadline),
        rollout=_rollout(r.at("rollout")),
        inbound=guard,
        sidecar=sidecar.read(r.at("proxy"), guard, len(made), replica),
        user=r.whole("user", 65_532, 1, 2**31 - 1),
        token=r.value("token", bool, False),
        labels=_texts(r.at("labels")),
        annotations=_texts(r.at("annotations")),
    )
    return spec, problems


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


def _rate(r: Reader, default: Rate) -> Rate:
    return Rate(
        pods=r.whole("pods", default.pods, 1, headroom.MAXIMUM_REPLICAS),
        percent=r.whole("percent", default.percent, 1, 1000),
        period=r.seconds("period", default.period, LONGEST_PERIOD),
    )


def _behavior(r: Reader) -> Behavior:
    default = Behavior()
    calm = r.seconds("calm", default.calm, LONGEST_CALM)
    return Behavior(_rate(r.at("up"), default.up), _rate(r.at("down"), default.down), calm)


def _step(r: Reader, default: Step) -> Step:
    pods = r.whole("pods", default.pods, 1, headroom.MAXIMUM_REPLICAS)
    return Step(pods, r.whole("percent", default.percent, 1, 1000))


def _writer(r: Reader) -> WriterSteps:
    default = WriterSteps()
    return WriterSteps(up=_step(r.at("up"), default.up), down=_step(r.at("down"), default.down))


def _folder(r: Reader, key: str, default: str) -> str:
    path = r.value(key, str, default)
    plain = posixpath.normpath(f"/{path.lstrip('/')}")
    if not path.startswith("/") or plain == "/" or ":" in path:
        r.problem(key, INVALID_PATH, f"is {path!r}", "give an absolute folder other than /")
    return plain


def _scratch(r: Reader, logs_path: str | None) -> dict[str, Scratch]:
    volumes = _volumes(r)
    if logs_path is not None and LOGS_VOLUME in volumes:
        r.problem(("scratch", LOGS_VOLUME), FOLDER_TAKEN, "has the name of the volume for logs", "give it another name")
    if any(volume.path == logs_path for volume in volumes.values()):
        r.problem(
            ("logs", "path"),
            FOLDER_TAKEN,
            f"is {logs_path!r}, a scratch folder too",
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


def _logs(r: Reader) -> FileLogs:
    default = FileLogs()
    return FileLogs(
        size=r.size("size", default.size),
        files=r.whole("files", default.files),
        days=r.whole("days", default.days),
        volume=r.size("volume", default.volume),
    )


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
