"""The pod of a workload: restricted, bounded, spread out, and on its way out in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi import Input

from flyball import wellknown
from flyball.guards.headroom.headroom import Survive
from flyball.guards.interruptions.probes import Probe
from flyball.guards.reading.units import show_size
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.spec import LOGS_VOLUME, ROTATION_VOLUME, Scratch, Spec
from flyball.kubernetes.objects import (
    BASE_PART,
    PORT_NAME,
    SPOT_PART,
    Manifest,
    as_user,
    confined,
    labels,
    requests_and_limits,
    selector,
)
from flyball.kubernetes.workload import rotation as rotate
from flyball.kubernetes.workload.proxy import Sidecars


@dataclass(frozen=True, slots=True)
class PodInputs:
    """What a pod has that does not follow from the rules; what is an Input may only be known while Pulumi runs.

    `priority` is the name of its PriorityClass, `proxy` what stands beside the application, if anything does.
    """

    image: Input[str]
    env: tuple[Manifest, ...]
    priority: str
    proxy: Sidecars | None = None
    annotations: Mapping[str, Input[str]] = field(default_factory=dict)


def pod_template(s: Service, part: str, inputs: PodInputs) -> Manifest:
    """The template of one part, on demand or on spot."""
    metadata: Manifest = {"labels": {**labels(s), wellknown.PART_LABEL: part}}
    if merged := {**s.spec.annotations, **_evictable(s.spec), **inputs.annotations}:
        metadata["annotations"] = merged
    return {"metadata": metadata, "spec": _pod(s, part, inputs)}


def _evictable(spec: Spec) -> Manifest:
    """What is in these volumes may go with the pod. Without that word, the cluster autoscaler keeps a node for them
    (cluster-autoscaler/FAQ.md in kubernetes/autoscaler, "What types of pods can prevent CA from removing a node?")."""
    volumes = _volumes(spec)
    return {wellknown.SAFE_TO_EVICT_VOLUMES: ",".join(volumes)} if volumes else {}


def _pod(s: Service, part: str, inputs: PodInputs) -> Manifest:
    spec, proxy, rotation = s.spec, inputs.proxy, rotate.container(s.spec)
    beside = [*([proxy.container] if proxy else []), *([rotation] if rotation else [])]
    volumes = [_volume(name, volume) for name, volume in _volumes(spec).items()]
    return {
        "serviceAccountName": s.name,
        "automountServiceAccountToken": spec.token,
        # A variable for each Service of the namespace may hide one of the application's, and enough of them keep it
        # from starting (https://kubernetes.io/docs/tutorials/services/connect-applications-service/
        # #environment-variables).
        "enableServiceLinks": False,
        "priorityClassName": inputs.priority,
        "terminationGracePeriodSeconds": spec.shutdown.grace_seconds,
        # The signal to open logs anew goes from one container to the other.
        **({"shareProcessNamespace": True} if rotation and spec.logs and spec.logs.writer.process else {}),
        "securityContext": {
            **as_user(spec.user),
            "fsGroup": spec.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **_placement(s, part),
        "topologySpreadConstraints": _spread(s),
        **_unless_empty("initContainers", beside),
        "containers": [_container(s, inputs)],
        **_unless_empty("volumes", [*volumes, *([proxy.volume] if proxy else [])]),
    }


def _volume(name: str, volume: Scratch) -> Manifest:
    return {"name": name, "emptyDir": {"sizeLimit": show_size(volume.size)}}


def _unless_empty(key: str, items: list[Any]) -> Manifest:
    """The server drops an empty list, and each apply would put it back."""
    return {key: items} if items else {}


def _container(s: Service, inputs: PodInputs) -> Manifest:
    spec = s.spec
    return {
        "name": s.name,
        "image": inputs.image,
        # The registry may be away just when pods have to move; the tag or digest says what is run.
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": PORT_NAME, "containerPort": spec.port, "protocol": "TCP"}],
        "resources": requests_and_limits(spec.resources, s.sizing.ephemeral_storage),
        "startupProbe": _probe(spec.probes.startup, spec.port),
        "readinessProbe": _probe(spec.probes.readiness, spec.port),
        "livenessProbe": _probe(spec.probes.liveness, spec.port),
        # The kubelet's own sleep: works in images without a shell.
        "lifecycle": {"preStop": {"sleep": {"seconds": spec.shutdown.prestop // 1000}}},
        "securityContext": {**confined(), **as_user(spec.user)},
        **_unless_empty("volumeMounts", [{"name": n, "mountPath": v.path} for n, v in _own_volumes(spec).items()]),
        **_unless_empty("command", list(spec.command)),
        **_unless_empty("args", list(spec.arguments)),
        **_unless_empty("env", list(inputs.env)),
    }


def _volumes(spec: Spec) -> dict[str, Scratch]:
    """All of the pod."""
    rotation = {ROTATION_VOLUME: Scratch(rotate.FOLDER, rotate.STATE)} if rotate.is_needed(spec) else {}
    return {**_own_volumes(spec), **rotation}


def _own_volumes(spec: Spec) -> dict[str, Scratch]:
    """Those of the application."""
    scratch = dict(sorted(spec.scratch.items()))
    return {**scratch, LOGS_VOLUME: Scratch(spec.logs.path, spec.logs.limits.volume)} if spec.logs else scratch


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


def _spread(s: Service) -> list[Manifest]:
    """Over zones and hosts, of those whose nodes take such pods.

    Where a zone's loss must be survived the zones are a must, since the rule reckons with `ceil(n / zones)` in the
    fullest. In all other cases evenness is a preference: a pod that waits for the perfect node carries nothing. Each
    revision is spread for itself, or what is left after a rollout is uneven. The two parts of a workload on spot are
    different revisions; they are spread together by must, and each revision by preference.
    """
    must = Survive.ZONE in s.spec.survive
    if s.sizing.split is None:
        return [_evenly(s, wellknown.ZONE, must), _evenly(s, wellknown.HOSTNAME)]
    together = _evenly(s, wellknown.ZONE, must, revision=False)
    return [together, *([_evenly(s, wellknown.ZONE)] if must else []), _evenly(s, wellknown.HOSTNAME, revision=False)]


def _evenly(s: Service, key: str, must: bool = False, revision: bool = True) -> Manifest:
    constraint: Manifest = {
        "maxSkew": 1,
        "topologyKey": key,
        # By default a zone whose nodes are dead, drained or for others counts as one without pods, beside which no
        # other may have more than one (https://kubernetes.io/docs/concepts/scheduling-eviction/
        # topology-spread-constraints/#spread-constraint-definition).
        "nodeTaintsPolicy": "Honor",
        "whenUnsatisfiable": "DoNotSchedule" if must else "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(s)},
    }
    return {**constraint, "matchLabelKeys": ["pod-template-hash"]} if revision else constraint


def _placement(s: Service, part: str) -> Manifest:
    """On-demand nodes for the base; spot nodes by preference for the rest, which may fall back."""
    if s.sizing.split is None:
        return {}
    platform = s.place.platform
    on_spot = [{"key": key, "operator": "In", "values": [value]} for key, value in platform.spot]
    if part == BASE_PART:
        off_spot = [{**label, "operator": "NotIn"} for label in on_spot]
        required = {"nodeSelectorTerms": [{"matchExpressions": off_spot}]}
        return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}
    assert part == SPOT_PART
    preferred = [{"weight": 100, "preference": {"matchExpressions": [label]}} for label in on_spot]
    tolerations = [
        {"key": key, "operator": "Equal", "value": value, "effect": wellknown.SPOT_TAINT_EFFECT}
        for key, value in platform.taints
    ]
    return {
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}},
        **_unless_empty("tolerations", tolerations),
    }
