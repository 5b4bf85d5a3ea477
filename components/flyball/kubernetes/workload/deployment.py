"""The Deployment, or with spot on the two of them."""

import json

import pulumi

from flyball import wellknown
from flyball.guards.workload.canary import PART as CANARY_PART
from flyball.guards.workload.canary import SUFFIX as CANARY_SUFFIX
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import (
    BASE_PART,
    PULL_POLICY,
    SPOT_PART,
    Manifest,
    asked_for,
    content_hash,
    exempt,
    metadata,
    selector,
)
from flyball.kubernetes.workload import meanwhile
from flyball.kubernetes.workload.pods import PodInputs, pod_template

REPLICAS = "spec.replicas"
"""Set once, at creation; afterwards its autoscaler's (`ignore_changes`)."""


def deployments(s: Service, inputs: PodInputs) -> list[Manifest]:
    """The base, and with spot on what is above it, in this order."""
    if s.sizing.split is None:
        return [_deployment(s, s.name, BASE_PART, s.sizing.floor, inputs)]
    return [
        _deployment(s, s.name, BASE_PART, s.sizing.split.base, inputs),
        _deployment(s, s.name + SPOT_SUFFIX, SPOT_PART, s.sizing.split.above, inputs),
    ]


def canary(s: Service, inputs: PodInputs) -> list[Manifest]:
    """The new version beside the old one, of which there is none but during a release."""
    return [_deployment(s, s.name + CANARY_SUFFIX, CANARY_PART, 0, inputs)] if s.spec.rollout.canary else []


def versioned(s: Service, manifest: Manifest) -> Manifest:
    """The Deployment; with a canary, with a hash of its pods, by which `up` sees that another version is to come."""
    if s.spec.rollout.canary is None:
        return manifest
    told = pulumi.Output.from_input(manifest["spec"]["template"]).apply(
        lambda template: content_hash(json.dumps(template, sort_keys=True))
    )
    meta = manifest["metadata"]
    notes = {**meta.get("annotations", {}), wellknown.RELEASE_ANNOTATION: told}
    return {**manifest, "metadata": {**meta, "annotations": notes}}


def _deployment(s: Service, name: str, part: str, replicas: int, inputs: PodInputs) -> Manifest:
    rollout = s.spec.rollout
    return {
        "metadata": metadata(
            s, name, _exemptions(s, by_keda=s.spec.needs_keda and name == s.autoscaled, new=part == CANARY_PART)
        ),
        "spec": {
            "replicas": meanwhile.begins(s.spec.namespace, name, replicas),
            "selector": {"matchLabels": {**selector(s), wellknown.PART_LABEL: part}},
            # Surge only: a release must not eat the headroom.
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": f"{rollout.surge}%", "maxUnavailable": 0},
            },
            "minReadySeconds": rollout.settle,
            "progressDeadlineSeconds": rollout.progress,
            "revisionHistoryLimit": rollout.history,
            "template": pod_template(s, part, inputs),
        },
    }


def _exemptions(s: Service, by_keda: bool, new: bool) -> dict[str, str]:
    """Checks of kube-score that do not hold here, and why."""
    checks = dict(PULL_POLICY)
    if new:
        checks["deployment-replicas"] = "none but during a release, which says how many"
    elif not by_keda:  # of a ScaledObject, kube-score knows nothing
        checks["deployment-targeted-by-hpa-does-not-have-replicas-configured"] = (
            "set once, to the floor, so that the first start is not with one; the autoscaler's from then on"
        )
    return exempt(checks | asked_for(s.spec.user))
