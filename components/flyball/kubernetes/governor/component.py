"""`Governor`: one set of admission policies for a cluster, and the limits of the workloads that it guards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input
from pulumi.output import Output, T  # noqa: F401 - `Input[…]` names both when its type is resolved in this module

from flyball.guards.aws.pools import Pool
from flyball.guards.reading.problem import refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.strict import check
from flyball.guards.workload.limits import Limits, ReplicaLimitsArgs, read
from flyball.guards.workload.platform import ANY, Platform
from flyball.kubernetes.governor import balance, names, policies, rbac
from flyball.kubernetes.governor.limits import config_map
from flyball.kubernetes.known import Known, Making, known, settle
from flyball.kubernetes.objects import Manifest
from flyball.kubernetes.pools import governor as pool_governor
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.registered import registered
from flyball.wellknown import MANAGED_BY_LABEL


class GovernorArgs(TypedDict):
    """What the Governor guards."""

    limits: NotRequired[dict[str, Input[dict[str, Input[ReplicaLimitsArgs]]]]]
    """By namespace, and there by Deployment or StatefulSet: its limits. Of `Services` and `Workload`s they follow from
    the rules: `governor` of `Services` brings its own, `workload_limits` gives those of a `Workload`, and
    `cache_limits` those of a `Cache`.

    A namespace must exist, and carry the label flyball.dev/governed: "true" [none].
    """
    policies: NotRequired[bool]
    """Whether this Governor brings the policies that a cluster has once, and not only limits [true]."""


@dataclass(frozen=True, slots=True)
class Governing:
    """What a Governor holds to its limits, by namespace and name. `policies` says whether it brings what a cluster has
    once, `labels` go on every object, and images come from where the `platform` has them."""

    limits: Mapping[str, Mapping[str, Limits]]
    policies: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: Platform = ANY


class Governor(pulumi.ComponentResource):
    """Limits every writer of replicas, at admission, in a cluster of Kubernetes 1.36 or later.

    Creates the namespace flyball-system, roles and groups for the rights to override, to change limits and to freeze,
    the policies with their bindings, a descheduler that keeps services spread over their zones, and a ConfigMap of
    limits in each namespace. Raises `Refused` for limits that
    nobody could obey. To remove it again needs the right to override: its namespace is guarded too.

    Workloads with limits should depend on it (`depends_on`), so that a higher ceiling is allowed before it is used.
    """

    namespaces: pulumi.Output[list[str]]
    """Namespaces with limits."""

    def __init__(self, name: str, args: GovernorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        with refusals():
            governing = settle(args, GovernorArgs, (name,), lambda given: _read(name, given))
        self._register(name, governing, {}, opts)

    @classmethod
    def of(
        cls,
        name: str,
        governing: Governing | Known[Governing],
        pools: Mapping[str, Pool] = MappingProxyType({}),
        opts: pulumi.ResourceOptions | None = None,
    ) -> "Governor":
        """The component with limits that were resolved already; what holds `pools` to theirs comes with policies."""
        governor = cls.__new__(cls)
        governor._register(name, known(governing), pools, opts)
        return governor

    def _register(
        self,
        name: str,
        governing: Known[Governing],
        pools: Mapping[str, Pool],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        super().__init__("flyball:index:Governor", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)

        def register(these: Governing, make: Making) -> None:
            if these.policies:
                _register_policies(name, these, pools, child, make)
            for namespace, workloads in these.limits.items():
                _register_object(name, config_map(namespace, workloads), these.labels, child, make)

        governing.made(register)
        outputs = governing.value(lambda these: {"namespaces": sorted(these.limits)})
        self.namespaces = pulumi.Output.from_input(outputs["namespaces"])
        self.register_outputs(outputs)


def _read(name: str, args: GovernorArgs) -> Governing:
    """Limits as a program gives them. Raises `Refused` for those that nobody could obey."""
    problems = list(check(args, GovernorArgs, (name,)))
    limits = read(Reader(args, (name,), problems).at("limits"))
    refuse(problems)
    return Governing(limits, args.get("policies", True))


def _register_policies(
    name: str, these: Governing, pools: Mapping[str, Pool], child: pulumi.ResourceOptions, make: Making
) -> None:
    labels = {names.GOVERNED: names.SYSTEM, MANAGED_BY_LABEL: "flyball", **these.labels}
    namespace = {"metadata": {"name": names.SYSTEM_NAMESPACE, "labels": labels}}
    system = make(k8s.core.v1.Namespace, f"{name}-{names.SYSTEM_NAMESPACE}", namespace, child)
    # After the namespace, so that a removal takes away the policies first, of which one guards the namespace.
    after = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[system]))
    of_pools = [pool_governor.envelopes(pools), *pool_governor.manifests()] if pools else []
    for manifest in [*rbac.manifests(), *policies.manifests(), *balance.manifests(these.platform), *of_pools]:
        _register_object(name, manifest, these.labels, after, make)


def _register_object(
    name: str, manifest: Manifest, more: Mapping[str, str], opts: pulumi.ResourceOptions, make: Making
) -> None:
    metadata = manifest["metadata"]
    where = f"{metadata['namespace']}-" if manifest["kind"] == "ConfigMap" else ""
    registered(f"{name}-{where}{metadata['name']}", manifest, opts, more, make)
