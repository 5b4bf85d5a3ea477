"""Each value of a manifest once removed and once another one, and each field of the API that it lacks once added.

What is written of any two of these differs, or it says of the value what is lost with it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from pulumi import _types  # pyright: ignore[reportPrivateUsage]
from pulumi_kubernetes.apps.v1 import outputs as apps
from pulumi_kubernetes.autoscaling.v2 import outputs as autoscaling
from pulumi_kubernetes.batch.v1 import outputs as batch
from pulumi_kubernetes.core.v1 import outputs as core
from pulumi_kubernetes.networking.v1 import outputs as networking

from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.found import RUN, Found, Item, gathered, items_of
from flyball.deploy.adopt.notes import Lost
from flyball.guards.reading.problem import Refused

Place = tuple[str | int, ...]
GONE = object()
TYPES: Mapping[str, type] = {
    "Deployment": apps.Deployment,
    "StatefulSet": apps.StatefulSet,
    "CronJob": batch.CronJob,
    "Job": batch.Job,
    "Service": core.Service,
    "HorizontalPodAutoscaler": autoscaling.HorizontalPodAutoscaler,
    "Ingress": networking.Ingress,
    "ConfigMap": core.ConfigMap,
    "ServiceAccount": core.ServiceAccount,
}
_HANDLERS = ("exec", "grpc", "httpGet", "tcpSocket", "sleep")
_ONE_OF: Mapping[type, tuple[str, ...]] = {
    autoscaling.MetricSpec: ("pods", "object", "external", "resource", "containerResource"),
    autoscaling.MetricTarget: ("value", "averageValue", "averageUtilization"),
    core.Probe: _HANDLERS,
    core.LifecycleHandler: _HANDLERS,
    **{each: tuple(_types.output_type_types(each)) for each in (core.EnvVarSource, core.VolumeProjection)},
    core.EnvFromSource: ("configMapRef", "secretRef"),
    core.EnvVar: ("value", "valueFrom"),
    core.Volume: tuple(each for each in _types.output_type_types(core.Volume) if each != "name"),
}
"""Of these fields a map has one."""
_WORDS: Mapping[str, tuple[str, ...]] = {
    "spec.type": ("ClusterIP", "NodePort", "LoadBalancer"),
    "strategy.type": ("RollingUpdate", "Recreate"),
    "updateStrategy.type": ("RollingUpdate", "OnDelete"),
    "appProtocol": ("http", "kubernetes.io/h2c", "tcp", "other"),
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "concurrencyPolicy": ("Allow", "Forbid", "Replace"),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "externalTrafficPolicy": ("Local", "Cluster"),
    "internalTrafficPolicy": ("Local", "Cluster"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "whenDeleted": ("Retain", "Delete"),
    "whenScaled": ("Retain", "Delete"),
    "podManagementPolicy": ("OrderedReady", "Parallel"),
    "operator": ("Equal", "Exists"),
    "effect": ("NoSchedule", "NoExecute"),
    "protocol": ("TCP", "UDP", "SCTP"),
    "scheme": ("HTTP", "HTTPS"),
    "pathType": ("Exact", "Prefix", "ImplementationSpecific"),
    "sessionAffinity": ("None", "ClientIP"),
    "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    "prometheus.io/scrape": ("true", "false"),
    "prometheus.io/port": ("9100", "figures", "nowhere"),
    "maxSurge": ("30%", "0%"),
    "maxUnavailable": ("30%", "0%"),
    "completionMode": ("NonIndexed", "Indexed"),
    "medium": ("", "Memory", "HugePages"),
    "schedulerName": ("default-scheduler", "other"),
    "selectPolicy": ("Max", "Min", "Disabled"),
}
"""What a value may be beside a word or a number that is like it."""
_DEPTH = 6
_NUMBERS = {"maxSurge": (0, 1, 2), "maxUnavailable": (0, 1, 2), "replicas": (1, 2)}


@dataclass(frozen=True, slots=True)
class Result:
    """`text` is all that is in the file, `lost` what it lists; both are of a problem where the manifest is refused."""

    text: str
    lost: tuple[Lost, ...]


def inner(value: Any) -> Iterator[tuple[str | int, Any]]:
    yield from value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()


def places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """The path of each value within, and the value."""
    for key, each in inner(value):
        yield (*at, key), each
        yield from places(each, (*at, key))


def put(value: Any, at: Place, other: Any) -> Any:
    """The same with another value at one path; with none where it is `GONE`."""
    if not at:
        return other
    if len(at) == 1 and other is GONE:
        if isinstance(value, list):
            return [each for i, each in enumerate(value) if i != at[0]]
        return {key: each for key, each in value.items() if key != at[0]}
    if isinstance(value, list):
        return [put(each, at[1:], other) if i == at[0] else each for i, each in enumerate(value)]
    return {**value, at[0]: put(value.get(at[0], {}), at[1:], other)}


def written(at: Place) -> str:
    """A path as the file writes it."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in at).lstrip(".")


def word(at: Place) -> str:
    """By which what may stand there is known: the name, and that before it where one name is several fields."""
    near = ".".join(str(each) for each in at[-2:])
    return near if near in _WORDS else str(at[-1])


def others(at: Place, value: Any) -> list[Any]:
    """What might stand there instead."""
    key = word(at)
    if isinstance(value, dict | list):
        return []
    if isinstance(value, bool):
        return [not value]
    near = value + 1 if isinstance(value, int) else _near(str(value))
    return [
        *_WORDS.get(key, () if isinstance(value, int) else (near,)),
        *_NUMBERS.get(key, (near, 0) * isinstance(value, int)),
    ]


def _near(text: str) -> str:
    number = re.search(r"\d+", text)
    return text.replace(number[0], str(int(number[0]) + 1), 1) if number else f"{text}x"


class Walk:
    """One set of manifests, and what is adopted of it with one of them as another one."""

    def __init__(self, found: Found, is_nothing: Callable[[str, str, Any], bool]) -> None:
        """`is_nothing` tells of a path, as `deployment web: spec.replicas`, its last key and a value, whether this
        is as if nothing stood there."""
        self.found = found
        self.is_nothing = is_nothing
        self._results: dict[tuple[int, str], Result] = {}

    def result(self, item: Item, document: Any) -> Result:
        """Adopted once of the same: a third of all that is asked is of the manifest as it is."""
        key = id(item), repr(document)
        if key not in self._results:
            self._results[key] = self._adopted(item, document)
        return self._results[key]

    def _adopted(self, item: Item, document: Any) -> Result:
        try:
            items = [*items_of(document, item.origin), *(each for each in self.found.items if each is not item)]
            adopted = adopt(gathered(items, None, []))
        except Refused as refused:
            return Result(str(refused), ())
        return Result(adopted.text, adopted.lost)

    def silent(self, item: Item) -> Iterator[str]:
        """Each value that may be another one without a word."""
        for at, value in places(item.manifest):
            yield from self._values(item, item.manifest, at, value)
        for at, kind in typed(item.manifest, TYPES[item.kind]):
            yield from self._added(item, at, kind)

    def _values(self, item: Item, document: Any, at: Place, value: Any) -> Iterator[str]:
        """What is written alike of a value, of others and of none, where the file does not list it."""
        where = f"{item}: {written(at)}"
        kept = [each for each in (value, *others(at, value)) if not self.is_nothing(where, str(at[-1]), each)]
        alike: dict[str, dict[str, bool]] = {}
        for each in [GONE, *kept] if kept else []:
            result = self.result(item, put(document, at, each))
            said = each is GONE or says(result.lost, item, document, at)
            alike.setdefault(result.text, {})[shown(each)] = said
        for values in alike.values():
            if len(values) > 1 and not all(values.values()):
                yield f"{where}: {', '.join(values)}"

    def _added(self, item: Item, at: Place, kind: type) -> Iterator[str]:
        """What is not listed of fields that are added, and changes nothing."""
        node, group = dig(item.manifest, at), _ONE_OF.get(kind, ())
        lacking = {key: sample(within, (*at, key)) for key, within in _fields(kind).items() if key not in node}
        lacking = {k: v for k, v in lacking.items() if not self.is_nothing(f"{item}: {written((*at, k))}", k, v)}
        all_of = put(item.manifest, at, {**node, **{k: v for k, v in lacking.items() if k not in group}})
        lost = self.result(item, all_of).lost
        for key, value in lacking.items():
            here = (*at, key)
            if key not in group and says(lost, item, all_of, here):
                continue
            rest = {k: v for k, v in node.items() if k not in group} if key in group else node
            after = put(item.manifest, at, {**rest, key: value})
            result = self.result(item, after)
            if (
                not says(result.lost, item, after, here)
                and result.text == self.result(item, put(after, here, GONE)).text
            ):
                yield f"{item}: {written(here)}: is added"


def shown(value: Any) -> str:
    return "gone" if value is GONE else repr(value)


def dig(value: Any, at: Place) -> Any:
    for key in at:
        value = value[key]
    return value


def typed(value: Any, kind: Any) -> Iterator[tuple[Place, type]]:
    """Each map that is of a type of the API, by its path."""
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, dict):
        yield (), kind
        types = _fields(kind)
        for key, each in value.items():
            if key in types:
                yield from (((key, *at), found) for at, found in typed(each, types[key]))
    elif isinstance(value, list) and get_args(kind):
        for i, each in enumerate(value):
            yield from (((i, *at), found) for at, found in typed(each, get_args(kind)[0]))


@cache
def _fields(kind: type) -> Mapping[str, Any]:
    return _types.output_type_types(kind)


def sample(kind: Any, at: Place, depth: int = 0) -> Any:
    """A value of a type of the API, with all its fields."""
    origin = get_origin(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"some": sample(get_args(kind)[1], (*at, "some"), depth)}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [sample(get_args(kind)[0], (*at, 0), depth)]
    if isinstance(kind, type) and issubclass(kind, dict):
        inner = _fields(kind).items() if depth < _DEPTH else ()
        return {key: sample(within, (*at, key), depth + 1) for key, within in inner}
    return {bool: True, int: 7}.get(kind, _WORDS.get(word(at), ("some",))[-1])


def says(lost: Sequence[Lost], item: Item, document: Any, at: Place) -> bool:
    """Whether what is lost is listed of a value, or of what it is within."""
    return any(covers(each, item, document, at) for each in lost)


def covers(lost: Lost, item: Item, document: Any, at: Place) -> bool:
    if lost.where != str(item):
        return False
    if not lost.path:
        return item.kind not in RUN
    path, here = lost.path, written(at)
    base, _, names = path.partition(" (")
    if not (here == base or here.startswith((f"{base}.", f"{base}["))):
        return False
    if not names:
        return True
    words = set(names.removesuffix(")").split(", "))
    within: set[str] = {str(each) for each in at}
    for i in range(len(at)):
        node = dig(document, at[:i])
        if isinstance(node, dict):
            within |= {str(each) for key, each in node.items() if key in ("name", "port")}
            for ref in node.values():
                if isinstance(ref, dict) and "name" in ref:
                    within.add(str(ref["name"]))
    return bool(words & within)
