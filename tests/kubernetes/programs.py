"""Small programs for the tests, and what becomes of them."""

from collections.abc import Callable, Mapping
from typing import Any

from flyball.kubernetes import Workload, WorkloadArgs
from flyball.local.manifests import rendered
from flyball.local.program import Registered, run

MINIMAL: dict[str, Any] = {"image": "registry.example/web:1.4.2", "port": 8080, "load": {"peak": 100, "replica": 20}}
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


def workload(**more: Any) -> Objects:
    """The objects of one workload named web."""
    return objects(lambda: Workload("web", arguments(**more)))


def changes(before: Objects, after: Objects) -> dict[str, dict[str, Any]]:
    """What differs, by object and path within it; None for what is gone. An object that came is whole.

    Within a Deployment, `container` stands for its container and `pod` for the rest of its pod template's spec.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after or name not in before:
            found[name] = after.get(name, {})
            continue
        old, new = _leaves(before[name]), _leaves(after[name])
        differ = {path: new.get(path) for path in {**old, **new} if old.get(path, _NONE) != new.get(path, _NONE)}
        if differ:
            found[name] = differ
    return found


_NONE = object()


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    inner: Mapping[Any, Any] = value if isinstance(value, dict) else dict(enumerate(value))
    if not inner:
        return {path: value}
    leaves: dict[str, Any] = {}
    for key, item in inner.items():
        name = path + (f"[{key}]" if isinstance(value, list) else f".{key}" if path else key)
        name = {"spec.template.spec": "pod", "pod.containers[0]": "container"}.get(name, name)
        leaves.update(_leaves(item, name) if isinstance(item, dict | list) else {name: item})
    return leaves
