"""What others have made: no stack takes it over, changes or deletes it.

Objects are told apart by what is written on them: the stack that made them, its owner and its environment. Where
kubectl keeps track of a stack, its mark on an object says more, and so does the state of Pulumi's engine.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flyball import wellknown
from flyball.collector.config import NAMESPACE as LOGS_NAMESPACE
from flyball.deploy.manifests import Object
from flyball.guards.fail_fast.rules import BELONGS_TO_OTHERS, NO_NAMESPACE
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.workload.members import VOLUME
from flyball.guards.workload.names import BALANCE_PRIORITY, LOGS_PRIORITY
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes.governor import names
from flyball.stack.read import Stack

PART_OF = "applyset.kubernetes.io/part-of"
"""Label of what kubectl keeps track of, with the stack's id as its value."""
_UNTOUCHED = "kube-public"
"""A namespace that nobody works in: what is in it is what the cluster puts into each."""
_CLAIM = f"persistentvolumeclaim/{VOLUME}-"
"""How the names of volumes begin that members keep, as `within` gives them."""
_OF_LOGS = (("Namespace", LOGS_NAMESPACE), ("PriorityClass", LOGS_PRIORITY))
"""What ships logs and is of the whole cluster."""
_DERIVED = ("events", "events.events.k8s.io", "endpoints")
"""Kinds that only report on others, and have no owner to tell them by."""

Report = Callable[[str], None]
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Signature:
    """What is written on an object; None for what is not."""

    stack: str | None
    owner: str | None
    environment: str | None

    def __str__(self) -> str:
        if self.stack:
            return f"belongs to the stack {self.stack}" + (f" of {self.owner}" if self.owner else "")
        return f"belongs to {self.owner}" if self.owner else "was made by somebody else"


def signature(item: Item) -> Signature | None:
    """That of an object, if flyball made it."""
    labels, notes = (item["metadata"].get(key) or {} for key in ("labels", "annotations"))
    if labels.get(wellknown.MANAGED_BY_LABEL) != wellknown.MANAGED_BY:
        return None
    stack = notes.get(wellknown.STACK_ANNOTATION)
    return Signature(stack, labels.get(wellknown.OWNER_LABEL), labels.get(wellknown.ENVIRONMENT_LABEL))


def alike(wanted: Item, there: Item) -> bool:
    """Whether the stack that wants an object has made the one that is there; not if kubectl keeps track of it."""
    return PART_OF not in there["metadata"].get("labels", {}) and signature(wanted) == signature(there) is not None


def check(
    objects: Iterable[Object], live: Mapping[Any, Item], is_own: Callable[[Object, Item], bool]
) -> Iterator[Problem]:
    """Refuse to change what is somebody else's: one problem for each service or job, whatever it is made of."""
    said: set[Path] = set()
    objects = list(objects)
    jobs = {_label(o) for o in objects if o.kind in ("Job", "CronJob")}
    for o in objects:
        there = live.get(o.key)
        if there is None or is_own(o, there):
            continue
        path, hint = _place(o, jobs)
        if path not in said:
            said.add(path)
            what = o.name if path == ("namespace",) else f"{o.kind.lower()} {o.namespace}/{o.name}".replace(" /", " ")
            yield Problem(path, BELONGS_TO_OTHERS, f"{what} exists, and {signature(there) or _NOBODY}", hint)


_NOBODY = Signature(None, None, None)


def _label(o: Object) -> str | None:
    return o.manifest["metadata"].get("labels", {}).get(wellknown.NAME_LABEL)


def _place(o: Object, jobs: Collection[str | None]) -> tuple[Path, str]:
    """Where in the stack file an object comes from, and what to do if it is taken."""
    service = _label(o)
    if o.namespace == LOGS_NAMESPACE or (o.kind, o.name) in _OF_LOGS:
        return ("logs",), "one stack of a cluster ships its logs; the others say to: none, with that as the reason"
    if service:
        key, one = ("jobs", "job") if service in jobs else ("services", "service")
        return (key, service), f"give the {one} another name, or the stack another namespace"
    if o.kind == "ConfigMap" and o.name == names.LIMITS:
        return ("governor",), "only one of the stacks that share a namespace may have a governor"
    if o.kind == "Namespace" and o.name != names.SYSTEM_NAMESPACE:
        return ("namespace",), "flyball:shared: true uses it as it is; or choose a name of your own"
    if o.kind == "PriorityClass" and o.name != BALANCE_PRIORITY:
        return (f"{o.kind} {o.name}",), "choose another namespace, or remove it if nobody needs it"
    return ("governor", "policies"), "leave them to that stack: governor: {policies: false}"


def check_shared(kubectl: Kubectl, stack: Stack) -> Iterator[Problem]:
    """A shared namespace is there, and governed if its services are to be."""
    if not stack.shared:
        return
    there = kubectl.find("namespace", stack.namespace)
    if there is None:
        hint = "create it, or leave `shared` out, so that the stack does"
        yield Problem(("namespace",), NO_NAMESPACE, f"is shared, and there is no namespace {stack.namespace}", hint)
    elif stack.governor and there["metadata"].get("labels", {}).get(names.GOVERNED) != "true":
        hint = f"whoever it belongs to runs: kubectl label namespace {stack.namespace} {names.GOVERNED}=true"
        message = f"the shared namespace {stack.namespace} lacks the label {names.GOVERNED}"
        yield Problem(("governor",), NO_NAMESPACE, message, hint)


def within(kubectl: Kubectl, namespace: str, is_own: Callable[[Item], bool]) -> list[str]:
    """What others have in a namespace, as `kind/name`, of every kind that there is.

    Not what has an owner, and goes with it, nor what the cluster itself puts into each namespace.
    """
    kinds = kubectl.run("api-resources", "--namespaced", "--verbs=list,delete", "--output=name").split()
    where = ("get", ",".join(kind for kind in kinds if kind not in _DERIVED), "--ignore-not-found", "--output=json")

    def items(namespace: str) -> Iterator[tuple[str, Item]]:
        text = kubectl.run(*where, f"--namespace={namespace}", timeout=120)
        for item in json.loads(text)["items"] if text.strip() else ():
            yield f"{item['kind'].lower()}/{item['metadata']['name']}", item

    try:
        everywhere = {name for name, _ in items(_UNTOUCHED)}
        found = [
            name
            for name, item in items(namespace)
            if name not in everywhere and not _goes_by_itself(item["metadata"]) and not is_own(item)
        ]
    except KubectlError as error:
        if "orbidden" not in str(error):
            raise
        return ["what may not be looked at"]
    return found


def _goes_by_itself(metadata: Mapping[str, Any]) -> bool:
    return bool(metadata.get("ownerReferences")) or "deletionTimestamp" in metadata


def sweep(kubectl: Kubectl, own: Signature, kept: Collection[str], report: Report) -> list[str]:
    """Delete the namespaces that a stack has made, but for those to keep and those that others have something in."""
    labels = f"{wellknown.OURS},{wellknown.OWNER_LABEL}={own.owner}"
    removed: list[str] = []
    for item in kubectl.json("get", "namespaces", f"--selector={labels}")["items"]:
        name = item["metadata"]["name"]
        if name in kept or signature(item) != own or item["metadata"]["labels"].get(names.GOVERNED) == names.SYSTEM:
            continue
        if theirs := within(kubectl, name, lambda each: signature(each) == own):
            report(staying(name, theirs))
        elif "deletionTimestamp" not in item["metadata"]:
            kubectl.run("delete", "namespace", name, "--ignore-not-found", timeout=600)
            removed.append(f"namespace/{name}")
    return removed


def staying(namespace: str, theirs: Collection[str]) -> str:
    """What is said of a namespace that is not deleted."""
    kept = [name for name in theirs if name.startswith(_CLAIM)]
    if kept and len(kept) == len(theirs):
        return (
            f"namespace {namespace} stays, with volumes that are kept: {', '.join(sorted(kept))}"
            f" (kubectl delete namespace {namespace} removes them and what they hold)"
        )
    shown = ", ".join(sorted(theirs)[:5]) + (f" and {len(theirs) - 5} more" if len(theirs) > 5 else "")
    return f"namespace {namespace} stays, for others have something in it: {shown}"
