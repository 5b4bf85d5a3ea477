"""Fragments of CEL that several policies share. Arguments and results are CEL source text."""

import json
from collections.abc import Iterable

from flyball.kubernetes.governor import names

OVERRIDE_HINT = (
    f"a person with the right overrides: verb {names.OVERRIDE} on {names.RESOURCE}.{names.GROUP}, "
    f"as with kubectl --as=NAME --as-group={names.OVERRIDE_GROUP}, and --as-group for each group whose rights it takes"
)


def text(value: str) -> str:
    """A string literal."""
    return json.dumps(value)


def one_of(subject: str, values: Iterable[str]) -> str:
    """Whether `subject` is one of the strings."""
    return f"{subject} in [{', '.join(map(text, values))}]"


def message(*parts: str) -> str:
    """A refusal: the parts, which are CEL strings, and how a person overrides."""
    return " + ".join([text("flyball: "), *parts, text("; " + OVERRIDE_HINT)])


def larger(*values: str) -> str:
    return f"[{', '.join(values)}].max()"


def smaller(*values: str) -> str:
    return f"[{', '.join(values)}].min()"


def holds(verb: str, name: str) -> str:
    """Whether RBAC gives the user `verb` on the governor called `name` of the request's namespace."""
    governor = f"authorizer.group({text(names.GROUP)}).resource({text(names.RESOURCE)})"
    return f"{governor}.namespace(request.?namespace.orValue('')).name({name}).check({text(verb)}).allowed()"


def granted(verb: str, name: str) -> str:
    """Whether the user holds `verb` by a grant that names it, or is in the group of those who do.

    Rights to all, as cluster-admin's, do not count by themselves; who has them takes the group on for a command.
    """
    return f"({holds(verb, name)} && {_by_name(verb, name)})"


_GROUPS = {names.OVERRIDE: names.OVERRIDE_GROUP, names.GOVERN: names.GOVERN_GROUP}


def _by_name(verb: str, name: str) -> str:
    """Whether it is not only for the sake of rights to all that the user holds `verb`."""
    return f"({text(_GROUPS[verb])} in request.userInfo.?groups.orValue([]) || !{holds(names.CANARY, name)})"


CREATES = "request.operation == 'CREATE'"
UPDATES = "request.operation == 'UPDATE'"
DELETES = "request.operation == 'DELETE'"
WHAT = "request.resource.resource + (request.?subResource.orValue('') == '' ? '' : '/' + request.subResource)"
"""Kind of the request's object, such as ``pods/status``."""

STATES = {
    "new": f"{DELETES} ? dyn(oldObject) : dyn(object)",
    "old": f"{CREATES} ? dyn(object) : dyn(oldObject)",
    "name": "variables.new.metadata.?name.orValue('')",
}
"""Variables: the object after and before the request, each standing in for the other where there is none."""


def same(where: str, *fields: str) -> str:
    """Whether the fields are the same before and after; both may be absent. `where` may be empty."""
    path = f".?{where}" if where else ""
    return " && ".join(f"variables.new{path}.?{name} == variables.old{path}.?{name}" for name in fields)


def selects(selector: str, labels: str) -> str:
    """Whether a label selector selects the labels, both dynamic CEL
    (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors)."""
    is_in = f"(e.key in {labels} && {labels}[e.key] in e.?values.orValue([]))"
    return (
        f"({selector}.?matchLabels.orValue({{}}).all(k, k in {labels} && {labels}[k] == {selector}.matchLabels[k])"
        f" && {selector}.?matchExpressions.orValue([]).all(e, e.operator == 'In' ? {is_in} : e.operator == 'NotIn' ?"
        f" !{is_in} : (e.key in {labels}) == (e.operator == 'Exists')))"
    )


USER = "request.userInfo.username"
IS_AUTOSCALER = one_of(USER, names.AUTOSCALERS)
IS_EXECUTOR = one_of(USER, names.EXECUTORS)
NOT_AN_EXECUTOR = {"not-an-executor": f"!({IS_EXECUTOR})"}
"""Conditions: who carries out what was admitted elsewhere is not asked again."""
IS_KUBELET = f"{USER}.startsWith('system:node:')"
IS_AUTOMATION = (
    f"({USER}.startsWith('system:serviceaccount:')"
    f" || {one_of(USER, (names.SCHEDULER, names.CONTROLLER_MANAGER))}"
    f" || {text(names.AUTOMATION_GROUP)} in request.userInfo.?groups.orValue([]))"
)


def governs(name: str) -> str:
    """Whether the user may change limits: a person who holds the verb, automation only if it was named to it."""
    return f"({holds(names.GOVERN, name)} && (!{IS_AUTOMATION} || {_by_name(names.GOVERN, name)}))"
