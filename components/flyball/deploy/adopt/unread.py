"""What of the manifests nobody reads: it is listed, whatever it is, unless it means nothing for what is written.

`shape` has all that is read, so what the API gains is listed too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flyball.deploy.adopt import shape
from flyball.deploy.adopt.found import RUN, Found, Item, mapping
from flyball.deploy.adopt.notes import Notes
from flyball.deploy.adopt.work import services_of

_UNSAID = "nothing in a stack file says it"
_WORDS = {
    "serviceName": "its members are called by the Service that the stack makes for them; MEMBERS has their names",
    "mountPropagation": "what is mounted within it by others is not seen",
    "whenScaled": "volumes stay: nobody scales members",
    "sessionAffinityConfig": "a request goes to any replica, whoever sends it",
    "host": "it is asked at the address of its pod",
    "automountServiceAccountToken": "a token is asked for by `token`",
}
_MARKS = {
    "annotations": "whoever acts on them does not find them on what the stack makes",
    "labels": "whoever selects by them does not find what the stack makes",
}
_HEAD = dict.fromkeys(("apiVersion", "kind", "status"), "any")
_MEANS_NOTHING = re.compile(
    # What the API server writes, or can have but one value.
    r"(?:.*\.)?metadata\.(?!annotations|labels)\w+"
    r"|spec\.ports\[\d+\]\.nodePort|spec\.(?:clusterIPs|ipFamilies|healthCheckNodePort)"
    r"|.*\.spec\.(?:priority|preemptionPolicy)|.*\.volumeMode"
    r"|.*\.fieldRef\.apiVersion|spec\.scaleTargetRef\.apiVersion|spec\.metrics\[\d+\]\.type"
    # What is the stack's in any case: who its pods are, that they may do nothing beside what is said, whom they call.
    r"|spec\.(?:jobTemplate\.spec\.)?(?:selector|manualSelector)(?:\..*)?|.*\.spec\.enableServiceLinks"
    r"|.*\.securityContext\.(?:capabilities\.drop|allowPrivilegeEscalation|fsGroupChangePolicy)"
    r"|immutable"
)
_DEFAULTS: Mapping[str, tuple[object, ...]] = {
    "hostUsers": (True,),
    "setHostnameAsFQDN": (False,),
    "whenScaled": ("Retain",),
    "mountPropagation": ("None",),
    "recursiveReadOnly": ("Disabled",),
}
"""What Kubernetes takes where nothing is said; of others it is no, or none
(https://kubernetes.io/docs/reference/kubernetes-api/)."""
_TOOLS = (
    *(
        "kubectl.kubernetes.io/",
        "deployment.kubernetes.io/",
        "batch.kubernetes.io/",
        "app.kubernetes.io/",
        "kube-score/",
    ),
    *("autoscaling.alpha.kubernetes.io/", "applyset.kubernetes.io/", "meta.helm.sh/", "helm.sh/", "pulumi.com/"),
)
"""How annotations and labels begin that controllers write, or tools for themselves and for people."""
Place = tuple[str | int, ...]


def listed(found: Found, notes: Notes) -> None:
    """List it, where nothing has been said of it or of what it is within."""
    said: dict[str, set[str]] = {}
    for each in notes.lost:
        said.setdefault(each.where, set()).add(each.path.partition(" (")[0])
    marks = _of_pods(found)
    for item in found.items:
        paths = said.get(str(item), set())
        if item.is_ours or item.kind not in shape.KINDS or (item.kind not in RUN and "" in paths):
            continue
        form = {**_HEAD, **shape.KINDS[item.kind], "metadata": _metadata(item)}
        for at, value in _unread(item.manifest, form, ()):
            path, key = _written(at), at[-1]
            means = value not in (None, "", {}, [], *_DEFAULTS.get(str(key), (False, 0)))
            if means and not _MEANS_NOTHING.fullmatch(path) and not any(each in paths for each in _around(at)):
                _list(item, path, value, notes, marks.get(str(item), {}))


def _metadata(item: Item) -> Mapping[str, Any]:
    """What of it has been read with what it belongs to."""
    read = item.kind in ("ServiceAccount", "Ingress") or item.spec.get("type") == "LoadBalancer"
    return {**({"annotations": "any"} if read else {}), **({} if item.kind == "Service" else {"labels": "any"})}


def _of_pods(found: Found) -> Mapping[str, dict[str, Any]]:
    """By what runs and by Service, the labels and annotations of its pods: they are on all that the stack makes."""
    marks: dict[str, dict[str, Any]] = {}
    for item in found.of(*RUN):
        given = mapping(item.template.get("metadata"))
        own = {k: v for key in _MARKS for k, v in mapping(given.get(key)).items()}
        for each in (item, *services_of(found, item.template)):
            marks.setdefault(str(each), {}).update(own)
    return marks


def _list(item: Item, path: str, value: Any, notes: Notes, carried: Mapping[str, Any]) -> None:
    key = re.split(r"[.\]]", path)[-1]
    if path.split(".")[-2:] not in [["metadata", each] for each in _MARKS]:
        notes.lose(item, path, _WORDS.get(key, _UNSAID))
        return
    marks = {k: v for k, v in mapping(value).items() if not k.startswith(_TOOLS) and carried.get(k) != v}
    if marks:
        notes.lose(item, f"{path} ({', '.join(sorted(marks))})", _MARKS[key])


def _unread(value: Any, form: Any, at: Place) -> Iterator[tuple[Place, Any]]:
    """What is of no type in `form`, by its place."""
    if isinstance(form, dict) and isinstance(value, Mapping) and shape.ANY not in form:
        for key, each in value.items():
            inner = form.get(key, form.get(f"{key}!"))
            if inner is None:
                yield (*at, key), each
            elif not isinstance(inner, str):
                yield from _unread(each, inner, (*at, key))
    elif isinstance(form, list) and not isinstance(form[0], str) and isinstance(value, list):
        for i, each in enumerate(value):
            yield from _unread(each, form[0], (*at, i))


def _written(at: Place) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in at)[1:]


def _around(at: Place) -> Iterator[str]:
    """The path, and those of all that it is within."""
    return (_written(at[:i]) for i in range(1, len(at) + 1))
