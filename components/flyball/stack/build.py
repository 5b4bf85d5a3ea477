"""From a stack to its resources: a namespace, a priority, and a Workload for each service."""

import os
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from flyball import paths
from flyball.kubernetes import Governor, GovernorArgs, Workload, WorkloadArgs
from flyball.kubernetes.companions import priority_class
from flyball.kubernetes.governor.limits import describe, limits_of
from flyball.kubernetes.governor.names import GOVERNED
from flyball.kubernetes.objects import ownership, properties
from flyball.stack.read import LOCAL, Governed, Service, Stack

CONTEXT_VARIABLE = "FLYBALL_CONTEXT"
"""Names a kubeconfig context to use instead of the stack's cluster, for one run of the program."""


def build(stack: Stack) -> None:
    """Register everything, and export what each service runs with."""
    provider = k8s.Provider("cluster", **_cluster(stack))
    options = pulumi.ResourceOptions(provider=provider)
    labels = ownership(stack.environment, stack.owner)
    namespace = k8s.core.v1.Namespace(stack.namespace, **_namespace(stack, labels), opts=options)
    priority = k8s.scheduling.v1.PriorityClass(
        stack.namespace, **properties(priority_class(f"flyball-{stack.namespace}", labels)), opts=options
    )
    first: list[pulumi.Resource] = [namespace, priority]
    if stack.governor:
        inside = pulumi.ResourceOptions(provider=provider, depends_on=[namespace])
        first.append(Governor("governor", governor_args(stack, stack.governor), inside))
    after = pulumi.ResourceOptions(provider=provider, depends_on=first)
    for name, service in stack.services.items():
        workload = Workload(name, workload_args(stack, name, service), after)
        outputs = {"need": workload.need, "floor": workload.floor, "ceiling": workload.ceiling}
        pulumi.export(name, {"address": workload.address, **outputs, "target": workload.target})


def governor_args(stack: Stack, governor: Governed) -> GovernorArgs:
    """The limits of all services of the stack, in its namespace."""
    limits: dict[str, str] = {}
    for service in stack.services.values():
        if service.sizing:
            found = limits_of(service.spec, service.sizing)
            limits |= {name: describe(each) for name, each in found.items()}
    return {"limits": {stack.namespace: limits}, "policies": governor.policies}


def workload_args(stack: Stack, name: str, service: Service) -> WorkloadArgs:
    """A service's own arguments, and what only the stack knows: where it runs, its callers, its callees' addresses."""
    calls: dict[str, Any] = {}
    for callee, call in service.args.get("calls", {}).items():
        known = stack.services.get(callee)
        calls[callee] = {**address(known), **call} if known else call
    given: dict[str, Any] = {
        "priority": f"flyball-{stack.namespace}",
        **service.args,
        "calls": calls,
        "namespace": stack.namespace,
        "environment": stack.environment,
        "owner": stack.owner,
        "zones": list(stack.zones),
        "callers": stack.callers(name),
    }
    return WorkloadArgs(**given)  # pyright: ignore[reportArgumentType] - checked key by key when the stack was read


def address(callee: Service) -> dict[str, Any]:
    """What a call has to know of its callee."""
    spec = callee.spec
    return {"port": spec.port, "target": spec.entry, "protocol": spec.protocol}


def _namespace(stack: Stack, labels: dict[str, str]) -> dict[str, Any]:
    """Only restricted pods may run in it (https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    governed = {GOVERNED: "true"} if stack.governor else {}
    return {"metadata": {"name": stack.namespace, "labels": {**labels, **levels, **governed}}}


def _cluster(stack: Stack) -> dict[str, Any]:
    if context := os.environ.get(CONTEXT_VARIABLE):
        return {"context": context}
    if stack.cluster == LOCAL:
        return {"kubeconfig": str(paths.kubeconfig(pulumi.get_stack()))}
    return {"context": stack.cluster}
