"""The ScaledObject of a workload with a schedule or with triggers, in place of its HorizontalPodAutoscaler.

KEDA makes a HorizontalPodAutoscaler of it, named `keda-hpa-<workload>`
(https://keda.sh/docs/2.21/reference/scaledobject-spec/).
"""

from flyball.guards.headroom.triggers import FAILURES, Prometheus
from flyball.kubernetes.companions import behavior
from flyball.kubernetes.objects import Guarded, Manifest

API_VERSION, KIND = "keda.sh/v1alpha1", "ScaledObject"
CRD = "scaledobjects.keda.sh"
_EXCLUDED = {"scaledobject.keda.sh/hpa-excluded-labels": "applyset.kubernetes.io/part-of"}
"""KEDA copies labels onto its autoscaler, and with this one kubectl would take that for a left-over, and prune it."""


def scaled_object(g: Guarded) -> Manifest:
    """The lowest floor as the minimum, never zero; higher floors by the clock, and load by processor and by queries."""
    floors, highest = g.sizing.floors, g.sizing.floor - g.autoscaled_from
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": g.autoscaled},
        "minReplicaCount": floors.least,
        "maxReplicaCount": g.sizing.ceiling - g.autoscaled_from,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior(g)}},
        "triggers": [_processor(g), *_clock(g), *(_query(g, name, t) for name, t in sorted(g.spec.triggers.items()))],
    }
    if g.spec.triggers:
        # Who cannot see the load must not shrink, and stands at what the day's highest peak needs.
        fallback = {"failureThreshold": FAILURES, "replicas": highest, "behavior": "currentReplicasIfHigher"}
        spec["fallback"] = fallback
    return {"metadata": g.metadata(annotations=_EXCLUDED), "spec": spec}


def _processor(g: Guarded) -> Manifest:
    metadata = {"value": str(g.sizing.target), "containerName": g.name}
    return {"type": "cpu", "metricType": "Utilization", "metadata": metadata}


def _clock(g: Guarded) -> list[Manifest]:
    floors = g.sizing.floors
    return [
        {
            "type": "cron",
            "metadata": {
                "timezone": floors.timezone,
                "start": trigger.start,
                "end": trigger.end,
                "desiredReplicas": str(trigger.replicas),
            },
        }
        for trigger in floors.triggers
    ]


def _query(g: Guarded, name: str, trigger: Prometheus) -> Manifest:
    metadata = {
        "serverAddress": trigger.server,
        "query": trigger.query,
        "threshold": f"{float(trigger.per_replica(g.spec.replica, g.sizing.target)):.12g}",
        # No result is no load only in KEDA's own default; here it is a failure, for which there is the fallback.
        "ignoreNullValues": "false",
    }
    return {"type": "prometheus", "name": name, "metricType": "AverageValue", "metadata": metadata}
