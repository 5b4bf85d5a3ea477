"""The last resort: fields of rendered objects for which there is no argument, laid over them.

What a guard relies on stays as it is. Whatever would undo one is refused with its rule, however it is said: as a value,
as null, as a list in place of single items, or a level above.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flyball.guards.clean_up.rules import LOG_NOT_REOPENED, LOG_VOLUME
from flyball.guards.fail_fast.rules import HAS_ARGUMENT, PATCH_DIRECTIVE
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import (
    DOES_NOT_APPLY,
    EMPTY,
    GIVEN_TWICE,
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN_KEY,
    WRONG_TYPE,
)
from flyball.guards.reading.strict import check_name, describe, nearest
from flyball.guards.reading.units import show_number
from flyball.guards.timeouts.rules import PAST_THE_PROXY
from flyball.guards.workload import files, members
from flyball.guards.workload.extended import Extended
from flyball.guards.workload.init_containers import LOGROTATE, PROXY
from flyball.guards.workload.jobs import JobSpec
from flyball.guards.workload.patch_job_fields import JOB_KINDS, MIGRATION_KINDS
from flyball.guards.workload.patch_kinds import KINDS
from flyball.guards.workload.patch_nodes import Each, Field, Fields, Names, Node, Own, said
from flyball.guards.workload.spec import LOGS_VOLUME, ROTATION_VOLUME, Spec
from flyball.guards.workload.way_in import WayIn

_LARGEST = 2**63
"""The API server keeps whole numbers in 64 bits; and JSON has neither NaN nor infinities."""


def check(spec: Spec, taken: Mapping[str, str], way: WayIn, path: Path) -> Iterator[Problem]:
    """Refuse what would undo a guard. `taken` are the variables that are set already."""
    yield from _check(spec.patches, KINDS, _own(spec, taken), _absent(spec, way), path)


def check_job(spec: JobSpec, taken: Mapping[str, str], path: Path) -> Iterator[Problem]:
    """The same of a job, or of a migration."""
    own = _held_by(spec, taken, "give proxy")
    if spec.clock:
        absent = {"job": "what has a schedule is a CronJob; give cronjob"}
    else:
        absent = {"cronjob": "what has no schedule is a Job; give job"}
    yield from _check(spec.patches, MIGRATION_KINDS if spec.serves else JOB_KINDS, own, absent, path)


def _check(
    patches: Mapping[str, Mapping[str, Any]],
    kinds: Mapping[str, Fields],
    own: Own,
    absent: Mapping[str, str],
    path: Path,
) -> Iterator[Problem]:
    for kind, patch in patches.items():
        at = (*path, "patch", kind)
        if kind in absent:
            yield Problem(at, DOES_NOT_APPLY, "is given, and there is no such object", absent[kind])
            continue
        if not patch:
            yield Problem(at, EMPTY, "is empty", "give a field, or leave it out")
        # An empty one is reported with the types.
        given = {key: value for key, value in patch.items() if value is not None}
        yield from _Walk(own).fields(given, kinds[kind], at)


def _absent(spec: Spec, way: WayIn) -> dict[str, str]:
    """The objects that a service may have and this one has not, and why."""
    routed = bool(way.gateway)
    hint = "say expose, and platform.way" if spec.expose is None else "the platform's way in is another one"
    found = {} if spec.expose and routed else {"route": hint}
    found |= {} if spec.expose and way.ingress else {"ingress": hint}
    found |= {"service": "nobody calls what has no port"} if spec.port is None else {}
    found |= {} if spec.balancer else {"balancer": "say expose.balancer"}
    if spec.needs_keda and not spec.spot:
        found["autoscaler"] = "with a schedule or triggers KEDA makes it"
    if spec.kept.members:
        found |= {"autoscaler": "nobody scales members", "deployment": "members are a StatefulSet; give statefulset"}
    else:
        found["statefulset"] = "replicas that are alike are a Deployment; give deployment"
    return found


def _own(spec: Spec, taken: Mapping[str, str]) -> Own:
    """What its pods have already."""
    own = _held_by(spec, taken, "give proxy and inbound")
    logs = Field(LOG_VOLUME, "give logs.volume")
    volumes = {LOGS_VOLUME: logs, ROTATION_VOLUME: logs} if spec.logs else {}
    volumes |= {members.VOLUME: said("data")} if spec.kept.data else {}
    folders = [*([spec.kept.data.path] if spec.kept.data else []), *([spec.logs.path] if spec.logs else [])]
    return replace(
        own,
        containers={**own.containers, LOGROTATE: Field(LOG_NOT_REOPENED, "give logs")},
        volumes={**own.volumes, **volumes},
        folders=own.folders.union(folders),
    )


def _held_by(spec: Extended, taken: Mapping[str, str], remedy: str) -> Own:
    """What the pods of a service or a job have; `remedy` says what the proxy follows from."""
    proxy = Field(PAST_THE_PROXY, remedy)
    volumes = {PROXY: proxy, **dict.fromkeys(spec.scratch, said("scratch"))}
    return Own(
        name=spec.name,
        containers={**dict.fromkeys((*spec.init, *spec.sidecars), said("init and sidecars")), PROXY: proxy},
        variables=frozenset(taken),
        volumes=volumes | {files.VOLUME.format(name): said("files") for name in spec.files},
        folders=frozenset(each.path for each in (*spec.scratch.values(), *spec.files.values())),
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    """Through a patch and the fields that it touches, side by side."""

    own: Own

    def fields(self, patch: Mapping[str, Any], known: Fields, path: Path) -> Iterator[Problem]:
        for key, value in patch.items():
            at = (*path, str(key))
            if str(key).startswith("$"):
                yield _directive(at)
            elif key not in known:
                hint = nearest(str(key), list(known))
                yield Problem(at, UNKNOWN_KEY, "is no field that can be patched", hint)
            else:
                yield from self.node(value, known[key], at)

    def node(self, value: object, node: Node, path: Path) -> Iterator[Problem]:
        if isinstance(node, Field):
            yield from _held(node, path) if node.rule else _plain(value, path)
        elif isinstance(node, Names):
            yield from self.names(value, node, path)
        elif isinstance(node, Each):
            yield from self.each(value, node, path)
        elif isinstance(value, Mapping):
            yield from self.fields(value, node, path)
        elif value is None and (lost := _first(node)):
            yield from _held(lost, path)
        elif value is not None:
            yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not a map", f"its fields are {', '.join(node)}")

    def names(self, value: object, node: Names, path: Path) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield from _held(node.whole, path)
            return
        for key, text in value.items():
            at = (*path, str(key))
            if not isinstance(key, str):
                yield from check_name(key, path)
            elif key.startswith("$"):
                yield _directive(at)
            elif held := node.guard(self.own, key):
                yield from _held(held, at)
            elif text is not None and not isinstance(text, str):
                yield Problem(at, WRONG_TYPE, f"is {describe(text)}, not text", "put it in quotes")
            else:
                yield from node.check(key, text, at)

    def each(self, value: object, node: Each, path: Path) -> Iterator[Problem]:
        """The items of a list, each with its keys; two with the same are a slip of the pen."""
        if not isinstance(value, list | tuple):
            yield from _held(node.whole, path)
            return
        seen: set[tuple[str, ...]] = set()
        for i, item in enumerate(value):
            at = (*path, i)
            if not isinstance(item, Mapping):
                yield Problem(
                    at, WRONG_TYPE, f"is {describe(item)}, not a map", f"its fields are {', '.join(node.item)}"
                )
                continue
            missing = [key for key in node.keys if item.get(key) is None]
            for key in missing:
                hint = "items of this list are told apart by it"
                yield Problem((*at, key), MISSING, "is missing", hint)
            named = tuple(str(item.get(key)) for key in node.keys)
            if node.keys and not missing and named in seen:
                yield Problem(at, GIVEN_TWICE, f"is the second one with {' and '.join(node.keys)} {', '.join(named)}")
            seen.add(named)
            held = node.guard(self.own, named[0]) if node.keys and not missing else None
            yield from _held(held, at) if held else self.fields(item, node.item, at)


def _directive(path: Path) -> Problem:
    hint = "leave it out, and name the items by their keys"
    return Problem(path, PATCH_DIRECTIVE, "replaces or deletes what nobody has named", hint)


def _held(field: Field, path: Path) -> Iterator[Problem]:
    """Refused by the rule that holds the field."""
    rule = field.rule
    if rule is not None:
        says = "has an argument of its own" if rule is HAS_ARGUMENT else f"would undo {rule.id}"
        yield Problem(path, rule, says, field.remedy)


def _first(node: Node) -> Field | None:
    """Who holds something in what would go as a whole."""
    if isinstance(node, Field):
        return node if node.rule else None
    if isinstance(node, Names | Each):
        return node.whole
    return next((found for inner in node.values() if (found := _first(inner))), None)


def _plain(value: object, path: Path) -> Iterator[Problem]:
    """Refuse directives within an open field, and what is no plain value: nobody could see what it comes to."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            at = (*path, str(key))
            yield from check_name(key, path)
            if str(key).startswith("$"):
                yield _directive(at)
            yield from _plain(inner, at)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _plain(inner, (*path, i))
    elif value is not None and not isinstance(value, str | int | float):
        yield Problem(
            path, WRONG_TYPE, f"is {describe(value)}, not a plain value", "give text, a number, true or false"
        )
    elif isinstance(value, int | float) and not -_LARGEST <= value < _LARGEST:
        yield Problem(path, OUT_OF_RANGE, f"is {show_number(value)}", "Kubernetes keeps a number in 64 bits")


def merged(below: Any, above: Any, node: Node) -> Any:
    """What a patch makes of a manifest: maps key by key, lists with keys item by item; null takes a field away."""
    if isinstance(node, Each) and node.keys and isinstance(above, list | tuple):
        return _items(list(below or ()), above, node)
    if not isinstance(above, Mapping):
        return _whole(above)
    found = dict(below) if isinstance(below, Mapping) else {}
    known: Fields = node if isinstance(node, Mapping) else {}
    for key, value in above.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value, known.get(key, Field()))
    return found


def _items(below: list[Any], above: list[Any] | tuple[Any, ...], node: Each) -> list[Any]:
    """Those that are there, with what is said of them; then the new ones."""
    found = list(below)
    for item in above:
        keys = [_whole(item[key]) for key in node.keys]
        at = next((i for i, there in enumerate(found) if [there.get(key) for key in node.keys] == keys), None)
        if at is None:
            found.append(merged(None, item, node.item))
        else:
            found[at] = merged(found[at], item, node.item)
    return found


def _whole(value: Any) -> Any:
    """Whole numbers as such: through other languages they come as 3.0, which the API server does not take."""
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
