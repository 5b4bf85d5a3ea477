"""The ScaledObject of a workload with a schedule or with triggers, in place of its HorizontalPodAutoscaler.

KEDA makes a HorizontalPodAutoscaler of it, named `keda-hpa-` and what it scales
(https://keda.sh/docs/2.21/reference/scaledobject-spec/).
"""

from flyball.guards.headroom.triggers import FAILURES, Prometheus
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest, metadata
from flyball.kubernetes.workload import meanwhile
from flyball.kubernetes.workload.autoscaler import behavior

API_VERSION, KIND = "keda.sh/v1alpha1", "ScaledObject"
CRD = "scaledobjects.keda.sh"
_EXCLUDED = {"scaledobject.keda.sh/hpa-excluded-labels": "applyset.kubernetes.io/part-of"}
"""KEDA copies labels onto its autoscaler, and with this one kubectl would take that for a left-over, and prune it."""


def scaled_object(s: Service) -> Manifest:
    """The lowest floor as the minimum, never zero; higher floors by the clock, and load by processor and by queries."""
    floors, highest = s.sizing.floors, s.sizing.floor - s.not_autoscaled
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": s.autoscaled},
        "minReplicaCount": meanwhile.size(s.spec.namespace, s.autoscaled, floors.least),
        "maxReplicaCount": s.sizing.ceiling - s.not_autoscaled,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior(s)}},
        "triggers": [_processor(s), *_clock(s), *(_query(s, name, t) for name, t in sorted(s.spec.triggers.items()))],
    }
    if s.spec.triggers:
        # Who cannot see the load must not shrink, and stands at what the day's highest peak needs.
        fallback = {"failureThreshold": FAILURES, "replicas": highest, "behavior": "currentReplicasIfHigher"}
        spec["fallback"] = fallback
    return {"metadata": metadata(s, s.autoscaled, _EXCLUDED), "spec": spec}


def _processor(s: Service) -> Manifest:
    asked = {"value": str(s.sizing.target), "containerName": s.name}
    return {"type": "cpu", "metricType": "Utilization", "metadata": asked}


def _clock(s: Service) -> list[Manifest]:
    floors = s.sizing.floors
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


def _query(s: Service, name: str, trigger: Prometheus) -> Manifest:
    asked = {
        "serverAddress": trigger.server,
        "query": trigger.query,
        "threshold": f"{float(trigger.per_replica(s.spec.replica, s.sizing.target)):.12g}",
        # No result is no load only in KEDA's own default; here it is a failure, for which there is the fallback.
        "ignoreNullValues": "false",
    }
    return {"type": "prometheus", "name": name, "metricType": "AverageValue", "metadata": asked}
