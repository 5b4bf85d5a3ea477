"""A team's own containers, before the application and beside it; confined and bounded as it is."""

from collections.abc import Mapping
from typing import Any

from flyball.guards.clean_up import retention
from flyball.guards.workload import files, init_containers
from flyball.guards.workload.extended import Extended
from flyball.guards.workload.init_containers import InitContainer, OwnSidecar
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest, as_user, confined, requests_and_limits, unless_empty
from flyball.kubernetes.workload import environment
from flyball.kubernetes.workload.probes import probe


def containers(s: Service | Job, addresses: tuple[Manifest, ...]) -> list[Manifest]:
    """In the order in which they are started; `addresses` are the variables that tell of calls."""
    given: dict[str, Mapping[str, Any]] = {**s.given.get("init", {}), **s.given.get("sidecars", {})}
    ordered = init_containers.in_order(s.spec.init, s.spec.sidecars)
    return [_container(s.spec, name, each, given[name], addresses) for name, each in ordered]


def _container(
    spec: Extended, name: str, own: InitContainer, given: Mapping[str, Any], addresses: tuple[Manifest, ...]
) -> Manifest:
    plain = {variable: {"name": variable, "value": value} for variable, value in given.get("env", {}).items()}
    refs = {variable: environment.from_secret(variable, ref.name, ref.key) for variable, ref in own.refs.items()}
    told = [each for each in addresses if each["name"] not in {**plain, **refs}]
    return {
        "name": name,
        "image": given["image"],
        "imagePullPolicy": "IfNotPresent",
        **(_beside(own) if isinstance(own, OwnSidecar) else {}),
        "resources": requests_and_limits(own.resources, retention.ephemeral_storage(1)),
        "securityContext": {**confined(), **as_user(spec.user)},
        **unless_empty("volumeMounts", [_mount(spec, folder, path) for folder, path in own.mounts.items()]),
        **unless_empty("command", list(own.command)),
        **unless_empty("args", list(own.arguments)),
        **unless_empty("env", [*told, *environment.in_order({**plain, **refs})]),
    }


def _beside(own: OwnSidecar) -> Manifest:
    return {
        "restartPolicy": "Always",
        **unless_empty("ports", [{"containerPort": own.port, "protocol": "TCP"}] if own.port else []),
        "startupProbe": probe(own.probes.startup, own.port),
        "readinessProbe": probe(own.probes.readiness, own.port),
        "livenessProbe": probe(own.probes.liveness, own.port),
    }


def _mount(spec: Extended, folder: str, path: str) -> Manifest:
    """Of the application's volumes; files are only read there too."""
    if folder in spec.files and folder not in spec.scratch:
        return {"name": files.VOLUME.format(folder), "mountPath": path, "readOnly": True}
    return {"name": folder, "mountPath": path}
