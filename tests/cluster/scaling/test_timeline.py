"""The autoscaler's real way up and down, against the rule that bounds it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.cluster.scaling.prometheus import Prometheus
from tests.cluster.scaling.service import QUICK, Service, cron, wait

from flyball.guards.governor.steps import Behavior, Rate, ramp
from flyball.lab.cluster import usage

pytestmark = pytest.mark.cluster

LOAD = {"peak": 40, "replica": 20}
"""Needs 3 replicas, 4 with one to lose."""


def trigger(server: Prometheus) -> dict[str, Any]:
    """The query's result is the number of replicas wanted."""
    return {"wanted": {"prometheus": {"server": server.address, "query": "wanted", "threshold": 1}}}


def test_every_step_is_the_one_that_the_rule_gives(service: Service, figures: Prometheus) -> None:
    behavior = QUICK["behavior"] | {"down": {"percent": 30, "period": "5s"}}
    rule = Behavior(Rate(2, 50, 5), Rate(1, 30, 5), calm=5)
    up = [size for _, size in ramp(4, 20, rule)]
    down = [size for _, size in ramp(20, 4, rule)]
    assert (up, down) == ([6, 9, 14, 20], [14, 9, 6, 4])

    figures.figure = 20
    service.apply(load=LOAD, proven=16, triggers=trigger(figures), behavior=behavior)
    service.wait_for(20)
    figures.figure = 1
    service.wait_for(4)

    steps = service.steps()
    assert [size for _, size in steps] == up + down
    apart = [later - earlier for (earlier, _), (later, _) in pairwise(steps)]
    # The control plane's times are whole seconds, so one may be missing.
    assert all(pause >= timedelta(seconds=4) for pause in apart)


def test_never_above_the_ceiling(service: Service, figures: Prometheus) -> None:
    figures.figure = 1e9
    service.apply(load=LOAD, ceiling=6, triggers=trigger(figures))

    service.wait_for(6)

    wait(lambda: _limited(service) == "TooManyReplicas", "the autoscaler to be limited")
    assert service.sizes() == [6]


def _limited(service: Service) -> str:
    conditions = service.get("hpa", "keda-hpa-web")["status"]["conditions"]
    return next(c["reason"] for c in conditions if c["type"] == "ScalingLimited")


def test_a_query_that_finds_nothing_takes_no_replica_away(service: Service, figures: Prometheus) -> None:
    """KEDA by itself takes nothing for zero; here it is a failure, and what runs stays."""
    figures.figure = 9
    service.apply(load=LOAD, proven=8, triggers=trigger(figures))
    service.wait_for(9)

    figures.figure = None

    def failures() -> int:
        status = service.get("scaledobject", "web")["status"]
        return status.get("health", {}).get("s1-prometheus", {}).get("numberOfFailures", 0)

    # Each failure is one look of the autoscaler; calm is over after five.
    wait(lambda: failures() > 15, "the autoscaler to ask often enough")
    assert service.sizes() == [6, 9]
    conditions = service.get("scaledobject", "web")["status"]["conditions"]
    assert next(c["status"] for c in conditions if c["type"] == "Fallback") == "True"

    figures.figure = 8
    service.wait_for(8)


def test_a_floor_by_the_clock_is_held_to_the_last_replica(service: Service) -> None:
    """10 to 11 is a tenth, which the autoscaler by default leaves as it is."""
    now = datetime.now(UTC)
    start, end = now - timedelta(minutes=5), now + timedelta(minutes=30)
    window = {"start": cron(start), "end": cron(end), "peak": 160}

    service.apply(replicas=10, load={"peak": 144, "replica": 20}, schedule={"windows": [window]})

    assert service.get("scaledobject", "web")["spec"]["minReplicaCount"] == 10
    service.wait_for(11)
    assert service.sizes() == [11]


def test_a_plain_autoscaler_follows_the_processor(service: Service) -> None:
    """All that four replicas request is in use; 60 % is the target."""
    service.apply(load=LOAD)

    def figures() -> list[dict[str, Any]]:
        return [
            metric["containerResource"]["current"]
            for metric in service.get("hpa", "web")["status"].get("currentMetrics") or ()
            if "containerResource" in metric
        ]

    wait(figures, "a figure of the processor")
    assert figures()[0]["averageUtilization"] == 0

    pods = ("annotate", "pods", "--all", f"--namespace={service.namespace}")
    service.kubectl.run(*pods, f"{usage.CPU}=250m")

    wait(lambda: service.sizes(), "the first step")
    assert service.sizes()[0] == 6
