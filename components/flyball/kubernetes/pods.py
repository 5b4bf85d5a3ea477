"""The pod of a workload: restricted, bounded, spread out, and on its way out in time."""

from collections.abc import Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.headroom.headroom import Survive
from flyball.guards.interruptions.probes import Probe
from flyball.guards.reading.units import show_size
from flyball.guards.workload.spec import Scratch, Spec
from flyball.kubernetes.objects import BASE_PART, PORT_NAME, SPOT_PART, Guarded, Manifest, requests_and_limits
from flyball.kubernetes.proxy import Sidecars

LOGS_VOLUME = "logs"


def pod_template(g: Guarded, part: str, container: Mapping[str, Any], annotations: Mapping[str, Any]) -> Manifest:
    """The template of one part. `container` brings image and environment, which may be Outputs, and the proxy."""
    metadata: Manifest = {"labels": {**g.labels, wellknown.PART_LABEL: part}}
    if merged := {**g.spec.annotations, **annotations}:
        metadata["annotations"] = merged
    return {"metadata": metadata, "spec": _pod(g, part, container)}


def _pod(g: Guarded, part: str, container: Mapping[str, Any]) -> Manifest:
    spec = g.spec
    proxy: Sidecars | None = container["proxy"]
    volumes = [_volume(name, volume) for name, volume in _volumes(spec).items()]
    return {
        "serviceAccountName": g.name,
        "automountServiceAccountToken": spec.token,
        "priorityClassName": container["priority"],
        "terminationGracePeriodSeconds": spec.shutdown.grace_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": spec.user,
            "runAsGroup": spec.user,
            "fsGroup": spec.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **_placement(g, part),
        "topologySpreadConstraints": _spread(g),
        **_unless_empty("initContainers", [proxy.container] if proxy else []),
        "containers": [_container(g, container)],
        **_unless_empty("volumes", [*volumes, *([proxy.volume] if proxy else [])]),
    }


def _volume(name: str, volume: Scratch) -> Manifest:
    return {"name": name, "emptyDir": {"sizeLimit": show_size(volume.size)}}


def _unless_empty(key: str, items: list[Any]) -> Manifest:
    """The server drops an empty list, and each apply would put it back."""
    return {key: items} if items else {}


def _container(g: Guarded, given: Mapping[str, Any]) -> Manifest:
    spec = g.spec
    container: Manifest = {
        "name": g.name,
        "image": given["image"],
        # The registry may be away just when pods have to move; the tag or digest says what is run.
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": PORT_NAME, "containerPort": spec.port, "protocol": "TCP"}],
        "resources": requests_and_limits(spec.resources, g.sizing.ephemeral_storage),
        "startupProbe": _probe(spec.probes.startup, spec.port),
        "readinessProbe": _probe(spec.probes.readiness, spec.port),
        "livenessProbe": _probe(spec.probes.liveness, spec.port),
        # The kubelet's own sleep: works in images without a shell.
        "lifecycle": {"preStop": {"sleep": {"seconds": spec.shutdown.prestop // 1000}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": spec.user,
            "runAsGroup": spec.user,
            "capabilities": {"drop": ["ALL"]},
        },
        **_unless_empty("volumeMounts", [{"name": n, "mountPath": v.path} for n, v in _volumes(spec).items()]),
    }
    for key in ("command", "args", "env"):
        container |= _unless_empty(key, given[key])
    return container


def _volumes(spec: Spec) -> dict[str, Scratch]:
    scratch = dict(sorted(spec.scratch.items()))
    if spec.logs is None or spec.logs_path is None:
        return scratch
    return {**scratch, LOGS_VOLUME: Scratch(spec.logs_path, spec.logs.volume)}


def _probe(probe: Probe, port: int) -> Manifest:
    """A probe; the address stays the pod's, so that it asks what a client would."""
    handlers: dict[str, Manifest] = {
        "path": {"httpGet": {"path": probe.path, "port": port}},
        "grpc": {"grpc": {"port": port}},
        "tcp": {"tcpSocket": {"port": port}},
        "exec": {"exec": {"command": list(probe.exec)}},
    }
    return {
        **handlers[probe.kind],
        "periodSeconds": probe.period,
        "timeoutSeconds": probe.timeout,
        "failureThreshold": probe.failures,
    }


def _spread(g: Guarded) -> list[Manifest]:
    """Over zones and hosts, of those whose nodes take such pods.

    Where a zone's loss must be survived the zones are a must, since the rule reckons with `ceil(n / zones)` in the
    fullest. In all other cases evenness is a wish: a pod that waits for the perfect node carries nothing. Each
    revision is spread for itself, or what is left after a rollout is uneven. The two parts of a workload on spot are
    different revisions; they are spread together by must, and each revision by wish.
    """
    must = Survive.ZONE in g.spec.survive
    if g.sizing.split is None:
        return [_evenly(g, wellknown.ZONE, must), _evenly(g, wellknown.HOSTNAME)]
    together = _evenly(g, wellknown.ZONE, must, revision=False)
    return [together, *([_evenly(g, wellknown.ZONE)] if must else []), _evenly(g, wellknown.HOSTNAME, revision=False)]


def _evenly(g: Guarded, key: str, must: bool = False, revision: bool = True) -> Manifest:
    constraint: Manifest = {
        "maxSkew": 1,
        "topologyKey": key,
        # By default a zone whose nodes are dead, drained or for others counts as one without pods, beside which no
        # other may have more than one (https://kubernetes.io/docs/concepts/scheduling-eviction/
        # topology-spread-constraints/#spread-constraint-definition).
        "nodeTaintsPolicy": "Honor",
        "whenUnsatisfiable": "DoNotSchedule" if must else "ScheduleAnyway",
        "labelSelector": {"matchLabels": g.selector},
    }
    return {**constraint, "matchLabelKeys": ["pod-template-hash"]} if revision else constraint


def _placement(g: Guarded, part: str) -> Manifest:
    """On-demand nodes for the base; spot nodes by preference for the rest, which may fall back."""
    if g.sizing.split is None:
        return {}
    on_spot = [
        {"key": wellknown.CAPACITY_TYPE, "operator": "In", "values": [wellknown.CAPACITY_SPOT]},
        {"key": wellknown.EKS_CAPACITY_TYPE, "operator": "In", "values": [wellknown.EKS_CAPACITY_SPOT]},
    ]
    if part == BASE_PART:
        off_spot = [{**label, "operator": "NotIn"} for label in on_spot]
        required = {"nodeSelectorTerms": [{"matchExpressions": off_spot}]}
        return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}
    assert part == SPOT_PART
    preferred = [{"weight": 100, "preference": {"matchExpressions": [label]}} for label in on_spot]
    toleration = {
        "key": wellknown.SPOT_TAINT,
        "operator": "Equal",
        "value": wellknown.SPOT_TAINT_VALUE,
        "effect": wellknown.SPOT_TAINT_EFFECT,
    }
    return {
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}},
        "tolerations": [toleration],
    }
