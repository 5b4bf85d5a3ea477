"""What stands in place of the HorizontalPodAutoscaler where there is a schedule or a trigger."""

from typing import Any

import pytest
from tests.kubernetes.programs import arguments, objects, workload

from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload

NIGHT = {"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}
NOON = {"start": "0 11 * * 1-5", "end": "0 13 * * 1-5", "peak": 200}
ORDERS = {"prometheus": {"server": "http://prometheus:9090", "query": "sum(orders)"}}
STEPS = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 2, "periodSeconds": 60},
            {"type": "Percent", "value": 50, "periodSeconds": 60},
        ],
        "tolerance": "0",
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 1, "periodSeconds": 60},
            {"type": "Percent", "value": 10, "periodSeconds": 60},
        ],
    },
}


def spec(**more: Any) -> dict[str, Any]:
    found = [o for name, o in workload(**more).items() if name.startswith("ScaledObject ")]
    assert [o["metadata"]["name"] for o in found] == [found[0]["spec"]["scaleTargetRef"]["name"]]
    return found[0]["spec"]


def cpu(target: str) -> dict[str, Any]:
    return {"type": "cpu", "metricType": "Utilization", "metadata": {"value": target, "containerName": "web"}}


def cron(start: str, end: str, replicas: str, timezone: str = "UTC") -> dict[str, Any]:
    metadata = {"timezone": timezone, "start": start, "end": end, "desiredReplicas": replicas}
    return {"type": "cron", "metadata": metadata}


def test_a_day_of_three_peaks() -> None:
    """20 at night need 2 and 3 with one to lose, 100 need 7 and 8, 200 need 13 and 14; the night's target is lowest.

    3 -> 5 -> 8 takes 60 s, 3 -> 5 -> 8 -> 12 -> 14 takes 180 s; 15 s for each step and 150 s for the last to start:
    240 s and 390 s before the load comes.
    """
    assert spec(schedule={"timezone": "Europe/Berlin", "windows": [NIGHT, NOON]}) == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicaCount": 3,
        "maxReplicaCount": 21,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": STEPS}},
        "triggers": [
            cpu("53"),
            cron("53 10 * * 1-5", "0 13 * * 1-5", "14", "Europe/Berlin"),
            cron("56 5 * * *", "0 22 * * *", "8", "Europe/Berlin"),
        ],
    }


def test_a_schedule_takes_the_place_of_the_autoscaler() -> None:
    with_schedule, without = workload(schedule={"windows": [NIGHT]}), workload()
    assert set(with_schedule) ^ set(without) == {"ScaledObject web", "HorizontalPodAutoscaler web"}
    assert with_schedule["ScaledObject web"]["metadata"] == {
        "name": "web",
        "namespace": "default",
        "labels": without["HorizontalPodAutoscaler web"]["metadata"]["labels"],
        "annotations": {"scaledobject.keda.sh/hpa-excluded-labels": "applyset.kubernetes.io/part-of"},
    }


def test_the_deployment_begins_at_the_highest_floor() -> None:
    assert workload(schedule={"windows": [NIGHT, NOON]})["Deployment web"]["spec"]["replicas"] == 14


def test_with_spot_the_base_is_not_counted() -> None:
    """Of the floors 3, 8 and 14, two run on demand: 1, 6 and 12 are left. 1 -> 3 -> 5 -> 8 -> 12, four periods."""
    zones = ["a", "b", "c"]
    found = spec(zones=zones, spot={"base": 2}, schedule={"windows": [NIGHT, NOON]})
    assert found["scaleTargetRef"]["name"] == "web-spot"
    assert (found["minReplicaCount"], found["maxReplicaCount"]) == (1, 19)
    assert found["triggers"][1:] == [
        cron("53 10 * * 1-5", "0 13 * * 1-5", "12"),
        cron("54 5 * * *", "0 22 * * *", "6"),
    ]


def test_where_the_base_alone_would_do_one_replica_stays_above_it() -> None:
    """The base is what the day's highest peak needs, 13; only the highest floor, 14, is above it."""
    found = spec(zones=["a"], spot={}, schedule={"windows": [NIGHT, NOON]})
    assert (found["minReplicaCount"], found["maxReplicaCount"]) == (1, 8)
    assert found["triggers"] == [cpu("53")]


def test_a_query_beside_the_processor() -> None:
    """At the target of 70 % a replica does 14 of its 20 requests per second."""
    found = spec(triggers={"b": ORDERS, "a": {"prometheus": ORDERS["prometheus"] | {"threshold": 1e-6}}})
    assert (found["minReplicaCount"], found["maxReplicaCount"]) == (8, 12)
    assert found["fallback"] == {"failureThreshold": 3, "replicas": 8, "behavior": "currentReplicasIfHigher"}
    query = {"serverAddress": "http://prometheus:9090", "query": "sum(orders)", "ignoreNullValues": "false"}
    assert found["triggers"] == [
        cpu("70"),
        {"type": "prometheus", "name": "a", "metricType": "AverageValue", "metadata": {**query, "threshold": "1e-06"}},
        {"type": "prometheus", "name": "b", "metricType": "AverageValue", "metadata": {**query, "threshold": "14"}},
    ]


def test_whoever_cannot_see_the_load_stands_at_the_highest_floor() -> None:
    found = spec(schedule={"windows": [NIGHT, NOON]}, triggers={"orders": ORDERS})
    assert (found["minReplicaCount"], found["fallback"]["replicas"]) == (3, 14)
    assert [trigger["type"] for trigger in found["triggers"]] == ["cpu", "cron", "cron", "prometheus"]


def test_what_keda_cannot_hold_is_refused_before_anything_is_registered() -> None:
    christmas = {"start": "0 0 24 12 *", "end": "0 0 27 12 *", "peak": 200}
    registered: list[str] = []

    def program() -> None:
        Workload("web", arguments(schedule={"windows": [christmas]}))
        registered.append("web")

    with pytest.raises(Refused) as refused:
        objects(program)
    assert [str(problem) for problem in refused.value.problems] == [
        "web.schedule.windows[0]: the autoscaler needs 4m before '0 0 24 12 *' to be at 14 replicas, and that"
        " would have to come on the day before; make it 4m past midnight or later"
    ]
    assert registered == []
