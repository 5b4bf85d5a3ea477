"""Registers the objects of a workload with Pulumi, what pods need before the pods."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.workload.application import Placed
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import SECRET_SUFFIX, Manifest, labels, properties
from flyball.kubernetes.workload import environment, scaled_object, service, way_in
from flyball.kubernetes.workload.autoscaler import autoscalers
from flyball.kubernetes.workload.children import Children
from flyball.kubernetes.workload.deployment import REPLICAS, deployments
from flyball.kubernetes.workload.files import mounted
from flyball.kubernetes.workload.network import network_policy
from flyball.kubernetes.workload.patched import patched
from flyball.kubernetes.workload.pods import PodInputs
from flyball.kubernetes.workload.priority import priority_class
from flyball.kubernetes.workload.proxy import sidecar


def register(s: Service, name: str, child: pulumi.ResourceOptions) -> Children:
    """Every object of the workload; `name` is what Pulumi calls them by, with a suffix where there are several."""
    ready = prepare(s, name, child, s.place.priority, priority_class)
    after = pulumi.ResourceOptions(parent=child.parent, depends_on=ready.first, ignore_changes=[REPLICAS])
    running = [
        k8s.apps.v1.Deployment(_name(name, s, manifest), **properties(patched(s, "deployment", manifest)), opts=after)
        for manifest in deployments(s, ready.inputs)
    ]
    reached = k8s.core.v1.Service(name, **properties(patched(s, "service", service.service(s))), opts=child)
    limit = patched(s, "budget", service.disruption_budget(s))
    budget = k8s.policy.v1.PodDisruptionBudget(name, **properties(limit), opts=child)
    # An on-demand base goes down to its size once there is something on spot.
    last = pulumi.ResourceOptions(parent=child.parent, depends_on=running) if s.sizing.split else child
    scalers = {
        manifest["metadata"]["name"]: k8s.autoscaling.v2.HorizontalPodAutoscaler(
            _name(name, s, manifest), **properties(patched(s, "autoscaler", manifest)), opts=last
        )
        for manifest in autoscalers(s)
    }
    scaled = None
    if s.spec.needs_keda:
        manifest = {
            "apiVersion": scaled_object.API_VERSION,
            "kind": scaled_object.KIND,
            **scaled_object.scaled_object(s),
        }
        scaled = k8s.apiextensions.CustomResource(_name(name, s, manifest), **properties(manifest), opts=child)
    policy = k8s.networking.v1.NetworkPolicy(name, **properties(patched(s, "network", network_policy(s))), opts=child)
    _expose(s, name, child)
    deployment, *spot = running
    return Children(
        service=reached,
        deployment=deployment,
        spot=spot[0] if spot else None,
        autoscaler=scalers.get(s.autoscaled),
        base_autoscaler=scalers.get(s.name) if spot else None,
        scaled_object=scaled,
        budget=budget,
        network_policy=policy,
        service_account=ready.account,
        priority_class=ready.priority_class,
        secret=ready.secret,
        proxy=ready.proxy,
        files=ready.files,
    )


def _expose(s: Service, name: str, child: pulumi.ResourceOptions) -> None:
    """Its place in what leads into the cluster, if it has one."""
    way = s.place.platform.way
    if s.spec.expose is None:
        return
    if way.ingress:
        manifest = patched(s, "ingress", way_in.ingress(s, s.spec.expose, way))
        k8s.networking.v1.Ingress(name, **properties(manifest), opts=child)
        return
    route = patched(s, "route", way_in.route(s, s.spec.expose, way))
    manifest = {"apiVersion": way_in.API_VERSION, "kind": way_in.KIND, **route}
    k8s.apiextensions.CustomResource(f"{name}-route", **properties(manifest), opts=child)


def _name(name: str, s: Service, manifest: Mapping[str, Any]) -> str:
    """What Pulumi calls the object of a part by."""
    return name + manifest["metadata"]["name"].removeprefix(s.name)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What pods need before they are made: the objects, None for those that are not asked for, and what names them."""

    inputs: PodInputs
    account: k8s.core.v1.ServiceAccount
    priority_class: k8s.scheduling.v1.PriorityClass | None
    secret: k8s.core.v1.Secret | None
    proxy: k8s.core.v1.ConfigMap | None
    files: Mapping[str, k8s.core.v1.ConfigMap | k8s.core.v1.Secret]
    """By name, those that are made."""

    @property
    def first(self) -> list[pulumi.Resource]:
        each = (self.account, self.priority_class, self.secret, self.proxy, *self.files.values())
        return [resource for resource in each if resource is not None]


def prepare(
    s: Placed, name: str, child: pulumi.ResourceOptions, shared: str | None, own: Callable[..., Manifest]
) -> Prepared:
    """Register what the pods of a service or a job need. `shared` is the PriorityClass of those that name none; without
    one it gets one of its own, made by `own`."""
    identity = service.service_account(s)
    identity = patched(s, "account", identity) if isinstance(s, Service) else identity
    account = k8s.core.v1.ServiceAccount(name, **properties(identity), opts=child)
    own_class = secret = config = None
    priority = s.spec.priority or shared
    if priority is None:
        # No name of a namespace or a workload has a dot, so that no two of them make the same name.
        priority = f"{s.spec.namespace}.{s.name}"
        manifest = own(priority, labels(s), s.spec.annotations)
        own_class = k8s.scheduling.v1.PriorityClass(name, **properties(manifest), opts=child)
    secrets: Mapping[str, Any] = s.given.get("secrets", {})
    if secrets:
        manifest = environment.secret(s, secrets)
        secret = k8s.core.v1.Secret(name + SECRET_SUFFIX, **properties(manifest), opts=child)
    proxy = sidecar(s)
    # Pods of earlier revisions, and an undo, need the configuration and the files that they were made with.
    keep = pulumi.ResourceOptions(parent=child.parent, retain_on_delete=True)
    read = mounted(s)
    files = {
        each.name: (k8s.core.v1.Secret if each.secret else k8s.core.v1.ConfigMap)(
            f"{name}-files-{each.name}", **properties(each.manifest), opts=keep
        )
        for each in read
        if each.manifest
    }
    if proxy:
        config = k8s.core.v1.ConfigMap(f"{name}-proxy", **properties(proxy.config_map), opts=keep)
    inputs = PodInputs(
        image=s.given["image"],
        # Those of the calls first, so that all others may name them as $(OTHER).
        env=(*(proxy.variables if proxy else ()), *environment.variables(s)),
        priority=priority,
        proxy=proxy,
        files=read,
        annotations={"flyball.dev/secrets": environment.digest(s, secrets)} if secrets else {},
    )
    return Prepared(inputs, account, own_class, secret, config, files)
