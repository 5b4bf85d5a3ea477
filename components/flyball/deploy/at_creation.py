"""What is ours of an object only at creation, such as replicas that an autoscaler moves from then on.

A field is a path of keys with dots between them, `spec.replicas`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flyball.deploy.manifests import Object

MANAGER = "flyball"
CREATION_MANAGER = "flyball-initial"
"""Second field manager: owns what is ours only at creation, so that it stays when the first one no longer states it."""
SET_AT_CREATION = "flyball.dev/set-at-creation"
"""Annotation by that manager. An apply that changes nothing gets no time from the server, and a Governor asks for the
time of whoever owns the replicas."""

Key = tuple[str, str, str, str]


def stated(o: Object, live: Mapping[Key, Any]) -> Mapping[str, Any]:
    """The manifest to apply: of an object that exists, without what is ours only at creation."""
    manifest = o.manifest
    for path in o.ignored if o.key in live else ():
        manifest = without(manifest, path.split("."))
    return manifest


def as_it_will_be(o: Object, live: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The manifest for a comparison: what an apply would hand over to `CREATION_MANAGER` first, it leaves as it is."""
    manifest = o.manifest
    for path in o.ignored if live is not None else ():
        manifest = without(manifest, path.split("."))
        if live is not None and is_ours_alone(live, path):
            manifest = _with(manifest, path.split("."), _at(live, path))
    return manifest


def _with(value: Mapping[str, Any], keys: Sequence[str], leaf: Any) -> Mapping[str, Any]:
    inner = leaf if len(keys) == 1 else _with(value.get(keys[0], {}), keys[1:], leaf)
    return {**value, keys[0]: inner}


def without(value: Mapping[str, Any], keys: Sequence[str]) -> Mapping[str, Any]:
    """A manifest without the field at a path, if it has it."""
    if keys[0] not in value:
        return value
    rest = {key: inner for key, inner in value.items() if key != keys[0]}
    return rest if len(keys) == 1 else {**value, keys[0]: without(value[keys[0]], keys[1:])}


def _nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[key]
    return value


def part(item: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The object with nothing but the field at `path`, as the cluster holds it, and a note that it was ours."""
    head = {key: item[key] for key in ("apiVersion", "kind")}
    meta = {key: item["metadata"][key] for key in ("name", "namespace") if key in item["metadata"]}
    return {**head, "metadata": {**meta, "annotations": {SET_AT_CREATION: path}}, **_nested(path, _at(item, path))}


def is_ours_alone(item: Mapping[str, Any], path: str) -> bool:
    return [f["manager"] for f in item["metadata"].get("managedFields", ()) if _owns(f, path)] == [MANAGER]


def _owns(fields: Mapping[str, Any], path: str) -> bool:
    """Whether an entry of managedFields holds the field at `path`."""
    part = fields.get("fieldsV1", {})
    for key in path.split("."):
        part = part.get(f"f:{key}")
        if part is None:
            return False
    return True
