"""Where services are called from outside: `up` says it at its end, as far as the cluster knows."""

import json
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy import addresses
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.platform import Platform
from flyball.guards.workload.resolve import Place, resolve
from flyball.guards.workload.way_in import WayIn
from flyball.kubectl import Kubectl, KubectlError, Played

PLAIN: dict[str, Any] = {"port": 8080, "service": 80, "load": {"peak": 10, "replica": 20}}
BALANCED = {**PLAIN, "expose": {"balancer": {"sources": ["192.0.2.0/24"], "through": ["10.0.0.0/16"], "port": 443}}}
EXPOSED = {**PLAIN, "expose": {"host": "shop.example.com"}}
API = {**PLAIN, "expose": {"host": "shop.example.com", "path": "/api"}}
INGRESS = WayIn(ingress="nginx", namespace="ingress")
GATEWAY = WayIn(gateway="outer", namespace="gateways")
NONE: dict[str, Any] = {"loadBalancer": {}}


class Cluster(Played):
    """Stands in for kubectl on a cluster in which these have such a status: `services`, `ingresses` by name, and its
    Gateway, which its user may read or not."""

    def __init__(self, *, context: str = "", allowed: bool = True, gateway: Any = None, **there: Any) -> None:
        super().__init__(Path("kubectl"), None, context)
        self.allowed, self.gateway, self.there = allowed, gateway, there
        self.asked: list[str] = []

    def json(self, *arguments: str, stdin: str = "") -> Any:
        self.asked.append(" ".join(arguments[:2]))
        if arguments[0] == "create":
            where = {"verb": "get", "group": "gateway.networking.k8s.io", "resource": "gateways"}
            own = {"namespace": "gateways", "name": "outer"}
            assert json.loads(stdin)["spec"] == {"resourceAttributes": where | own}
            return {"status": {"allowed": self.allowed}}
        assert arguments[2] == "--namespace=shop"
        found = self.there.get(arguments[1].partition(".")[0], {})
        return {"items": [{"metadata": {"name": name}, "status": status} for name, status in found.items()]}

    def find(self, kind: str, name: str, *where: str) -> Any | None:
        self.asked.append(f"find {kind}")
        assert (kind, name, *where) == ("gateways.gateway.networking.k8s.io", "outer", "--namespace=gateways")
        return self.gateway and {"status": self.gateway}


def said(cluster: Kubectl, way: WayIn | None = None, **services: dict[str, Any]) -> list[str]:
    platform = Platform(way=way) if way else Platform()
    return list(addresses.said(cluster, resolve(services, Place("shop", platform=platform), (), PlainArgs).values()))


def at(*addresses: dict[str, Any]) -> dict[str, Any]:
    return {"loadBalancer": {"ingress": list(addresses)}}


@pytest.mark.parametrize(
    ("status", "where"),
    [
        (at({"ip": "203.0.113.7"}), "203.0.113.7"),
        (at({"hostname": "web-1.elb.example", "ports": []}), "web-1.elb.example"),
        (at({"ip": "203.0.113.7", "ipMode": "VIP"}, {"ip": "2001:db8::7"}), "203.0.113.7, 2001:db8::7"),
        (at({"ip": "203.0.113.7", "hostname": "web.example"}), "web.example"),
    ],
)
def test_a_balancer_is_called_at_its_port_of_its_address(status: dict[str, Any], where: str) -> None:
    cluster = Cluster(services={"web-balancer": status, "web": NONE})
    assert said(cluster, web=BALANCED, plain=PLAIN) == [f"web is called at port 443 of {where}"]


@pytest.mark.parametrize("there", [{"web-balancer": NONE}, {"web-balancer": {}}, {"web-balancer": at()}, {}])
@pytest.mark.parametrize(("context", "flag"), [("", ""), ("prod", " --context=prod"), ("a b", " --context='a b'")])
def test_where_there_is_none_yet_it_is_said_how_to_see_it(there: dict[str, Any], context: str, flag: str) -> None:
    assert said(Cluster(context=context, services=there), web=BALANCED) == [
        "web has no address yet, which comes from who makes balancers in the cluster:"
        f" kubectl{flag} get service web-balancer --namespace=shop"
    ]


def test_an_ingress_is_called_by_its_host_which_has_to_lead_to_its_address() -> None:
    cluster = Cluster(ingresses={"web": at({"ip": "203.0.113.7"}), "api": NONE})
    assert said(cluster, INGRESS, web=EXPOSED, api=API) == [
        "web is called as shop.example.com, which has to lead to 203.0.113.7",
        "api, to be called as shop.example.com, has no address yet, which comes from who serves nginx:"
        " kubectl get ingress api --namespace=shop",
    ]


GATEWAY_HAS_NONE = (
    "has no address yet, which comes from who serves outer: kubectl get gateway outer --namespace=gateways"
)


@pytest.mark.parametrize(
    ("gateway", "how"),
    [
        ({"addresses": [{"type": "IPAddress", "value": "203.0.113.7"}, {"value": "gate.example"}]}, None),
        ({"addresses": []}, GATEWAY_HAS_NONE),
        ({}, GATEWAY_HAS_NONE),
        (None, GATEWAY_HAS_NONE),
    ],
)
def test_what_a_gateway_leads_to_is_called_at_its_addresses(gateway: dict[str, Any] | None, how: str | None) -> None:
    cluster = Cluster(gateway=gateway)
    found = said(cluster, GATEWAY, web=EXPOSED, api=API)
    if how:
        assert found == [f"{name}, to be called as shop.example.com, {how}" for name in ("web", "api")]
    else:
        leads = "is called as shop.example.com, which has to lead to 203.0.113.7, gate.example"
        assert found == [f"{name} {leads}" for name in ("web", "api")]
    assert sorted(cluster.asked) == ["create --filename=-", "find gateways.gateway.networking.k8s.io"]


def test_a_gateway_of_others_that_one_may_not_read_is_said_as_such() -> None:
    assert said(Cluster(allowed=False, gateway={"addresses": [{"value": "203.0.113.7"}]}), GATEWAY, web=EXPOSED) == [
        "web is called as shop.example.com, which has to lead to the gateway outer of the namespace gateways; this user"
        " may not read its address"
    ]


def test_a_namespace_is_asked_once_and_not_at_all_where_nobody_calls_from_outside() -> None:
    cluster = Cluster(services={})
    assert said(cluster, web=PLAIN) == []
    assert cluster.asked == []
    assert len(said(cluster, web=BALANCED, api=BALANCED)) == 2
    assert cluster.asked == ["get services"]


class Silent(Cluster):
    """Answers no question of what there is."""

    def json(self, *arguments: str, stdin: str = "") -> Any:
        if arguments[0] == "get":
            raise KubectlError(f"Forbidden: {arguments[1]}")
        return super().json(*arguments, stdin=stdin)

    def find(self, kind: str, name: str, *where: str) -> Any | None:
        raise KubectlError('error: the server doesn\'t have a resource type "gateways"')


@pytest.mark.parametrize(
    ("way", "args", "why"),
    [
        (GATEWAY, EXPOSED, 'error: the server doesn\'t have a resource type "gateways"'),
        (INGRESS, EXPOSED, "Forbidden: ingresses.networking.k8s.io"),
        (None, BALANCED, "Forbidden: services"),
    ],
)
def test_what_cannot_be_asked_is_said_and_fails_nothing(way: WayIn | None, args: dict[str, Any], why: str) -> None:
    """All stands by then."""
    assert said(Silent(), way, web=args) == [f"web is called from outside, and its address cannot be asked: {why}"]
