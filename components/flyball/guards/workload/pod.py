"""What a pod has beside its containers: on which nodes it may run, how names are resolved there, what it may do.

Where it runs is the business of headroom and survival, so what is said here may narrow the nodes, but not the zones,
nor let it onto machines that vanish, nor keep it on a node that is lost.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from flyball import wellknown
from flyball.guards.fail_fast.container import (
    check_annotations,
    check_label,
    check_label_key,
    check_labels,
    check_object_name,
)
from flyball.guards.fail_fast.rules import UNCONFINED
from flyball.guards.headroom.rules import NODES_NARROWED
from flyball.guards.interruptions.rules import TOLERATES_LOSS
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS, INVALID_NAME, MISSING, UNKNOWN_VALUE
from flyball.guards.workload import resolver
from flyball.guards.workload.platform import Platform

CAPABILITIES = ("NET_BIND_SERVICE",)
"""What a restricted pod may add (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted)."""
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OF_THE_NODE = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints by which a node says that it is not well, or new."""
_PLACES = (wellknown.ZONE, wellknown.REGION, wellknown.HOSTNAME)
_DEVICE = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?")


class NamesArgs(TypedDict):
    """How the pod's own resolver asks for names; whom it asks is said of the platform, `dns`."""

    options: NotRequired[dict[str, str]]
    """Options of resolv.conf(5), as `ndots: "1"`, or with an empty value `use-vc: ""` [the cluster's]."""
    searches: NotRequired[list[str]]
    """Domains in which short names are looked for, beside the cluster's [none]."""


class TolerationArgs(TypedDict):
    """A taint that does not keep the pods away."""

    key: str
    """Key of the taint."""
    value: NotRequired[str]
    """Value of the taint [any]."""
    effect: NotRequired[str]
    """`NoSchedule`, `PreferNoSchedule` or `NoExecute` [any]."""


class NodesForArgs(TypedDict):
    """Nodes on which the pods run; zones and spot machines are chosen by `survive` and `spot`."""

    labels: NotRequired[dict[str, str]]
    """Labels that a node must have, all of them [none]."""
    prefer: NotRequired[dict[str, str]]
    """Labels that it had better have [none]."""
    tolerations: NotRequired[list[TolerationArgs]]
    """Taints that do not keep the pods away [none]."""


class AccountArgs(TypedDict):
    """The service account of the pods."""

    annotations: NotRequired[dict[str, str]]
    """Annotations of the service account alone, as of IAM roles and Workload Identity [none]."""


@dataclass(frozen=True, slots=True)
class Toleration:
    key: str
    value: str | None = None
    effect: str | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """`hosts` are names by address, `devices` counts of extended resources, `account` annotations of the account."""

    capabilities: tuple[str, ...] = ()
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    searches: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    prefer: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    runtime: str | None = None
    devices: Mapping[str, int] = field(default_factory=dict)
    account: Mapping[str, str] = field(default_factory=dict)


PLAIN = Pod()
"""One of which nothing is said."""


def read(r: Reader) -> Pod:
    """What is said of the pod; what would undo a guard is a problem."""
    nodes, names, account = r.at("nodes"), r.at("dns"), r.at("account")
    return Pod(
        capabilities=_capabilities(r),
        hosts=_hosts(r),
        options=_options(names),
        searches=_searches(names),
        labels=_labels(nodes, "labels"),
        prefer=_labels(nodes, "prefer"),
        tolerations=tuple(_tolerations(nodes)),
        runtime=_runtime(r) if r.has("runtime") else None,
        devices=_devices(r),
        account=_annotations(account),
    )


def _capabilities(r: Reader) -> tuple[str, ...]:
    found = r.words("capabilities")
    for i, word in enumerate(found):
        if word not in CAPABILITIES:
            hint = f"allowed is {', '.join(CAPABILITIES)}, to listen on a port below 1024"
            r.problem(("capabilities", i), UNCONFINED, f"is {word!r}, which a restricted pod may not have", hint)
    return tuple(dict.fromkeys(found))


def _hosts(r: Reader) -> dict[str, tuple[str, ...]]:
    inner = r.at("hosts")
    found: dict[str, tuple[str, ...]] = {}
    for where in inner.values:
        if not address.is_address(str(where)):
            hint = "give an address, and behind it the names that lead there, as 192.0.2.7: [db.internal]"
            inner.problem(str(where), INVALID_ADDRESS, f"{where!r} is no address", hint)
            continue
        names = inner.words(str(where))
        if inner.values[where] in ([], ()):
            inner.problem(str(where), MISSING, "has no name", "name at least one, as [db.internal]")
        for i, name in enumerate(names):
            if not address.is_name(name):
                inner.problem((str(where), i), INVALID_NAME, f"{name!r} is no host name", "as db.internal")
        found[str(where)] = tuple(names)
    return found


def _options(r: Reader) -> dict[str, str]:
    found = r.texts("options")
    for name, value in found.items():
        r.problems.extend(resolver.check(name, value, r.to(("options", name))))
    return found


def _searches(r: Reader) -> tuple[str, ...]:
    found = r.words("searches")
    for i, domain in enumerate(found):
        if not address.is_name(domain):
            r.problem(("searches", i), INVALID_NAME, f"{domain!r} is no domain", "as example.internal")
    return tuple(found)


def _labels(r: Reader, key: str) -> dict[str, str]:
    found = r.texts(key)
    r.problems.extend(check_labels(found, r.to(key)))
    for name in found:
        if name in _PLACES:
            hint = "zones are the stack's, and pods are spread over them and over nodes by what they must survive"
            r.problem((key, name), NODES_NARROWED, "would keep the pods in one place", hint)
    return found


def _tolerations(r: Reader) -> Iterator[Toleration]:
    for each in r.each("tolerations"):
        key, effect = each.value("key", str, "a"), each.value("effect", str, "")
        each.problems.extend(check_label_key(key, each.to("key")))
        each.problems.extend(check_label(each.value("value", str, ""), each.to("value")))
        if isinstance(each.values.get("effect"), str) and effect not in EFFECTS:
            each.problem("effect", UNKNOWN_VALUE, f"is {effect!r}", f"allowed are {', '.join(EFFECTS)}")
        if key.startswith(_OF_THE_NODE):
            hint = "leave it out: Kubernetes tolerates that for five minutes, and makes the pod anew elsewhere"
            each.problem("key", TOLERATES_LOSS, f"{key} is what a node says of itself that is lost or not well", hint)
        yield Toleration(key, each.value("value", str, "") or None, effect or None)


def _runtime(r: Reader) -> str | None:
    name = r.value("runtime", str, "a")
    r.problems.extend(check_object_name(name, "a RuntimeClass", r.to("runtime")))
    return name


def _devices(r: Reader) -> dict[str, int]:
    inner = r.at("devices")
    found: dict[str, int] = {}
    for name in inner.values:
        if not _DEVICE.fullmatch(str(name)) or "kubernetes.io/" in str(name):
            hint = "give a resource with its domain, as nvidia.com/gpu; processor and memory are in resources"
            inner.problem(str(name), INVALID_NAME, f"{name!r} is no extended resource", hint)
            continue
        found[str(name)] = inner.whole(str(name), 1, 1, 1_000)
    return found


def _annotations(r: Reader) -> dict[str, str]:
    r.problems.extend(check_annotations(r.values, r.path))
    return r.texts("annotations")


def check_spot(pod: Pod, platform: Platform, spot: bool, path: Path) -> Iterator[Problem]:
    """Refuse to be on spot machines, or to tolerate their taints, where `spot` does not say so; and labels of theirs
    beside `spot`, where the base is on demand."""
    for key, value in platform.spot:
        if pod.labels.get(key) == value:
            what = "its base runs on demand" if spot else "spot is not on"
            hint = "leave it out, and turn spot on: then what the peak needs stays on demand"
            at = (*path, "nodes", "labels", key)
            yield Problem(at, NODES_NARROWED, f"{value} is the label of spot machines, and {what}", hint)
    known = {key for key, _ in platform.taints}
    for i, each in enumerate(pod.tolerations):
        if each.key in known and not spot:
            hint = "turn spot on, which tolerates it for what is above the on-demand base"
            at = (*path, "nodes", "tolerations", i, "key")
            yield Problem(at, TOLERATES_LOSS, f"{each.key} is the taint of spot machines, and spot is not on", hint)
