"""Which part of a workload takes over from which, and what waits for it."""

from pathlib import Path
from typing import Any

import pytest
from tests.guards.workload.one import resolved

from flyball import wellknown
from flyball.deploy import parts
from flyball.deploy.manifests import Object
from flyball.guards.workload.limits import Limits
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Played
from flyball.kubernetes.governor.limits import KEY, config_map
from flyball.kubernetes.governor.names import LIMITS


class Cluster(Played):
    """Stands in for kubectl on a cluster with these Deployments."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(Path("kubectl"), None)
        self.__dict__.update(sizes=sizes)

    def listed(self, plural: str, namespace: str = "", selector: str = "", *, api: str = "v1") -> list[dict[str, Any]]:
        ours = f"{wellknown.MANAGED_BY_LABEL}=flyball"
        assert (api, plural, namespace, selector) == ("apps/v1", "deployments", "default", ours)
        sizes: dict[str, int] = self.__dict__["sizes"]
        names = {name: name.replace("_", "-") for name in sizes}
        return [{"metadata": {"name": names[n]}, "spec": {"replicas": size}} for n, size in sizes.items()]


def web(**more: Any) -> Service:
    """7 replicas needed, 8 at least, 24 at most; on spot 7 and 1."""
    args = {"port": 8080, "load": {"peak": 100, "replica": 20}, "proven": 16, **more}
    return resolved("web", args, zones=3)


@pytest.mark.parametrize(
    ("cluster", "service", "sizes"),
    [
        (Cluster(), web(), {}),
        (Cluster(), web(spot={}), {}),
        (Cluster(web=20), web(), {}),
        (Cluster(web=7, web_spot=13), web(spot={}), {}),
        (Cluster(web=20), web(spot={}), {("default", "web-spot"): 13}),
        (Cluster(web=7), web(spot={}), {("default", "web-spot"): 1}),
        (Cluster(web=40), web(spot={}), {("default", "web-spot"): 17}),
        (Cluster(web=7, web_spot=13), web(), {("default", "web"): 20}),
        (Cluster(web=20, web_spot=13), web(), {("default", "web"): 24}),
    ],
)
def test_what_comes_serves_first(cluster: Cluster, service: Service, sizes: dict[tuple[str, str], int]) -> None:
    assert parts.taking_over(parts.live(cluster, [service]), [service]) == sizes


def test_what_runs_is_known_as_far_as_it_may_run() -> None:
    live = parts.live(Cluster(web=7, web_spot=40, other=5), [web(spot={})])
    assert parts.running(live, [web(spot={})]) == {("default", "web"): 7, ("default", "web-spot"): 24}


def made(kind: str, name: str) -> Object:
    group = {"Deployment": "apps/v1", "ScaledObject": "keda.sh/v1alpha1"}.get(kind, "autoscaling/v2")
    return Object({"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": "shop"}}, ())


def test_only_the_autoscaler_of_a_base_waits_for_its_spot_part() -> None:
    objects = [made(kind, name) for kind in ("Deployment", "HorizontalPodAutoscaler") for name in ("a", "a-spot", "b")]
    first = parts.first(objects, {("shop", "a-spot"): 3, ("shop", "b"): 9})
    assert [o for o in objects if o not in first] == [made("HorizontalPodAutoscaler", "a")]
    assert parts.giving_up({("shop", "a-spot"): 3, ("shop", "b"): 9}) == [("shop", "b")]


def test_of_two_autoscalers_of_different_kinds_the_old_one_goes_at_once() -> None:
    old = [made("HorizontalPodAutoscaler", "a"), made("ScaledObject", "b"), made("HorizontalPodAutoscaler", "c")]
    new = [made("ScaledObject", "a"), made("ScaledObject", "b"), made("Deployment", "c")]
    assert parts.superseded(old, new) == old[:1]


def test_what_goes_keeps_its_limits_and_what_stays_has_its_new_ones() -> None:
    def limits(**workloads: int) -> dict[str, Any]:
        return config_map("shop", {name: Limits(floor, 9, 1) for name, floor in workloads.items()})

    new, live = Object(limits(a=2, c=3), ()), limits(a=5, b=6, d=8)
    assert parts.is_limits(new)
    assert parts.limited(new, live, {"b"}).manifest["data"][KEY] == limits(a=2, b=6, c=3)["data"][KEY]
    assert parts.limited(new, live, {"a"}).manifest["data"][KEY] == limits(a=5, c=3)["data"][KEY]
    assert parts.limited(new, None, {"b"}) == new
    assert new.name == LIMITS
