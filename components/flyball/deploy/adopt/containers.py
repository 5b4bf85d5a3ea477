"""Further containers of a pod: those that run before the application (`init`), and those beside it (`sidecars`)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

from flyball.deploy.adopt import environment, probes
from flyball.deploy.adopt.found import Manifest, mapping, maps
from flyball.deploy.adopt.pod import KNOWN_OF_CONTAINERS, OF_CONTAINERS, confined, resources, told, unpinned, words
from flyball.deploy.adopt.work import Work, is_made
from flyball.guards.workload.init_containers import LOGROTATE, PROXY
from flyball.guards.workload.names import LONGEST_NAME

INIT, SIDECARS = "init", "sidecars"
_GUESS = {"cpu": "50m", "memory": "64Mi"}
"""What one asks for that says nothing."""
_CONTAINER = {
    **OF_CONTAINERS,
    "restartPolicy": "whether it is run again is said by where it stands",
    "workingDir": "it starts in the image's own folder",
    "lifecycle": "its hooks are not run; what it takes to end is said by stop",
    "resizePolicy": "it is restarted for other resources",
    "restartPolicyRules": "whatever it ends with, it is run again",
    "volumeDevices": "nothing in a stack file mounts it",
    "stdin": "nobody can type into it",
    "tty": "nobody can type into it",
    "imagePullPolicy": "an image that the node has is not pulled again",
}
_PORT_APART = re.compile(r"(?<=[a-z0-9]) (?=[0-9]{2,5}\b)")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def parts(work: Work) -> Iterator[Work]:
    """Each of them, by the name that it has here, in the order of the manifest."""
    pod = work.pod
    natives = [(f"{work.pod_path}.initContainers[{i}]", each) for i, each in enumerate(maps(pod.get("initContainers")))]
    beside = [(f"{work.pod_path}.containers[{i}]", each) for i, each in enumerate(maps(pod.get("containers")))]
    given = [
        *((SIDECARS if each.get("restartPolicy") == "Always" else INIT, at, each) for at, each in natives),
        *((SIDECARS, at, each) for i, (at, each) in enumerate(beside) if i != work.index),
    ]
    for _, at, each in given:
        if work.item.is_ours and each.get("name") == LOGROTATE:
            work.lose(at, "rotates the files in the folder of its logs; say in `logs` who writes them")
    given = [each for each in given if not is_made(work.item, each[2])]
    names = _names(work, [(kind, str(each.get("name"))) for kind, _, each in given])
    own = {each.get("name"): each for each in maps(work.container.get("env"))}
    for name, (kind, at, each) in zip(names, given, strict=True):
        # A container of flyball's is told where calls go as the application is.
        told = {v.get("name") for v in maps(each.get("env")) if v.get("name") in work.given and v == own[v.get("name")]}
        yield replace(
            work, container=each, at=at, within=(kind, name), text={}, given=told, mounts={}, parts=[], parent=work
        )


def _names(work: Work, given: list[tuple[str, str]]) -> list[str]:
    """A name for each that no other container of the pod has; init containers run in the order of theirs."""
    taken, names = {PROXY, LOGROTATE, work.name}, list[str]()
    first = [name for kind, name in given if kind == INIT]
    letters = iter("abcdefghijklmnopqrstuvwxyz" if first != sorted(first) and len(first) <= 26 else "")
    for kind, name in given:
        letter = next(letters, "") if kind == INIT else ""
        plain = name if name[:1].isalpha() else f"c-{name}"
        word = (f"{letter}-{plain}" if letter else plain)[: LONGEST_NAME - 7].rstrip("-")
        names.append(next(each for each in (word, *(f"{word}-{i}" for i in range(2, 1000))) if each not in taken))
        taken.add(names[-1])
    return names


def describe(work: Work, port: int | None, reached: set[int]) -> dict[str, Any]:
    """`init` and `sidecars`; `port` is that on which the application listens, `reached` those that others may reach."""
    found: dict[str, dict[str, Any]] = {INIT: {}, SIDECARS: {}}
    for part in work.parts:
        kind, name = part.within
        there = str(part.container.get("name"))
        if name != there:
            ordered = "; they run in the order of their names" if kind == INIT else ""
            part.say(f"is the container {there}{ordered}")
        args = _common(part)
        if kind == SIDECARS:
            args |= _beside(part, port, reached)
        else:
            _unreached(part)
            args |= {"after": list(found[SIDECARS])} if found[SIDECARS] else {}
        found[kind][name] = args
        work.text.update(_texts(part))
    _order(work)
    return {kind: dict(sorted(each.items())) for kind, each in found.items() if each}


def _unreached(part: Work) -> None:
    for i, each in enumerate(maps(part.container.get("ports"))):
        part.lose(f"{part.path}.ports[{i}]", f"nobody reaches {each.get('containerPort')} before the application runs")


def _texts(part: Work) -> dict[str, str]:
    """Its variables and words, in which others may be named; `nc cart 8080` says as much as cart:8080."""
    place = ".".join(part.within)
    said = {f"{place}.{name}": value for name, value in part.text.items()}
    for key in ("command", "args"):
        line = " ".join(str(word) for word in part.container.get(key) or [])
        said |= {f"{place}.{key}": _PORT_APART.sub(":", line)} if line else {}
    return said


def _order(work: Work) -> None:
    names = [part.within[1] for part in work.parts if part.container.get("restartPolicy") == "Always"]
    if names != sorted(names):
        loses = f"{', '.join(names)} are started in the order of their names here"
        work.lose(f"{work.pod_path}.initContainers", loses)


def _common(part: Work) -> dict[str, Any]:
    container = part.container
    always = container.get("restartPolicy") == "Always"
    said = {**told(container), **({"restartPolicy": None} if always else {})}
    part.rest(said, KNOWN_OF_CONTAINERS, part.path, _CONTAINER)
    if container.get("lifecycle"):
        part.lose(f"{part.path}.lifecycle", _CONTAINER["lifecycle"])
    if unpinned(part):
        part.say("a question: which version; `plan` asks for a tag or a digest", "image")
    _security(part)
    for i, each in enumerate(maps(container.get("ports"))):
        if each.get("hostPort"):
            part.lose(f"{part.path}.ports[{i}].hostPort", "it is not reached at a port of its node")
    return {
        "image": container["image"],
        **words(part),
        **_variables(part),
        **({"mounts": dict(sorted(part.mounts.items()))} if part.mounts else {}),
        "resources": _resources(part),
    }


def _resources(part: Work) -> dict[str, Any]:
    found = resources(part)
    for device in found.get("devices", {}):
        part.lose(f"{part.path}.resources ({device})", "the application alone has devices")
    said = found.get("resources", {})
    if missing := [key for key in _GUESS if key not in said]:
        part.say(f"a guess: nothing says how much {' and '.join(missing)} it needs", "resources")
    asked = {key: said.get(key, value) for key, value in _GUESS.items()}
    return {**asked, **({"limits": said["limits"]} if "limits" in said else {})}


def _security(part: Work) -> None:
    """It is confined as the application is, and runs as its user."""
    own, around = mapping(part.container.get("securityContext")), mapping(part.pod.get("securityContext"))
    if part.item.is_ours:
        return
    application = mapping(_others(part)[0].get("securityContext"))
    user, others = own.get("runAsUser", around.get("runAsUser")), application.get("runAsUser", around.get("runAsUser"))
    if user != others:
        runs = "as the image's user" if user is None else "as root" if user == 0 else f"as user {user}"
        part.lose(f"{part.path}.securityContext.runAsUser", f"it runs {runs}; here as the application's")
    if own.get("runAsGroup") not in (None, user):
        part.lose(f"{part.path}.securityContext.runAsGroup", "its group is the number of its user")
    for each in mapping(own.get("capabilities")).get("add") or []:
        part.lose(f"{part.path}.securityContext.capabilities.add", f"{each} is for the application alone")
    confined(part, own, {})
    if own.get("privileged"):
        part.lose(f"{part.path}.securityContext.privileged", "it has the node's rights; here it has none of them")
    if not own.get("readOnlyRootFilesystem"):
        part.say("its root is only read here: name in `mounts` the folders of `scratch` that it writes to", "image")


def _variables(part: Work) -> dict[str, Any]:
    found = environment.describe(part)
    for each in found.pop("variables", []):
        kind, name = next((key, each[key]) for key in ("configmap", "secret") if key in each)
        loses = f"all variables of the {kind} {name} are for the application alone; name in refs those of a Secret"
        part.lose(f"{part.path}.envFrom ({name})", loses)
    return found


def _beside(part: Work, taken: int | None, reached: set[int]) -> dict[str, Any]:
    """The port, the probes."""
    container = part.container
    port, name = _port(part, taken, reached)
    for i, each in enumerate(maps(container.get("ports"))):
        number = each.get("containerPort")
        if number != port and number not in reached:
            loses = f"a sidecar has one port here; let `ports` lead to {number} where others are to reach it"
            part.lose(f"{part.path}.ports[{i}]", loses)
    asked = probes.describe(part, "tcp", port, name).get("probes", {})
    return {**({"port": port} if port else {}), "probes": asked}


def _port(part: Work, taken: int | None, reached: set[int]) -> tuple[int | None, str | None]:
    """That which its probes ask; else one that others reach, or its first."""
    own = [each for each in maps(part.container.get("ports")) if str(each.get("protocol") or "TCP") == "TCP"]
    own = [each for each in own if isinstance(each.get("containerPort"), int) and each["containerPort"] != taken]
    numbers = {each["containerPort"]: each.get("name") for each in own}
    others = {each.get("containerPort") for container in _others(part) for each in maps(container.get("ports"))}
    others |= {number for before in _before(part) for number in _asked(before) if isinstance(number, int)}
    asked = _asked(part.container)
    for wanted in asked:
        number = next((number for number, name in numbers.items() if wanted in (number, name)), wanted)
        if isinstance(number, int) and number != taken and number not in others:
            return number, numbers.get(number)
    free = [number for number in numbers if number not in others]
    number = next((number for number in free if number in reached), next(iter(free), None))
    return number, numbers.get(number) if number else None


def _others(part: Work) -> list[Manifest]:
    """The other containers of the pod."""
    parent = part.parent
    assert parent
    return [parent.container, *(each.container for each in parent.parts if each is not part)]


def _before(part: Work) -> Iterator[Manifest]:
    """Those beside the application that came to their ports already."""
    parts = part.parent.parts if part.parent else ()
    return (each.container for each in takewhile(lambda each: each is not part, parts))


def _asked(container: Manifest) -> list[object]:
    """The ports that its probes ask."""
    given = (
        mapping(mapping(container.get(key)).get(kind)) for key in _PROBES for kind in ("httpGet", "tcpSocket", "grpc")
    )
    return [each["port"] for each in given if each.get("port") is not None]
