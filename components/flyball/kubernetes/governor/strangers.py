"""Nobody's pods pass for those of a workload.

A controller adopts each pod without a controller whose labels it selects by, has too many then, and removes some: of
20 foreign pods that look more worth keeping, 20 real ones go in their place, past floor, step, pause, budget and
freeze. A budget counts every pod it selects, so that foreign ones make room for the eviction of real ones.
"""

from typing import Any

from flyball.guards.workload.canary import SUFFIX as CANARY_SUFFIX
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import CREATES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL, NAME_LABEL

EACH_OF_NAMESPACE: Manifest = {"selector": {}, "parameterNotFoundAction": "Allow"}
"""Parameter: each workload of the request's namespace, one after another, whatever the request is. Each costs as much
as a whole policy: for what is written so rarely that it does not matter."""
_OF_OTHERS: Manifest = {"matchExpressions": [{"key": MANAGED_BY_LABEL, "operator": "NotIn", "values": [MANAGED_BY]}]}
EACH_OF_OTHERS: Manifest = {**EACH_OF_NAMESPACE, "selector": _OF_OTHERS}
"""Parameter: each workload that is not flyball's, and selects by what only it can say. Pods are made too often to look
at flyball's own, of which there are many: those select by their names, and limits list these."""
_NOT_OURS = f"!({cel.IS_EXECUTOR}) && !{cel.IS_KUBELET}"
_SELECTOR, _TEMPLATE = "dyn(params).spec.selector", "dyn(params).spec.template.metadata"
_BY_FLYBALL = f".metadata.?labels[?{text(MANAGED_BY_LABEL)}].orValue('') == {text(MANAGED_BY)}"
_NAMED = f"[?{text(NAME_LABEL)}].orValue('')"
_IS_POD = "request.resource.resource == 'pods'"
_ADOPTABLE = f"({_IS_POD} || request.resource.resource == 'replicasets')"
_SAY_STRANGER = cel.message(
    "variables.name",
    text(" has the labels of the pods of "),
    "variables.workload",
    text(f", and would be counted as one of them; only its controllers make these (see {NAME_LABEL})"),
)


def _base(name: str) -> str:
    """CEL: the workload's name, of that of one of its Deployments."""
    found = name
    for suffix in (CANARY_SUFFIX, SPOT_SUFFIX):
        base = f"{name}.substring(0, {name}.size() - {len(suffix)})"
        found = f"({name}.endsWith('{suffix}') ? {base} : {found})"
    return found


def stranger_policies() -> list[Manifest]:
    """For Deployments, whose ReplicaSets select by the Deployment's labels and more, and for StatefulSets."""
    return [
        *enforced(_by_name()),
        *enforced(_by_selector("flyball-strangers-of-others", "Deployment")),
        *enforced(_by_selector("flyball-strangers-of-sets", "StatefulSet")),
        *enforced(_second_budgets("flyball-second-budgets", "Deployment", _base("variables.workload"))),
        *enforced(_second_budgets("flyball-second-budgets-of-sets", "StatefulSet", "variables.workload")),
        *enforced(_own_budgets()),
    ]


def _strangers(name: str, workload: str, variables: dict[str, str], rules: list[Rule], **parameter: Any) -> Policy:
    """On whatever makes pods, or is adopted, when its labels come to be."""
    return Policy(
        name=name,
        resources=[
            resources("", "v1", ["pods", "replicationcontrollers"], "CREATE", "UPDATE"),
            resources("apps", "v1", ["deployments", "statefulsets", "daemonsets", "replicasets"], "CREATE", "UPDATE"),
            resources("batch", "v1", ["jobs", "cronjobs"], "CREATE", "UPDATE"),
        ],
        conditions={
            "not-a-controller": _NOT_OURS,
            "changes-labels": f"{CREATES} || {_labels('object')} != {_labels('oldObject')}",
        },
        variables={
            **cel.STATES,
            # ReplicaSets are adopted as well, by labels of their own.
            "adopted": f"{_ADOPTABLE} ? variables.new.metadata.?labels.orValue({{}}) : dyn({{}})",
            # What belonged to the workload before is guarded by others.
            "before": f"{_ADOPTABLE} && {UPDATES} ? variables.old.metadata.?labels.orValue({{}}) : dyn({{}})",
            "labels": f"{_IS_POD} ? variables.adopted : ({_template('variables.new')}).?metadata.?labels.orValue({{}})",
            **variables,
        },
        rules=rules,
        override=cel.granted(names.OVERRIDE, workload),
        **parameter,
    )


def _by_name() -> Policy:
    """A pod, or a template of pods, that has the name of a workload of flyball's; and what calls itself flyball's, and
    would not be looked at by its selector, has to select by its name."""
    itself = (
        f"({limits.is_stateful('n')} ? request.resource.resource == 'statefulsets' && variables.name == n"
        f" : request.resource.resource == 'deployments' && {_base('variables.name')} == n)"
    )
    known = f"variables.before{_NAMED} == n"
    controller = "request.resource.resource in ['deployments', 'statefulsets'] && variables.new" + _BY_FLYBALL
    told = f"{limits.entry('variables.base')}.size() < 2 || {limits.is_named('variables.base')}"
    selected = f"variables.new.spec.selector.?matchLabels{_NAMED} == variables.base"
    return _strangers(
        "flyball-strangers",
        "variables.workload",
        {
            "base": f"request.resource.resource == 'statefulsets' ? variables.name : {_base('variables.name')}",
            "claimed": f"[variables.labels, variables.adopted].map(l, l{_NAMED})"
            f".filter(n, n != '' && {limits.is_named('n')} && !{itself} && !({known}))",
            "workload": "variables.claimed.size() > 0 ? variables.claimed[0] : variables.name",
        },
        [
            Rule("variables.claimed.size() == 0", _SAY_STRANGER),
            Rule(
                f"!({controller}) || {selected}",
                cel.message(
                    "variables.name",
                    text(f" has {MANAGED_BY_LABEL}: {MANAGED_BY}, and does not select its pods by {NAME_LABEL}: "),
                    "variables.base",
                ),
            ),
            Rule(
                f"!({controller}) || {told}",
                cel.message("variables.name", text(" is flyball's, and its limits do not say named: true")),
            ),
        ],
    )


def _by_selector(name: str, kind: str) -> Policy:
    """A pod, or a template of pods, that has the labels a workload selects by."""
    itself = f"request.resource.resource == '{kind.lower()}s' && variables.name == variables.workload"
    known = f"{_ADOPTABLE} && {UPDATES} && {cel.selects(_SELECTOR, 'variables.before')}"
    stranger = " && ".join(f"!{cel.selects(_SELECTOR, f'variables.{which}')}" for which in ("labels", "adopted"))
    return _strangers(
        name,
        "dyn(params).metadata.name",
        {"workload": "dyn(params).metadata.name"},
        [Rule(f"{itself} || {known} || {stranger}", _SAY_STRANGER)],
        parameter=EACH_OF_OTHERS,
        parameter_kind=("apps/v1", kind),
    )


def _template(subject: str) -> str:
    """CEL: the optional template of pods of any kind of controller."""
    return f"{subject}.?spec.?template.or({subject}.?spec.?jobTemplate.?spec.?template)"


def _labels(subject: str) -> str:
    """CEL: all labels that matter, in a list."""
    dynamic = f"dyn({subject})"
    return f"[{dynamic}.metadata.?labels.orValue({{}}), ({_template(dynamic)}).?metadata.?labels.orValue({{}})]"


def _second_budgets(name: str, kind: str, own: str) -> Policy:
    """Of a pod with two budgets the API server evicts nothing, whatever they say
    (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/)."""
    given = "variables.new.spec.?selector"
    return Policy(
        name=name,
        resources=[resources("policy", "v1", ["poddisruptionbudgets"], "CREATE", "UPDATE")],
        conditions={"not-a-controller": _NOT_OURS},
        variables={
            **cel.STATES,
            "workload": "dyn(params).metadata.name",
            "labels": f"{_TEMPLATE}.?labels.orValue({{}})",
            "selector": f"{given}.orValue(dyn({{}}))",
        },
        rules=[
            Rule(
                f"!(dyn(params){_BY_FLYBALL}) || variables.name == {own} || !{given}.hasValue()"
                f" || !{cel.selects('variables.selector', 'variables.labels')}",
                cel.message(
                    "variables.name",
                    text(" is a second budget of the pods of "),
                    "variables.workload",
                    text(", and with two of them none of these can be evicted"),
                ),
            )
        ],
        override=cel.granted(names.OVERRIDE, "dyn(params).metadata.name"),
        parameter=EACH_OF_NAMESPACE,
        parameter_kind=("apps/v1", kind),
        objects=_OF_OTHERS,
    )


def _own_budgets() -> Policy:
    """Of as many budgets as flyball has services in a namespace none is held against all of these; what calls itself
    one of them selects by its own name, and so is no second one."""
    selected = f"variables.new.spec.?selector.?matchLabels{_NAMED}"
    return Policy(
        name="flyball-own-budgets",
        resources=[resources("policy", "v1", ["poddisruptionbudgets"], "CREATE", "UPDATE")],
        conditions={"not-a-controller": _NOT_OURS, "flyball-s": f"dyn(object){_BY_FLYBALL}"},
        variables=cel.STATES,
        rules=[
            Rule(
                f"{selected} == variables.name",
                cel.message(
                    "variables.name",
                    text(f" has {MANAGED_BY_LABEL}: {MANAGED_BY}, and must select by {NAME_LABEL}: "),
                    "variables.name",
                ),
            )
        ],
        override=cel.granted(names.OVERRIDE, "variables.name"),
        parameter=None,
    )
