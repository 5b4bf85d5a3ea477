"""A service's own balancer: a Service of type LoadBalancer beside the one that callers in the cluster know."""

from collections.abc import Iterable, Mapping
from typing import Any

from flyball.guards.reading.units import ceil_div
from flyball.guards.workload.balancer import SUFFIX, Balancer
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import PORT_NAME, Manifest, metadata, selector, unless_empty
from flyball.kubernetes.workload.service import target_port

_LEAST_MINUTES = 4
"""https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout"""


def load_balancer(s: Service, balancer: Balancer) -> Manifest:
    """Of one family of addresses, the cluster's first: balancers for both are asked for in words of their own.

    Pulumi need not wait for its address, which never comes where nobody in the cluster makes balancers. The port's
    appProtocol is not said: Azure would ask for `/`, and take the nodes of whoever answers with 404 out
    (https://learn.microsoft.com/azure/aks/load-balancer-standard).
    """
    notes = {**balancer.annotations, **_told(balancer), "pulumi.com/skipAwait": "true"}
    return {
        "metadata": metadata(s, s.name + SUFFIX, notes),
        "spec": {
            "type": "LoadBalancer",
            **({"loadBalancerClass": balancer.kind} if balancer.kind else {}),
            **unless_empty("loadBalancerSourceRanges", list(balancer.sources)),
            "externalTrafficPolicy": "Local" if balancer.local else "Cluster",
            "allocateLoadBalancerNodePorts": balancer.nodeports,
            "selector": selector(s),
            "ports": [{"name": PORT_NAME, "port": balancer.port, "targetPort": target_port(s), "protocol": "TCP"}],
        },
    }


def _told(balancer: Balancer) -> dict[str, str]:
    """Whether it is internal and how long a connection may be idle, in the words of those who have some.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/, with the words for
    Classic ones of https://cloud-provider-aws.sigs.k8s.io/service_controller/;
    https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/, in whole minutes;
    https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters, where nothing is cut.
    """
    seconds = ceil_div(balancer.idle, 1000)
    minutes = max(_LEAST_MINUTES, ceil_div(balancer.idle, 60_000))
    aws, azure = (f"service.beta.kubernetes.io/{cloud}-load-balancer" for cloud in ("aws", "azure"))
    internal = {
        f"{aws}-internal": "true",
        f"{azure}-internal": "true",
        "networking.gke.io/load-balancer-type": "Internal",
    }
    return {
        f"{aws}-connection-idle-timeout": f"{seconds}",
        f"{aws}-listener-attributes.TCP-{balancer.port}": f"tcp.idle_timeout.seconds={seconds}",
        f"{aws}-scheme": "internal" if balancer.internal else "internet-facing",
        f"{azure}-tcp-idle-timeout": f"{minutes}",
        **(internal if balancer.internal else {}),
    }


def addresses(ingress: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """Where a balancer is called, or an Ingress, by `loadBalancer.ingress` of its status: names where it has some, else
    addresses, of which it may have one of each family; none while nobody has made it.

    The addresses of what has a name change (https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/
    how-elastic-load-balancing-works.html#request-routing).
    """
    found = [each.get("hostname") or each.get("ip") for each in ingress or ()]
    return [each for each in found if each]
