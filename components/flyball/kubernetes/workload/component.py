"""`Workload`: one component instead of ten resources, safe by default."""

from collections.abc import Sequence
from typing import Any

import pulumi

from flyball.guards.workload.digests import of_service
from flyball.guards.workload.limits import ReplicaLimitsArgs, as_arguments, limits_of
from flyball.guards.workload.resolve import Service, resolve_alone
from flyball.kubernetes.args import WorkloadArgs
from flyball.kubernetes.known import Known, known
from flyball.kubernetes.place import settled
from flyball.kubernetes.program import admit
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.workload.children import Parent
from flyball.kubernetes.workload.resources import register


class Workload(Parent):
    """A service that survives losses, interruptions and its own automation.

    From `image`, `port` and `load` follow a Deployment at its floor, Service, ServiceAccount, PodDisruptionBudget,
    HorizontalPodAutoscaler, NetworkPolicy, PriorityClass, and a proxy in each pod with its ConfigMap; with spot on a
    second Deployment with an autoscaler of its own, with secrets a Secret, with a schedule or triggers a ScaledObject
    in place of the HorizontalPodAutoscaler. Without `port`, as of a consumer of a queue, there is no Service.

    By itself it knows no other service: who may call it is said in `callers` (or `public`), and each of its calls says
    where it goes. What two of one program say of each other must be so. Several that call each other are better
    described as one `Services`, which fills all of that in.
    Raises `flyball.kubernetes.Refused`, with every problem at once, before anything is registered. Its objects are
    attributes: `service`, `deployment`, `autoscaler`, …
    """

    address: pulumi.Output[str | None]
    """`name.namespace:port`, for callers within the cluster; none without a port."""
    need: pulumi.Output[int]
    """Replicas that carry the peak."""
    floor: pulumi.Output[int]
    """Replicas that always run."""
    ceiling: pulumi.Output[int]
    """The most replicas."""
    target: pulumi.Output[int]
    """What the autoscaler aims at, in percent of a replica's processor request."""
    balancer_addresses: pulumi.Output[list[str] | None]
    """Where a balancer of its own is called, as Pulumi last saw it: names or addresses, none until it has one, which
    nobody waits for; `pulumi up --refresh` looks again. None without `expose.balancer`."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        with refusals():
            service = settled(name, args, WorkloadArgs, resolve_alone, of_service)
            admit([service.now], opts)
        self._register(name, service, opts, ())

    @classmethod
    def of(
        cls,
        name: str,
        service: Service | Known[Service],
        opts: pulumi.ResourceOptions | None = None,
        called: Sequence[pulumi.Resource] = (),
    ) -> "Workload":
        """The component of a service that was resolved already; `name` is what Pulumi calls it by. Its migration comes
        after those that are `called`."""
        workload = cls.__new__(cls)
        workload._register(name, known(service), opts, called)
        return workload

    def _register(
        self,
        name: str,
        service: Known[Service],
        opts: pulumi.ResourceOptions | None,
        called: Sequence[pulumi.Resource],
    ) -> None:
        super().__init__("flyball:index:Workload", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._children = service.made(lambda s, make: register(s, name, child, make, called))
        outputs = {**service.value(_outputs), "balancer_addresses": self._children.addresses}
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)


def _outputs(service: Service) -> dict[str, Any]:
    sizing = service.sizing
    return {
        "address": service.address,
        "need": sizing.need,
        "floor": sizing.floor,
        "ceiling": sizing.ceiling,
        "target": sizing.target,
    }


def workload_limits(name: str, args: WorkloadArgs) -> dict[str, ReplicaLimitsArgs]:
    """What a Governor is told about a workload: its limits, by Deployment. Raises `Refused`, as `Workload` does.

    Asked before the workload is registered, so that the limits are there first.
    """
    with refusals():
        return settled(name, args, WorkloadArgs, resolve_alone, of_service).whole(_limits)


def _limits(service: Service) -> dict[str, ReplicaLimitsArgs]:
    return {key: as_arguments(limits) for key, limits in limits_of(service).items()}
