"""What an `up` would take from services that run, asked of their autoscalers."""

from collections.abc import Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.workload.shrinking import Size, all_words
from flyball.kubectl import Kubectl
from flyball.stack.read import Stack


def said(kubectl: Kubectl, stack: Stack) -> list[str]:
    """A line for each service that shrinks: from which floor and ceiling to which, and how fast."""
    items = kubectl.listed("horizontalpodautoscalers", stack.namespace, wellknown.OURS, api="autoscaling/v2")
    before: dict[str, Size] = {}
    for item in items:
        name, part = item["metadata"]["labels"].get(wellknown.NAME_LABEL, ""), _size(item)
        known = before.get(name, Size(0, 0, 0))
        before[name] = Size(
            known.floor + part.floor, known.ceiling + part.ceiling, (known.running or 0) + (part.running or 0)
        )
    return all_words(stack.services, before, governed=stack.governor is not None)


def _size(autoscaler: Mapping[str, Any]) -> Size:
    spec = autoscaler["spec"]
    return Size(spec.get("minReplicas", 1), spec["maxReplicas"], autoscaler.get("status", {}).get("currentReplicas", 0))
