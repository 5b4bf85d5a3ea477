"""How a workload is reached and who it is: its Service, its ServiceAccount, and its disruption budget."""

from collections.abc import Mapping

from flyball import wellknown
from flyball.guards.workload.application import Placed
from flyball.guards.workload.canary import PART as CANARY_PART
from flyball.guards.workload.canary import SUFFIX as CANARY_SUFFIX
from flyball.guards.workload.ports import Port
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import BASE_PART, PORT_NAME, Manifest, metadata, selector
from flyball.kubernetes.workload.network import protocol

_APP_PROTOCOLS = {"http": {"appProtocol": "http"}, "grpc": {"appProtocol": "kubernetes.io/h2c"}, "tcp": {}, "udp": {}}
"""Plain TCP has no name of its own (https://kubernetes.io/docs/concepts/services-networking/service/
#application-protocol)."""


def service(s: Service) -> Manifest:
    """One address for all parts, but for a new version that a route leads to: that has one of its own."""
    return _service(s, s.name, {wellknown.PART_LABEL: BASE_PART} if s.spec.routed else {})


def canary(s: Service) -> list[Manifest]:
    """The address of the new version, for the route alone; none of what needs none."""
    return [_service(s, s.name + CANARY_SUFFIX, {wellknown.PART_LABEL: CANARY_PART})] if s.spec.routed else []


def _service(s: Service, name: str, part: Mapping[str, str]) -> Manifest:
    """A Service behind which the proxy listens; one address of each family that the cluster has.

    An application without the proxy in front of it may listen on one family only, so its Service has only the cluster's
    first (https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services). Pulumi need not wait for its
    endpoints: the Deployment's readiness is awaited.
    """
    return {
        "metadata": metadata(s, name, annotations={"pulumi.com/skipAwait": "true"}),
        "spec": {
            "type": "ClusterIP",
            **({"ipFamilyPolicy": "PreferDualStack"} if s.spec.fronted else {}),
            "selector": {**selector(s), **part},
            "ports": [
                {
                    "name": PORT_NAME,
                    "port": s.spec.service,
                    "targetPort": target_port(s),
                    "protocol": "TCP",
                    **_APP_PROTOCOLS[s.spec.protocol],
                },
                *(_further(name, each) for name, each in sorted(s.spec.ports.items())),
            ],
        },
    }


def target_port(s: Service) -> int | str:
    """Where calls arrive at a pod. By number with a proxy: a name is looked up among the application's ports, and the
    proxy is beside it."""
    return s.spec.inbound.port if s.spec.fronted else PORT_NAME


def _further(name: str, port: Port) -> Manifest:
    """A port past the proxy, which stands in front of the first one alone."""
    return {
        "name": name,
        "port": port.service,
        "targetPort": name,
        "protocol": protocol(port.protocol),
        **_APP_PROTOCOLS[port.protocol],
    }


def service_account(s: Placed) -> Manifest:
    """An identity of its own, without a token unless asked for."""
    return {"metadata": metadata(s, annotations=s.spec.pod.account), "automountServiceAccountToken": s.spec.token}


def disruption_budget(s: Service) -> Manifest:
    """`floor - need` may be disrupted, at least one; pods that are not ready may always be evicted, they carry nothing.

    With a budget of 0 no node with such a pod is ever drained: upgrades stand still, and Karpenter neither consolidates
    nor replaces the node, until its termination grace period ends and takes the pods without regard to any budget
    (https://karpenter.sh/docs/concepts/disruption/). How many of what keeps data may go, `Members.budget` says.
    """
    return {
        "metadata": metadata(s),
        "spec": {
            "maxUnavailable": s.sizing.budget,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(s)},
        },
    }
