"""`Services`: several services that call each other, and jobs that call them, as one thing, held to all rules between
them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.aws.pools import Pool
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.timeouts.call_arguments import ServiceReferenceArgs
from flyball.guards.timeouts.rules import NOTHING_LISTENS
from flyball.guards.workload import jobs as guarded
from flyball.guards.workload.caches import Cache as CacheSpec
from flyball.guards.workload.calls import as_reference
from flyball.guards.workload.limits import Governed, ReplicaLimitsArgs, as_arguments
from flyball.guards.workload.resolve import Place, Service
from flyball.kubernetes.alerts.component import Alerts
from flyball.kubernetes.args import ServicesArgs
from flyball.kubernetes.cache.component import Cache
from flyball.kubernetes.described import Set, resolve_services
from flyball.kubernetes.governor.component import Governing, Governor
from flyball.kubernetes.job.component import Job
from flyball.kubernetes.known import Known, Making, settle
from flyball.kubernetes.program import admit
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.workload.component import Workload
from flyball.kubernetes.workload.priority import jobs_priority_class, priority_class


class ServiceOutputs(TypedDict):
    """What a service of a set runs with, and how others call it."""

    address: NotRequired[str]
    """`name.namespace:port`, for callers within the cluster; none without a port."""
    need: int
    """Replicas that carry the peak."""
    floor: int
    """Replicas that always run."""
    ceiling: int
    """The most replicas."""
    target: int
    """What the autoscaler aims at, in percent of a replica's processor request."""
    reference: NotRequired[ServiceReferenceArgs]
    """What another set needs to call it, for `calls.*.service`; in another Pulumi stack too. None without a port."""


class Services(pulumi.ComponentResource):
    """Services that call each other: a `Workload` each, whose addresses, ports, protocols and callers follow.

    Refuses calls to nobody, timeouts that do not fit the callee's deadline, calls that go round in a circle, and all
    that a `Workload` refuses. With `governor` it also brings the limits of its services and caches, ahead of them; and
    since a namespace has but one object with limits, only one set in it may have a governor. With `alerts` it brings
    their rules, who hears of them, and whom to scrape.
    Raises `flyball.kubernetes.Refused`, with every problem at once, before anything is registered. `workloads` has the
    component of each service.
    """

    services: pulumi.Output[dict[str, ServiceOutputs]]
    """What each service runs with, by name."""
    limits: pulumi.Output[dict[str, ReplicaLimitsArgs]]
    """How each Deployment, and the StatefulSet of each cache, may be scaled, by name, as a Governor takes them."""
    balancers: pulumi.Output[dict[str, list[str]]]
    """Where balancers of services' own are called, by service, as Pulumi last saw it: names or addresses, none until
    there are some, which nobody waits for; `pulumi up --refresh` looks again."""

    def __init__(self, name: str, args: ServicesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        with refusals():
            described = settle(args, ServicesArgs, (name,), lambda given: resolve_services(name, given))
            admit(described.now.services.values(), opts, described.now.jobs.values())
        self._register(name, described, args.get("priority") is None, {}, opts)

    @classmethod
    def of(
        cls,
        name: str,
        services: Mapping[str, Service],
        place: Place,
        governed: Governed | None = None,
        opts: pulumi.ResourceOptions | None = None,
        jobs: Mapping[str, guarded.Job] = MappingProxyType({}),
        caches: Mapping[str, CacheSpec] = MappingProxyType({}),
        pools: Mapping[str, Pool] = MappingProxyType({}),
    ) -> "Services":
        """The component of services, jobs and caches that were resolved already; its Governor holds `pools` too."""
        self = cls.__new__(cls)
        admit(services.values(), opts, jobs.values())
        described = Known(Set(place, services, jobs, caches, governed))
        self._register(name, described, True, pools, opts)
        return self

    @property
    def workloads(self) -> Mapping[str, Workload]:
        """The component of each service, by name."""
        return self._workloads

    @property
    def jobs(self) -> Mapping[str, Job]:
        """The component of each job, by name."""
        return self._jobs

    @property
    def caches(self) -> Mapping[str, Cache]:
        """The component of each cache, by name."""
        return self._caches

    @property
    def governor(self) -> Governor | None:
        """What holds its services to their limits, where it has one."""
        return self._governor

    def reference(self, service: str) -> ServiceReferenceArgs:
        """What another set of the same program needs to call a service, for its `calls.*.service`. Raises `Refused` for
        one without a port."""
        with refusals():
            return self._described.value(lambda these: _reference(these.services[service]))

    def _register(
        self,
        name: str,
        described: "Known[Set]",
        own_priority: bool,
        pools: Mapping[str, Pool],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        super().__init__("flyball:index:Services", name, {}, opts)
        self._described, now = described, described.now
        first: list[pulumi.Resource] = []
        if own_priority and now.place.priority is not None:
            moved = self._child(pulumi.Alias(name=now.place.namespace, parent=pulumi.ROOT_STACK_RESOURCE))
            first.append(described.made(lambda these, make: _priority(these, f"{name}-priority", moved, make)))
        self._governor = None
        if now.governed:
            moved = self._child(pulumi.Alias(name="governor", parent=pulumi.ROOT_STACK_RESOURCE))
            self._governor = Governor.of(f"{name}-governor", described.map(_governing), pools, moved)
            first.append(self._governor)
        options = pulumi.ResourceOptions(parent=self, depends_on=first)
        self._caches = {each: Cache.of(f"{name}-{each}", described.map(_cache(each)), options) for each in now.caches}
        self._workloads: dict[str, Workload] = {}
        for service, callees in _callees_first(now.services):
            called: list[pulumi.Resource] = [
                *(self._workloads[each] for each in callees if each in self._workloads),
                *(self._caches[each] for each in callees if each in self._caches),
            ]
            moved = self._child(pulumi.Alias(name=service, parent=pulumi.ROOT_STACK_RESOURCE), first)
            self._workloads[service] = Workload.of(f"{name}-{service}", described.map(_service(service)), moved, called)
        self._register_jobs(name, described)
        if now.alerting and now.alerting.objects:
            own = pulumi.ResourceOptions(parent=self)
            Alerts.of(f"{name}-alerts", described.map(lambda these: these.alerts), own)
        found = {each: workload.balancer_addresses for each, workload in self._workloads.items() if workload.balancer}
        outputs: dict[str, Any] = {**described.value(_outputs), "balancers": found}
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)

    def _register_jobs(self, name: str, described: "Known[Set]") -> None:
        """The jobs, after their PriorityClass. They need not wait for services: an attempt that finds none fails, and
        there is another one."""
        self._jobs: dict[str, Job] = {}
        now, first = described.now, list[pulumi.Resource]()
        if now.place.jobs is not None and any(job.spec.priority is None for job in now.jobs.values()):
            options = pulumi.ResourceOptions(parent=self)
            first.append(described.made(lambda these, make: _jobs_priority(these, f"{name}-jobs", options, make)))
        for job in now.jobs:
            options = pulumi.ResourceOptions(parent=self, depends_on=first)
            self._jobs[job] = Job.of(f"{name}-{job}", described.map(_job(job)), options)

    def _child(self, before: pulumi.Alias, after: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        """A child's options. Where it had no parent `before`, as a Workload without a set, its state is taken over."""
        return pulumi.ResourceOptions(parent=self, aliases=[before], depends_on=after)


def _callees_first(services: Mapping[str, Service]) -> Iterator[tuple[str, Iterable[str]]]:
    """Each name with the callees that it comes after: of a service with a migration all that it calls."""
    after = {name: sorted(service.spec.calls) if service.migration else () for name, service in services.items()}
    for name in TopologicalSorter(after).static_order():
        if name in services:
            yield name, after[name]


def outputs_of(service: Service) -> ServiceOutputs:
    """What a service runs with, and how others call it."""
    sizing, address = service.sizing, service.address
    sizes: ServiceOutputs = {
        "need": sizing.need,
        "floor": sizing.floor,
        "ceiling": sizing.ceiling,
        "target": sizing.target,
    }
    return sizes if address is None else {"address": address, **sizes, "reference": as_reference(service.spec.callee)}


def _reference(service: Service) -> ServiceReferenceArgs:
    if service.address is None:
        message = "has no port, so that nobody can call it"
        refuse([Problem(service.path, NOTHING_LISTENS, message, "give it a port, or take the call out")])
    return as_reference(service.spec.callee)


def _service(name: str) -> Callable[[Set], Service]:
    return lambda these: these.services[name]


def _job(name: str) -> Callable[[Set], guarded.Job]:
    return lambda these: these.jobs[name]


def _cache(name: str) -> Callable[[Set], tuple[Place, CacheSpec]]:
    return lambda these: (these.place, these.caches[name])


def _governing(these: Set) -> Governing:
    policies = these.governed is None or these.governed.policies
    return Governing({these.place.namespace: these.limits}, policies, these.labels, these.place.platform)


def _priority(these: Set, name: str, opts: pulumi.ResourceOptions, make: Making) -> pulumi.Resource:
    manifest = priority_class(these.place.priority or "", these.labels)
    return make(k8s.scheduling.v1.PriorityClass, name, manifest, opts)


def _jobs_priority(these: Set, name: str, opts: pulumi.ResourceOptions, make: Making) -> pulumi.Resource:
    manifest = jobs_priority_class(these.place.jobs or "", these.labels)
    return make(k8s.scheduling.v1.PriorityClass, name, manifest, opts)


def _outputs(these: Set) -> dict[str, Any]:
    return {
        "services": {each.name: outputs_of(each) for each in these.services.values()},
        "limits": {each: as_arguments(found) for each, found in these.limits.items()},
    }
