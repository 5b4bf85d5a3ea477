"""A stack file for what runs already: services, jobs and calls from manifests, with all that they say and it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from flyball import wellknown
from flyball.deploy.adopt import calls, follows, jobs, ours, service, times, unread, written
from flyball.deploy.adopt.found import RUN, Found, Item, mapping, maps
from flyball.deploy.adopt.notes import Lost, Notes
from flyball.deploy.adopt.pod import account_of
from flyball.deploy.adopt.work import Work, is_cache, is_part_of_spot
from flyball.guards.fail_fast.rules import FOLDER_IN_USE
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import EITHER_OR, MISSING
from flyball.guards.workload.names import check_namespace

_FOLLOWS = (
    *("Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount", "Namespace"),
    *("Ingress", "RoleBinding", "ClusterRoleBinding"),
)
"""What the stack makes anew from what it says, or that was looked at with what it belongs to."""
_STAYS = {
    "Pod": "runs by itself, and nobody starts it anew; a Deployment or a Job of it would be described",
    "ScaledObject": "the stack has autoscalers of its own; this one goes with what it scales",
    "DaemonSet": "runs on each node, which is the cluster's business",
    "PersistentVolumeClaim": "stays where it is",
}
_UNKNOWN, _UNNAMED = "unknown", "adopted"
_OTHER = "is no part of a stack, and stays as it is"
_ELSEWHERE = "another namespace, which a stack of its own would describe"


@dataclass(frozen=True, slots=True)
class Adopted:
    """`config` is the stack's configuration, with questions in it; `text` the file, `lost` what it cannot say."""

    config: Mapping[str, Any]
    text: str
    lost: tuple[Lost, ...]
    questions: tuple[str, ...]


def adopt(found: Found, cluster: str | None = None) -> Adopted:
    """What was found as a stack of its own, which shares the namespace: ConfigMaps and Secrets there are still needed.

    `cluster` is the context of the kubeconfig that it was read from. Nothing is changed by it.
    """
    notes = Notes()
    described = [
        service.describe(item, found, notes)
        for item in found.of("Deployment", "StatefulSet")
        if not is_part_of_spot(item) and not is_cache(item)
    ]
    services: dict[str, dict[str, Any]] = {}
    for each in described:
        if each.work.name in services:
            each.work.lose("", f"has the same Service as another one, and {each.work.name} is described already")
            continue
        services[each.work.name] = each.args
    works = [jobs.describe(item, found, notes) for item in found.of("CronJob", "Job")]
    graph = {each.work.name: list(each.args.get("calls", {})) for each in described}
    there = calls.callees(found, described)
    for each in described:
        calls.guess(each.work, each.args, there, graph)
    for each, args in [(each.work, each.args) for each in described] + works:
        _known_calls(each, args, services)
    ours.promise([each.work for each in described], services)
    times.fit(described)
    for work, args in works:
        calls.guess(work, args, there, {})
    _remaining(found, follows.runs(found, [each.args for each in described] + [args for _, args in works]), notes)
    follows.ingresses(found, services, notes)
    unread.listed(found, notes)
    labels = _ownership(found)
    own = found.get("Namespace", found.namespace)
    config: dict[str, Any] = {
        "environment": labels.get(wellknown.ENVIRONMENT_LABEL, _UNNAMED),
        "owner": labels.get(wellknown.OWNER_LABEL, _UNKNOWN),
        "namespace": found.namespace or "default",
        **({} if own and own.is_ours else {"shared": True}),
        "cluster": cluster or _UNKNOWN,
        "logs": {"to": "none", "reason": "as it was until now; say where they go"},
        **_platform(found, notes),
        "services": services,
        **({"jobs": {work.name: args for work, args in works}} if works else {}),
    }
    for key, what in (
        ("owner", "who answers for it"),
        ("environment", "its name, as prod"),
        ("cluster", "a context of your kubeconfig"),
    ):
        if config[key] in (_UNKNOWN, _UNNAMED):
            notes.say((key,), f"a question: {what}")
    if "shared" in config:
        notes.say(("shared",), _SHARED)
    head = _head(found, notes)
    return Adopted(config, written.to_text(config, notes, head), tuple(notes.lost), tuple(_questions(config)))


_SHARED = (
    "its ConfigMaps and Secrets are there. `up` takes nothing over: it refuses while a Deployment of the same name runs"
    " that the stack has not made. Bring the stack up in a namespace of its own first, with copies of these, or delete"
    " one Deployment at a time"
)


def _known_calls(work: Work, args: dict[str, Any], services: Mapping[str, Any]) -> None:
    """Leave out calls to what is no service of the stack file."""
    calls = args.get("calls", {})
    for name in [name for name, call in calls.items() if "host" not in call and name not in services]:
        del calls[name]
        work.lose("", f"calls {name}, which is not among the services")
    if not calls:
        args.pop("calls", None)


def _ownership(found: Found) -> Mapping[str, Any]:
    """The labels of what flyball itself has made, which say whose it is."""
    made = (mapping(item.manifest["metadata"].get("labels")) for item in found.items if item.is_ours)
    return next((labels for labels in made if wellknown.OWNER_LABEL in labels), {})


def _remaining(found: Found, there: follows.Runs, notes: Notes) -> None:
    used = _named(found)
    for item in found.items:
        if item.is_ours or item.kind in RUN:
            continue
        if item.kind in _FOLLOWS:
            if why := follows.why(item, found, there):
                notes.lose(item, "", why)
            continue
        if item.kind in ("ConfigMap", "Secret"):
            if item.kind == "Secret":
                notes.lose(item, "", "stays as it is: the stack file names it, and its values are not in it")
            elif item.name not in used:
                notes.lose(item, "", "nothing that runs here names it, and it stays as it is")
            continue
        if item.kind in ("Endpoints", "EndpointSlice") and follows.is_made(item, found):
            continue
        notes.lose(item, "", _STAYS.get(item.kind, _OTHER))
    place = attrgetter("namespace")
    for namespace, others in groupby(sorted(found.others, key=place), place):
        notes.lost[Lost(f"namespace {namespace}", ", ".join(map(str, others)), _ELSEWHERE)] = None


def _named(found: Found) -> set[str]:
    """The ConfigMaps that pods name somewhere."""
    names: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if key in ("configMapRef", "configMapKeyRef", "configMap") and isinstance(inner, Mapping):
                    names.add(str(inner.get("name")))
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for item in found.of(*RUN):
        look(item.spec)
    return names


def _platform(found: Found, notes: Notes) -> dict[str, Any]:
    """What is said once for all: the way in, and who pulls images."""
    classes = sorted({_class(each) for each in found.of("Ingress")}, key=lambda name: (not name, name))
    for each in found.of("Ingress"):
        if _class(each) != classes[0]:
            notes.lose(each, "spec.ingressClassName", f"a stack has one way in, that of {classes[0]}")
    pods = [mapping(item.template.get("spec")) for item in found.of(*RUN)]
    accounts = [found.get("ServiceAccount", account_of(pod)) for pod in pods]
    pulling = [*pods, *(each.manifest for each in accounts if each)]
    named = (each.get("name") for by in pulling for each in maps(by.get("imagePullSecrets")))
    secrets = sorted({str(name) for name in named if name})
    platform: dict[str, Any] = {}
    if classes:
        platform["way"] = {"ingress": classes[0] or "nginx"}
        if not classes[0]:
            notes.say(("platform",), "a guess: no Ingress says its class")
    if secrets:
        platform["registry"] = {"secrets": secrets}
    return {"platform": platform} if platform else {}


def _class(ingress: Item) -> str:
    notes = mapping(mapping(ingress.manifest.get("metadata")).get("annotations"))
    return str(ingress.spec.get("ingressClassName") or notes.get("kubernetes.io/ingress.class") or "")


def _questions(config: Mapping[str, Any]) -> list[str]:
    """The services whose load is asked for."""
    return [name for name, args in config["services"].items() if "?" in args["load"].values()]


def _head(found: Found, notes: Notes) -> list[str]:
    where = f"the namespace {found.namespace}" if found.namespace else "manifests without a namespace"
    lines = [
        f"Written by `flyball adopt` from {where}. It changes nothing that runs.",
        'Answer each "?", say what the other questions ask, and look at what is a guess; `flyball plan` says what is'
        " still to be done, and with --against what it would change.",
    ]
    if notes.lost:
        lines.append("What it cannot say:\n" + "\n".join(f"- {each}" for each in notes.lost))
    return lines


def check_place(path: Path | None, context: str | None, namespace: str | None, out: Path | None) -> None:
    """Refuse to read from nowhere or from two places, and to write over a file."""
    problems: list[Problem] = []
    if path and context:
        problems.append(Problem(("--context",), EITHER_OR, "is given beside --file", "read from one of them"))
    elif not path and not (context and namespace):
        lacks = "--file, nor --context" if not context else "--namespace beside --context"
        hint = "name manifests with -f, or a cluster with --context and --namespace"
        problems.append(
            Problem((), MISSING, f"there is neither {lacks}" if not context else f"there is no {lacks}", hint)
        )
    if namespace is not None:
        problems += check_namespace(namespace, ("--namespace",))
    if out and out.exists():
        problems.append(
            Problem(("--out",), FOLDER_IN_USE, f"{out} is there already", "name another file, or remove it")
        )
    refuse(problems)
