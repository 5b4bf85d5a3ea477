"""What a stack would change of what runs already, by object and field, in words. Nothing is changed by it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.deploy.adopt.environment import all_of
from flyball.deploy.adopt.found import Found, Item, Manifest, mapping, maps
from flyball.deploy.adopt.notes import holds_secret, looks_secret
from flyball.deploy.adopt.service import name_of
from flyball.deploy.adopt.work import pod_of
from flyball.deploy.manifests import WITHHELD, Object
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import cpu, size

_RUNS = ("Deployment", "StatefulSet", "CronJob", "Job")
_COMPARED = (*_RUNS, "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "ServiceAccount")
_FOR = {
    "NetworkPolicy": "who may reach it, and whom it may reach",
    "PodDisruptionBudget": "how many may be taken away at once",
    "HorizontalPodAutoscaler": "as many replicas as the load needs",
    "ServiceAccount": "an identity of its own",
    "ConfigMap": "its proxy's configuration, or files of its own",
    "PriorityClass": "whom the scheduler lets go first",
}
_MEANS = {
    "spec.strategy.rollingUpdate.maxUnavailable": "how many may be missing during a rollout",
    "spec.template.spec.automountServiceAccountToken": "whether the application may ask the cluster's API",
    "spec.template.spec.enableServiceLinks": "no variable for each Service of the namespace",
    "spec.template.spec.topologySpreadConstraints": "over zones and nodes",
    "spec.template.spec.initContainers.proxy": "the proxy that is its guard and makes its calls",
    "spec.template.spec.volumes.proxy": "the proxy's configuration",
    "spec.template.spec.priorityClassName": "whom it makes give way",
    "container.securityContext.readOnlyRootFilesystem": "it writes to its scratch folders alone",
    "container.lifecycle": "the wait until nobody sends any more",
    "container.startupProbe": "before it succeeds, the others do not run",
    "container.resources.limits.ephemeral-storage": "logs and scratch folders together",
}
_DEFAULTS: Mapping[str, tuple[object, ...]] = {
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "dnsPolicy": ("ClusterFirst",),
    "restartPolicy": ("Always",),
    "schedulerName": ("default-scheduler",),
    "imagePullPolicy": ("IfNotPresent", "Always"),
    "successThreshold": (1,),
    "failureThreshold": (3,),
    "periodSeconds": (10,),
    "timeoutSeconds": (1,),
    "initialDelaySeconds": (0,),
    "scheme": ("HTTP",),
    "protocol": ("TCP",),
    "defaultMode": (420,),
    "terminationGracePeriodSeconds": (30,),
    "progressDeadlineSeconds": (600,),
    "revisionHistoryLimit": (10,),
    "minReadySeconds": (0,),
    "sessionAffinity": ("None",),
    "internalTrafficPolicy": ("Cluster",),
    "type": ("ClusterIP", "RollingUpdate"),
    "service": ("",),
    "apiVersion": ("v1",),
}
"""What the API server writes where nothing is said (https://kubernetes.io/docs/reference/kubernetes-api/)."""
_OF_THE_SERVER = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "nodePort", "serviceAccount")
_WHOLE = ("spec.selector", "spec.selector.matchLabels")
"""What is compared as one."""
_KEYS = {"volumeMounts": "mountPath", "ports": "port", "containers": "name"}
_SHOWN = 100
"""Letters of a value that is shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` are None for what is not there."""

    what: str
    field: str
    before: Any
    after: Any
    means: str = ""

    def __str__(self) -> str:
        means = f" ({self.means})" if self.means else ""
        at = f"{self.what}: {self.field}" if self.field else self.what
        if self.before is None:
            return f"{at}: comes{means}" if self.after is None else f"{at}: {_show(self.after)} comes{means}"
        if self.after is None:
            return f"{at}: {_show(self.before)} goes{means}"
        return f"{at}: {_show(self.before)} becomes {_show(self.after)}{means}"


def changes(found: Found, objects: Iterable[Object], namespace: str) -> tuple[list[Change], list[str]]:
    """What would be other than it is, of the objects in the stack's namespace; and what stays as it is, since the stack
    has no such object."""
    wanted = {(o.kind, o.name): o.manifest for o in objects if o.namespace == namespace}
    there = {(item.kind, _name(item, found)): item for item in found.items if item.kind in _COMPARED}
    result: list[Change] = []
    for key, manifest in wanted.items():
        what = f"{key[0].lower()} {key[1]}"
        item = there.get(key)
        if item is None:
            if found.get(*key) is None:
                result.append(Change(what, "", None, None, _FOR.get(key[0], "")))
            continue
        if item.name != key[1]:
            result.append(Change(what, "metadata.name", item.name, key[1]))
        result += _differences(what, _of(item.manifest, found), _of(manifest, None))
    stays = [f"{item} stays as it is" for key, item in there.items() if key not in wanted and not item.is_ours]
    return result, sorted(stays)


def _name(item: Item, found: Found) -> str:
    """What it would be called; of flyball's own each part has its name already."""
    return item.name if item.is_ours else name_of(item, found)


def _differences(what: str, before: Any, after: Any, path: str = "") -> Iterator[Change]:
    if before == after or _quantity(before) == _quantity(after) is not None:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping) and path not in _WHOLE:
        for key in sorted({*before, *after}):
            yield from _differences(what, before.get(key), after.get(key), f"{path}.{key}" if path else key)
        return
    yield Change(what, path, before, after, _MEANS.get(path, ""))


def _of(manifest: Manifest, found: Found | None) -> dict[str, Any]:
    """What is compared of a manifest: `spec`, and its one application apart from the pod, as `container`."""
    item = Item(manifest, "")
    kept = {key: manifest[key] for key in ("spec", "automountServiceAccountToken") if key in manifest}
    whole: dict[str, Any] = _plain(kept)
    if item.kind not in _RUNS:
        return whole
    whole = json.loads(json.dumps(whole))
    if item.kind == "Deployment":
        whole["spec"].setdefault("replicas", 1)
    path, template = pod_of(item)
    pod = whole
    for step in path.split("."):
        pod = pod[step]
    containers = maps(mapping(template.get("spec")).get("containers"))
    main = _main(item, containers)
    named = pod.pop("containers", {})
    own = named.pop(str(main.get("name")), {})
    if named:
        pod["containers"] = named
    for key in ("env", "envFrom"):
        own.pop(key, None)
    words = {key: WITHHELD for key in ("command", "args") if holds_secret([str(each) for each in main.get(key) or []])}
    return {**whole, "container": {**own, **words}, "variable": _variables(main, found)}


def _main(item: Item, containers: list[Manifest]) -> Manifest:
    return next((each for each in containers if each.get("name") == item.name), containers[0] if containers else {})


def _variables(container: Manifest, found: Found | None) -> dict[str, str]:
    """Each variable with its value, or with where it comes from."""
    values: dict[str, str] = {}
    for each in maps(container.get("envFrom")):
        prefix = str(each.get("prefix") or "")
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = mapping(each.get(key)).get("name")
            there = found.get("ConfigMap", name) if found and kind == "ConfigMap" else None
            if there:
                values |= all_of(there, prefix)
            elif name:
                values[f"{prefix}*"] = f"all of the {kind} {name}"
    for each in maps(container.get("env")):
        source = mapping(each.get("valueFrom"))
        text = str(each.get("value") or "")
        ref = mapping(source.get("configMapKeyRef"))
        if there := found.get("ConfigMap", ref.get("name")) if found else None:
            text = str(mapping(there.manifest.get("data")).get(str(ref.get("key")), ""))
        if ref := mapping(source.get("secretKeyRef")):
            text = f"{ref.get('key')} of the Secret {ref.get('name')}"
        elif field := mapping(source.get("fieldRef")).get("fieldPath"):
            text = f"{field} of the pod"
        values[str(each.get("name"))] = text
    return {
        name: WITHHELD if looks_secret(name, text) and " of the " not in text else text for name, text in values.items()
    }


def _plain(value: Any, key: str = "") -> Any:
    """Without what the API server adds by itself; lists of things with names by their names."""
    if isinstance(value, Mapping):
        inner = {k: _plain(v, k) for k, v in value.items() if k not in _OF_THE_SERVER}
        return {
            k: v
            for k, v in inner.items()
            if (k == "emptyDir" or v not in (None, {}, [])) and v not in _DEFAULTS.get(k, ())
        }
    if isinstance(value, list):
        by = _KEYS.get(key, "name")
        if value and all(isinstance(each, Mapping) for each in value):
            by = next((word for word in (by, "containerPort", "name") if all(word in each for each in value)), "")
            if by:
                return {str(each[by]): _plain({k: v for k, v in each.items() if k != by}) or by for each in value}
        return [_plain(each) for each in value]
    return value


def _quantity(value: object) -> int | None:
    """The number that a text stands for; None where it is none."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    for read in (cpu, size):
        try:
            return read(str(value))
        except Broken:
            continue
    return None


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False).replace('"', "")
    text = text.replace("\n", " ")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
