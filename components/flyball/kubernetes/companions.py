"""What stands beside a workload's Deployment: address, identity, budget, autoscaler, priority."""

from collections.abc import Mapping

from flyball.guards.governor.steps import Rate
from flyball.kubernetes.objects import PORT_NAME, Guarded, Manifest

OWN_PRIORITY = 1_000
"""Value of a workload's own PriorityClass: above 0, what pods without a class have, far below the system's 2e9."""
_APP_PROTOCOLS = {"http": {"appProtocol": "http"}, "grpc": {"appProtocol": "kubernetes.io/h2c"}, "tcp": {}}
"""Plain TCP has no name of its own (https://kubernetes.io/docs/concepts/services-networking/service/
#application-protocol)."""


def service(g: Guarded) -> Manifest:
    """One address for all parts, behind which the guard listens.

    Pulumi need not wait for its endpoints: the Deployment's readiness is awaited.
    """
    return {
        "metadata": g.metadata(annotations={"pulumi.com/skipAwait": "true"}),
        "spec": {
            "type": "ClusterIP",
            "selector": g.selector,
            "ports": [
                {
                    "name": PORT_NAME,
                    "port": g.spec.port,
                    # By number: a name is looked up among the application's ports, and the guard is beside it.
                    "targetPort": g.spec.entry if g.spec.guarded else PORT_NAME,
                    "protocol": "TCP",
                    **_APP_PROTOCOLS[g.spec.protocol],
                }
            ],
        },
    }


def service_account(g: Guarded) -> Manifest:
    """An identity of its own, without a token unless asked for."""
    return {"metadata": g.metadata(), "automountServiceAccountToken": g.spec.token}


def disruption_budget(g: Guarded) -> Manifest:
    """`floor - need` may be disrupted; pods that are not ready may always be evicted, they carry nothing."""
    return {
        "metadata": g.metadata(),
        "spec": {
            "maxUnavailable": g.sizing.budget,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": g.selector},
        },
    }


def autoscaler(g: Guarded) -> Manifest:
    """Between floor and ceiling, by processor share, in steps. Only the application's container is measured."""
    outside = g.autoscaled_from
    resource = {
        "name": "cpu",
        "container": g.name,
        "target": {"type": "Utilization", "averageUtilization": g.sizing.target},
    }
    return {
        "metadata": g.metadata(),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": g.autoscaled},
            "minReplicas": g.sizing.floors.least,
            "maxReplicas": g.sizing.ceiling - outside,
            "metrics": [{"type": "ContainerResource", "containerResource": resource}],
            "behavior": behavior(g),
        },
    }


def behavior(g: Guarded) -> Manifest:
    """The autoscaler's steps. Up, it has no tolerance for what is above the target or below a floor by the clock.

    By default it leaves 10 % as it is, which would let the load rise by a tenth into what is kept for a loss, and
    11 replicas be 10. The field `tolerance` counts from Kubernetes 1.35 on
    (https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#tolerance).
    """
    rule = g.spec.behavior
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


def priority_class(
    name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None, value: int = OWN_PRIORITY
) -> Manifest:
    """A priority above that of pods nobody thought about."""
    metadata = {"name": name, "labels": labels}
    return {
        "metadata": {**metadata, "annotations": annotations} if annotations else metadata,
        "value": value,
        "preemptionPolicy": "PreemptLowerPriority",
        "description": "Workloads with a disruption budget and N-1 headroom",
    }
