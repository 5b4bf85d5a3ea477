"""The objects of a cache.

A StatefulSet, though nothing of it is kept: two of a pair find each other by names that stay, and a new version comes
to one of them after the other, the next only once the one before has all keys again.
"""

from collections.abc import Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.clean_up import retention
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.units import Bytes, ceil_div, show_size
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import (
    FILES_SUFFIX,
    OVERHEAD_CLIENTS,
    PASSWORD_KEY,
    PASSWORD_SUFFIX,
    PORT,
    Cache,
)
from flyball.guards.workload.names import PEERS_SUFFIX, Caller
from flyball.guards.workload.resources import Resources
from flyball.kubernetes.cache import configuration
from flyball.kubernetes.images import pulled
from flyball.kubernetes.objects import (
    PULL_POLICY,
    Manifest,
    as_user,
    confined,
    container_port,
    content_hash,
    evenly,
    exempt,
    from_pod,
    headless,
    never_together,
    ownership,
    requests_and_limits,
)
from flyball.kubernetes.workload.network import by_namespace, resolvers, tcp
from flyball.proxy.families import IP, IPS

USER = 65_532
METRICS_PORT = 9121
"""Of the exporter (https://github.com/oliver006/redis_exporter)."""
CONFIG, RUN, DATA = "config", "run", "data"
GRACE = 30
"""Seconds for the way out: what it was asked is answered at once, and nothing is kept."""
SETTLE = 10
"""Seconds for which a pod is ready before the next one is replaced."""
_SMALL: Bytes = MI
_ROUTED: Bytes = 40 * 1024
"""Of the router for each client: two buffers of 16 KiB, and the connection itself."""


def labels(cache: Cache, place: Place) -> dict[str, str]:
    return {**selector(cache), **ownership(place.environment, place.owner)}


def selector(cache: Cache) -> dict[str, str]:
    return {wellknown.NAME_LABEL: cache.name}


def metadata(cache: Cache, place: Place, suffix: str = "", annotations: Mapping[str, str] | None = None) -> Manifest:
    meta: Manifest = {"name": cache.name + suffix, "namespace": cache.namespace, "labels": labels(cache, place)}
    return {**meta, "annotations": dict(annotations)} if annotations else meta


def service_account(cache: Cache, place: Place) -> Manifest:
    return {"metadata": metadata(cache, place), "automountServiceAccountToken": False}


def secret(cache: Cache, place: Place, password: Any) -> Manifest:
    """The password, where it was given."""
    return {
        "metadata": metadata(cache, place, PASSWORD_SUFFIX),
        "stringData": {PASSWORD_KEY: password},
        "type": "Opaque",
    }


def config_map(cache: Cache, place: Place) -> Manifest:
    return {"metadata": metadata(cache, place, FILES_SUFFIX), "data": configuration.files(cache)}


def service(cache: Cache, place: Place) -> Manifest:
    """One address; of a pair both lead to the one that is written to. Pulumi awaits the pods, and need not await it."""
    return {
        "metadata": metadata(cache, place, annotations={"pulumi.com/skipAwait": "true"}),
        "spec": {
            "type": "ClusterIP",
            "ipFamilyPolicy": "PreferDualStack",
            "selector": selector(cache),
            "ports": [{"name": "main", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
        },
    }


def peers(cache: Cache, place: Place) -> Manifest:
    """A name for each pod, whether it is ready or not: who starts asks the other one."""
    meta = metadata(cache, place, PEERS_SUFFIX, {"pulumi.com/skipAwait": "true"})
    port = configuration.port(cache)
    return headless(meta, selector(cache), [{"name": "peer", "port": port, "targetPort": port, "protocol": "TCP"}])


def disruption_budget(cache: Cache, place: Place) -> Manifest:
    """One may go at a time: of a pair the other one takes over, and a single one must not keep its node from going."""
    return {
        "metadata": metadata(cache, place),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(cache)},
        },
    }


def network_policy(cache: Cache, place: Place) -> Manifest:
    """Callers in, who scrapes the metrics in, and of a pair each to the other; else nobody, and nowhere."""
    own = {"podSelector": {"matchLabels": selector(cache)}}
    behind = [tcp(configuration.BEHIND)]
    ingress: list[Manifest] = [{"from": [by_namespace(cache.scrape)], "ports": [tcp(METRICS_PORT)]}]
    if cache.paired:
        ingress.append({"from": [own], "ports": behind})
    if peers := [_caller(cache, caller) for caller in cache.callers]:
        ingress.append({"from": peers, "ports": [tcp(PORT)]})
    egress = [*resolvers(place.platform), {"to": [own], "ports": behind}] if cache.paired else []
    return {
        "metadata": metadata(cache, place),
        "spec": {
            "podSelector": {"matchLabels": selector(cache)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            **({"egress": egress} if egress else {}),
        },
    }


def _caller(cache: Cache, caller: Caller) -> Manifest:
    pods = {"podSelector": {"matchLabels": {wellknown.NAME_LABEL: caller.name}}}
    return pods if caller.namespace == cache.namespace else {**by_namespace(caller.namespace), **pods}


def stateful_set(cache: Cache, place: Place, priority: str, annotations: Mapping[str, Any]) -> Manifest:
    """`annotations` are more ones of its pods: what they change, the pods are replaced for."""
    text = "".join(f"{name}\n{content}" for name, content in configuration.files(cache).items())
    notes = {
        "flyball.dev/configuration": content_hash(text),
        wellknown.SAFE_TO_EVICT_VOLUMES: f"{RUN},{DATA}",
        **annotations,
    }
    pods: Manifest = {"labels": labels(cache, place), "annotations": notes}
    return {
        "metadata": metadata(cache, place, annotations=exempt(PULL_POLICY)),
        "spec": {
            "replicas": cache.replicas,
            "serviceName": cache.name + PEERS_SUFFIX,
            # Both come back at once where both were lost; they are replaced one after the other all the same.
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "minReadySeconds": SETTLE,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": selector(cache)},
            "template": {"metadata": pods, "spec": pulled(_pod(cache, priority), place.platform)},
        },
    }


def _pod(cache: Cache, priority: str) -> Manifest:
    beside = [_router(cache), _elector(cache)] if cache.paired else []
    return {
        "serviceAccountName": cache.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": priority,
        "terminationGracePeriodSeconds": GRACE,
        "securityContext": {**as_user(USER), "fsGroup": USER, "seccompProfile": {"type": "RuntimeDefault"}},
        **_placement(cache),
        "containers": [_valkey(cache), *beside, _exporter(cache)],
        "volumes": [
            {"name": CONFIG, "configMap": {"name": cache.name + FILES_SUFFIX}},
            {"name": RUN, "emptyDir": {"medium": "Memory", "sizeLimit": show_size(_SMALL)}},
            {"name": DATA, "emptyDir": {"sizeLimit": show_size(_data(cache))}},
        ],
    }


def _data(cache: Cache) -> Bytes:
    """A replica keeps there what it is filled with until it has all of it."""
    return (ceil_div(cache.maxmemory, MI) + 16) * MI if cache.paired else 16 * MI


def _placement(cache: Cache) -> Manifest:
    """Two of a pair never on one node; in zones of their own by preference."""
    if not cache.paired:
        return {}
    pods = selector(cache)
    return {"affinity": never_together(pods), "topologySpreadConstraints": [evenly(pods, wellknown.ZONE, must=False)]}


def _valkey(cache: Cache) -> Manifest:
    port = configuration.port(cache)
    listens = {"tcpSocket": {"port": port}}
    ready = {"exec": {"command": ["/bin/sh", f"{configuration.RUN}/ready.sh"]}}
    leave = {"exec": {"command": ["/bin/sh", f"{configuration.RUN}/leave.sh"]}}
    resources = Resources(cache.cpu, cache.memory, max(2 * cache.cpu, 1000), cache.memory)
    return {
        "name": "cache",
        "image": cache.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", f"{configuration.FOLDER}/start.sh"],
        "env": _environment(cache),
        "ports": [container_port("cache", port)],
        "resources": requests_and_limits(resources, retention.ephemeral_storage(1, [_data(cache)])),
        "startupProbe": {**listens, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3},
        "livenessProbe": {**listens, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 6},
        # A single one serves until it is no longer sent to; of a pair the other one takes over first.
        "lifecycle": {"preStop": leave if cache.paired else {"sleep": {"seconds": 5}}},
        "securityContext": {**confined(), **as_user(USER)},
        "volumeMounts": [
            {"name": CONFIG, "mountPath": configuration.FOLDER, "readOnly": True},
            {"name": RUN, "mountPath": configuration.RUN},
            {"name": DATA, "mountPath": configuration.DATA},
        ],
    }


def _beside(cache: Cache, name: str, image: str, resources: Resources) -> Manifest:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": _environment(cache),
        "resources": requests_and_limits(resources, retention.ephemeral_storage(1)),
        "securityContext": {**confined(), **as_user(USER)},
    }


def _elector(cache: Cache) -> Manifest:
    """Of a pair."""
    return {
        **_beside(cache, "elector", cache.image, Resources(20, 16 * MI, 200, 32 * MI)),
        "command": ["/bin/sh", f"{configuration.FOLDER}/elect.sh"],
        "volumeMounts": [{"name": CONFIG, "mountPath": configuration.FOLDER, "readOnly": True}],
    }


def _router(cache: Cache) -> Manifest:
    """Of a pair."""
    listens = {"tcpSocket": {"port": PORT}}
    size = (32 + ceil_div((cache.clients + OVERHEAD_CLIENTS) * _ROUTED, MI)) * MI
    found = _beside(cache, "router", cache.router, Resources(100, size, 1000, size))
    return {
        **found,
        "command": ["haproxy", "-W", "-db", "-f", f"{configuration.FOLDER}/haproxy.cfg"],
        "env": [*found["env"], from_pod(IP, "status.podIP"), from_pod(IPS, "status.podIPs")],
        "ports": [container_port("main", PORT)],
        "startupProbe": {**listens, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**listens, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 6},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "volumeMounts": [{"name": CONFIG, "mountPath": configuration.FOLDER, "readOnly": True}],
    }


def _exporter(cache: Cache) -> Manifest:
    """Its figures say how many keys lack a time to live, too (`redis_db_keys`, `redis_db_keys_expiring`)."""
    return {
        **_beside(cache, "exporter", cache.exporter, Resources(10, 32 * MI, 200, 64 * MI)),
        "env": [
            {"name": "REDIS_ADDR", "value": f"redis://127.0.0.1:{configuration.port(cache)}"},
            _password(cache, "REDIS_PASSWORD"),
        ],
        "ports": [container_port("metrics", METRICS_PORT)],
    }


def _environment(cache: Cache) -> list[Manifest]:
    pod = [from_pod(configuration.POD, "metadata.name")] if cache.paired else []
    return [_password(cache, configuration.PASSWORD), *pod]


def _password(cache: Cache, variable: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": cache.secret, "key": PASSWORD_KEY}}}
