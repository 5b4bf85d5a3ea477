"""What a plan says of services with a balancer of their own."""

from typing import Any

import pytest

from flyball.stack.plan import plan

SERVICE = {"image": "example.org/web:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}
THROUGH = {"through": ["10.0.0.0/16"]}


def config(**balancers: dict[str, Any]) -> dict[str, Any]:
    outer = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "local"}
    services = {name: {**SERVICE, "service": 80, "expose": {"balancer": one}} for name, one in balancers.items()}
    return {**outer, "services": {**services, "plain": SERVICE}}


def test_says_who_calls_where_and_that_an_address_may_never_come() -> None:
    inner = {**THROUGH, "sources": ["192.0.2.0/24", "2001:db8::/32"], "port": 443}
    found = plan(config(inner=inner, outer={**THROUGH, "public": True}))
    address = "its address comes from who makes balancers in the cluster, and never where nobody does"
    assert [str(problem) for problem in found.findings] == []
    assert [str(way) for way in found.ways] == [
        f"inner is called at port 443 of an internal balancer by 192.0.2.0/24, 2001:db8::/32; {address}",
        f"outer is called at port 80 of a balancer by everybody; {address}",
    ]
    assert found.as_json()["balancers"][1] == {"service": "outer", "port": 80, "sources": (), "internal": False}


def classed(kind: str | None, namespace: str = "shop") -> dict[str, Any]:
    own = {**THROUGH, "public": True, **({"class": kind} if kind else {})}
    return {**config(web=own), "namespace": namespace}


HINT = "leave it as it is, or take expose out, bring the stack up, and give it back: with another address"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (None, []),
        (classed("service.k8s.aws/nlb"), []),
        (classed(None), ["the cluster's own"]),
        (classed("example.org/other"), ["'example.org/other'"]),
        # What is made anew may be of any class: in another namespace, or where there was none.
        (classed("example.org/other", "elsewhere"), []),
        (config(other=THROUGH | {"public": True}), []),
        ({**config(), "services": {"web": SERVICE}}, []),
    ],
    ids=["none", "the same", "the cluster's", "another", "elsewhere", "new", "no balancer"],
)
def test_another_class_than_that_of_the_earlier_file_is_found(before: dict[str, Any] | None, said: list[str]) -> None:
    found = plan(classed("service.k8s.aws/nlb"), before).findings
    assert [(problem.rule.id, str(problem)) for problem in found] == [
        (
            "balancer-fixed",
            f"services.web.expose.balancer.class: is 'service.k8s.aws/nlb', and {was} made the balancer that is there;"
            f" {HINT}",
        )
        for was in said
    ]


def test_a_class_that_the_platform_says_counts_too() -> None:
    way = {"way": {"balancer": {"class": "service.k8s.aws/nlb"}}}
    assert plan({**classed(None), "platform": way}, classed("service.k8s.aws/nlb")).findings == ()
    [found] = plan({**classed(None), "platform": way}, classed(None)).findings
    assert found.rule.id == "balancer-fixed"
