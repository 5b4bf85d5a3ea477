"""What the kubelets of nodes are told, and where one that runs differs from it.

Fields: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/#kubelet-config-k8s-io-v1beta1-KubeletConfiguration
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from flyball.guards.clean_up.nodes import Eviction, Nodes
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN
from flyball.guards.reading.units import Milliseconds, duration, show_size, size

HEAD = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}
FILE = "90-flyball.conf"
"""For the kubelet's `--config-dir`, which reads what ends in .conf, in order; it says what it changes, and no more
(https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/#kubelet-conf-d)."""
_GRACE: Milliseconds = 120_000
_DISKS = ("nodefs.available", "imagefs.available")
_OTHERS = {"memory.available": "100Mi", "nodefs.inodesFree": "5%", "imagefs.inodesFree": "5%"}
"""The kubelet's own: where some are given, it takes no default for those that are not."""


def configuration(nodes: Nodes) -> dict[str, Any]:
    """The fields of a KubeletConfiguration that hold nodes to their limits; all others are the platform's."""
    logs, images = nodes.logs, nodes.images
    fields: dict[str, Any] = {
        "containerLogMaxSize": show_size(logs.size),
        "containerLogMaxFiles": logs.files,
        "containerLogMonitorInterval": _duration(logs.interval),
        "containerLogMaxWorkers": logs.workers,
    }
    if nodes.eviction.enabled:
        fields |= _eviction(nodes.eviction)
    if images.enabled:
        fields |= {
            "imageGCHighThresholdPercent": images.high,
            "imageGCLowThresholdPercent": images.low,
            "imageMaximumGCAge": _duration(images.age),
        }
    return fields


def _eviction(eviction: Eviction) -> dict[str, Any]:
    """A soft one takes a pod's whole way out only where `evictionMaxPodGracePeriod` allows it; its default is 0."""
    hard, soft = (f"{percent}%" for percent in (eviction.hard, eviction.soft))
    return {
        "evictionHard": dict(sorted({**_OTHERS, **dict.fromkeys(_DISKS, hard)}.items())),
        "evictionSoft": dict.fromkeys(sorted(_DISKS), soft),
        "evictionSoftGracePeriod": dict.fromkeys(sorted(_DISKS), _duration(_GRACE)),
        "evictionMaxPodGracePeriod": LONGEST_SHUTDOWN // 1000,
    }


def flat(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields as text, those of a map as `evictionHard[nodefs.available]`."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            found.update({f"{name}[{key}]": str(inner) for key, inner in value.items()})
        else:
            found[name] = str(value)
    return found


def differences(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """Where a kubelet's configuration differs, as `containerLogMaxSize is 10Mi, wanted 50Mi`."""
    found = flat(there)
    for name, value in flat(wanted).items():
        if name not in found:
            yield f"{name} is not set, wanted {value}"
        elif not _same(value, found[name]):
            yield f"{name} is {found[name]}, wanted {value}"


def _same(one: str, other: str) -> bool:
    """Whether two ways to write it mean the same: `336h` and `336h0m0s`, `1Gi` and `1024Mi`."""
    return one == other or any(
        parse(one) == parse(other) is not None for parse in (_parsed_size, _parsed_duration, _parsed_percent)
    )


def _parsed_size(text: str) -> int | None:
    try:
        return size(text)
    except ValueError:
        return None


def _parsed_duration(text: str) -> int | None:
    try:
        return duration(text)
    except ValueError:
        return None


def _parsed_percent(text: str) -> Fraction | None:
    try:
        return Fraction(text.removesuffix("%")) if text.endswith("%") else None
    except (ValueError, ZeroDivisionError):
        return None


def _duration(milliseconds: Milliseconds) -> str:
    """As Go reads it, which knows no days: 1209600000 -> `336h`."""
    for unit, length in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"
