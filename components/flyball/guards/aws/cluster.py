"""The cluster of a platform: who may enter it, from where, and in which versions it comes."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NotRequired, TypedDict

from flyball.guards.aws import retention
from flyball.guards.aws.network import PARTITION, PRIVATE
from flyball.guards.aws.rules.platform import CLUSTER_VERSION, ENDPOINT_OPEN, FOREIGN_ACCOUNT, LOCKED_OUT
from flyball.guards.fail_fast.rules import IMAGE_NOT_PINNED
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, GIVEN_TWICE, INVALID_ADDRESS, INVALID_NAME, MISSING, UNKNOWN_VALUE
from flyball.guards.reading.strict import check, nearest

VERSIONS = ("1.36",)
"""Of Kubernetes: what the Governor needs, up to what these components were tried on."""
ADDONS = ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent")
"""What a node needs to run pods, and pods to find each other and their roles."""
FIRST_ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""What has to be there before nodes; coredns needs nodes to run on."""
OLDER = 3
"""Minor versions by which kube-proxy may be older than its cluster; it is never newer
(https://kubernetes.io/releases/version-skew-policy/#kube-proxy)."""
_AMI = re.compile(r"al2023@v(?P<date>[0-9]{8})")
_ADDON = re.compile(r"v[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}-eksbuild\.[0-9]{1,9}")
_PRINCIPAL = re.compile(r"arn:(?P<partition>aws(?:-[a-z]+)*):iam::(?P<account>[0-9]{12}):(?:role|user)/[\w+=,.@/-]+")
_NOBODYS = tuple(map(ipaddress.IPv4Network, ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")))
"""Of a machine itself, of its link, of groups and of nothing yet: no call comes from there (RFC 6890, RFC 5771)."""


class EndpointArgs(TypedDict):
    """An API server that is reached from the network and from some ranges outside of it."""

    public: list[str]
    """Ranges, as 203.0.113.0/24; never everywhere."""


class ClusterArgs(TypedDict):
    """The cluster."""

    version: str
    """Version of Kubernetes, as "1.36"."""
    ami: str
    """Image of the nodes with its date, as al2023@v20261101."""
    endpoint: NotRequired[str]
    """From where its API server is reached: `private`, or a map with `public`, of ranges [private]."""
    admins: list[str]
    """ARNs of the roles or users that may do everything in it, at least one."""
    addons: dict[str, str]
    """Version of each of vpc-cni, kube-proxy, coredns, eks-pod-identity-agent, as v1.2.3-eksbuild.1."""
    logs: NotRequired[str]
    """How long the logs of the control plane are kept [90d]."""
    protect: NotRequired[bool]
    """Whether it and what lies in it is kept from being deleted, by AWS and by Pulumi [true]."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`public` are ranges, none for a private API server."""

    version: str = VERSIONS[-1]
    ami: str = ""
    public: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    addons: Mapping[str, str] = field(default_factory=dict)
    log_days: int = 90
    protect: bool = True

    @property
    def date(self) -> str:
        """Of the nodes' image: `al2023@v20261101` -> `20261101`."""
        return self.ami.rpartition("@v")[2]


def read(r: Reader, account: str) -> Cluster:
    """The cluster that is asked for; what is wrong with it is a problem of the reader's."""
    found = Cluster(
        version=r.value("version", str, VERSIONS[-1]),
        ami=r.value("ami", str, ""),
        public=tuple(r.at("endpoint").words("public")),
        admins=tuple(r.words("admins")),
        addons=r.texts("addons"),
        log_days=retention.read_retention(r, "logs", 90),
        protect=r.value("protect", bool, True),
    )
    if found.version not in VERSIONS:
        hint = f"allowed is {', '.join(VERSIONS)}"
        r.problem("version", CLUSTER_VERSION, f"is {found.version!r}", hint)
    if r.has("ami") and isinstance(r.values["ami"], str):
        r.problems.extend(_check_image(found.ami, r.to("ami")))
    _check_endpoint(r)
    if r.has("admins"):
        r.problems.extend(_check_admins(found.admins, account, r.to("admins")))
    if r.is_map("addons"):
        r.problems.extend(_check_addons(r.at("addons").values, found.version, r.to("addons")))
    return found


def check_types(given: Mapping[str, object], path: Path) -> Iterator[Problem]:
    """Names and types of the arguments; an endpoint is a word or a map."""
    endpoint = given.get("endpoint")
    if isinstance(endpoint, Mapping):
        yield from check(endpoint, EndpointArgs, (*path, "endpoint"))
        given = {**given, "endpoint": "private"}
    yield from check(given, ClusterArgs, path)


def _check_image(text: str, path: Path) -> Iterator[Problem]:
    hint = "name the image and its date, as al2023@v20261101"
    if not (match := _AMI.fullmatch(text)):
        yield Problem(path, IMAGE_NOT_PINNED, f"is {text!r}", hint)
        return
    try:
        date.fromisoformat(match["date"])
    except ValueError:
        yield Problem(path, IMAGE_NOT_PINNED, f"is {text!r}, and there is no such day", hint)


def _check_endpoint(r: Reader) -> None:
    given = r.values.get("endpoint", "private")
    if isinstance(given, str) and given != "private":
        hint = "allowed are private, or public with ranges, as public: [203.0.113.0/24]"
        r.problem("endpoint", ENDPOINT_OPEN if given == "public" else UNKNOWN_VALUE, f"is {given!r}", hint)
    inner = r.at("endpoint")
    ranges = inner.words("public")
    for i, text in enumerate(ranges):
        if text in ranges[:i]:
            inner.problem(("public", i), GIVEN_TWICE, f"{text!r} is given twice", "name each range once")
        inner.problems.extend(_check_range(text, inner.to(("public", i))))
    if inner.has("public") and inner.values["public"] == []:
        inner.problem("public", EMPTY, "has no range", "name one, or take endpoint: private")


def _check_range(text: str, path: Path) -> Iterator[Problem]:
    try:
        found = ipaddress.ip_network(text)
    except ValueError:
        yield Problem(path, INVALID_ADDRESS, f"{text!r} is no range", "write it as 203.0.113.0/24")
        return
    if found.version != 4:
        yield Problem(path, INVALID_ADDRESS, f"{text!r} is of IPv6", "EKS takes ranges of IPv4 here")
    elif found.prefixlen < 8:
        yield Problem(path, ENDPOINT_OPEN, f"is {text}", "name the ranges of your offices and runners")
    elif str(found) != text:
        yield Problem(path, INVALID_ADDRESS, f"{text!r} is no range", f"write it as {found}")
    elif any(found.overlaps(private) for private in (*PRIVATE, *_NOBODYS)):
        message = f"{text!r} is of networks that are nobody's alone, and AWS takes no such range"
        yield Problem(path, INVALID_ADDRESS, message, "name the public ranges of your offices and runners")


def _check_admins(admins: tuple[str, ...], account: str, path: Path) -> Iterator[Problem]:
    if not admins:
        yield Problem(path, LOCKED_OUT, "has nobody, and who makes a cluster gets no right in it", "name a role")
    seen: set[str] = set()
    for i, arn in enumerate(admins):
        match = _PRINCIPAL.fullmatch(arn)
        if not match:
            hint = "give the ARN of a role or a user, as arn:aws:iam::123456789012:role/platform"
            yield Problem((*path, i), INVALID_NAME, f"{arn!r} is neither role nor user", hint)
        elif match["partition"] != PARTITION:
            message = f"{arn!r} is of the partition {match['partition']}"
            yield Problem((*path, i), FOREIGN_ACCOUNT, message, f"take a role of {PARTITION}")
        elif account and match["account"] != account:
            message = f"{arn!r} is of the account {match['account']}"
            yield Problem((*path, i), FOREIGN_ACCOUNT, message, f"take a role of {account}")
        if arn in seen:
            yield Problem((*path, i), GIVEN_TWICE, f"{arn!r} is given twice", "name each admin once")
        seen.add(arn)


def _check_addons(addons: Mapping[str, object], cluster: str, path: Path) -> Iterator[Problem]:
    for name, version in addons.items():
        if not isinstance(name, str):
            continue  # reported with the types
        if name not in ADDONS:
            yield Problem((*path, name), UNKNOWN_VALUE, "is no add-on of ours", nearest(name, ADDONS))
        elif isinstance(version, str) and not _ADDON.fullmatch(version):
            hint = "give its version, as v1.2.3-eksbuild.1"
            yield Problem((*path, name), IMAGE_NOT_PINNED, f"is {version!r}", hint)
        elif name == "kube-proxy" and isinstance(version, str) and cluster in VERSIONS:
            yield from _check_proxy(version, cluster, (*path, name))
    for name in ADDONS:
        if name not in addons:
            hint = f"`aws eks describe-addon-versions --addon-name {name}` lists what there is"
            yield Problem((*path, name), MISSING, "is missing", hint)


def _check_proxy(version: str, cluster: str, path: Path) -> Iterator[Problem]:
    major, minor = version[1:].split(".")[:2]
    most = int(cluster.split(".")[1])
    if major != "1" or not most - OLDER <= int(minor) <= most:
        message = f"is {version}, and goes with nodes of {major}.{minor}"
        yield Problem(path, CLUSTER_VERSION, message, f"take one from 1.{most - OLDER} to {cluster}")
