"""`Workload`: one component instead of ten resources, safe by default."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.fail_fast.container import check_label
from flyball.guards.reading.problem import Refused, refuse
from flyball.guards.reading.strict import is_a
from flyball.guards.workload.sizing import guard
from flyball.guards.workload.spec import check_namespace
from flyball.kubernetes import companions, scaled_object
from flyball.kubernetes.args import WorkloadArgs
from flyball.kubernetes.deployment import REPLICAS, deployments
from flyball.kubernetes.governor.limits import describe, limits_of
from flyball.kubernetes.network import network_policy
from flyball.kubernetes.objects import SECRET_SUFFIX, Guarded, Manifest, properties
from flyball.kubernetes.proxy import check_addresses, sidecar

_REFERENCE = re.compile(r"\$\(([^()]+)\)")


class Workload(pulumi.ComponentResource):
    """A service that survives losses, interruptions and its own automation.

    From `image`, `port` and `load` follow a Deployment at its floor, Service, ServiceAccount, PodDisruptionBudget,
    HorizontalPodAutoscaler, NetworkPolicy, PriorityClass, and a proxy in each pod with its ConfigMap; with spot on a
    second Deployment, with secrets a Secret, with a schedule or triggers a ScaledObject in place of the
    HorizontalPodAutoscaler.
    Raises `flyball.guards.reading.problem.Refused`, with every problem at once, before anything is registered.
    """

    address: pulumi.Output[str]
    """`name.namespace:port`, for callers within the cluster."""
    need: pulumi.Output[int]
    """Replicas that carry the peak."""
    floor: pulumi.Output[int]
    """Replicas that always run."""
    ceiling: pulumi.Output[int]
    """The most replicas."""
    target: pulumi.Output[int]
    """What the autoscaler aims at, in percent of a replica's processor request."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        guarded = guard_workload(name, args)
        super().__init__("flyball:index:Workload", name, {}, opts)
        _register(guarded, args, pulumi.ResourceOptions(parent=self))
        sizing = guarded.sizing
        outputs = {
            "address": f"{name}.{guarded.namespace}:{guarded.spec.port}",
            "need": sizing.need,
            "floor": sizing.floor,
            "ceiling": sizing.ceiling,
            "target": sizing.target,
        }
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)


def guard_workload(name: str, args: WorkloadArgs) -> Guarded:
    """The arguments with all rules applied. Raises `Refused`; the paths in its messages begin with the name."""
    zones = args.get("zones", [])
    environment = args.get("environment") or pulumi.get_stack()
    owner = args.get("owner") or pulumi.get_project()
    labels = {"environment": environment, "owner": owner}
    problems = [p for key, value in labels.items() if isinstance(value, str) for p in check_label(value, (name, key))]
    namespace = args.get("namespace", "default")
    if is_a(namespace, str):
        problems += check_namespace(namespace, (name, "namespace"))
    try:
        spec, sizing = guard(name, args, len(zones) if isinstance(zones, list) else 0, (name,), WorkloadArgs)
    except Refused as refused:
        raise Refused([*refused.problems, *problems]) from None
    refuse([*problems, *check_addresses(spec, (name,))])
    return Guarded(
        spec=spec,
        sizing=sizing,
        namespace=namespace,
        environment=environment,
        owner=owner,
        zones=tuple(zones),
        callers=tuple(args.get("callers", ())),
    )


def workload_limits(name: str, args: WorkloadArgs) -> dict[str, str]:
    """What a Governor is told about a workload: its limits, by Deployment. Raises `Refused`, as `Workload` does.

    Asked before the workload is registered, so that the limits are there first.
    """
    guarded = guard_workload(name, args)
    return {key: describe(limits) for key, limits in limits_of(guarded.spec, guarded.sizing).items()}


def _register(g: Guarded, args: WorkloadArgs, child: pulumi.ResourceOptions) -> None:
    """Every object of the workload, what pods need before the pods."""
    name, first = g.name, []
    account = k8s.core.v1.ServiceAccount(name, **properties(companions.service_account(g)), opts=child)
    first.append(account)
    priority = args.get("priority")
    if priority is None:
        # No name of a namespace or a workload has a dot, so that no two of them make the same name.
        priority = f"{g.namespace}.{name}"
        manifest = companions.priority_class(priority, g.labels, g.spec.annotations)
        first.append(k8s.scheduling.v1.PriorityClass(name, **properties(manifest), opts=child))
    secrets, annotations = args.get("secrets", {}), {}
    if secrets:
        first.append(k8s.core.v1.Secret(name + SECRET_SUFFIX, **properties(_secret(g, secrets)), opts=child))
        annotations["flyball.dev/secrets"] = _digest(g, secrets)
    proxy = sidecar(g)
    if proxy:
        first.append(k8s.core.v1.ConfigMap(f"{name}-proxy", **properties(proxy.config_map), opts=child))
    container = {
        "image": args["image"],
        "env": [*_environment(g, args), *(proxy.variables if proxy else ())],
        "proxy": proxy,
        "command": args.get("command"),
        "args": args.get("arguments"),
        "priority": priority,
    }
    for manifest in deployments(g, container, annotations):
        own = manifest["metadata"]["name"]
        ignored = [REPLICAS] if own == g.autoscaled else []
        after = pulumi.ResourceOptions(parent=child.parent, depends_on=first, ignore_changes=ignored)
        k8s.apps.v1.Deployment(own, **properties(manifest), opts=after)
    k8s.core.v1.Service(name, **properties(companions.service(g)), opts=child)
    k8s.policy.v1.PodDisruptionBudget(name, **properties(companions.disruption_budget(g)), opts=child)
    if g.spec.needs_keda:
        manifest = {"apiVersion": scaled_object.API_VERSION, "kind": scaled_object.KIND} | scaled_object.scaled_object(
            g
        )
        k8s.apiextensions.CustomResource(name, **properties(manifest), opts=child)
    else:
        k8s.autoscaling.v2.HorizontalPodAutoscaler(name, **properties(companions.autoscaler(g)), opts=child)
    k8s.networking.v1.NetworkPolicy(name, **properties(network_policy(g)), opts=child)


def _secret(g: Guarded, secrets: Mapping[str, Any]) -> Manifest:
    values = {name: pulumi.Output.secret(value) for name, value in secrets.items()}
    return {"metadata": g.metadata(g.name + SECRET_SUFFIX), "stringData": values, "type": "Opaque"}


def _digest(g: Guarded, secrets: Mapping[str, Any]) -> pulumi.Output[str]:
    """Changes when a secret does, so that pods with the old value are replaced.

    Everybody can read it, so it must not confirm a guessed value: scrypt with the costs that its author gives for
    interactive use (N = 2^14, r = 8, p = 1; C. Percival, "Stronger Key Derivation via Sequential Memory-Hard
    Functions", 2009), salted with the workload's place, cut to ten digits.
    """

    def digest(values: Mapping[str, str]) -> str:
        text, salt = json.dumps(values, sort_keys=True), f"{g.environment}/{g.namespace}/{g.name}"
        return hashlib.scrypt(text.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=5).hex()

    return pulumi.Output.unsecret(pulumi.Output.all(**secrets).apply(digest))


def _environment(g: Guarded, args: WorkloadArgs) -> list[Manifest]:
    def from_secret(variable: str, secret: str, key: str) -> Manifest:
        return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}

    variables = {
        **{variable: {"name": variable, "value": value} for variable, value in args.get("env", {}).items()},
        **{variable: from_secret(variable, g.name + SECRET_SUFFIX, variable) for variable in args.get("secrets", {})},
        **{variable: from_secret(variable, ref["name"], ref["key"]) for variable, ref in args.get("refs", {}).items()},
    }
    return _in_order(variables)


def _in_order(variables: Mapping[str, Manifest]) -> list[Manifest]:
    """By name, but what a value names as `$(OTHER)` before it.

    The order of a stack file is lost on its way through Pulumi, and Kubernetes fills in only what stands earlier
    (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
    """
    ordered: dict[str, Manifest] = {}

    def put(name: str, within: tuple[str, ...] = ()) -> None:
        if name not in variables or name in ordered or name in within:
            return
        value = variables[name].get("value")
        for other in _REFERENCE.findall(value) if isinstance(value, str) else ():
            put(other, (*within, name))
        ordered[name] = variables[name]

    for name in sorted(variables):
        put(name)
    return list(ordered.values())
