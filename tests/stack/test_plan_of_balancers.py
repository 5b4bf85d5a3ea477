"""What a plan says of services with a balancer of their own."""

from typing import Any

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
