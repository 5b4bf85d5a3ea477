"""What differs from one platform of Kubernetes to the next: who resolves names, which nodes are spot, what to keep out.

Where no platform is named, that of every known one holds at once: a selector that nothing matches and an address where
nobody answers do no harm, and a node is on demand where it has no label of any. What each has comes from these:

- names: `k8s-app: kube-dns` and 169.254.20.10, https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/;
  of GKE with Cloud DNS 169.254.169.254, https://docs.cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns;
  of AKS 169.254.10.10 and .11, https://learn.microsoft.com/azure/aks/localdns-custom;
  of OpenShift the pods in openshift-dns, https://docs.redhat.com/en/documentation/openshift_container_platform/4.9/
  html/networking/dns-operator, on port 5353;
  of EKS in Auto Mode a service of the node, behind the address of the cluster's own, which nobody knows beforehand,
  https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html
- spot: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/spot-vms and .../how-to/preemptible-vms,
  https://learn.microsoft.com/azure/aks/spot-node-pool, https://docs.aws.amazon.com/eks/latest/userguide/
  managed-node-groups.html, https://karpenter.sh/docs/concepts/nodepools/, and OpenShift's machine API
- metadata: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
  https://docs.cloud.google.com/compute/docs/metadata/querying-metadata,
  https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypedDict

from flyball import wellknown
from flyball.guards.fail_fast.container import check_labels
from flyball.guards.reading.address import LAST_PORT, in_cluster, is_address, ranges
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, OUT_OF_RANGE, UNKNOWN_VALUE
from flyball.guards.reading.strict import is_a, nearest
from flyball.guards.reading.units import show_number
from flyball.guards.workload import registry
from flyball.guards.workload.names import check_namespace
from flyball.guards.workload.registry import DIRECT, Registry, RegistryArgs
from flyball.guards.workload.way_in import NO_WAY, WayIn, WayInArgs, read_way


class ResolverArgs(TypedDict):
    """Who resolves names; pods may ask nobody else."""

    namespace: NotRequired[str]
    """Namespace of the pods that do [the platform's; kube-system where only labels are given]."""
    labels: NotRequired[dict[str, str]]
    """Labels of these pods [the platform's; any where only a namespace is given]."""
    addresses: NotRequired[list[str]]
    """Addresses that do, as of a cache on each node [the platform's]."""
    ports: NotRequired[list[int]]
    """Ports on which pods and addresses answer [53; of OpenShift's pods 5353]."""


class SpotNodesArgs(TypedDict):
    """By what a node is known that may vanish at two minutes' notice."""

    labels: NotRequired[dict[str, str]]
    """Labels, of which it has one [the platform's]."""
    taints: NotRequired[dict[str, str]]
    """Taints with the effect NoSchedule, key and value, which what may run there tolerates [the platform's]."""


class PlatformArgs(TypedDict):
    """The cluster that services run on, as far as it differs from others."""

    name: NotRequired[str]
    """`aks`, `eks`, `eks-auto`, `gke` or `openshift` [what holds for all of them but eks-auto at once]."""
    dns: NotRequired[ResolverArgs]
    """Who resolves names."""
    spot: NotRequired[SpotNodesArgs]
    """Which nodes are spot."""
    metadata: NotRequired[list[str]]
    """Addresses of the machine's own metadata, which no call to anywhere reaches [the platform's]."""
    way: NotRequired[WayInArgs]
    """What leads into the cluster [none]."""
    registry: NotRequired[RegistryArgs]
    """Where images come from."""


@dataclass(frozen=True, slots=True)
class Resolvers:
    """Pods of a namespace with these labels, on their own ports."""

    namespace: str
    labels: tuple[tuple[str, str], ...] = ()
    ports: tuple[int, ...] = (53,)


@dataclass(frozen=True, slots=True)
class Platform:
    """Addresses are ranges (CIDR), of both families. Labels and taints are pairs of key and value."""

    pods: tuple[Resolvers, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = (53,)
    spot: tuple[tuple[str, str], ...] = ()
    taints: tuple[tuple[str, str], ...] = ()
    metadata: tuple[str, ...] = ()
    registry: Registry = DIRECT
    way: WayIn = NO_WAY

    def is_spot(self, labels: Mapping[str, str]) -> bool:
        """Whether a node with these labels may vanish."""
        return any(labels.get(key) == value for key, value in self.spot)


_KUBE_DNS = Resolvers("kube-system", (("k8s-app", "kube-dns"),))
_NODE_LOCAL = "169.254.20.10/32"
_METADATA = "169.254.169.254/32"
EVERYWHERE = ("0.0.0.0/0", "::/0")
METADATA_PORT = 80
"""On which a machine is asked for its metadata; calls on other ports cannot."""

_KARPENTER = (wellknown.CAPACITY_TYPE, wellknown.CAPACITY_SPOT)
_OWN_TAINT = (wellknown.SPOT_TAINT, wellknown.SPOT_TAINT_VALUE)
_GKE_SPOT = ("cloud.google.com/gke-spot", "true")
_AKS_SPOT = ("kubernetes.azure.com/scalesetpriority", "spot")
_EKS = Platform(
    pods=(_KUBE_DNS,),
    addresses=(_NODE_LOCAL,),
    spot=(_KARPENTER, (wellknown.EKS_CAPACITY_TYPE, wellknown.EKS_CAPACITY_SPOT)),
    taints=(_OWN_TAINT,),
    metadata=(_METADATA, "fd00:ec2::254/128"),
)
KNOWN: Mapping[str, Platform] = {
    "eks": _EKS,
    "gke": Platform(
        pods=(_KUBE_DNS, Resolvers("kube-system", (("k8s-app", "node-local-dns"),))),
        addresses=(_NODE_LOCAL, _METADATA),
        spot=(_GKE_SPOT, ("cloud.google.com/gke-preemptible", "true")),
        taints=(_GKE_SPOT, _OWN_TAINT),
        metadata=(_METADATA, "fd20:ce::254/128"),
    ),
    "aks": Platform(
        pods=(_KUBE_DNS,),
        addresses=(_NODE_LOCAL, "169.254.10.10/32", "169.254.10.11/32"),
        spot=(_KARPENTER, _AKS_SPOT),
        taints=(_AKS_SPOT, _OWN_TAINT),
        metadata=(_METADATA, "168.63.129.16/32"),
    ),
    "openshift": Platform(
        pods=(Resolvers("openshift-dns", ports=(5353,)),),
        spot=(("machine.openshift.io/interruptible-instance", ""),),
        taints=(_OWN_TAINT,),
        metadata=(_METADATA, "fd00:ec2::254/128", "fd20:ce::254/128", "168.63.129.16/32"),
    ),
    "eks-auto": replace(_EKS, pods=(), addresses=EVERYWHERE),
}


def _united(platforms: Iterable[Platform]) -> Platform:
    """What holds on each of them."""
    found = [*platforms]

    def every(field: str) -> Any:
        return tuple(dict.fromkeys(item for platform in found for item in getattr(platform, field)))

    return Platform(**{field: every(field) for field in ("pods", "addresses", "ports", "spot", "taints", "metadata")})


ANY = _united(platform for name, platform in KNOWN.items() if name != "eks-auto")
"""Where no platform is named."""


def read(r: Reader) -> Platform:
    """The platform of `platform`, what is said of it in single values instead of the known ones."""
    name, dns, spot = r.value("name", str, ""), r.at("dns"), r.at("spot")
    if name not in KNOWN and isinstance(r.values.get("name"), str):
        hint = f"{nearest(name, KNOWN)} (of any other leave the name out, and say dns, spot and metadata)"
        r.problem("name", UNKNOWN_VALUE, f"is {name!r}", hint)
    found = KNOWN.get(name, ANY)
    ports = _ports(dns)
    if dns.has("namespace") or dns.has("labels"):
        namespace, labels = dns.value("namespace", str, "kube-system"), _pairs(dns, "labels")
        r.problems += check_namespace(namespace, dns.to("namespace"))
        found = replace(found, pods=(Resolvers(namespace, labels),))
    if ports:
        found = replace(found, ports=ports, pods=tuple(replace(pods, ports=ports) for pods in found.pods))
    if dns.has("addresses"):
        found = replace(found, addresses=ranges(dns, "addresses"))
    if spot.has("labels"):
        found = replace(found, spot=_pairs(spot, "labels"))
        if not found.spot:
            spot.problem("labels", EMPTY, "has no label, so no node is known as spot", "name one, or turn spot off")
    if spot.has("taints"):
        found = replace(found, taints=_pairs(spot, "taints"))
    if r.has("metadata"):
        found = replace(found, metadata=ranges(r, "metadata"))
    return replace(found, registry=registry.read(r.at("registry")), way=read_way(r))


def check(args: Mapping[str, object], path: Path) -> Iterator[Problem]:
    """What is wrong with the `platform` of some arguments."""
    problems: list[Problem] = []
    read(Reader(args.get("platform"), (*path, "platform"), problems))
    yield from problems


def _pairs(r: Reader, key: str) -> tuple[tuple[str, str], ...]:
    given = {name: value for name, value in r.at(key).values.items() if isinstance(value, str)}
    r.problems.extend(check_labels(given, r.to(key)))
    return tuple(given.items())


def _ports(r: Reader) -> tuple[int, ...]:
    given = r.values.get("ports")
    found: list[int] = []
    for i, port in enumerate(given if isinstance(given, list | tuple) else ()):
        if not is_a(port, int):
            continue  # reported with the types
        if not 1 <= port <= LAST_PORT:
            r.problem(("ports", i), OUT_OF_RANGE, f"is {show_number(port)}", f"allowed is from 1 to {LAST_PORT}")
            continue
        found.append(int(port))
    return tuple(found)


def anywhere(platform: Platform, port: int, hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The ranges that a call without ranges of its own may reach, with what is kept out of each.

    None where nothing has to be kept out: on another port, or where a host is in the cluster by its name, since ranges
    need not cover pods (https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-
    from-selectors). Metadata that is itself called by its address is not kept out.
    """
    names = [*hosts]
    if port != METADATA_PORT or any(in_cluster(name) for name in names):
        return {}
    called = [ipaddress.ip_address(name) for name in names if is_address(name)]
    out = [n for n in map(ipaddress.ip_network, platform.metadata) if not any(each in n for each in called)]
    versions = {everywhere: ipaddress.ip_network(everywhere).version for everywhere in EVERYWHERE}
    return {block: tuple(str(n) for n in out if n.version == version) for block, version in versions.items()}
