"""What controllers have counted: others act on it, so nobody else writes it."""

from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.pods import without_hash
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources


def status_policies() -> list[Manifest]:
    """An autoscaler goes by the Deployment's count, a release by the ReplicaSet's, the rule for a lowered maximum by
    the autoscaler's."""
    kind = "request.resource.resource"
    policy = Policy(
        name="flyball-status",
        resources=[
            resources(
                "apps", "v1", [f"{kind}/status" for kind in ("deployments", "statefulsets", "replicasets")], "UPDATE"
            ),
            resources("autoscaling", "v2", ["horizontalpodautoscalers/status"], "UPDATE"),
        ],
        conditions={"not-its-controller": f"!({cel.IS_EXECUTOR}) && !({cel.IS_AUTOSCALER})"},
        variables={
            **cel.STATES,
            "workload": f"{kind} == 'replicasets' ? {without_hash('variables.name')}"
            f" : {kind} == 'horizontalpodautoscalers' ? variables.new.spec.scaleTargetRef.name : variables.name",
            "limits": limits.entry("variables.workload"),
        },
        rules=[
            Rule(
                cel.same("", "status"),
                cel.message(cel.text("the status of "), "variables.name", cel.text(" is counted by its controller")),
            )
        ],
        override=cel.granted(names.OVERRIDE, "variables.workload"),
        applies="variables.limits.size() > 1",
    )
    return enforced(policy)
