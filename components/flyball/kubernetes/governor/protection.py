"""Who may change the Governor itself: the limits, the freeze, and the namespaces that carry them."""

from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import CREATES, DELETES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL


def limit_policies() -> list[Manifest]:
    """Limits are changed by people, or by a robot that was named to it; automation may not lift a freeze."""
    name = f"({DELETES} ? dyn(oldObject) : dyn(object)).metadata.?name.orValue('')"
    is_limits, is_freeze = (f"variables.name == {text(name)}" for name in (names.LIMITS, names.FREEZE))
    policy = Policy(
        name="flyball-limits",
        resources=[resources("", "v1", ["configmaps"], "CREATE", "UPDATE", "DELETE")],
        conditions={
            "limits-or-freeze": f"{name} == {text(names.LIMITS)}"
            f" || {name} == {text(names.FREEZE)} && request.namespace == {text(names.SYSTEM_NAMESPACE)}",
            **cel.NOT_AN_EXECUTOR,
        },
        variables={
            **cel.STATES,
            "data": "variables.new.?data.orValue({})",
            "formed": f"{DELETES} || variables.new.metadata.?ownerReferences.orValue([]).size() == 0"
            f" && ({is_limits} ? variables.data.all(k, {limits.readable('k', 'variables.data[k]')})"
            f" : {_well_formed_freeze()})",
        },
        rules=[
            Rule(
                "variables.formed",
                cel.message(
                    "variables.name",
                    text(
                        f" must have no owners; each limit reads as 'NAME: {limits.EXAMPLE}', with floor <= ceiling;"
                        " a freeze says why (reason) and by whom (by)"
                    ),
                ),
            ),
            Rule(
                f"!({is_limits})",
                cel.message(
                    text("limits are changed by people with the right to it: verb "),
                    text(f"{names.GOVERN} on {names.RESOURCE}.{names.GROUP}"),
                ),
                governed=True,
            ),
            Rule(
                f"!({is_freeze}) || {CREATES} || !{cel.IS_AUTOMATION}",
                cel.message(text("a freeze is changed and lifted by people")),
            ),
        ],
        override=cel.granted(names.OVERRIDE, text(names.LIMITS)),
        early=True,
        excuse=cel.governs(text(names.LIMITS)),
        parameter=None,
    )
    return enforced(policy)


def _well_formed_freeze() -> str:
    return " && ".join(f"variables.data[?{text(key)}].orValue('') != ''" for key in ("reason", "by"))


def cluster_policies() -> list[Manifest]:
    """Governed namespaces stay and stay governed; so do priorities of workloads, without which no pod is made; nodes
    are not deleted all in one request.

    Not bound by a namespace selector: the API server would apply it to the labels that the request leaves behind.
    """
    label = f"dyn(oldObject).metadata.?labels[?{text(names.GOVERNED)}]"
    nodes, priority = (f"request.resource.resource == '{kind}'" for kind in ("nodes", "priorityclasses"))
    ours = f"dyn(oldObject).metadata.?labels[?{text(MANAGED_BY_LABEL)}].orValue('') == {text(MANAGED_BY)}"
    system = f"variables.name == {text(names.SYSTEM_NAMESPACE)} && !({nodes}) && !({priority})"
    kept = cel.message(text("namespace "), "variables.name", text(" holds guarded workloads and may not be deleted"))
    policy = Policy(
        name=names.CLUSTER_POLICY,
        resources=[
            resources("", "v1", ["namespaces"], "UPDATE", "DELETE"),
            resources("", "v1", ["nodes"], "DELETE"),
            resources("scheduling.k8s.io", "v1", ["priorityclasses"], "DELETE"),
        ],
        conditions={
            "governed": f"{nodes} || ({priority} ? {ours} : {label}.hasValue())",
            **cel.NOT_AN_EXECUTOR,
        },
        variables={**cel.STATES, "label": f"variables.new.metadata.?labels[?{text(names.GOVERNED)}]"},
        rules=[
            Rule(
                f"{nodes} || {priority} || !({DELETES}) || {system}",
                kept,
                # Whoever may take the limits away may delete all that they guard.
                governed=True,
            ),
            Rule(f"!({system} && {DELETES})", kept),
            Rule(
                f"{nodes} || {priority} || variables.label == variables.old.metadata.?labels[?{text(names.GOVERNED)}]"
                " && variables.new.metadata.?ownerReferences.orValue([]).size() == 0",
                cel.message(
                    text("namespace "),
                    "variables.name",
                    text(f" must keep its label {names.GOVERNED} and may not be given owners"),
                ),
            ),
            Rule(
                f"!({nodes}) || request.?name.orValue('') != ''",
                cel.message(text("nodes are deleted by name, not as a collection")),
            ),
            Rule(
                f"!({priority})",
                cel.message(
                    text("PriorityClass "),
                    "variables.name",
                    text(" belongs to a workload and may not be deleted: its pods cannot start without it"),
                ),
                governed=True,
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.name"),
        excuse=cel.governs("variables.name"),
        parameter=None,
        everywhere=True,
    )
    return enforced(policy)
