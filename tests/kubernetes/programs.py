"""Small programs for the tests, and what becomes of them."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from flyball.deploy.manifests import Object, rendered
from flyball.deploy.program import run
from flyball.deploy.registered import Registered
from flyball.guards.workload.limits import ReplicaLimitsArgs
from flyball.kubernetes import Services, Workload, WorkloadArgs
from flyball.wellknown import STACK_ANNOTATION

MINIMAL: dict[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "load": {"peak": 100, "replica": 20},
    "callers": [],
}
SERVICE: dict[str, Any] = {key: value for key, value in MINIMAL.items() if key != "callers"}
"""The least that a service of a set needs, which finds out by itself who calls it."""
PROJECT, STACK = "shop", "dev"

Objects = dict[str, dict[str, Any]]
"""Manifests by kind and name: `Deployment web`."""


def arguments(**more: Any) -> WorkloadArgs:
    """The least that a workload needs, and more."""
    return WorkloadArgs(**{**MINIMAL, **more})  # pyright: ignore[reportArgumentType] - wrong ones are tried on purpose


def registered(program: Callable[[], object], *, preview: bool = False) -> list[Registered]:
    return run(program, PROJECT, STACK, preview=preview)


def objects(program: Callable[[], object]) -> Objects:
    return {f"{o.kind} {o.name}": dict(o.manifest) for o in rendered(registered(program)).objects}


def of_set(**services: dict[str, Any]) -> tuple[Object, ...]:
    """The objects of a set of services, each with what it has beside the least."""
    given: Any = {"services": {name: {**SERVICE, **more} for name, more in services.items()}}
    return rendered(registered(lambda: Services("shop", given))).objects


def workload(**more: Any) -> Objects:
    """The objects of one workload named web; None takes away what it needs least."""
    given = arguments(**more)
    for key in [key for key in MINIMAL if key in more and more[key] is None]:
        del given[key]  # pyright: ignore[reportGeneralTypeIssues] - of a key that is known only here
    return objects(lambda: Workload("web", given))


def replica_limits(floor: int, ceiling: int, *, down: str = "1m", stateful: bool = False) -> ReplicaLimitsArgs:
    """The limits that a program is told of a workload, all of it, where nobody says otherwise.

    `down` is the period in which its autoscaler takes one pod away.
    """
    return {
        "floor": floor,
        "ceiling": ceiling,
        "budget": 1,
        "writer": {"up": {"pods": 4, "percent": 100}, "down": {"pods": 1, "percent": 20}},
        "behavior": {
            "up": {"pods": 2, "percent": 50, "period": "1m"},
            "down": {"pods": 1, "percent": 10, "period": down},
            "calm": "5m",
        },
        "named": True,
        "stateful": stateful,
    }


def unsigned(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """An object without the name of the stack that made it, which only a stack file's have."""
    meta = dict(manifest["metadata"])
    notes = {key: value for key, value in meta.pop("annotations", {}).items() if key != STACK_ANNOTATION}
    order = manifest["metadata"]
    meta = {key: notes if key == "annotations" else meta[key] for key in order if key in meta or notes}
    return {key: meta if key == "metadata" else value for key, value in manifest.items()}


def changes(before: Objects, after: Objects) -> dict[str, dict[str, Any]]:
    """What differs, by object and path within it; None for what is gone. An object that came is whole.

    Within a Deployment, `container` stands for its container, `proxy` for the one of the proxy and `pod` for the rest
    of its pod template's spec. The proxy's configuration is `ConfigMap web-proxy`, without the hash: a section that
    came or went by its name, else each line that did.
    """
    before, after = _without_hashes(before), _without_hashes(after)
    found: dict[str, dict[str, Any]] = {}
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after or name not in before:
            found[name] = after.get(name, {})
            continue
        old, new = _leaves(before[name]), _leaves(after[name])
        _forget_lines_of_whole_sections(old, new)
        differ = {path: new.get(path) for path in {**old, **new} if old.get(path, _NONE) != new.get(path, _NONE)}
        if differ:
            found[name] = differ
    return found


_NONE = object()
_SHORT = {"spec.template.spec": "pod", "pod.containers[0]": "container", "pod.initContainers[0]": "proxy"}
_HASHED = re.compile(r"(.*-proxy)-[0-9a-f]{10}")


def _without_hashes(given: Objects) -> Objects:
    """The objects with the proxy's configuration as a map of lines, under a name that does not tell its hash.

    The volume that mounts it is left out, since with the hash nothing of it is left to change.
    """
    plain: Objects = {}
    for name, manifest in given.items():
        if match := _HASHED.fullmatch(name):
            lines = config_lines(manifest["data"]["haproxy.cfg"])
            metadata = {**manifest["metadata"], "name": match[1].removeprefix("ConfigMap ")}
            plain[match[1]] = {**manifest, "metadata": metadata, "data": lines}
        elif name.startswith(("Deployment ", "StatefulSet ")):
            manifest = json.loads(json.dumps(manifest))
            pod = manifest["spec"]["template"]["spec"]
            volumes = [volume for volume in pod.pop("volumes", []) if volume["name"] != "proxy"]
            pod |= {"volumes": volumes} if volumes else {}
            plain[name] = manifest
        else:
            plain[name] = manifest
    return plain


def config_lines(text: str) -> dict[str, dict[str, bool]]:
    """A configuration of HAProxy as its lines by section."""
    sections: dict[str, dict[str, bool]] = {}
    for line in text.splitlines():
        if line.startswith(" "):
            sections[next(reversed(sections))][line.strip()] = True
        elif line:
            sections[line] = {"": True}
    return sections


def _forget_lines_of_whole_sections(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Of a section or a proxy that only one of them has, only the name is of interest."""
    for one, other in ((old, new), (new, old)):
        names = [path for path in one if path == "proxy.name" or (path.startswith("data.") and path.endswith("."))]
        for name in names:
            within = name.removesuffix("name")
            for path in [path for path in one if name not in other and path.startswith(within) and path != name]:
                del one[path]


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    inner: Mapping[Any, Any] = value if isinstance(value, dict) else dict(enumerate(value))
    if not inner:
        return {path: value}
    leaves: dict[str, Any] = {}
    for key, item in inner.items():
        name = path + (f"[{key}]" if isinstance(value, list) else f".{key}" if path else key)
        name = {"spec.template.spec": "pod", "pod.containers[0]": "container", "pod.initContainers[0]": "proxy"}.get(
            name, name
        )
        leaves.update(_leaves(item, name) if isinstance(item, dict | list) else {name: item})
    return leaves
