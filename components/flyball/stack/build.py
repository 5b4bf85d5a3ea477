"""From a stack to its resources: a namespace and the services in it, or a platform for others to run on."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from flyball import paths
from flyball.guards.aws.platform import Platform
from flyball.guards.workload.balancer import SUFFIX
from flyball.kubernetes.alerts.component import Alerts
from flyball.kubernetes.governor.names import GOVERNED
from flyball.kubernetes.log_pipeline.component import LogPipeline
from flyball.kubernetes.objects import ownership
from flyball.kubernetes.pools.component import Karpenter
from flyball.kubernetes.services import Services, outputs_of
from flyball.stack import alerting
from flyball.stack.read import LOCAL, Stack
from flyball.wellknown import STACK_ANNOTATION

CONTEXT_VARIABLE = "FLYBALL_CONTEXT"
"""Names a kubeconfig context to use instead of the stack's cluster, for one run of the program."""


def build(stack: Stack | Platform, now: datetime | None = None) -> None:
    """Register everything, and export what others need of it; what follows the clock, as it should be `now`."""
    if isinstance(stack, Platform):
        # Whoever has no platform on AWS neither installs nor loads what knows it.
        from flyball.aws.platform import Platform as Component

        for name, value in Component("platform", stack, now or datetime.now(UTC)).exports.items():
            pulumi.export(name, value)
    else:
        _build_services(stack)


def _build_services(stack: Stack) -> None:
    """Everything of a namespace; of each service what it runs with, and how other stacks call it, is exported, and
    where its own balancer is called."""
    provider = k8s.Provider("cluster", **_cluster(stack))
    options = pulumi.ResourceOptions(provider=provider, transformations=[_signed])
    labels = ownership(stack.place.environment, stack.place.owner)
    first: list[pulumi.Resource] = []
    if not stack.shared:
        # What deletes it looks first whether others have something in it, which the engine does not.
        kept = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(retain_on_delete=True))
        first.append(k8s.core.v1.Namespace(stack.place.namespace, **_namespace(stack, labels), opts=kept))
    after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=first))
    services = Services.of(
        stack.place.namespace,
        stack.services,
        stack.place,
        stack.governor,
        after,
        stack.jobs,
        stack.caches,
        stack.pools,
    )
    if stack.base and stack.pools and services.governor:
        # After what holds the pool to its limits, and not after the services: some of them may wait for its nodes.
        guards = [services.governor]
        Karpenter("pools", stack.base, stack.pools, stack.place.platform, labels, guards, options)
    if stack.logs:
        LogPipeline.of("logs", stack.logs, stack.place.platform, labels, options)
    if found := alerting.objects(stack):
        Alerts.of("alerts", found, after)
    for name, service in stack.services.items():
        pulumi.export(name, outputs_of(service))
        workload = services.workloads[name]
        if workload.balancer:
            pulumi.export(name + SUFFIX, workload.balancer_addresses)


def _signed(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Every object says which stack made it."""
    metadata = args.props.get("metadata")
    if not isinstance(metadata, Mapping):
        return None
    annotations = {**(metadata.get("annotations") or {}), STACK_ANNOTATION: pulumi.get_stack()}
    props = {**args.props, "metadata": {**metadata, "annotations": annotations}}
    return pulumi.ResourceTransformationResult(props, args.opts)


def _namespace(stack: Stack, labels: dict[str, str]) -> dict[str, Any]:
    """Only restricted pods may run in it (https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    governed = {GOVERNED: "true"} if stack.governor else {}
    return {"metadata": {"name": stack.place.namespace, "labels": {**labels, **levels, **governed}}}


def _cluster(stack: Stack) -> dict[str, Any]:
    if context := os.environ.get(CONTEXT_VARIABLE):
        return {"context": context}
    if stack.cluster == LOCAL:
        return {"kubeconfig": str(paths.kubeconfig(pulumi.get_stack()))}
    return {"context": stack.cluster}
