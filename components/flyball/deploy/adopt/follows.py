"""What the stack makes anew from what it says: what of the objects that were found is not in it, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.deploy.adopt.found import RUN, Found, Item, mapping, maps, ways_of
from flyball.deploy.adopt.notes import Notes
from flyball.deploy.adopt.outside import host_of
from flyball.deploy.adopt.work import services_of

_DESCRIBED = ("Deployment", "StatefulSet")
_FOLLOWS = {
    "NetworkPolicy": "who may call whom follows from `calls`, `callers` and `public`; what else it lets through is not",
    "PodDisruptionBudget": "how many may be taken away at once follows from the load and from what must be survived",
}
_ASKED = "what they ask of who answers for the host is not asked; see what of it `expose` and platform.way say"
_CLASS = "kubernetes.io/ingress.class"
_INGRESS = ("ingressClassName", "rules", "tls")


@dataclass(frozen=True, slots=True)
class Runs:
    """What other objects are there for: the accounts of all pods, the Services that lead to what services describe,
    and the names and hosts that are called."""

    accounts: frozenset[str]
    led: frozenset[str]
    called: frozenset[str]


def runs(found: Found, described: Iterable[Mapping[str, Any]]) -> Runs:
    """What runs, and is `described` by these arguments."""
    pods = (mapping(item.template.get("spec")) for item in found.of(*RUN))
    calls = [call for args in described for call in args.get("calls", {}).values()]
    names = {name.partition(":")[0] for call in calls for name in call.get("names", ())}
    return Runs(
        frozenset(str(pod.get("serviceAccountName") or pod.get("serviceAccount")) for pod in pods),
        frozenset(each.name for item in found.of(*_DESCRIBED) for each in services_of(found, item.template)),
        frozenset(names | {call["host"] for call in calls if "host" in call}),
    )


def why(item: Item, found: Found, there: Runs) -> str:
    """Why an object is not in the stack; empty where it was looked at with what it belongs to."""
    if item.kind in _FOLLOWS:
        return _FOLLOWS[item.kind]
    if item.kind == "HorizontalPodAutoscaler":
        target = mapping(item.spec.get("scaleTargetRef"))
        kind, name = str(target.get("kind")), str(target.get("name"))
        return "" if kind in _DESCRIBED and found.get(kind, name) else f"is for {kind} {name}, which is not here"
    if item.kind == "Service":
        return _service(item, there)
    if item.kind == "ServiceAccount":
        return "" if item.name in there.accounts else "nothing that runs here has it, and it stays as it is"
    if item.kind in ("RoleBinding", "ClusterRoleBinding"):
        bound = {str(each.get("name")) for each in maps(item.manifest.get("subjects"))}
        return "" if bound & there.accounts else "is of nothing that runs here, and stays as it is"
    return ""


def _service(item: Item, there: Runs) -> str:
    if item.spec.get("type") == "ExternalName":
        if there.called & {item.name, host_of(item)}:
            return ""
        host = item.spec.get("externalName")
        return f"is another name of {host}; who calls it says so in `calls`, with `host: {host}`"
    if not item.spec.get("selector"):
        return "leads to addresses and not to pods; who calls them says so in `calls`, with `host`"
    if item.name in there.led:
        return ""
    return "no service of the stack is behind it, and it stays as it is"


def is_made(item: Item, found: Found) -> bool:
    """Whether the cluster makes what a Service leads to."""
    service = found.get("Service", item.name)
    return bool(service and service.spec.get("selector"))


def ingresses(found: Found, services: Mapping[str, object], notes: Notes) -> None:
    """Say what of Ingresses no service of the stack has."""
    for each in found.of("Ingress"):
        if not each.is_ours:
            _ingress(each, services, notes)


def _ingress(item: Item, services: Mapping[str, object], notes: Notes) -> None:
    notes.rest(item, item.spec, _INGRESS, "spec", defaultBackend="what no rule names goes nowhere")
    asked = sorted(mapping(item.manifest["metadata"].get("annotations")).keys() - {_CLASS})
    if asked := [key for key in asked if not key.startswith("kubectl.kubernetes.io/")]:
        notes.lose(item, f"metadata.annotations ({', '.join(asked)})", _ASKED)
    hosts = {rule.get("host") for rule in maps(item.spec.get("rules"))}
    for i, each in enumerate(maps(item.spec.get("tls"))):
        if unused := [str(host) for host in each.get("hosts") or [] if host not in hosts]:
            notes.lose(item, f"spec.tls[{i}].hosts", f"{', '.join(unused)} is the host of no rule")
    for way in ways_of(item):
        name = way.backend
        if name is None:
            notes.lose(item, way.at, "leads to no Service")
        elif str(name) not in services:
            notes.lose(item, way.at, f"leads to {name}, which is no service of the stack")
        elif way.path.get("pathType") not in (None, "Prefix"):
            notes.lose(
                item, f"{way.at}.pathType", "it is a prefix here, as Prefix means it: what is below goes there too"
            )
