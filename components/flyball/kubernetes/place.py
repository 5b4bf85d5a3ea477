"""Where a component's services run, read from its arguments, with the Pulumi program's own names as defaults."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import pulumi

from flyball.guards.fail_fast.container import check_label
from flyball.guards.reading.problem import Path, Problem, Refused, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.workload import digests, platform
from flyball.guards.workload.digests import Used
from flyball.guards.workload.names import JOBS_PRIORITY, check_namespace
from flyball.guards.workload.resolve import Place
from flyball.kubernetes.known import Known, settle

T = TypeVar("T")


def place_of(args: Mapping[str, Any], *, shared: bool = False) -> Place:
    """Namespace, zones and labels, and for a set the PriorityClass that its services share.

    What is of a wrong type is left out here, the arguments themselves too, and reported where the types are held.
    """
    args = args if isinstance(args, Mapping) else {}
    zones = args.get("zones")
    namespace = _text(args, "namespace", "default")
    return Place(
        namespace=namespace,
        zones=tuple(zone for zone in zones if isinstance(zone, str)) if isinstance(zones, list | tuple) else (),
        environment=_text(args, "environment", "") or pulumi.get_stack(),
        owner=_text(args, "owner", "") or pulumi.get_project(),
        priority=(_text(args, "priority", "") or f"flyball-{namespace}") if shared else None,
        jobs=JOBS_PRIORITY.format(namespace) if shared else None,
        platform=platform.read(Reader(args.get("platform"), (), [])),
    )


def settled(
    name: str,
    args: Mapping[str, Any],
    expected: Any,
    resolve: Callable[[str, object, Place, Any], T],
    images: Callable[[T], Iterable[Used]],
) -> Known[T]:
    """What `resolve` makes of a component's arguments, in the place that they name, once all is known that they name;
    `expected` is their type, and `images` finds those of what was made.

    Raises `Refused` with the problems of both; paths begin with the name.
    """

    def resolved(given: Any) -> T:
        place = place_of(given)
        problems = list(check_place(given, place, (name,)))
        try:
            found = resolve(name, given, place, expected)
        except Refused as refused:
            unread = digests.check(digests.said(given, (name,)), place.platform.registry, (name,))
            raise Refused([*refused.problems, *problems, *unread]) from None
        refuse([*problems, *digests.check(images(found), place.platform.registry, (name,))])
        return found

    return settle(args, expected, (name,), resolved)


def _text(args: Mapping[str, Any], key: str, default: str) -> str:
    value = args.get(key, default)
    return value if isinstance(value, str) else default


def check_place(args: Mapping[str, Any], place: Place, path: Path) -> Iterator[Problem]:
    """Refuse labels and a namespace that Kubernetes would not take, and a platform that nobody knows."""
    yield from check_label(place.environment, (*path, "environment"))
    yield from check_label(place.owner, (*path, "owner"))
    yield from check_namespace(place.namespace, (*path, "namespace"))
    yield from platform.check(args if isinstance(args, Mapping) else {}, path)
