"""Whether a server-side apply would change anything, or did, from what the server has noted of it.

The server notes for each field manager which fields it has applied, as a tree: `f:NAME` is a field, `k:KEYS` the item
of a list that has these keys, `v:VALUE` the member of a set, `i:INDEX` a place in a list, `.` the thing itself, and an
empty branch all that is there (https://github.com/kubernetes-sigs/structured-merge-diff/blob/master/fieldpath/
serialize-pe.go). An apply that states the same fields with the values that they have changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flyball.deploy.at_creation import without

_HEAD = ("apiVersion", "kind")
_NAMES = ("name", "namespace")
"""Of the metadata; they say which object it is, and belong to no manager."""


def is_as_stated(manifest: Mapping[str, Any], live: Mapping[str, Any], manager: str, but: Sequence[str] = ()) -> bool:
    """Whether an apply of `manifest` by `manager` would leave the live object as it is; no where that is not certain.

    Not certain is what the server has filled in beneath something that was stated as a whole. `but` are paths that
    anybody may change, `spec.replicas`.
    """
    found = held(live, manager)
    if found is None or any(live[key] != manifest[key] for key in _HEAD):
        return False
    stated: Mapping[str, Any] = _without_names(manifest)
    for path in but:
        found, stated = (without(each, path.split(".")) for each in (found, stated))
    return found == stated


def held(live: Mapping[str, Any], manager: str) -> Mapping[str, Any] | None:
    """What `manager` has applied of an object and is there, without its head and names; None if that is not certain."""
    entries = [f for f in live["metadata"].get("managedFields", ()) if f["manager"] == manager and _is_apply(f)]
    if len(entries) != 1 or entries[0]["apiVersion"] != live["apiVersion"]:
        return None
    try:
        return _held(entries[0]["fieldsV1"], live)
    except LookupError:
        return None


def _is_apply(entry: Mapping[str, Any]) -> bool:
    return entry["operation"] == "Apply" and not entry.get("subresource")


def _without_names(manifest: Mapping[str, Any]) -> dict[str, Any]:
    meta = {key: value for key, value in manifest["metadata"].items() if key not in _NAMES}
    rest = {key: value for key, value in manifest.items() if key not in (*_HEAD, "metadata")}
    return {**rest, "metadata": meta} if meta else rest


def _held(fields: Mapping[str, Any], value: Any) -> Any:
    """The part of a live value that these fields name. Raises LookupError where it lacks one of them."""
    branches = {key: inner for key, inner in fields.items() if key != "."}
    if not branches:
        return value
    if isinstance(value, Mapping):
        return {key[2:]: _held(inner, _field(value, key)) for key, inner in branches.items()}
    if not isinstance(value, list):
        raise LookupError
    found = {_place(value, key): inner for key, inner in branches.items()}
    return [_held(found[place], value[place]) for place in sorted(found)]


def _field(value: Mapping[str, Any], key: str) -> Any:
    if not key.startswith("f:") or key[2:] not in value:
        raise LookupError
    return value[key[2:]]


def _place(items: list[Any], key: str) -> int:
    """Where in a list the item is."""
    wanted = json.loads(key[2:])
    for place, item in enumerate(items):
        if key.startswith("v:") and item == wanted:
            return place
        if key.startswith("i:") and place == wanted:
            return place
        if key.startswith("k:") and isinstance(item, Mapping) and all(item.get(k) == v for k, v in wanted.items()):
            return place
    raise LookupError


def change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, manager: str) -> str:
    """Whether an apply by `manager` created, changed or left as it was what is there `after` it.

    The server renews the manager's entry in managedFields when it writes. It also does so, once, where its own
    controller has written the status of a policy meanwhile, and nothing else differs then.
    """
    if before is None:
        return "created"
    then, now = _entry(before, manager), _entry(after or {}, manager)
    if then == now:  # also where it wrote twice within the second to which the entry tells the time
        same = not after or held(before, manager) == held(after, manager)
    else:
        same = _fields(then) == _fields(now) and _content(before) == _content(after or {})
    return "unchanged" if same else "changed"


def _entry(item: Mapping[str, Any], manager: str) -> Any:
    fields = item.get("metadata", {}).get("managedFields", ())
    return [f for f in fields if f["manager"] == manager and f["operation"] == "Apply"]


def _fields(entries: Any) -> Any:
    return [entry.get("fieldsV1") for entry in entries]


def _content(item: Mapping[str, Any]) -> dict[str, Any]:
    """All but what the server keeps for itself."""
    meta = {k: v for k, v in item.get("metadata", {}).items() if k not in ("managedFields", "resourceVersion")}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": meta}
