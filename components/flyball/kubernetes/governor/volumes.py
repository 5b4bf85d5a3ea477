"""The volumes of members stay as long as these are members: a pod comes back, what its volume held does not."""

from flyball.guards.workload.members import VOLUME
from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import DELETES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources

_IS_CLAIM = "request.resource.resource == 'persistentvolumeclaims'"


def volume_policies() -> list[Manifest]:
    """A claim that is deleted stays until no pod has it, so that nobody notices before its member moves.

    Claims are called after the set, with the volume's name before it and the member's number after it: labels, which
    anyone may change, are not asked. Whether volumes go with the set is said by `keep`, and changed by those who may
    change limits; what goes with the set is deleted by its controller.
    """
    name = "variables.name"
    claimed = f"{name}.substring({len(VOLUME) + 1}, {name}.lastIndexOf('-'))"
    policy = Policy(
        name="flyball-volumes",
        resources=[
            resources("", "v1", ["persistentvolumeclaims"], "UPDATE", "DELETE"),
            resources("apps", "v1", ["statefulsets"], "UPDATE"),
        ],
        conditions=cel.NOT_AN_EXECUTOR,
        variables={
            **cel.STATES,
            "workload": f"!({_IS_CLAIM}) ? {name} : {name}.matches('^{VOLUME}-.+-[0-9]+$') ? {claimed} : ''",
            "limits": limits.entry("variables.workload"),
        },
        rules=[
            Rule(
                f"!({DELETES})",
                cel.message(
                    name,
                    text(" is the volume of a member of "),
                    "variables.workload",
                    text(" and may not be deleted: what it holds goes with it, once its pod moves"),
                ),
            ),
            Rule(
                f"!({_IS_CLAIM} && {UPDATES}) || {cel.same('metadata', 'ownerReferences')}",
                cel.message(
                    name,
                    text(" is the volume of a member of "),
                    "variables.workload",
                    text(" and may not be given owners, with which it would go"),
                ),
            ),
            Rule(
                f"{_IS_CLAIM} || {cel.same('spec', 'persistentVolumeClaimRetentionPolicy')}",
                cel.message(name, text(" keeps its volumes as its arguments say: data.keep")),
                governed=True,
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.workload"),
        excuse=cel.governs("variables.workload"),
        applies=f"{limits.is_stateful('variables.workload')} && variables.limits.size() > 1",
    )
    return enforced(policy)
