"""The limits of workloads as policies read them: one ConfigMap for each namespace, one line for each workload.

All lines are one text. A key for each would make each write dearer with the number of workloads: the API server hands
a parameter to a policy with its managed fields, and those have an entry for each key.
"""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from flyball.guards.workload.limits import Limits
from flyball.kubernetes.governor import names
from flyball.wellknown import MANAGED_BY_LABEL

_LAYOUT = (
    "floor {floor} | ceiling {ceiling} | down {down_pods} or {down_percent} % every {pause} s"
    " | up {up_pods} or {up_percent} % | budget {budget}"
    " | autoscaler down {auto_down_pods} or {auto_down_percent} % in {auto_down_period} s after {calm} s,"
    " up {auto_up_pods} or {auto_up_percent} % in {auto_up_period} s"
)
_FIELD = re.compile(r"\{(\w+)\}")
_POSITIONS = {
    match[1]: position for position, word in enumerate(_LAYOUT.split(" ")) if (match := _FIELD.fullmatch(word))
}
KEY = "limits"
NAMED = "named"
"""Key of the names, a line for each, that no pods may have but those of the workload of that name."""
STATEFUL = "stateful"
"""Key of those among them that are StatefulSets; the others are Deployments."""
_HEAD = "# Deployment or StatefulSet: what may become of its replicas"
"""The first line, so that each of the others begins after the end of a line."""


def describe(limits: Limits) -> str:
    """The limits as one line that people and policies read."""
    down, up = limits.behavior.down, limits.behavior.up
    return _LAYOUT.format(
        floor=limits.floor,
        ceiling=limits.ceiling,
        down_pods=limits.steps.down.pods,
        down_percent=limits.steps.down.percent,
        pause=down.period,
        up_pods=limits.steps.up.pods,
        up_percent=limits.steps.up.percent,
        budget=limits.budget,
        auto_down_pods=down.pods,
        auto_down_percent=down.percent,
        auto_down_period=down.period,
        calm=limits.behavior.calm,
        auto_up_pods=up.pods,
        auto_up_percent=up.percent,
        auto_up_period=up.period,
    )


def config_map(namespace: str, workloads: Mapping[str, Limits]) -> dict[str, Any]:
    """The limits of a namespace: a line for each Deployment or StatefulSet. What has none is not guarded."""
    lines = [_HEAD, *(f"{name}: {describe(limits)}" for name, limits in sorted(workloads.items()))]
    named = sorted(name for name, limits in workloads.items() if limits.named)
    stateful = [name for name in named if workloads[name].stateful]
    names_of = {key: _text(found) for key, found in ((NAMED, named), (STATEFUL, stateful)) if found}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.LIMITS, "namespace": namespace, "labels": {MANAGED_BY_LABEL: "flyball"}},
        "data": {KEY: _text(lines), **names_of},
    }


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def merged(now: str, then: str, keep: Container[str]) -> str:
    """The text of limits for the time of a change: as they will be, and as they are of the workloads to `keep`."""
    kept = {name: line for line in now.splitlines() if (name := line.partition(":")[0]) in keep}
    lines = {line.partition(":")[0]: line for line in then.splitlines() if not line.startswith("#")}
    return _text((_HEAD, *(line for _, line in sorted((lines | kept).items()))))


EXAMPLE = describe(Limits(floor=3, ceiling=40, budget=1))
"""For messages."""


def entry(name: str, last: str = "auto_up_period") -> str:
    """CEL: the words of the limits of the workload `name` (CEL), as far as the number `last`; one if it has none.

    The number of parts is bounded: to split off each further word would cost as much as those that are needed.
    """
    found = f"params.?data.?{KEY}.orValue('').split('\\n' + {name} + ': ', 2)"
    return f"[{found}].map(l, l.size() > 1 ? l[1].split(' ', {_POSITIONS[last] + 2}) : [''])[0]"


def is_named(name: str) -> str:
    """CEL: whether pods with the `name` (CEL) may be those of the workload of that name only."""
    return _is_listed(NAMED, name)


def is_stateful(name: str) -> str:
    """CEL: whether that workload is a StatefulSet."""
    return _is_listed(STATEFUL, name)


def _is_listed(key: str, name: str) -> str:
    return f"{name} in params.?data.?{key}.orValue('').split('\\n')"


def readable(key: str, text: str) -> str:
    """CEL: whether policies can read the `text` of a `key`, both CEL; else they would refuse writes of a workload."""
    places = sorted(position + 1 for position in _POSITIONS.values())
    numbers = f"{places}.all(i, w[i].matches('^[0-9]{{1,9}}$'))"
    order = f"int(w[{_POSITIONS['floor'] + 1}]) <= int(w[{_POSITIONS['ceiling'] + 1}])"
    words = len(_LAYOUT.split(" ")) + 1
    line = f"[l.split(' ')].all(w, w.size() == {words} && w[0].endsWith(':') && {numbers} && {order})"
    lines = f"{text}.startsWith('#') && {text}.split('\\n').all(l, l == '' || l.startsWith('#') || {line})"
    return f"({key} in ['{NAMED}', '{STATEFUL}'] ? {text}.matches('^[a-z0-9.\\n-]*$') : {lines})"


def number(which: str, words: str = "variables.limits") -> str:
    """CEL: one number of the limits, such as ``floor``."""
    return f"int({words}[{_POSITIONS[which]}])"
