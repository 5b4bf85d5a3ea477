"""What services and jobs have in common: an application in a container of its own, bounded, with its calls; and where
it runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from flyball.guards.clean_up import retention
from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast.container import check_object_name
from flyball.guards.reading import paths
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds
from flyball.guards.workload import files as mounted
from flyball.guards.workload import pod
from flyball.guards.workload.calls import Call
from flyball.guards.workload.files import Files, Variables
from flyball.guards.workload.names import Caller, check_name
from flyball.guards.workload.platform import ANY, Platform
from flyball.guards.workload.pod import PLAIN, Pod
from flyball.guards.workload.ports import Reached
from flyball.guards.workload.resources import Resources
from flyball.guards.workload.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class Scratch:
    path: str
    size: Bytes


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A value in a Secret that exists already: its name, and the key within it."""

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What runs, apart from what only Pulumi may know: image, environment, secrets.

    Times in milliseconds, sizes in bytes. `callers` are those that are named, and None where nothing is said of them.
    """

    name: str
    namespace: str
    deadline: Milliseconds
    calls: Mapping[str, Call]
    callers: tuple[Caller, ...] | None = None
    public: bool = False
    resources: Resources
    scratch: Mapping[str, Scratch]
    sidecar: Sidecar
    pod: Pod = PLAIN
    user: int = 65_532
    token: bool = False
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    refs: Mapping[str, SecretRef] = field(default_factory=dict)
    files: Mapping[str, Files] = field(default_factory=dict)
    variables: tuple[Variables, ...] = ()
    priority: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """Name of the ServiceAccount that it runs under."""
        return self.name

    @property
    def ephemeral_storage(self) -> Bytes:
        """The limit of its container: more than its log and its scratch volumes may hold."""
        return retention.ephemeral_storage(1, [volume.size for volume in self.scratch.values()])

    @property
    def fronted(self) -> bool:
        """Whether the proxy stands in front of the application too, and not only beside it for its calls."""
        return False

    @property
    def proxied(self) -> bool:
        """Whether there is a proxy at all: one that has nothing to guard and nobody to call is left out."""
        return self.sidecar.enabled and (self.fronted or bool(self.calls))


@dataclass(frozen=True, slots=True)
class Place:
    """Where services run: their namespace, and the zones that they may be spread over; and what all are labelled with.

    `environment` is the name of the environment, `owner` who answers for them. `priority` is the PriorityClass of those
    that name none, `jobs` that of such jobs; without it each has one of its own. `platform` is what is known of the
    cluster.
    """

    namespace: str = "default"
    zones: tuple[str, ...] = ()
    environment: str = ""
    owner: str = ""
    priority: str | None = None
    jobs: str | None = None
    platform: Platform = ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An application as it will run: what it is, where, who may call it, and what further ports it reaches.

    `given` are its arguments, for what no rule reads: image, environment and secrets, which may only be known while
    Pulumi runs. `path` is where they stand, for messages.
    """

    spec: Application
    place: Place
    callers: tuple[Caller, ...] = ()
    reaches: tuple[Reached, ...] = ()
    given: Mapping[str, Any]
    path: Path

    @property
    def name(self) -> str:
        return self.spec.name


def choice(r: Reader, key: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of some words."""
    word = r.value(key, str, default)
    if word in allowed:
        return word
    r.problem(key, UNKNOWN_VALUE, f"is {word!r}", f"allowed are {', '.join(allowed)}")
    return default


def folder(r: Reader, key: str, default: str) -> str:
    """An absolute folder."""
    path = r.value(key, str, default)
    plain = paths.plain(path)
    if not path.startswith("/") or plain == "/" or ":" in path:
        r.problem(key, INVALID_PATH, f"is {path!r}", "give an absolute folder other than /")
    return plain


def read_scratch(r: Reader) -> dict[str, Scratch]:
    """The folders that may be written, /tmp where nothing is said of any."""
    if not r.has("scratch"):
        return {"tmp": Scratch("/tmp", retention.DEFAULT_SCRATCH)}
    volumes: dict[str, Scratch] = {}
    for name, volume in r.maps("scratch").items():
        r.problems.extend(check_name(name, volume.path))
        volumes[name] = Scratch(folder(volume, "path", "/tmp"), volume.size("size", retention.DEFAULT_SCRATCH))
    folders = [volume.path for volume in volumes.values()]
    for path in sorted({path for path in folders if folders.count(path) > 1}):
        r.problem("scratch", FOLDER_TAKEN, f"mounts {path} more than once", "give each volume a folder of its own")
    r.problems.extend(mounted.check_volumes(r.at("files").values, volumes, r.path))
    return volumes


def read_user(r: Reader) -> int:
    """The user and group that it runs as, never root."""
    return r.whole("user", 65_532, 1, 2**31 - 1)


def read_refs(r: Reader) -> dict[str, SecretRef]:
    """Variables from Secrets that exist."""
    return {
        variable: SecretRef(ref.value("name", str, ""), ref.value("key", str, ""))
        for variable, ref in r.maps("refs").items()
    }


class Common(TypedDict):
    """Fields of `Application` that are read alike, whatever runs."""

    pod: Pod
    user: int
    token: bool
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    refs: dict[str, SecretRef]
    files: dict[str, Files]
    variables: tuple[Variables, ...]
    priority: str | None
    labels: dict[str, str]
    annotations: dict[str, str]


def read_common(r: Reader) -> Common:
    return {
        "pod": pod.read(r),
        "user": read_user(r),
        "token": r.value("token", bool, False),
        "command": tuple(r.words("command")),
        "arguments": tuple(r.words("arguments")),
        "refs": read_refs(r),
        "files": mounted.read(r),
        "variables": mounted.read_variables(r),
        "priority": _priority(r) if r.has("priority") else None,
        "labels": r.texts("labels"),
        "annotations": r.texts("annotations"),
    }


def _priority(r: Reader) -> str:
    name = r.value("priority", str, "a")
    r.problems.extend(check_object_name(name, "a PriorityClass", r.to("priority")))
    return name


def check_mounts(spec: Application, path: Path, logs: str | None = None) -> Iterator[Problem]:
    """Refuse files in the very place of a folder that is written, of `scratch` or of `logs`."""
    taken = {volume.path: f"scratch.{name}" for name, volume in spec.scratch.items()}
    yield from mounted.check_places(spec.files, taken | ({logs: "logs"} if logs else {}), path)


def sources(args: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables that are set, and under which argument: `PAYMENT_URL` in `env`."""
    return {
        name: source
        for source in ("env", "secrets", "refs")
        if isinstance(values := args.get(source), Mapping)
        for name in values
    }


def unread(r: Reader) -> frozenset[Path]:
    """The arguments that problems lie under: `load` of `load.peak`; a call with its name."""
    within = (problem.path[len(r.path) :] for problem in r.problems)
    return frozenset(path[: 2 if path[:1] == ("calls",) else 1] for path in within)
