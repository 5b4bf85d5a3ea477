"""The NetworkPolicy that follows from the call graph: declared callers in, declared calls and DNS out."""

from flyball import wellknown
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
    ports = [{"protocol": "TCP", "port": g.spec.port}]
    if g.spec.public:
        return [{"ports": ports}]
    callers = [{"podSelector": {"matchLabels": {wellknown.NAME_LABEL: caller}}} for caller in sorted(g.callers)]
    return [{"from": callers, "ports": ports}] if callers else []


def _egress(g: Guarded) -> list[Manifest]:
    rules: list[Manifest] = []
    for callee in sorted(g.spec.calls):
        if outside := g.spec.outside.get(callee):
            rule: Manifest = {"ports": [{"protocol": "TCP", "port": outside.port}]}
            if outside.cidrs:
                rule["to"] = [{"ipBlock": {"cidr": cidr}} for cidr in outside.cidrs]
            rules.append(rule)
            continue
        rule = {"to": [{"podSelector": {"matchLabels": {wellknown.NAME_LABEL: callee}}}]}
        if port := g.spec.call_ports.get(callee):
            rule["ports"] = [{"protocol": "TCP", "port": port}]
        rules.append(rule)
    return rules
