"""Registers the objects of a workload with Pulumi, what pods need before the pods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.headroom.members import Members
from flyball.guards.workload.application import Placed
from flyball.guards.workload.balancer import SUFFIX as BALANCER_SUFFIX
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.migration import SUFFIX
from flyball.guards.workload.names import PEERS_SUFFIX
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.job.migration import migrate
from flyball.kubernetes.known import PLAIN, Making
from flyball.kubernetes.objects import SECRET_SUFFIX, Manifest, labels
from flyball.kubernetes.workload import balancer, environment, scaled_object, service, stateful_set, way_in
from flyball.kubernetes.workload.autoscaler import autoscalers
from flyball.kubernetes.workload.children import Children
from flyball.kubernetes.workload.deployment import REPLICAS, canary, deployments, versioned
from flyball.kubernetes.workload.files import mounted
from flyball.kubernetes.workload.network import network_policy
from flyball.kubernetes.workload.patched import patched
from flyball.kubernetes.workload.pods import PodInputs
from flyball.kubernetes.workload.priority import priority_class
from flyball.kubernetes.workload.proxy import sidecar


def register(
    s: Service,
    name: str,
    child: pulumi.ResourceOptions,
    make: Making = PLAIN,
    called: Sequence[pulumi.Resource] = (),
) -> Children:
    """Every object of the workload; `name` is what Pulumi calls them by, with a suffix where there are several. Its
    migration comes after those that are `called`."""
    who = identity(s, name, child, s.place.priority, priority_class, make)
    migrated = _migrate(s, name, child, who, make, called)
    if migrated:
        # Nothing of the service changes before its migration has succeeded.
        child = _after(child, [migrated])
    ready = prepare(s, name, child, who, make)
    after = _after(child, ready.first, ignore_changes=[REPLICAS])
    running = [
        make(k8s.apps.v1.Deployment, _name(name, s, each), versioned(s, patched(s, "deployment", each)), after)
        for each in ([] if s.members else deployments(s, ready.inputs))
    ]
    canaries = [
        make(k8s.apps.v1.Deployment, _name(name, s, each), patched(s, "deployment", each), after)
        for each in ([] if s.members else canary(s, ready.inputs))
    ]
    members = _members(s, s.members, name, ready, child, make) if s.members else None
    reached = None
    if s.spec.port is not None:
        reached = make(k8s.core.v1.Service, name, patched(s, "service", service.service(s)), child)
    for each in service.canary(s):
        make(k8s.core.v1.Service, _name(name, s, each), patched(s, "service", each), child)
    limit = patched(s, "budget", service.disruption_budget(s))
    budget = make(k8s.policy.v1.PodDisruptionBudget, name, limit, child)
    # An on-demand base goes down to its size once there is something on spot.
    last = _after(child, running) if s.sizing.split else child
    kind = k8s.autoscaling.v2.HorizontalPodAutoscaler
    scalers = {
        each["metadata"]["name"]: make(kind, _name(name, s, each), patched(s, "autoscaler", each), last)
        for each in autoscalers(s)
    }
    scaled = None
    if s.spec.needs_keda:
        manifest = {
            "apiVersion": scaled_object.API_VERSION,
            "kind": scaled_object.KIND,
            **scaled_object.scaled_object(s),
        }
        scaled = make(k8s.apiextensions.CustomResource, _name(name, s, manifest), manifest, child)
    policy = make(k8s.networking.v1.NetworkPolicy, name, patched(s, "network", network_policy(s)), child)
    balanced = _expose(s, name, child, make)
    deployment, spot = [*running, None, None][:2]
    return Children(
        service=reached,
        deployment=deployment,
        stateful_set=members,
        spot=spot,
        autoscaler=scalers.get(s.autoscaled),
        base_autoscaler=scalers.get(s.name) if spot else None,
        scaled_object=scaled,
        budget=budget,
        network_policy=policy,
        service_account=who.account,
        priority_class=who.priority_class,
        migration=migrated,
        canary=canaries[0] if canaries else None,
        balancer=balanced,
        secret=ready.secret,
        proxy=ready.proxy,
        files=ready.files,
    )


def _migrate(
    s: Service,
    name: str,
    child: pulumi.ResourceOptions,
    who: "Identity",
    make: Making,
    after: Sequence[pulumi.Resource],
) -> k8s.batch.v1.Job | None:
    """What runs before anything of the service changes, if anything does."""
    if s.migration is None:
        return None
    ready = prepare(s.migration, name + SUFFIX, child, who, make)
    return migrate(s.migration, name + SUFFIX, child, ready.inputs, [*ready.first, *after], make)


def _members(
    s: Service, members: Members, name: str, ready: "Prepared", child: pulumi.ResourceOptions, make: Making
) -> k8s.apps.v1.StatefulSet:
    """What has no autoscaler keeps the size that it is given; members ask each other by name as soon as they are."""
    named = make(k8s.core.v1.Service, name + PEERS_SUFFIX, stateful_set.peers(s), child)
    manifest = patched(s, "statefulset", stateful_set.stateful_set(s, members, ready.inputs))
    # Claims grow one by one; their template never changes, and another one would replace all members at once.
    kept = [stateful_set.TEMPLATES] if s.spec.kept.data else []
    return make(k8s.apps.v1.StatefulSet, name, manifest, _after(child, [*ready.first, named], ignore_changes=kept))


def _expose(s: Service, name: str, child: pulumi.ResourceOptions, make: Making) -> k8s.core.v1.Service | None:
    """Its place in what leads into the cluster, if it has one; the Service of its own balancer."""
    way = s.place.platform.way
    if s.spec.balancer:
        manifest = patched(s, "balancer", balancer.load_balancer(s, s.spec.balancer))
        return make(k8s.core.v1.Service, name + BALANCER_SUFFIX, manifest, child)
    if s.spec.expose is None:
        return None
    if way.ingress:
        manifest = patched(s, "ingress", way_in.ingress(s, s.spec.expose, way))
        make(k8s.networking.v1.Ingress, name, manifest, child)
        return None
    route = patched(s, "route", way_in.route(s, s.spec.expose, way))
    manifest = {"apiVersion": way_in.API_VERSION, "kind": way_in.KIND, **route}
    make(k8s.apiextensions.CustomResource, f"{name}-route", manifest, child)
    return None


def _after(child: pulumi.ResourceOptions, first: Sequence[pulumi.Resource], **more: Any) -> pulumi.ResourceOptions:
    """The same after these too, with `more` options."""
    return pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=first, **more))


def _name(name: str, s: Service, manifest: Mapping[str, Any]) -> str:
    """What Pulumi calls the object of a part by."""
    return name + manifest["metadata"]["name"].removeprefix(s.name)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What pods need before they are made: the objects, None for those that are not asked for, and what names them."""

    inputs: PodInputs
    identity: "Identity"
    secret: k8s.core.v1.Secret | None
    proxy: k8s.core.v1.ConfigMap | None
    files: Mapping[str, k8s.core.v1.ConfigMap | k8s.core.v1.Secret]
    """By name, those that are made."""

    @property
    def first(self) -> list[pulumi.Resource]:
        each = (*self.identity.first, self.secret, self.proxy, *self.files.values())
        return [resource for resource in each if resource is not None]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who pods are, and how much they matter: `priority` is the name of their PriorityClass."""

    account: k8s.core.v1.ServiceAccount
    priority: str
    priority_class: k8s.scheduling.v1.PriorityClass | None

    @property
    def first(self) -> list[pulumi.Resource]:
        return [self.account, *([self.priority_class] if self.priority_class else [])]


def identity(
    s: Service | Job,
    name: str,
    child: pulumi.ResourceOptions,
    shared: str | None,
    own: Callable[..., Manifest],
    make: Making = PLAIN,
) -> Identity:
    """Register the account of a service or a job. `shared` is the PriorityClass of those that name none; without one it
    gets one of its own, made by `own`."""
    manifest = patched(s, "account", service.service_account(s))
    account = make(k8s.core.v1.ServiceAccount, name, manifest, child)
    own_class = None
    priority = s.spec.priority or shared
    if priority is None:
        # No name of a namespace or a workload has a dot, so that no two of them make the same name.
        priority = f"{s.spec.namespace}.{s.name}"
        manifest = own(priority, labels(s), s.spec.annotations)
        own_class = make(k8s.scheduling.v1.PriorityClass, name, manifest, child)
    return Identity(account, priority, own_class)


def prepare(s: Placed, name: str, child: pulumi.ResourceOptions, who: Identity, make: Making = PLAIN) -> Prepared:
    """Register what the pods of a service or a job need beside their account."""
    secret = config = None
    secrets: Mapping[str, Any] = s.given.get("secrets", {})
    if secrets:
        manifest = environment.secret(s, secrets)
        secret = make(k8s.core.v1.Secret, name + SECRET_SUFFIX, manifest, child)
    proxy = sidecar(s)
    # Pods of earlier revisions, and an undo, need the configuration and the files that they were made with.
    keep = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(retain_on_delete=True))
    read = mounted(s)
    files = {
        each.name: make(
            k8s.core.v1.Secret if each.secret else k8s.core.v1.ConfigMap,
            f"{name}-files-{each.name}",
            each.manifest,
            keep,
        )
        for each in read
        if each.manifest
    }
    if proxy:
        config = make(k8s.core.v1.ConfigMap, f"{name}-proxy", proxy.config_map, keep)
    inputs = PodInputs(
        image=s.given["image"],
        # Those of the calls first, so that all others may name them as $(OTHER).
        env=(*(proxy.variables if proxy else ()), *environment.variables(s)),
        priority=who.priority,
        proxy=proxy,
        files=read,
        annotations={"flyball.dev/secrets": environment.digest(s, secrets)} if secrets else {},
    )
    return Prepared(inputs, who, secret, config, files)
