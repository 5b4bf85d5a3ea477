"""Balancers as they run, and what is refused of a change of them, before anything changes."""

from typing import Any

import pytest

from flyball.deploy import balancers
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.resolve import Place, resolve
from flyball.kubectl import Played


class Runs(Played):
    """Stands in for kubectl on a cluster where these Services are."""

    def __init__(self, **specs: Any) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.items = [{"metadata": {"name": name.replace("_", "-")}, "spec": spec} for name, spec in specs.items()]

    def json(self, *arguments: str, stdin: str = "") -> Any:
        self.asked.append(arguments)
        return {"items": self.items}


def found(runs: Runs, **balancer: Any) -> list[str]:
    own = {"sources": ["192.0.2.0/24"], "through": ["10.0.0.0/16"], **balancer}
    plain: dict[str, Any] = {"port": 80, "load": {"peak": 10, "replica": 20}}
    services = {
        "web": {**plain, "expose": {"balancer": own}},
        "api": {**plain, "expose": {"balancer": own}},
        "x": plain,
    }
    resolved = resolve(services, Place("shop"), ("services",), PlainArgs)
    return [str(problem) for problem in balancers.check(runs, resolved.values())]


HINT = "leave it as it is, or take expose out, bring the stack up, and give it back: with another address"
OF_AWS = {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"}
OF_CLUSTER = {"type": "LoadBalancer"}


@pytest.mark.parametrize(
    ("there", "given", "said"),
    [
        (OF_AWS, "service.k8s.aws/nlb", []),
        (OF_CLUSTER, None, []),
        ({"type": "ClusterIP"}, "service.k8s.aws/nlb", []),
        (
            OF_AWS,
            "example.org/other",
            ["is 'example.org/other', and 'service.k8s.aws/nlb' made the balancer that is there"],
        ),
        (OF_AWS, None, ["is the cluster's own, and 'service.k8s.aws/nlb' made the balancer that is there"]),
        (
            OF_CLUSTER,
            "example.org/other",
            ["is 'example.org/other', and the cluster's own made the balancer that is there"],
        ),
    ],
)
def test_who_made_a_balancer_stays(there: dict[str, Any], given: str | None, said: list[str]) -> None:
    runs = Runs(web_balancer=there, other_balancer={"type": "LoadBalancer", "loadBalancerClass": "example.org/third"})
    told = found(runs, **({"class": given} if given else {}))
    assert told == [f"services.web.expose.balancer.class: {each}; {HINT}" for each in said]


def test_a_namespace_is_asked_once() -> None:
    runs = Runs()
    assert found(runs) == []
    assert [asked[:2] for asked in runs.asked] == [("get", "services")]
