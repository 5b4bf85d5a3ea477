"""What KEDA makes of a ScaledObject, and that applying it again changes nothing."""

from typing import Any

import pytest
from tests.cluster.scaling.service import Service, wait

pytestmark = pytest.mark.cluster

NIGHT = {"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}
ORDERS = {"prometheus": {"server": "http://127.0.0.1:1", "query": "sum(orders)"}}


def ready(service: Service) -> bool:
    conditions = service.get("scaledobject", "web").get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def test_keda_accepts_every_kind_of_trigger_and_makes_the_autoscaler_of_it(service: Service) -> None:
    service.apply(schedule={"timezone": "Europe/Berlin", "windows": [NIGHT]}, triggers={"orders": ORDERS})
    wait(lambda: ready(service), "KEDA to accept the ScaledObject")

    wanted = service.get("scaledobject", "web")["spec"]
    found = service.get("hpa", "keda-hpa-web")["spec"]

    assert found["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert (found["minReplicas"], found["maxReplicas"]) == (3, 12)
    assert found["behavior"] == wanted["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert found["behavior"]["scaleUp"]["tolerance"] == "0"
    target = {"type": "Utilization", "averageUtilization": 53}
    resource = {"name": "cpu", "container": "web", "target": target}
    assert found["metrics"] == [
        {"type": "ContainerResource", "containerResource": resource},
        external("s1-cron-Europe-Berlin-595xxx-022xxx", "1"),
        external("s2-prometheus", "10.600"),
    ]


def external(name: str, average: str) -> dict[str, Any]:
    selector = {"matchLabels": {"scaledobject.keda.sh/name": "web"}}
    target = {"type": "AverageValue", "averageValue": average}
    return {"type": "External", "external": {"metric": {"name": name, "selector": selector}, "target": target}}


def test_applying_it_again_changes_nothing_and_prunes_no_autoscaler(service: Service) -> None:
    """A plain autoscaler was a member of the set before, so that kubectl looks for left-overs of that kind."""
    service.apply()
    first = service.apply(schedule={"windows": [NIGHT]})
    assert "horizontalpodautoscaler/web" in {name.replace(".autoscaling", "") for name in first.pruned}
    wait(lambda: ready(service), "KEDA to accept the ScaledObject")
    made = service.get("hpa", "keda-hpa-web")["metadata"]

    again = service.apply(schedule={"windows": [NIGHT]})

    assert (again.created, again.changed, again.pruned) == ((), (), ())
    assert "scaledobject/web" in again.unchanged
    assert service.get("hpa", "keda-hpa-web")["metadata"]["uid"] == made["uid"]
    assert "applyset.kubernetes.io/part-of" not in made["labels"]


def test_without_the_schedule_the_plain_autoscaler_is_back(service: Service) -> None:
    service.apply(schedule={"windows": [NIGHT]})
    wait(lambda: ready(service), "KEDA to accept the ScaledObject")

    service.apply()

    wait(lambda: _autoscalers(service) == ["horizontalpodautoscaler.autoscaling/web"], "KEDA's autoscaler to go")


def _autoscalers(service: Service) -> list[str]:
    return service.kubectl.run("get", "hpa", f"--namespace={service.namespace}", "--output=name").split()
