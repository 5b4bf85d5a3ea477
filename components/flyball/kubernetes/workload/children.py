"""What a `Workload` consists of, for programs that need an object itself: to wait for it, or to read its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1.outputs import ServiceStatus

from flyball.kubernetes.workload.balancer import addresses


@dataclass(frozen=True, slots=True)
class Children:
    """The objects of a workload; None for those that its arguments do not ask for."""

    service: k8s.core.v1.Service | None
    """None without `port`."""
    deployment: k8s.apps.v1.Deployment | None
    """With spot on the part that stays on demand; None of members."""
    stateful_set: k8s.apps.v1.StatefulSet | None
    """Of members, in place of a Deployment."""
    spot: k8s.apps.v1.Deployment | None
    """The part above the on-demand base."""
    autoscaler: k8s.autoscaling.v2.HorizontalPodAutoscaler | None
    """With spot on that of the spot part; None with a schedule or triggers, for which KEDA makes one."""
    base_autoscaler: k8s.autoscaling.v2.HorizontalPodAutoscaler | None
    """What holds an on-demand base at its size; None without spot."""
    scaled_object: k8s.apiextensions.CustomResource | None
    budget: k8s.policy.v1.PodDisruptionBudget
    network_policy: k8s.networking.v1.NetworkPolicy
    service_account: k8s.core.v1.ServiceAccount
    priority_class: k8s.scheduling.v1.PriorityClass | None
    secret: k8s.core.v1.Secret | None
    proxy: k8s.core.v1.ConfigMap | None
    """The configuration of the proxy beside the application."""
    files: Mapping[str, k8s.core.v1.ConfigMap | k8s.core.v1.Secret]
    """What holds `files`, by name; those that exist are not among them."""
    migration: k8s.batch.v1.Job | None = None
    """What has to succeed before the Deployment changes; None without `migrate`."""
    canary: k8s.apps.v1.Deployment | None = None
    """The new version beside the old one during a release; None without `rollout.canary`."""
    balancer: k8s.core.v1.Service | None = None
    """The Service of its own balancer; None without `expose.balancer`."""

    @property
    def addresses(self) -> pulumi.Output[list[str]] | None:
        """Those of its own balancer, none until it has one; None without `expose.balancer`."""
        return self.balancer and self.balancer.status.apply(_addresses)


def _addresses(status: ServiceStatus | None) -> list[str]:
    balancer = status.load_balancer if status else None
    return addresses(balancer.ingress if balancer else None)


class Parent(pulumi.ComponentResource):
    """A component with the objects of one workload below it.

    Properties, since an annotated attribute is an output of the component to the other languages.
    """

    _children: Children

    @property
    def service(self) -> k8s.core.v1.Service:
        """The Service, at `address`. Raises `LookupError` without `port`, where there is none."""
        if self._children.service is None:
            raise LookupError("what has no port has no Service")
        return self._children.service

    @property
    def deployment(self) -> k8s.apps.v1.Deployment:
        """The Deployment; with spot on the one that stays on demand. Raises `LookupError` with `quorum` or
        `replicas: one`, where there is none."""
        if self._children.deployment is None:
            raise LookupError("what keeps data or must not run twice is a StatefulSet; take stateful_set")
        return self._children.deployment

    @property
    def stateful_set(self) -> k8s.apps.v1.StatefulSet | None:
        """The StatefulSet of members, or of the one that stands alone; None without `quorum` and `replicas: one`."""
        return self._children.stateful_set

    @property
    def spot(self) -> k8s.apps.v1.Deployment | None:
        """The Deployment above the on-demand base; None without spot."""
        return self._children.spot

    @property
    def autoscaler(self) -> k8s.autoscaling.v2.HorizontalPodAutoscaler | None:
        """The autoscaler, with spot on that of the spot part; None with a schedule or triggers."""
        return self._children.autoscaler

    @property
    def base_autoscaler(self) -> k8s.autoscaling.v2.HorizontalPodAutoscaler | None:
        """What holds the on-demand base at its size; None without spot."""
        return self._children.base_autoscaler

    @property
    def scaled_object(self) -> k8s.apiextensions.CustomResource | None:
        """What KEDA makes an autoscaler of; None without a schedule and triggers."""
        return self._children.scaled_object

    @property
    def budget(self) -> k8s.policy.v1.PodDisruptionBudget:
        """The disruption budget."""
        return self._children.budget

    @property
    def network_policy(self) -> k8s.networking.v1.NetworkPolicy:
        """Who may call, and who is called."""
        return self._children.network_policy

    @property
    def service_account(self) -> k8s.core.v1.ServiceAccount:
        """The account that pods run under."""
        return self._children.service_account

    @property
    def priority_class(self) -> k8s.scheduling.v1.PriorityClass | None:
        """A class of its own; None where `priority` or the set names one."""
        return self._children.priority_class

    @property
    def secret(self) -> k8s.core.v1.Secret | None:
        """What holds `secrets`; None without any."""
        return self._children.secret

    @property
    def proxy(self) -> k8s.core.v1.ConfigMap | None:
        """The proxy's configuration; None where there is no proxy."""
        return self._children.proxy

    @property
    def files(self) -> Mapping[str, k8s.core.v1.ConfigMap | k8s.core.v1.Secret]:
        """What holds `files`, by name; those that exist are not among them."""
        return self._children.files

    @property
    def migration(self) -> k8s.batch.v1.Job | None:
        """What has to succeed before the Deployment changes; None without `migrate`."""
        return self._children.migration

    @property
    def canary(self) -> k8s.apps.v1.Deployment | None:
        """The new version beside the old one during a release; None without `rollout.canary`."""
        return self._children.canary

    @property
    def balancer(self) -> k8s.core.v1.Service | None:
        """The Service of its own balancer, whose `status` has the address once somebody in the cluster has made one;
        None without `expose.balancer`."""
        return self._children.balancer
