"""Waits until KEDA scales what an `up` applied: the autoscaler of a ScaledObject is made by it, a moment after."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flyball.deploy.manifests import Object
from flyball.deploy.rollout import RolloutError
from flyball.errors import condensed, named
from flyball.kubectl import Kubectl, condition, is_true
from flyball.kubernetes.workload import scaled_object

LIMIT_SECONDS = 120
"""KEDA acts within a second; one whose node was lost is elected anew within some 20 s, or started on another node."""
_UNSEEN = "KEDA has not looked at it; does its operator run?"


def wait(
    kubectl: Kubectl, objects: Iterable[Object], report: Callable[[str], None], limit: float = LIMIT_SECONDS
) -> None:
    """Wait until every ScaledObject among the objects has its autoscaler; until then nobody scales its workload.

    Raises `RolloutError` after `limit` seconds, with what KEDA says of each.
    """
    wanted = sorted((o.namespace, o.name) for o in objects if o.kind == scaled_object.KIND)
    given_up, said = time.monotonic() + limit, False
    while True:
        there = {
            (namespace, item["metadata"]["name"]): item
            for namespace in sorted({namespace for namespace, _ in wanted})
            for item in kubectl.listed("scaledobjects", namespace, api=scaled_object.API_VERSION)
        }
        late = [place for place in wanted if not is_true(there.get(place, {}), "Ready")]
        if not late:
            return
        if time.monotonic() > given_up:
            lines = (
                f"scaledobject {'/'.join(place)} is not scaled by KEDA after {limit:g} s: {_why(there.get(place, {}))}"
                for place in late
            )
            raise RolloutError(condensed(lines))
        if not said:
            report(f"waiting for KEDA, which does not scale yet: {named(['/'.join(place) for place in late])}")
            said = True
        time.sleep(0.5)


def _why(item: Mapping[str, Any]) -> str:
    ready = condition(item, "Ready")
    return (ready.get("message") if ready.get("status") == "False" else "") or _UNSEEN
