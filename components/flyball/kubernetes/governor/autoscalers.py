"""Autoscalers stay within the limits of what they scale: HorizontalPodAutoscalers, and KEDA's ScaledObjects."""

from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import DELETES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources

_SPEC = "variables.new.spec"
_PAUSED_AT = "autoscaling.keda.sh/paused-replicas"
_DEFAULT_CALM = 300
"""Seconds for which the autoscaler looks back before it goes down, if its behaviour does not say
(--horizontal-pod-autoscaler-downscale-stabilization of kube-controller-manager)."""
_BY_KEDA = f"{cel.USER} == {text(names.KEDA)}"
_TOLERANCE = "0.1"
"""The most that an autoscaler may leave as it is above its target: what Kubernetes gives it by default
(https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#tolerance)."""
_number = limits.number


def autoscaler_policies() -> list[Manifest]:
    """One policy for each kind; what both have in common is written once."""
    return [
        *enforced(
            _policy(
                name="flyball-autoscalers",
                group=("autoscaling", "v2", "horizontalpodautoscalers"),
                behavior=f"{_SPEC}.?behavior",
                least=f"{_SPEC}.?minReplicas.orValue(1)",
                most=f"{_SPEC}.maxReplicas",
                rules=[*_maximum_of_hpa(), _metrics_of_hpa()],
                # KEDA removes and renames the autoscalers that it keeps for its ScaledObjects.
                deletion=_BY_KEDA,
                of_interest=("spec", "metadata.?ownerReferences"),
            )
        ),
        *enforced(
            _policy(
                name="flyball-scaled-objects",
                group=("keda.sh", "v1alpha1", "scaledobjects"),
                behavior=f"{_SPEC}.?advanced.?horizontalPodAutoscalerConfig.?behavior",
                # Defaults of keda.sh/v1alpha1: to zero, and up to 100.
                least=f"{_SPEC}.?minReplicaCount.orValue(0)",
                most=f"{_SPEC}.?maxReplicaCount.orValue(100)",
                rules=_rules_of_scaled_object(),
                deletion="false",
                of_interest=("spec", "metadata.?ownerReferences", "metadata.?annotations"),
            )
        ),
    ]


def _policy(
    name: str,
    group: tuple[str, str, str],
    behavior: str,
    least: str,
    most: str,
    rules: list[Rule],
    deletion: str,
    of_interest: tuple[str, ...],
) -> Policy:
    api_group, version, kind = group
    same = [f"dyn(object).{field} == dyn(oldObject).{field}" for field in of_interest]
    return Policy(
        name=name,
        resources=[resources(api_group, version, [kind], "CREATE", "UPDATE", "DELETE")],
        conditions={
            **cel.NOT_AN_EXECUTOR,
            # KEDA writes its own finalizers and status labels all the time, also where limits have changed since.
            "changes-something": f"!({UPDATES}) || !({' && '.join(same)})",
        },
        variables={
            **cel.STATES,
            "before": "variables.old.spec.scaleTargetRef.name",
            "target": f"{_SPEC}.scaleTargetRef.name",
            "base": _base("variables.target"),
            "limits": limits.entry("variables.before"),
            "limits_now": limits.entry("variables.target"),
            "floor": _number("floor", "variables.limits_now"),
            "ceiling": _number("ceiling", "variables.limits_now"),
            "min": least,
            "max": most,
            "behavior": f"{behavior}.orValue(dyn({{}}))",
        },
        rules=[
            Rule(
                f"!({DELETES}) || {deletion}",
                _refusal(text("may not be deleted, which ends all scaling up")),
                governed=True,
            ),
            Rule(
                f"{_base('variables.before')} == variables.base",
                _refusal(text("must keep what it scales")),
            ),
            Rule(
                "variables.before == variables.target",
                _refusal(text("must keep the part of the workload that it scales")),
                governed=True,
            ),
            *[
                # An autoscaler that only now turns to a guarded workload is held to that one's limits.
                Rule(f"{DELETES} || variables.limits_now.size() <= 1 || ({rule.require})", rule.message, rule.governed)
                for rule in (*_common_rules(), *rules)
            ],
        ],
        override=cel.granted(names.OVERRIDE, "variables.target"),
        excuse=cel.governs("variables.target"),
        applies="variables.limits.size() > 1 || variables.limits_now.size() > 1",
    )


def _base(name: str) -> str:
    """CEL: the on-demand part of the workload of which `name` is a part."""
    return f"({name}.endsWith('{SPOT_SUFFIX}') ? {name}.substring(0, {name}.size() - {len(SPOT_SUFFIX)}) : {name})"


def _common_rules() -> list[Rule]:
    known = "[variables.target, variables.base].exists(n, variables.name == n || variables.name == 'keda-hpa-' + n)"
    owned = f"{UPDATES} && !({cel.same('metadata', 'ownerReferences')})"
    return [
        Rule(known, _refusal(text("is a second autoscaler; two of them stop each other"))),
        Rule(
            f"!({owned}) || {_BY_KEDA}",
            _refusal(text("may not be given owners, with which it would go")),
        ),
        Rule(
            "variables.min >= variables.floor",
            _refusal(
                text("may not go down to "), "string(variables.min)", text(", the floor is "), "string(variables.floor)"
            ),
        ),
        Rule(
            "variables.max <= variables.ceiling",
            _refusal(
                text("may not go up to "),
                "string(variables.max)",
                text(", the ceiling is "),
                "string(variables.ceiling)",
            ),
        ),
        Rule(
            f"{_narrow('scaleDown', 'auto_down')}"
            f" && variables.behavior.?scaleDown.?stabilizationWindowSeconds.orValue({_DEFAULT_CALM})"
            f" >= {_number('calm', 'variables.limits_now')}",
            _refusal(text("needs a behavior for scaleDown of "), *_widest("auto_down"), *_calm()),
        ),
        Rule(
            f"{_narrow('scaleUp', 'auto_up')} && variables.behavior.scaleUp.?selectPolicy.orValue('Max') != 'Disabled'",
            _refusal(text("needs a behavior for scaleUp of "), *_widest("auto_up"), text(", and not Disabled")),
        ),
        Rule(
            f"quantity(string(variables.behavior.?scaleUp.?tolerance.orValue('{_TOLERANCE}')))"
            f".compareTo(quantity('{_TOLERANCE}')) <= 0",
            _refusal(text("may not overlook more than 10 % of load above its target: tolerance of scaleUp")),
        ),
    ]


def _narrow(direction: str, rate: str) -> str:
    """Whether each policy of the behaviour is within the rate, so that also the largest of them is."""
    number = {field: _number(f"{rate}_{field}", "variables.limits_now") for field in ("pods", "percent", "period")}
    return (
        f"variables.behavior.?{direction}.?policies.orValue(dyn([])).size() > 0"
        f" && variables.behavior.{direction}.policies.all(p, p.periodSeconds >= {number['period']}"
        f" && p.value <= (p.type == 'Pods' ? {number['pods']} : {number['percent']}))"
    )


def _widest(rate: str) -> list[str]:
    number = {
        field: f"string({_number(f'{rate}_{field}', 'variables.limits_now')})"
        for field in ("pods", "percent", "period")
    }
    return [
        text("at most "),
        number["pods"],
        text(" pods or "),
        number["percent"],
        text(" % each "),
        number["period"],
        text(" s"),
    ]


def _calm() -> list[str]:
    return [text(", after at least "), f"string({_number('calm', 'variables.limits_now')})", text(" s of calm")]


def _maximum_of_hpa() -> list[Rule]:
    """A lowered maximum is a scale-down that no behaviour slows. It is for those who change limits, by steps.

    What runs is known from the autoscaler's status. A new one has none: it begins at the ceiling, which lowers nothing.
    """
    running = f"int({UPDATES} ? variables.old.?status.?currentReplicas.orValue(0) : 0)"
    step = cel.larger(
        _number("down_pods", "variables.limits_now"),
        f"({running} * {_number('down_percent', 'variables.limits_now')} + 99) / 100",
    )
    raised = f"{UPDATES} && variables.max >= variables.old.spec.maxReplicas"

    def rule(least: str, how: str, governed: bool) -> Rule:
        lowest = f"({running} == 0 ? variables.ceiling : {cel.smaller('variables.ceiling', least)})"
        return Rule(
            f"{raised} || variables.max >= {lowest}",
            _refusal(
                text("may not be lowered to a maximum of "),
                "string(variables.max)",
                text(f"{how}, which removes what runs above it; the lowest allowed now is "),
                f"string({lowest})",
            ),
            governed,
        )

    return [rule(f"{running} - {step}", " at once", governed=False), rule(running, "", governed=True)]


def _metrics_of_hpa() -> Rule:
    """What it looks at; by a target that is never reached, it would never go up."""
    return Rule(
        f"!({UPDATES}) || {cel.same('spec', 'metrics')} || {_BY_KEDA}",
        _refusal(text("must keep its metrics, by which it goes up")),
        governed=True,
    )


def _rules_of_scaled_object() -> list[Rule]:
    advanced = f"{_SPEC}.?advanced"
    paused = f"variables.new.metadata.?annotations[?'{_PAUSED_AT}'].orValue('')"
    fallback = f"{_SPEC}.?fallback.?replicas.orValue(variables.floor)"
    return [
        Rule(
            "variables.max == variables.ceiling",
            _refusal(text("must have the ceiling, "), "string(variables.ceiling)", text(", as maxReplicaCount")),
        ),
        Rule(
            f"!has({_SPEC}.idleReplicaCount)",
            _refusal(text("may not have idleReplicaCount, which undercuts the floor")),
        ),
        Rule(
            f"{paused} == '' || {paused}.matches('^[0-9]{{1,6}}$')"
            f" && int({paused}) >= variables.floor && int({paused}) <= variables.ceiling",
            _refusal(text("may only be paused between floor and ceiling")),
        ),
        Rule(
            f"{fallback} >= variables.floor && {fallback} <= variables.ceiling",
            _refusal(text("must fall back to a number between floor and ceiling")),
        ),
        Rule(
            f"!{advanced}.?restoreToOriginalReplicaCount.orValue(false)",
            _refusal(text("may not restore the replica count of long ago when it is deleted")),
        ),
        Rule(
            f"!({UPDATES}) || {cel.same('spec', 'triggers', 'pollingInterval', 'cooldownPeriod')}"
            f" && {cel.same('spec.?advanced', 'scalingModifiers')}"
            f" && {cel.same('spec.?advanced.?horizontalPodAutoscalerConfig', 'name')}"
            # With its finalizer it writes out what it takes for granted, such as an empty scalingModifiers.
            f" || {_BY_KEDA}",
            _refusal(text("must keep its triggers, and when and how it reads them, by which it goes up")),
            governed=True,
        ),
    ]


def _refusal(*what: str) -> str:
    return cel.message(text("the autoscaler "), "variables.name", text(" of "), "variables.target", text(" "), *what)
