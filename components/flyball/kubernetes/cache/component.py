"""`Cache`: a bounded Valkey as a component."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.reading.problem import refuse
from flyball.guards.workload import caches, digests
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import PORT
from flyball.guards.workload.limits import ReplicaLimitsArgs, as_arguments, limits_of_cache
from flyball.kubernetes.args import CacheArgs
from flyball.kubernetes.cache import objects
from flyball.kubernetes.known import Known, Making, settle
from flyball.kubernetes.place import check_place, place_of
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.workload.environment import digest_of
from flyball.kubernetes.workload.priority import priority_class


class Cache(pulumi.ComponentResource):
    """A Valkey that is bounded by memory and by time to live, with a replica that takes over where it survives a node.

    By itself it knows no callers: they are named in `callers`. In `Services` or a stack file a service calls it by its
    name, and has its address, its password and the time to live of keys in variables, as SESSIONS_ADDR,
    SESSIONS_PASSWORD and SESSIONS_TTL.
    Raises `flyball.kubernetes.Refused`, with every problem at once, before anything is registered.
    """

    address: pulumi.Output[str]
    """`name.namespace:port`, for callers within the cluster."""
    maxmemory: pulumi.Output[int]
    """What keys may take, in bytes."""
    secret: pulumi.Output[str]
    """Name of the Secret with its password, under `password`."""
    ttl: pulumi.Output[int]
    """Seconds that keys are to live."""

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        with refusals():
            held = known_cache(name, args)
        self._register(name, held, opts)

    @classmethod
    def of(cls, name: str, held: Known[tuple[Place, caches.Cache]], opts: pulumi.ResourceOptions | None) -> "Cache":
        """The component of a cache that was read already, and its place; `name` is what Pulumi calls it by."""
        self = cls.__new__(cls)
        self._register(name, held, opts)
        return self

    def _register(
        self, name: str, held: Known[tuple[Place, caches.Cache]], opts: pulumi.ResourceOptions | None
    ) -> None:
        super().__init__("flyball:index:Cache", name, {}, opts)
        held.made(lambda each, make: self._make(*each, name, make))
        outputs = held.value(lambda each: _outputs(each[1]))
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)

    def _make(self, place: Place, cache: caches.Cache, name: str, make: Making) -> None:
        child = pulumi.ResourceOptions(parent=self)
        first: list[pulumi.Resource] = []
        priority = place.priority
        if priority is None:
            priority = f"{cache.namespace}.{cache.name}"
            manifest = priority_class(priority, objects.labels(cache, place))
            first.append(make(k8s.scheduling.v1.PriorityClass, name, manifest, child))
        annotations: dict[str, pulumi.Output[str]] = {}
        if cache.password is not None:
            manifest = objects.secret(cache, place, pulumi.Output.secret(cache.password))
            first.append(make(k8s.core.v1.Secret, f"{name}-password", manifest, child))
            salt = f"{place.environment}/{cache.namespace}/{cache.name}"
            annotations["flyball.dev/secrets"] = digest_of(salt, {"password": cache.password})
        first += [
            make(k8s.core.v1.ServiceAccount, name, objects.service_account(cache, place), child),
            make(k8s.core.v1.ConfigMap, f"{name}-cache", objects.config_map(cache, place), child),
            make(k8s.core.v1.Service, f"{name}-peers", objects.peers(cache, place), child),
            make(k8s.core.v1.Service, name, objects.service(cache, place), child),
            make(k8s.policy.v1.PodDisruptionBudget, name, objects.disruption_budget(cache, place), child),
            make(k8s.networking.v1.NetworkPolicy, name, objects.network_policy(cache, place), child),
        ]
        after = pulumi.ResourceOptions(parent=self, depends_on=first)
        make(k8s.apps.v1.StatefulSet, name, objects.stateful_set(cache, place, priority, annotations), after)


def _outputs(cache: caches.Cache) -> dict[str, Any]:
    return {
        "address": f"{cache.name}.{cache.namespace}:{PORT}",
        "maxmemory": cache.maxmemory,
        "secret": cache.secret,
        "ttl": cache.ttl,
    }


def resolve_cache(name: str, args: CacheArgs) -> tuple[Place, caches.Cache]:
    """The arguments with all rules applied. Raises `Refused`; the paths in its messages begin with the name."""
    place = place_of(args)
    priority = args.get("priority") if isinstance(args, Mapping) else None
    place = replace(place, priority=priority if isinstance(priority, str) else None)
    cache, problems = caches.read(args, name, place.namespace, (name,), CacheArgs)
    images = digests.of_cache(cache, (name,)) if cache else digests.said(args, (name,))
    pulled = digests.check(images, place.platform.registry, (name,))
    refuse([*problems, *check_place(args, place, (name,)), *caches.check_alone(args, (name,)), *pulled])
    assert cache is not None  # else there is a problem
    return place, cache


def known_cache(name: str, args: CacheArgs) -> Known[tuple[Place, caches.Cache]]:
    """As `resolve_cache`, once all is known that the arguments name."""
    return settle(args, CacheArgs, (name,), lambda given: resolve_cache(name, given))


def cache_limits(name: str, args: CacheArgs) -> dict[str, ReplicaLimitsArgs]:
    """What a Governor is told about a cache: its limits, by StatefulSet. Raises `Refused`, as `Cache` does.

    Asked before the cache is registered, so that the limits are there first.
    """
    with refusals():
        return known_cache(name, args).whole(lambda held: _limits(held[1]))


def _limits(cache: caches.Cache) -> dict[str, ReplicaLimitsArgs]:
    return {key: as_arguments(limits) for key, limits in limits_of_cache(cache).items()}
