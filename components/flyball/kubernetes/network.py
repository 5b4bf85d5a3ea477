"""The NetworkPolicy that follows from the call graph: declared callers in, declared calls and DNS out."""

from flyball import wellknown
from flyball.guards.workload.sidecar import FIRST_PORT
from flyball.kubernetes.objects import Guarded, Manifest

_DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
_CLUSTER_DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
_NODE_LOCAL_DNS = {"ipBlock": {"cidr": "169.254.20.10/32"}}
"""NodeLocal DNSCache answers on this address (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/)."""


def network_policy(g: Guarded) -> Manifest:
    """Both directions are listed, so whatever is not allowed here is refused."""
    return {
        "metadata": g.metadata(),
        "spec": {
            "podSelector": {"matchLabels": g.selector},
            "policyTypes": ["Ingress", "Egress"],
            # No rule is no list: the server drops an empty one, and each apply would put it back.
            **({"ingress": rules} if (rules := _ingress(g)) else {}),
            "egress": [{"to": [_CLUSTER_DNS, _NODE_LOCAL_DNS], "ports": _DNS_PORTS}, *_egress(g)],
        },
    }


def _ingress(g: Guarded) -> list[Manifest]:
    """Callers reach the guard, and nobody the application past it; who scrapes the metrics reaches these."""
    ports, metrics = [_tcp(g.spec.entry)], _metrics(g)
    if g.spec.public:
        return [*metrics, {"ports": ports}]
    callers = [{"podSelector": {"matchLabels": {wellknown.NAME_LABEL: caller}}} for caller in sorted(g.callers)]
    return [*metrics, *([{"from": callers, "ports": ports}] if callers else [])]


def _metrics(g: Guarded) -> list[Manifest]:
    if not g.spec.proxied:
        return []
    there = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": g.spec.sidecar.scrape}}}
    return [{"from": [there], "ports": [_tcp(g.spec.sidecar.metrics_port)]}]


def _tcp(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}


def _egress(g: Guarded) -> list[Manifest]:
    rules: list[Manifest] = []
    for callee in sorted(g.spec.calls):
        if outside := g.spec.outside.get(callee):
            rule: Manifest = {"ports": [_tcp(outside.port)]}
            if outside.cidrs:
                rule["to"] = [{"ipBlock": {"cidr": cidr}} for cidr in outside.cidrs]
            rules.append(rule)
            continue
        # A policy speaks of the pods' own ports, which are not those of the Service in front of them.
        port = g.spec.call_targets.get(callee, FIRST_PORT)
        there = {"podSelector": {"matchLabels": {wellknown.NAME_LABEL: callee}}}
        rules.append({"to": [there], "ports": [_tcp(port)]})
    return rules
