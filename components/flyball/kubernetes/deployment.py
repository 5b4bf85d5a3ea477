"""The Deployment, or with spot on the two of them."""

from collections.abc import Mapping
from typing import Any

from flyball import wellknown
from flyball.kubernetes.objects import BASE_PART, SPOT_PART, SPOT_SUFFIX, Guarded, Manifest
from flyball.kubernetes.pods import pod_template

REPLICAS = "spec.replicas"
"""Of the Deployment that is autoscaled: set once, at creation; afterwards not ours any more (`ignore_changes`).

The on-demand base beside a spot part has no autoscaler, and follows the workload's arguments like all else.
"""

_IGNORE, _REASON = "kube-score/ignore", "flyball.dev/kube-score-reason"
_LOW_USER = 10_000
"""Below it kube-score takes a user for one that the node may have too (container-security-context-user-group-id)."""


def deployments(g: Guarded, container: Mapping[str, Any], annotations: Mapping[str, Any]) -> list[Manifest]:
    """The base, and with spot on what is above it, in this order."""
    if g.sizing.split is None:
        return [_deployment(g, g.name, BASE_PART, g.sizing.floor, container, annotations)]
    return [
        _deployment(g, g.name, BASE_PART, g.sizing.split.base, container, annotations),
        _deployment(g, g.name + SPOT_SUFFIX, SPOT_PART, g.sizing.split.above, container, annotations),
    ]


def _deployment(
    g: Guarded, name: str, part: str, replicas: int, container: Mapping[str, Any], annotations: Mapping[str, Any]
) -> Manifest:
    rollout = g.spec.rollout
    return {
        "metadata": g.metadata(name, _exemptions(g, autoscaled=name == g.autoscaled)),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {**g.selector, wellknown.PART_LABEL: part}},
            # Surge only: a release must not eat the headroom.
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": f"{rollout.surge}%", "maxUnavailable": 0},
            },
            "minReadySeconds": rollout.settle,
            "progressDeadlineSeconds": rollout.progress,
            "revisionHistoryLimit": rollout.history,
            "template": pod_template(g, part, container, annotations),
        },
    }


def _exemptions(g: Guarded, autoscaled: bool) -> dict[str, str]:
    """Checks of kube-score that do not hold here, and why."""
    exempt = {
        "container-image-pull-policy": (
            "a registry that is away must not stop a pod from moving, and the image is pinned to its version"
        )
    }
    if autoscaled and not g.spec.needs_keda:  # of a ScaledObject, kube-score knows nothing
        exempt["deployment-targeted-by-hpa-does-not-have-replicas-configured"] = (
            "set once, to the floor, so that the first start is not with one; the autoscaler's from then on"
        )
    if g.spec.user < _LOW_USER:
        exempt["container-security-context-user-group-id"] = (
            f"user {g.spec.user} was asked for, because the image's files belong to it"
        )
    return {_IGNORE: ",".join(exempt), _REASON: "\n".join(f"{check}: {why}" for check, why in exempt.items())}
