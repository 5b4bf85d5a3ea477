"""From rules to the objects of the API server: policies, their bindings, and the record of every override."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flyball.kubernetes.governor import cel, names
from flyball.wellknown import MANAGED_BY_LABEL

Manifest = dict[str, Any]
API = "admissionregistration.k8s.io/v1"
LIMITS_OF_NAMESPACE: Manifest = {"name": names.LIMITS, "parameterNotFoundAction": "Allow"}
"""Parameter: the limits in the request's own namespace. One binding for all namespaces, so that a write costs the same
however many workloads there are. Where there are no limits nothing is guarded; to delete them needs a right."""
THE_FREEZE: Manifest = {
    "name": names.FREEZE,
    "namespace": names.SYSTEM_NAMESPACE,
    "parameterNotFoundAction": "Allow",
}
GOVERNED_NAMESPACES: Manifest = {"matchExpressions": [{"key": names.GOVERNED, "operator": "Exists"}]}


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold, and what is said where it does not; both CEL."""

    require: str
    message: str
    governed: bool = False
    """Those who may change limits may break it, and that is nothing out of the ordinary (see `Policy.excuse`)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A set of rules on some kinds of requests. All strings but `name` are CEL."""

    name: str
    resources: Sequence[Manifest]
    variables: Mapping[str, str]
    rules: Sequence[Rule]
    override: str
    """Whether the user may break the rules. Of the fields, only this and the next may ask for the user's rights."""
    excuse: str = ""
    """Whether the user may break the rules that are `Rule.governed`, if no other one is broken."""
    early: bool = False
    """`override` uses no variables: those who may not override are told apart before anything else is reckoned."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Tests that a request must pass before its parameter is looked at; worth their cost where few requests do."""
    parameter: Manifest | None = field(default_factory=lambda: LIMITS_OF_NAMESPACE)
    parameter_kind: tuple[str, str] = ("v1", "ConfigMap")
    """API version and kind of the parameter; where the parameter is a selection, each one found is asked about."""
    applies: str = "true"
    """Whether the rules apply, where that depends on the parameter or on variables."""
    everywhere: bool = False
    """Also outside governed namespaces."""
    objects: Manifest | None = None
    """Selector of the labels that an object must have, before or after; costs nothing where none is selected."""


def resources(group: str, version: str, kinds: Sequence[str], *operations: str) -> Manifest:
    """Requests that a policy looks at. The scope is the server's default: left out, each apply would be a change."""
    rule = {"apiGroups": [group], "apiVersions": [version], "operations": list(operations), "resources": list(kinds)}
    return {**rule, "scope": "*"}


def enforced(policy: Policy) -> list[Manifest]:
    """A policy that refuses what breaks a rule, and the record of those who override it.

    Two, since the right to override cannot be asked for in an audit annotation, and one policy cannot both refuse and
    admit with a warning.
    """
    spec = _validating(policy, [_UNBROKEN, *_excuse(policy), "variables.override"], "variables.problem")
    return [
        *_with_binding("Validating", policy.name, policy, spec, {"validationActions": ["Deny"]}),
        *recorded(policy),
    ]


def recorded(policy: Policy) -> list[Manifest]:
    """A policy that fails, without refusing, where a rule is broken by someone who may.

    The API server then adds the audit annotation ``validation.policy.admission.k8s.io/validation_failure``, sends a
    warning, and counts it in its metric ``apiserver_validating_admission_policy_check_total`` under the policy's name.
    """
    spec = _validating(
        policy,
        [_UNBROKEN, *_excuse(policy), *([] if policy.early else ["!variables.override"])],
        f"{cel.text('OVERRIDE by ')} + {cel.USER} + {cel.text(': ')} + variables.problem",
        {"may-override": policy.override} if policy.early else {},
    )
    return _with_binding(
        "Validating", f"{policy.name}-override", policy, spec, {"validationActions": ["Warn", "Audit"]}
    )


_UNBROKEN = "variables.problem == ''"


def _excuse(policy: Policy) -> list[str]:
    return ["variables.excuse"] if policy.excuse else []


def _excusing(policy: Policy) -> dict[str, str]:
    """Variables: whether all rules hold that nobody is excused from, and whether the user is from the others."""
    if not policy.excuse:
        return {}
    strict = [f"({rule.require})" for rule in policy.rules if not rule.governed]
    return {"sound": " && ".join(strict) or "true", "excuse": f"variables.sound && ({policy.excuse})"}


def _validating(
    policy: Policy, admitted: Sequence[str], message: str, conditions: Mapping[str, str] | None = None
) -> Manifest:
    """One validation for all rules: each one, and its message, would be reckoned for every request, broken or not."""
    problem = "".join(f"!({rule.require}) ? {rule.message} : " for rule in policy.rules) + "''"
    # Variables, since the API server allows each expression no more than two questions about the user's rights.
    rights = {"override": policy.override} | _excusing(policy)
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": list(policy.resources),
            **({"objectSelector": policy.objects} if policy.objects else {}),
        },
        "matchConditions": _named({**policy.conditions, **(conditions or {})}),
        "variables": _named({**policy.variables, "problem": f"!({policy.applies}) ? '' : {problem}", **rights}),
        "validations": [{"expression": " || ".join(admitted), "messageExpression": message, "reason": "Forbidden"}],
    }


def mutating(policy: Policy, patch: str) -> list[Manifest]:
    """A policy that changes requests by the JSON patch that the CEL text `patch` gives, and leaves rules to it.

    It is asked again if others, such as webhooks, have changed the request after it.
    """
    spec: Manifest = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "IfNeeded",
        "matchConstraints": {"resourceRules": list(policy.resources)},
        "variables": _named({**policy.variables, "override": policy.override}),
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
    }
    return _with_binding("Mutating", policy.name, policy, spec, {})


def _with_binding(kind: str, name: str, policy: Policy, spec: Manifest, binding: Manifest) -> list[Manifest]:
    spec = {key: value for key, value in spec.items() if value != []}
    if policy.parameter:
        version, of = policy.parameter_kind
        spec = {"paramKind": {"apiVersion": version, "kind": of}, **spec}
        binding = {**binding, "paramRef": policy.parameter}
    if not policy.everywhere:
        binding = {**binding, "matchResources": {"namespaceSelector": GOVERNED_NAMESPACES}}
    metadata = {"name": name, "labels": {MANAGED_BY_LABEL: "flyball"}}
    return [
        {"apiVersion": API, "kind": f"{kind}AdmissionPolicy", "metadata": metadata, "spec": spec},
        {
            "apiVersion": API,
            "kind": f"{kind}AdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": name, **binding},
        },
    ]


def _named(expressions: Mapping[str, str]) -> list[Manifest]:
    return [{"name": name, "expression": expression} for name, expression in expressions.items()]
