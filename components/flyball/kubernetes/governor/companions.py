"""What a guarded workload relies on: its disruption budget, and the Service that finds its pods."""

from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import DELETES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources

_BUDGET = "variables.new.spec.?maxUnavailable.orValue(dyn('none'))"
_UNOWNED = cel.same("metadata", "ownerReferences")
_VARIABLES = {**cel.STATES, "limits": limits.entry("variables.name")}
_REMOVED_ON_PURPOSE = f"{DELETES} && {cel.governs('variables.name')}"
_GUARDED = "variables.limits.size() > 1"


def budget_policies() -> list[Manifest]:
    """A budget is not removed, not loosened beyond what headroom leaves, and its account is not falsified."""
    status = "request.?subResource.orValue('') == 'status'"
    policy = Policy(
        name="flyball-budgets",
        resources=[
            resources("policy", "v1", ["poddisruptionbudgets"], "CREATE", "UPDATE", "DELETE"),
            resources("policy", "v1", ["poddisruptionbudgets/status"], "UPDATE"),
        ],
        conditions={"not-an-executor": f"!({cel.IS_EXECUTOR})"},
        variables=_VARIABLES,
        rules=[
            Rule(
                f"!({DELETES})",
                cel.message(text("the disruption budget of "), "variables.name", text(" may not be deleted")),
            ),
            Rule(
                f"{DELETES} || {status} || {UPDATES} && {cel.same('', 'spec')}"
                f" || type({_BUDGET}) == int && int({_BUDGET}) <= {limits.number('budget')}",
                cel.message(
                    text("the disruption budget of "),
                    "variables.name",
                    text(" must have maxUnavailable of at most "),
                    f"string({limits.number('budget')})",
                ),
            ),
            Rule(
                f"!({UPDATES}) || {status} || {cel.same('spec', 'selector')}",
                cel.message(text("the disruption budget of "), "variables.name", text(" must keep its selector")),
            ),
            Rule(
                f"!({UPDATES}) || {_UNOWNED}",
                cel.message(text("the disruption budget of "), "variables.name", text(" may not be given owners")),
            ),
            Rule(
                f"!({status})",
                cel.message(text("the disruption budget of "), "variables.name", text(" is counted by its controller")),
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.name"),
        excuse=_REMOVED_ON_PURPOSE,
        applies=_GUARDED,
    )
    return enforced(policy)


def service_policies() -> list[Manifest]:
    """A Service that loses its pods is as good as no pods."""
    policy = Policy(
        name="flyball-services",
        resources=[resources("", "v1", ["services"], "UPDATE", "DELETE")],
        conditions={"not-an-executor": f"!({cel.IS_EXECUTOR})"},
        variables=_VARIABLES,
        rules=[
            Rule(
                f"!({DELETES})",
                cel.message(text("the Service of "), "variables.name", text(" may not be deleted")),
            ),
            Rule(
                f"{DELETES} || {cel.same('spec', 'selector', 'type')} && {_UNOWNED}",
                cel.message(
                    text("the Service of "), "variables.name", text(" must keep its selector, type and owners")
                ),
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.name"),
        excuse=_REMOVED_ON_PURPOSE,
        applies=_GUARDED,
    )
    return enforced(policy)
