"""The HorizontalPodAutoscalers: between floor and ceiling, in steps."""

from collections.abc import Iterator

from flyball.guards.governor.steps import Rate
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest, metadata
from flyball.kubernetes.workload import meanwhile


def autoscalers(s: Service) -> Iterator[Manifest]:
    """One for each Deployment, named as what it scales, unless KEDA makes it; none for members, whom nobody scales.

    That of an on-demand base beside a spot part holds it at its one size. So a size that changes with the arguments is
    moved by an autoscaler here too: whoever writes the arguments need not know what runs, and a Governor keeps it to
    steps; and an autoscaler keeps what it scales when spot comes or goes.
    """
    if s.members:
        return
    if s.sizing.split:
        yield _autoscaler(s, s.name, s.sizing.split.base, s.sizing.split.base)
    if not s.spec.needs_keda:
        yield _autoscaler(s, s.autoscaled, s.sizing.floors.least, s.sizing.ceiling - s.not_autoscaled)


def _autoscaler(s: Service, deployment: str, least: int, most: int) -> Manifest:
    """Between floor and ceiling, by processor share, in steps. Only the application's container is measured."""
    resource = {
        "name": "cpu",
        "container": s.name,
        "target": {"type": "Utilization", "averageUtilization": s.sizing.target},
    }
    return {
        "metadata": metadata(s, deployment),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": meanwhile.size(s.spec.namespace, deployment, least),
            "maxReplicas": most,
            "metrics": [{"type": "ContainerResource", "containerResource": resource}],
            "behavior": behavior(s),
        },
    }


def behavior(s: Service) -> Manifest:
    """The autoscaler's steps. Up, it has no tolerance for what is above the target or below a floor by the clock.

    By default it leaves 10 % as it is, which would let the load rise by a tenth into what is kept for a loss, and
    11 replicas be 10. The field `tolerance` counts from Kubernetes 1.35 on
    (https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#tolerance).
    """
    rule = s.spec.behavior
    return {
        "scaleUp": {**_rules(rule.up, calm=0), "tolerance": "0"},
        "scaleDown": _rules(rule.down, calm=rule.calm),
    }


def _rules(rate: Rate, calm: int) -> Manifest:
    return {
        "stabilizationWindowSeconds": calm,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": rate.pods, "periodSeconds": rate.period},
            {"type": "Percent", "value": rate.percent, "periodSeconds": rate.period},
        ],
    }
