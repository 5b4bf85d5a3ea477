"""A team's own containers in a pod: those that run before the application and end (`init`), and those that run beside
it for as long as it does (`sidecars`), native ones that have started before it and end after it.

Order: the proxy and what rotates logs, what runs before and needs no sidecar, the sidecars, what runs before and needs
one, each in the order of their names, which no other language loses; then the application. A pod ends the other way
round (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#sidecar-containers-and-pod-lifecycle).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast.container import check_container
from flyball.guards.fail_fast.rules import PORT_TAKEN
from flyball.guards.interruptions import probes
from flyball.guards.interruptions.probes import Probes
from flyball.guards.reading import paths
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE, INVALID_PATH, MISSING, UNKNOWN_VALUE
from flyball.guards.reading.strict import nearest
from flyball.guards.reading.units import Milliseconds
from flyball.guards.workload import resources
from flyball.guards.workload.application import SecretRef, read_refs
from flyball.guards.workload.arguments import ProbesArgs, ResourcesArgs
from flyball.guards.workload.names import check_name
from flyball.guards.workload.resources import Resources

PROXY, LOGROTATE = "proxy", "logrotate"
"""Containers that flyball puts beside an application."""
DEFAULT_STOP: Milliseconds = 1_000
_ASKED = {"probes": {"readiness": {"path": "/"}}}


class OwnRefArgs(TypedDict):
    """A value in a Secret that exists already."""

    name: str
    """Name of the Secret."""
    key: str
    """Key within it."""


class InitArgs(TypedDict):
    """A container that runs before the application and ends; with another exit code than 0 it is run again."""

    image: str
    """Image with a tag or digest."""
    resources: ResourcesArgs
    """Processor and memory, both of which it says."""
    command: NotRequired[list[str]]
    """Replaces the image's entry point."""
    arguments: NotRequired[list[str]]
    """Replaces the image's arguments."""
    env: NotRequired[dict[str, str]]
    """Environment variables, beside those that tell where calls go [none]."""
    refs: NotRequired[dict[str, OwnRefArgs]]
    """Environment variables from Secrets that exist already [none]."""
    mounts: NotRequired[dict[str, str]]
    """Folders that it shares with the application: the path of each by its name in `scratch` or `files`, or `logs`
    [none]."""
    after: NotRequired[list[str]]
    """Own sidecars that it needs; without any it runs before them [none]."""


class SidecarArgs(TypedDict):
    """A container that runs beside the application: started before it, and ended after it."""

    image: str
    """Image with a tag or digest."""
    resources: ResourcesArgs
    """Processor and memory, both of which it says."""
    port: NotRequired[int]
    """Port on which it listens, for its probes and for the application; who else may reach it is said in `ports` or
    `metrics` [none]."""
    probes: NotRequired[ProbesArgs]
    """Startup, readiness, liveness; readiness is required, and without a port all three, as commands."""
    stop: NotRequired[str]
    """The longest that it takes to end, after the application has; beside `shutdown` in the 110s of a way out [1s]."""
    command: NotRequired[list[str]]
    """Replaces the image's entry point."""
    arguments: NotRequired[list[str]]
    """Replaces the image's arguments."""
    env: NotRequired[dict[str, str]]
    """Environment variables, beside those that tell where calls go [none]."""
    refs: NotRequired[dict[str, OwnRefArgs]]
    """Environment variables from Secrets that exist already [none]."""
    mounts: NotRequired[dict[str, str]]
    """Folders that it shares with the application: the path of each by its name in `scratch` or `files`, or `logs`
    [none]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitContainer:
    """What both kinds have. `mounts` are paths by name of the folder."""

    resources: Resources
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    refs: Mapping[str, SecretRef] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Init(InitContainer):
    """`after` are sidecars."""

    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSidecar(InitContainer):
    """`stop` in milliseconds."""

    probes: Probes
    port: int | None = None
    stop: Milliseconds = DEFAULT_STOP


def read_init(r: Reader) -> dict[str, Init]:
    """What runs before, by name."""
    return {name: Init(**_common(each), after=tuple(each.words("after"))) for name, each in _each(r, "init")}


def read_sidecars(r: Reader) -> dict[str, OwnSidecar]:
    """What runs beside, by name."""
    found: dict[str, OwnSidecar] = {}
    for name, each in _each(r, "sidecars"):
        port = each.whole("port", 8081, 1, 65_535) if each.has("port") else None
        stop = each.seconds("stop", DEFAULT_STOP // 1000) * 1000
        # Of probes that are no map nothing is said beside that.
        given = each if each.is_map("probes") or not each.has("probes") else Reader(_ASKED, each.path, [])
        asked = probes.read(given.at("probes"), "tcp")
        if port is None:
            _check_commands(each, asked)
        found[name] = OwnSidecar(**_common(each), port=port, probes=asked, stop=stop)
    return found


def _each(r: Reader, key: str) -> Iterator[tuple[str, Reader]]:
    given = r.at(key)
    for name, each in r.maps(key).items():
        if given.is_map(name):
            r.problems.extend(check_name(name, each.path))
            r.problems.extend(check_container(each.values, each.path))
            yield name, each


def _check_commands(r: Reader, asked: Probes) -> None:
    """Without a port there is nothing but commands to ask."""
    for name, probe in (("startup", asked.startup), ("readiness", asked.readiness), ("liveness", asked.liveness)):
        if probe.kind != "exec":
            hint = f"give it, or in probes.{name} a command, as exec: [is-well]"
            r.problem("port", MISSING, f"is missing, and nobody could ask it by its {name} probe", hint)
            return


def _common(r: Reader) -> dict[str, Any]:
    asked = r.at("resources")
    for key in ("cpu", "memory"):
        if r.is_map("resources") and not asked.has(key):
            hint = "say what it needs: a default would be a guess"
            asked.problem(key, MISSING, "is missing", hint)
    mounts = r.texts("mounts")
    by_path: dict[str, str] = {}
    for name, path in mounts.items():
        plain = paths.mounted(path)
        if plain is None:
            r.problem(("mounts", name), INVALID_PATH, f"is {path!r}", "give an absolute folder other than /")
        elif (twin := by_path.setdefault(plain, name)) != name:
            hint = "give each a folder of its own"
            r.problem(("mounts", name), FOLDER_TAKEN, f"is {plain!r}, where {twin} is too", hint)
    return {
        "resources": resources.read(asked),
        "command": tuple(r.words("command")),
        "arguments": tuple(r.words("arguments")),
        "refs": read_refs(r),
        "mounts": dict(sorted(mounts.items())),
    }


def check(
    name: str,
    init: Mapping[str, Init],
    sidecars: Mapping[str, OwnSidecar],
    args: Mapping[str, Any],
    folders: Iterable[str],
    listening: Mapping[int, str],
    beside: Iterable[str],
    path: Path,
) -> Iterator[Problem]:
    """Refuse two containers of one name, folders that there are not, and ports on which another part listens.

    `args` are what all of it was read from: of what could not be read nothing is missing. `listening` says what does,
    but for what `ports` and `metrics` name: these may lead to a sidecar. `beside` are the containers that flyball puts
    there.
    """
    if name in beside:
        message = "has the name of a container that flyball puts beside it"
        yield Problem(path, GIVEN_TWICE, message, "give it another name")
    yield from _check_names(name, init, sidecars, path)
    if all(isinstance(args.get(key, {}), Mapping) for key in ("scratch", "files", "logs")):
        yield from _check_folders(init, sidecars, [*folders], path)
    if isinstance(given := args.get("sidecars", {}), Mapping):
        for each, i, needed in ((each, i, name) for each, own in init.items() for i, name in enumerate(own.after)):
            if needed not in given:
                hint = nearest(needed, sidecars) if sidecars else "leave it out"
                yield Problem((*path, "init", each, "after", i), UNKNOWN_VALUE, f"{needed!r} is no sidecar", hint)
    yield from _check_ports(sidecars, listening, path)


def _check_folders(
    init: Mapping[str, Init], sidecars: Mapping[str, OwnSidecar], known: list[str], path: Path
) -> Iterator[Problem]:
    for kind, own in (("init", init), ("sidecars", sidecars)):
        for each, folder in ((each, folder) for each, found in own.items() for folder in found.mounts):
            if folder not in known:
                hint = nearest(folder, known) if known else "name a folder in scratch"
                at = (*path, kind, each, "mounts", folder)
                yield Problem(at, UNKNOWN_VALUE, "is no folder of scratch or files", hint)


def _check_names(
    name: str, init: Mapping[str, Init], sidecars: Mapping[str, OwnSidecar], path: Path
) -> Iterator[Problem]:
    taken = {PROXY: "the proxy's", LOGROTATE: "that of what rotates logs", name: "the application's"}
    for kind, each in (*(("init", each) for each in init), *(("sidecars", each) for each in sidecars)):
        if each in taken:
            message = f"has the name of another container of the pod, {taken[each]}"
            yield Problem((*path, kind, each), GIVEN_TWICE, message, "give it another name")
        taken.setdefault(each, f"one of {kind}")


def _check_ports(sidecars: Mapping[str, OwnSidecar], listening: Mapping[int, str], path: Path) -> Iterator[Problem]:
    used = dict(listening)
    for each, found in sidecars.items():
        if found.port is None:
            continue
        if found.port in used:
            message = f"{found.port} is the port of {used[found.port]}"
            yield Problem((*path, "sidecars", each, "port"), PORT_TAKEN, message, "choose another one")
        used.setdefault(found.port, f"the sidecar {each}")


def ways_out(sidecars: Mapping[str, OwnSidecar]) -> Milliseconds:
    """What they take to end, one after the other (the page named above)."""
    return sum(each.stop for each in sidecars.values())


def in_order(init: Mapping[str, Init], sidecars: Mapping[str, OwnSidecar]) -> list[tuple[str, InitContainer]]:
    """As they are started: what runs before, sidecars, and what needs these."""
    before = [(name, each) for name, each in sorted(init.items()) if not each.after]
    late = [(name, each) for name, each in sorted(init.items()) if each.after]
    return [*before, *sorted(sidecars.items()), *late]


def effective(started: Iterable[tuple[bool, int]], running: int) -> int:
    """What a pod asks for of one resource: `started` are its init containers in order, each with whether it stays.

    The larger of what all that stays asks for at last, and of what there is while one that ends is running
    (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers).
    """
    staying, most = 0, 0
    for stays, asked in started:
        most = max(most, staying + asked)
        staying += asked if stays else 0
    return max(most, staying + running)
