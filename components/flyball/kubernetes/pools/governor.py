"""Admission for pools: whoever writes them, they keep their limits, and no write takes their nodes away at once.

Karpenter's own budgets do not hold a deletion: a NodePool that is deleted takes all its nodes along, whatever its
budgets say, and so does a NodeClaim. An interruption is nobody's decision: what Karpenter itself deletes passes. What
it may decide, a frozen pool's budget of none keeps from it, but for the age of a node (see `expiry`).
"""

from collections.abc import Mapping

from flyball.guards.aws.pools import Pool
from flyball.guards.reading.units import show_size
from flyball.kubernetes.governor import cel, names
from flyball.kubernetes.governor.cel import DELETES, UPDATES, text
from flyball.kubernetes.governor.policy import (
    THE_FREEZE,
    Manifest,
    Policy,
    Rule,
    enforced,
    mutating,
    resources,
)
from flyball.kubernetes.objects import show_cpu
from flyball.kubernetes.pools import expiry
from flyball.kubernetes.pools import names as karpenter
from flyball.kubernetes.pools import pool as pools
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL

POOLS, ENVELOPES, FREEZE, LIMITS = (
    "flyball-pools",
    "flyball-pool-envelopes",
    "flyball-pool-freeze",
    "flyball-pool-limits",
)
_RESOURCES = ("cpu", "memory")
LARGEST_UP, LARGEST_DOWN = 100, 20
"""Percent of a limit that one write may change it by; a writer's steps of replicas, see guards.governor.steps."""
_NODE_POOLS = ("nodepools",)


def manifests() -> list[Manifest]:
    """The policies and their bindings, one set for a whole cluster."""
    return [*_envelope_policies(), *_pool_policies(), *_limit_policies(), *_freeze_policies(), *expiry.manifests()]


def envelopes(of: Mapping[str, Pool]) -> Manifest:
    """What each pool may grow to: the parameter of the policies, and what a freeze puts back when it ends."""
    data: dict[str, str] = {}
    for name, pool in sorted(of.items()):
        data |= {f"{name}_{key}": value for key, value in pools.limits(pool).items()}
        data |= {f"{name}_node-cpu": show_cpu(pool.size.cpu), f"{name}_node-memory": show_size(pool.size.memory)}
        data[f"{name}_budget"] = str(pool.budget)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": karpenter.ENVELOPES,
            "namespace": names.SYSTEM_NAMESPACE,
            "labels": {MANAGED_BY_LABEL: MANAGED_BY},
        },
        "data": data,
    }


def budgets_of(data: Mapping[str, str]) -> dict[str, int]:
    """The budget of each pool, from the data of `envelopes`."""
    return {key.removesuffix("_budget"): int(value) for key, value in data.items() if key.endswith("_budget")}


def _pool_policies() -> list[Manifest]:
    """Deleted by override alone, and never without limits, or with a budget that grows with the pool."""
    kind = "request.resource.resource"
    stated = " && ".join(f"{text(key)} in variables.limits" for key in _RESOURCES)
    plain = "b.?schedule.orValue('') == '' && b.?reasons.orValue([]).size() == 0"
    policy = Policy(
        name=POOLS,
        resources=[
            resources(karpenter.GROUP, "*", ["nodepools", "nodeclaims"], "DELETE"),
            resources(karpenter.AWS_GROUP, "*", ["ec2nodeclasses"], "DELETE"),
            resources(karpenter.GROUP, "*", _NODE_POOLS, "CREATE", "UPDATE"),
        ],
        # Karpenter among them: it deletes what is interrupted, and what its budgets allow.
        conditions=cel.NOT_AN_EXECUTOR,
        variables={
            **cel.STATES,
            "limits": "variables.new.?spec.?limits.orValue({})",
            "budgets": "variables.new.?spec.?disruption.?budgets.orValue([])",
        },
        rules=[
            Rule(
                f"!({DELETES})",
                cel.message(
                    kind,
                    text(" "),
                    "variables.name",
                    text(" may not be deleted: its nodes would go at once, whatever their budgets say"),
                ),
            ),
            Rule(
                f"{stated} && !variables.new.?spec.?replicas.hasValue()",
                cel.message(
                    text("NodePool "),
                    "variables.name",
                    text(" needs limits for cpu and memory, and no fixed replicas: a limit of nodes is no cap"),
                ),
            ),
            Rule(
                f"variables.budgets.all(b, b.nodes.matches('^[0-9]+$')) && variables.budgets.exists(b, {plain})",
                cel.message(
                    text("NodePool "),
                    "variables.name",
                    text(" needs a budget that always holds, and numbers: a percentage takes more the more there are"),
                ),
            ),
        ],
        override=cel.granted(names.OVERRIDE, text(karpenter.ENVELOPES)),
        early=True,
        parameter=None,
        everywhere=True,
    )
    return enforced(policy)


def _limit_policies() -> list[Manifest]:
    """Within the envelope, and by steps: what people have not seen run, no write turns on."""
    stated = "params.data[?(variables.name + '_' + {})]".format
    variables = {**cel.STATES, "known": f"{stated(text('cpu'))}.hasValue()"}
    limited = " && ".join(f"{text(key)} in dyn(object).?spec.?limits.orValue({{}})" for key in _RESOURCES)
    within, steps = [], []
    for key in _RESOURCES:
        after, before = (f"variables.{state}.?spec.?limits[?{text(key)}]" for state in ("new", "old"))
        variables[key] = f"quantity(string({after}.orValue('0')))"
        variables[f"{key}Before"] = f"quantity(string({before}.orValue('0')))"
        variables[f"{key}Most"] = f"quantity({stated(text(key))}.orValue('0'))"
        variables[f"{key}OfNode"] = f"quantity({stated(text(f'node-{key}'))}.orValue('0'))"
        within.append(f"variables.{key}.compareTo(variables.{key}Most) <= 0")
        steps.append(_step(key))
    policy = Policy(
        name=LIMITS,
        resources=[resources(karpenter.GROUP, "*", _NODE_POOLS, "CREATE", "UPDATE")],
        # What has no limits is refused by the policy before, which says so.
        conditions={"limited": limited, **cel.NOT_AN_EXECUTOR},
        variables=variables,
        rules=[
            Rule(
                f"!variables.known || {' && '.join(within)}",
                cel.message(
                    text("NodePool "),
                    "variables.name",
                    text(" may have cpu "),
                    f"{stated(text('cpu'))}.orValue('0')",
                    text(" and memory "),
                    f"{stated(text('memory'))}.orValue('0')",
                    text(" at the most, half as much again as people have seen run well"),
                ),
            ),
            Rule(
                "variables.known",
                cel.message(
                    text("of NodePool "),
                    "variables.name",
                    text(f" nobody has said what it may grow to, in {karpenter.ENVELOPES}"),
                ),
                governed=True,
            ),
            Rule(
                f"!variables.known || !({UPDATES}) || ({' && '.join(steps)})",
                cel.message(
                    text("one write changes the limits of NodePool "),
                    "variables.name",
                    text(f" by at most {LARGEST_UP} % up and {LARGEST_DOWN} % down, or one node"),
                ),
                governed=True,
            ),
        ],
        override=cel.granted(names.OVERRIDE, text(karpenter.ENVELOPES)),
        early=True,
        excuse=cel.governs(text(karpenter.ENVELOPES)),
        parameter={
            "name": karpenter.ENVELOPES,
            "namespace": names.SYSTEM_NAMESPACE,
            "parameterNotFoundAction": "Allow",
        },
        everywhere=True,
    )
    return enforced(policy)


def _step(key: str) -> str:
    """Whether a limit changes by at most a step, or one node. In floating point: CEL's quantities know no product."""
    new, old, node = (f"variables.{key}{state}.asApproximateFloat()" for state in ("", "Before", "OfNode"))
    up = f"{new} <= {old} * {1 + LARGEST_UP / 100} || {new} - {old} <= {node}"
    down = f"{new} >= {old} * {1 - LARGEST_DOWN / 100} || {old} - {new} <= {node}"
    return f"({up}) && ({down})"


def _freeze_policies() -> list[Manifest]:
    """While there is a freeze, each write of a pool leaves it a budget of none; the freeze itself writes all of them.

    Changed, not refused: a deployment that gives a pool its budget again must not fail, nor end the freeze.
    """
    ours = f"variables.new.metadata.?labels[?{text(MANAGED_BY_LABEL)}].orValue('') == {text(MANAGED_BY)}"
    none = '[{"nodes": "0"}]'
    patch = f'[JSONPatch{{op: "add", path: "/spec/disruption/budgets", value: {none}}}]'
    frozen = f"variables.new.?spec.?disruption.?budgets.orValue([]) == {none}"
    policy = Policy(
        name=FREEZE,
        resources=[resources(karpenter.GROUP, "*", _NODE_POOLS, "CREATE", "UPDATE")],
        variables=cel.STATES,
        rules=[],
        override=cel.granted(names.OVERRIDE, text(karpenter.ENVELOPES)),
        parameter=THE_FREEZE,
        everywhere=True,
    )
    return mutating(policy, f"variables.override || !({ours}) || {frozen} ? [] : {patch}")


def _envelope_policies() -> list[Manifest]:
    """What pools may grow to is changed by those who may change limits."""
    named = f"({DELETES} ? dyn(oldObject) : dyn(object)).metadata.?name.orValue('')"
    policy = Policy(
        name=ENVELOPES,
        resources=[resources("", "v1", ["configmaps"], "CREATE", "UPDATE", "DELETE")],
        conditions={
            "envelopes": f"{named} == {text(karpenter.ENVELOPES)}"
            f" && request.namespace == {text(names.SYSTEM_NAMESPACE)}",
            **cel.NOT_AN_EXECUTOR,
        },
        variables={**cel.STATES, "data": "variables.new.?data.orValue({})"},
        rules=[
            Rule(
                f"{DELETES} || variables.data.all(k, isQuantity(variables.data[k]))",
                cel.message("variables.name", text(" must have quantities only, such as web_cpu: 96")),
            ),
            Rule(
                "false",
                cel.message(
                    text("what pools may grow to is changed by people with the right to it: verb "),
                    text(f"{names.GOVERN} on {names.RESOURCE}.{names.GROUP}"),
                ),
                governed=True,
            ),
        ],
        override=cel.granted(names.OVERRIDE, text(karpenter.ENVELOPES)),
        early=True,
        excuse=cel.governs(text(karpenter.ENVELOPES)),
        parameter=None,
        everywhere=True,
    )
    return enforced(policy)
