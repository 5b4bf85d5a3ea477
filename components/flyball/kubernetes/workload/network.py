"""The NetworkPolicy that follows from the call graph: declared callers in; declared calls, further ports of which it is
a caller, and DNS out.
"""

from collections.abc import Iterable

from flyball import wellknown
from flyball.guards.timeouts.calls import Outside
from flyball.guards.workload.application import Placed
from flyball.guards.workload.names import EVERYBODY, Caller
from flyball.guards.workload.platform import EVERYWHERE, Platform, anywhere
from flyball.guards.workload.ports import Port, Reached
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest, metadata, selector


def network_policy(s: Placed) -> Manifest:
    """Both directions are listed, so whatever is not allowed here is refused."""
    return {
        "metadata": metadata(s),
        "spec": {
            "podSelector": {"matchLabels": selector(s)},
            "policyTypes": ["Ingress", "Egress"],
            # No rule is no list: the server drops an empty one, and each apply would put it back.
            **({"ingress": rules} if (rules := _ingress(s)) else {}),
            "egress": [*resolvers(s.place.platform), *_egress(s)],
        },
    }


def resolvers(platform: Platform) -> list[Manifest]:
    """Whoever resolves names, a rule for each set of ports."""
    to: dict[tuple[int, ...], list[Manifest]] = {}
    for pods in platform.pods:
        labels = {"podSelector": {"matchLabels": dict(pods.labels)}} if pods.labels else {}
        to.setdefault(pods.ports, []).append({**by_namespace(pods.namespace), **labels})
    blocks = [{"ipBlock": {"cidr": cidr}} for cidr in platform.addresses]
    if blocks:
        to.setdefault(platform.ports, []).extend(blocks)
    return [
        {"to": peers, "ports": [{"protocol": protocol, "port": port} for port in ports for protocol in ("UDP", "TCP")]}
        for ports, peers in to.items()
    ]


def _ingress(s: Placed) -> list[Manifest]:
    """Callers reach the proxy, and nobody the application past it; who scrapes the metrics reaches these."""
    metrics = _metrics(s)
    if not isinstance(s, Service):
        return metrics  # nobody calls a job
    further = [
        rule
        for _, each in sorted(s.spec.ports.items())
        for rule in _let_in(s, each.callers, each.public, _further(each))
    ]
    called = [] if s.spec.entry is None else _called(s, tcp(s.spec.entry))
    return [*metrics, *called, *further, *_among(s, "from")]


def _called(s: Service, port: Manifest) -> list[Manifest]:
    """Callers, and what arrives from a balancer of its own, unless everybody is let in anyway."""
    callers = _let_in(s, s.callers, s.spec.public, port)
    if s.spec.balancer is None or s.spec.public:
        return callers
    blocks = [{"ipBlock": {"cidr": cidr}} for cidr in s.spec.balancer.arrives or EVERYWHERE]
    return [*callers, {"from": blocks, "ports": [port]}]


def _among(s: Service, direction: str) -> list[Manifest]:
    """Members reach each other at all ports of the application, past the proxy."""
    if s.members is None or s.members.alone or s.spec.port is None:
        return []
    ports = [tcp(s.spec.port), *(_further(each) for _, each in sorted(s.spec.ports.items()))]
    return [{direction: [{"podSelector": {"matchLabels": selector(s)}}], "ports": ports}]


def _further(port: Port | Reached) -> Manifest:
    return {**tcp(port.port), "protocol": protocol(port.protocol)}


def _let_in(s: Placed, callers: Iterable[Caller], public: bool, port: Manifest) -> list[Manifest]:
    """The rule for one port; none where nobody is named."""
    if public:
        return [{"ports": [port]}]
    # Those of the own namespace first, then others by namespace and name.
    ordered = sorted(callers, key=lambda caller: (caller.namespace != s.spec.namespace, caller))
    peers = [_pods(s, caller.namespace, caller.name) for caller in ordered]
    return [{"from": peers, "ports": [port]}] if peers else []


def protocol(spoken: str) -> str:
    """What carries it."""
    return "UDP" if spoken == "udp" else "TCP"


def _pods(s: Placed, namespace: str, name: str) -> Manifest:
    """All pods of a workload, or of a namespace; without a namespace a policy means its own."""
    if name == EVERYBODY:
        return by_namespace(namespace)
    pods = {"podSelector": {"matchLabels": {wellknown.NAME_LABEL: name}}}
    return pods if namespace == s.spec.namespace else {**by_namespace(namespace), **pods}


def by_namespace(name: str) -> Manifest:
    """All pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _metrics(s: Placed) -> list[Manifest]:
    own = s.spec.metrics if isinstance(s, Service) else None
    scraped = [{"from": [by_namespace(own.scrape)], "ports": [tcp(own.port)]}] if own else []
    if not s.spec.proxied:
        return scraped
    return [*scraped, {"from": [by_namespace(s.spec.sidecar.scrape)], "ports": [tcp(s.spec.sidecar.metrics_port)]}]


def tcp(port: int) -> Manifest:
    """One port of TCP."""
    return {"protocol": "TCP", "port": port}


def _egress(s: Placed) -> list[Manifest]:
    rules: list[Manifest] = []
    for _, call in sorted(s.spec.calls.items()):
        to = call.to
        if isinstance(to, Outside):
            blocks = [{"ipBlock": {"cidr": cidr}} for cidr in to.cidrs] or _anywhere(s, to)
            rules.append({"ports": [tcp(to.port)], **({"to": blocks} if blocks else {})})
        else:
            # A policy speaks of the pods' own ports, which are not those of the Service in front of them.
            rules.append({"to": [_pods(s, to.namespace, to.name)], "ports": [tcp(to.target)]})
    further = [{"to": [_pods(s, to.namespace, to.name)], "ports": [_further(to)]} for to in s.reaches]
    return [*rules, *further, *(_among(s, "to") if isinstance(s, Service) else ())]


def _anywhere(s: Placed, to: Outside) -> list[Manifest]:
    """Every address but those where a machine keeps its own credentials."""
    found = anywhere(s.place.platform, to.port, (to.host, *to.hosts))
    return [{"ipBlock": {"cidr": cidr, **({"except": [*out]} if out else {})}} for cidr, out in found.items()]
