"""The pod of a workload: restricted, bounded, spread out, and on its way out in time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pulumi import Input

from flyball import wellknown
from flyball.guards.headroom.headroom import Survive
from flyball.guards.reading.units import Bytes, show_size
from flyball.guards.workload.application import Application, Placed, Scratch
from flyball.guards.workload.fixed_names import lowest, places
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.member_sizing import apart
from flyball.guards.workload.members import VOLUME
from flyball.guards.workload.platform import Platform
from flyball.guards.workload.pod import Pod
from flyball.guards.workload.ports import METRICS
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.spec import LOGS_VOLUME, ROTATION_VOLUME, Spec
from flyball.kubernetes.images import pulled
from flyball.kubernetes.objects import (
    BASE_PART,
    PORT_NAME,
    SPOT_PART,
    Manifest,
    as_user,
    confined,
    container_port,
    evenly,
    labels,
    never_together,
    requests_and_limits,
    selector,
    unless_empty,
)
from flyball.kubernetes.workload import init_containers
from flyball.kubernetes.workload import rotation as rotate
from flyball.kubernetes.workload.files import Mounted, env_from
from flyball.kubernetes.workload.network import protocol
from flyball.kubernetes.workload.probes import probe
from flyball.kubernetes.workload.proxy import Sidecars

_KEEPS_OWNERS = {"fsGroupChangePolicy": "OnRootMismatch"}
"""A large volume is not walked through at each start (https://kubernetes.io/docs/tasks/configure-pod-container/
security-context/#configure-volume-permission-and-ownership-change-policy-for-pods)."""


@dataclass(frozen=True, slots=True)
class PodInputs:
    """What a pod has that does not follow from the rules; what is an Input may only be known while Pulumi runs.

    `priority` is the name of its PriorityClass, `proxy` what stands beside the application, if anything does,
    `files` what it reads.
    """

    image: Input[str]
    env: tuple[Manifest, ...]
    priority: str
    proxy: Sidecars | None = None
    files: tuple[Mounted, ...] = ()
    annotations: Mapping[str, Input[str]] = field(default_factory=dict)


def pod_template(s: Service, part: str, inputs: PodInputs) -> Manifest:
    """The template of one part, on demand or on spot."""
    metadata: Manifest = {"labels": {**labels(s), wellknown.PART_LABEL: part}}
    if merged := {**s.spec.annotations, **evictable(_volumes(s.spec)), **_scraped(s.spec), **inputs.annotations}:
        metadata["annotations"] = merged
    return {"metadata": metadata, "spec": _pod(s, part, inputs)}


def evictable(volumes: Iterable[str]) -> Manifest:
    """What is in these volumes may go with the pod. Without that word, the cluster autoscaler keeps a node for them
    (cluster-autoscaler/FAQ.md in kubernetes/autoscaler, "What types of pods can prevent CA from removing a node?")."""
    names = ",".join(volumes)
    return {wellknown.SAFE_TO_EVICT_VOLUMES: names} if names else {}


def _scraped(spec: Spec) -> dict[str, str]:
    """Where the application's figures are, in the words by which Prometheus is commonly told
    (https://github.com/prometheus-community/helm-charts/tree/main/charts/prometheus#scraping-pod-metrics-via-annotations).
    """
    if spec.metrics is None:
        return {}
    port, path = str(spec.metrics.port), spec.metrics.path
    return {"prometheus.io/scrape": "true", "prometheus.io/port": port, "prometheus.io/path": path}


def _pod(s: Service, part: str, inputs: PodInputs) -> Manifest:
    spec, rotation = s.spec, rotate.container(s.spec)
    pod: Manifest = {
        **around(s, inputs, spec.grace_seconds, _volumes(spec)),
        # The signal to open logs anew goes from one container to the other.
        **({"shareProcessNamespace": True} if rotation and spec.logs and spec.logs.writer.process else {}),
        **chosen(spec.pod, _placement(s, part)),
        **unless_empty("topologySpreadConstraints", _spread(s)),
        **unless_empty("initContainers", before(s, inputs, [rotation] if rotation else [])),
        "containers": [_container(s, inputs)],
    }
    return pulled(pod, s.place.platform)


def before(s: Service | Job, inputs: PodInputs, rotation: Iterable[Manifest] = ()) -> list[Manifest]:
    """What is started before the application, in order: flyball's own, then the team's."""
    proxy = inputs.proxy
    own = init_containers.containers(s, proxy.variables if proxy else ())
    return [*([proxy.container] if proxy else []), *rotation, *own]


def around(s: Placed, inputs: PodInputs, grace: int, volumes: Mapping[str, Scratch]) -> Manifest:
    """What is around the containers of a pod, of a service or a job; `grace` in seconds."""
    mounted = [{"name": name, "emptyDir": {"sizeLimit": show_size(each.size)}} for name, each in volumes.items()]
    return {
        "serviceAccountName": s.spec.account,
        "automountServiceAccountToken": s.spec.token,
        # A variable for each Service of the namespace may hide one of the application's, and enough of them keep it
        # from starting (https://kubernetes.io/docs/tutorials/services/connect-applications-service/
        # #environment-variables).
        "enableServiceLinks": False,
        "priorityClassName": inputs.priority,
        **_surroundings(s.spec),
        "terminationGracePeriodSeconds": grace,
        "securityContext": {
            **as_user(s.spec.user),
            "fsGroup": s.spec.user,
            **(_KEEPS_OWNERS if isinstance(s, Service) and s.spec.kept.data else {}),
            "seccompProfile": {"type": "RuntimeDefault"},
            **unless_empty("sysctls", _sysctls(s.spec)),
        },
        **unless_empty(
            "volumes",
            [*mounted, *(each.volume for each in inputs.files), *([inputs.proxy.volume] if inputs.proxy else [])],
        ),
    }


def _surroundings(spec: Application) -> Manifest:
    """Names, those of the calls among them, and what runs the containers."""
    pod = spec.pod
    options = [{"name": name, **({"value": value} if value else {})} for name, value in sorted(pod.options.items())]
    names = {**unless_empty("options", options), **unless_empty("searches", list(pod.searches))}
    led = {where: list(named) for where, named in pod.hosts.items()}
    for name, where in places(spec.calls).items():
        led[where] = [*led.get(where, []), *sorted({to.host for to in spec.calls[name].names})]
    hosts = [{"ip": where, "hostnames": named} for where, named in sorted(led.items())]
    return {
        **unless_empty("hostAliases", hosts),
        **({"dnsConfig": names} if names else {}),
        **({"runtimeClassName": pod.runtime} if pod.runtime else {}),
    }


def _sysctls(spec: Application) -> list[Manifest]:
    """The proxy listens where the application dials by a name; for low ports the pod says that it may."""
    port = lowest(spec.calls)
    return [{"name": "net.ipv4.ip_unprivileged_port_start", "value": str(port)}] if port else []


def chosen(pod: Pod, placed: Manifest) -> Manifest:
    """Where it runs by what is said of nodes, beside what `placed` says of spot machines."""
    nodes = dict(placed.get("affinity", {}).get("nodeAffinity", {}))
    key = "preferredDuringSchedulingIgnoredDuringExecution"
    wanted = [
        {"weight": 50, "preference": {"matchExpressions": [{"key": name, "operator": "In", "values": [value]}]}}
        for name, value in sorted(pod.prefer.items())
    ]
    nodes |= {key: [*nodes.get(key, []), *wanted]} if wanted else {}
    tolerations = [
        {
            "key": each.key,
            **({"operator": "Exists"} if each.value is None else {"operator": "Equal", "value": each.value}),
            **({"effect": each.effect} if each.effect else {}),
        }
        for each in pod.tolerations
    ]
    return {
        **placed,
        **({"nodeSelector": dict(sorted(pod.labels.items()))} if pod.labels else {}),
        **({"affinity": {**placed.get("affinity", {}), "nodeAffinity": nodes}} if nodes else {}),
        **unless_empty("tolerations", [*placed.get("tolerations", []), *tolerations]),
    }


def _container(s: Service, inputs: PodInputs) -> Manifest:
    spec = s.spec
    return {
        **application(s, inputs, s.sizing.ephemeral_storage, _own_volumes(spec), _data(spec)),
        **unless_empty("ports", _ports(spec)),
        "startupProbe": probe(spec.probes.startup, spec.port),
        "readinessProbe": probe(spec.probes.readiness, spec.port),
        "livenessProbe": probe(spec.probes.liveness, spec.port),
        # The kubelet's own sleep: works in images without a shell.
        "lifecycle": {"preStop": {"sleep": {"seconds": spec.shutdown.prestop // 1000}}},
    }


def _data(spec: Spec) -> list[Manifest]:
    """Where the volume of a member is mounted, or the folder of it that is."""
    data = spec.kept.data
    if data is None:
        return []
    return [{"name": VOLUME, "mountPath": data.path, **({"subPath": data.folder} if data.folder else {})}]


def _ports(spec: Spec) -> list[Manifest]:
    """All on which it listens, each once."""
    found = [container_port(PORT_NAME, spec.port)] if spec.port is not None else []
    for name, each in sorted(spec.ports.items()):
        found.append(container_port(name, each.port, protocol(each.protocol)))
    if spec.metrics and spec.metrics.port not in {each["containerPort"] for each in found}:
        found.append(container_port(METRICS, spec.metrics.port))
    return found


def application(
    s: Placed, inputs: PodInputs, storage: Bytes, volumes: Mapping[str, Scratch], more: Iterable[Manifest] = ()
) -> Manifest:
    """The container of a service or a job: bounded, without privileges, its root read-only; `more` it has mounted."""
    return {
        "name": s.name,
        "image": inputs.image,
        # The registry may be away just when pods have to move; the tag or digest says what is run.
        "imagePullPolicy": "IfNotPresent",
        "resources": _with_devices(requests_and_limits(s.spec.resources, storage), s.spec.pod),
        "securityContext": {**confined(s.spec.pod.capabilities), **as_user(s.spec.user)},
        **unless_empty(
            "volumeMounts",
            [
                *({"name": name, "mountPath": each.path} for name, each in volumes.items()),
                *(each.mount for each in inputs.files),
                *more,
            ],
        ),
        **unless_empty("command", list(s.spec.command)),
        **unless_empty("args", list(s.spec.arguments)),
        **unless_empty("envFrom", env_from(s.spec.variables)),
        **unless_empty("env", list(inputs.env)),
    }


def _with_devices(resources: Manifest, pod: Pod) -> Manifest:
    """An extended resource is requested whole or not at all (https://kubernetes.io/docs/concepts/configuration/
    manage-resources-containers/#extended-resources)."""
    devices = {name: str(count) for name, count in sorted(pod.devices.items())}
    return {key: {**value, **devices} for key, value in resources.items()}


def _volumes(spec: Spec) -> dict[str, Scratch]:
    """All of the pod."""
    rotation = {ROTATION_VOLUME: Scratch(rotate.FOLDER, rotate.STATE)} if spec.rotated else {}
    return {**_own_volumes(spec), **rotation}


def _own_volumes(spec: Spec) -> dict[str, Scratch]:
    """Those of the application."""
    scratch = dict(sorted(spec.scratch.items()))
    return {**scratch, LOGS_VOLUME: Scratch(spec.logs.path, spec.logs.limits.volume)} if spec.logs else scratch


def _spread(s: Service) -> list[Manifest]:
    """Over zones and hosts, of those whose nodes take such pods.

    Where a zone's loss must be survived the zones are a must, since the rule reckons with `ceil(n / zones)` in the
    fullest. In all other cases evenness is a preference: a pod that waits for the perfect node carries nothing. Each
    revision is spread for itself, or what is left after a rollout is uneven. The two parts of a workload on spot are
    different revisions; they are spread together by must, and each revision by preference. Of members no two are on one
    node, and all are spread together: each is replaced where its volume is.
    """
    must = Survive.ZONE in s.spec.survive
    if s.members:
        if s.members.alone:
            return []
        return [evenly(selector(s), wellknown.ZONE, apart(s.members, len(s.place.zones), must))]
    if s.sizing.split is None:
        return [_evenly(s, wellknown.ZONE, must), _evenly(s, wellknown.HOSTNAME)]
    together = _evenly(s, wellknown.ZONE, must, revision=False)
    return [together, *([_evenly(s, wellknown.ZONE)] if must else []), _evenly(s, wellknown.HOSTNAME, revision=False)]


def _evenly(s: Service, key: str, must: bool = False, revision: bool = True) -> Manifest:
    constraint = evenly(selector(s), key, must)
    return {**constraint, "matchLabelKeys": ["pod-template-hash"]} if revision else constraint


def _placement(s: Service, part: str) -> Manifest:
    """On-demand nodes for the base, and for all members; spot nodes by preference for the rest, which may fall back."""
    if s.members:
        together = {} if s.members.alone else never_together(selector(s))
        return {"affinity": {**_off_spot(s.place.platform), **together}}
    if s.sizing.split is None:
        return {}
    platform = s.place.platform
    if part == BASE_PART:
        return {"affinity": _off_spot(platform)}
    assert part == SPOT_PART
    return on_spot(platform)


def _off_spot(platform: Platform) -> Manifest:
    """Of an affinity: no spot nodes."""
    off_spot = [{**label, "operator": "NotIn"} for label in _spot_labels(platform)]
    required = {"nodeSelectorTerms": [{"matchExpressions": off_spot}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def on_spot(platform: Platform) -> Manifest:
    """Spot nodes by preference, and the way in past their taints."""
    labels = _spot_labels(platform)
    preferred = [{"weight": 100, "preference": {"matchExpressions": [label]}} for label in labels]
    tolerations = [
        {"key": key, "operator": "Equal", "value": value, "effect": wellknown.SPOT_TAINT_EFFECT}
        for key, value in platform.taints
    ]
    return {
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}},
        **unless_empty("tolerations", tolerations),
    }


def _spot_labels(platform: Platform) -> list[Manifest]:
    return [{"key": key, "operator": "In", "values": [value]} for key, value in platform.spot]
