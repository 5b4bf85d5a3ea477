"""Nobody's pods pass for those of a workload.

A controller adopts each pod without a controller whose labels it selects by, has too many then, and removes some: of
20 foreign pods that look more worth keeping, 20 real ones go in their place, past floor, step, pause, budget and
freeze. A budget counts every pod it selects, so that foreign ones make room for the eviction of real ones.
"""

from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.kubernetes.governor import cel, names
from flyball.kubernetes.governor.cel import CREATES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL, NAME_LABEL

EACH_OF_NAMESPACE: Manifest = {"selector": {}, "parameterNotFoundAction": "Allow"}
"""Parameter: each workload of the request's namespace, one after another. What is asked about is written so rarely
that its cost, which grows with the namespace, does not matter."""
_NOT_OURS = f"!({cel.IS_EXECUTOR}) && !{cel.IS_KUBELET}"
_SELECTOR, _TEMPLATE = "dyn(params).spec.selector", "dyn(params).spec.template.metadata"
_OF_FLYBALL = f"dyn(params).metadata.?labels[?{text(MANAGED_BY_LABEL)}].orValue('') == {text(MANAGED_BY)}"
_BASE = (
    f"(variables.workload.endsWith('{SPOT_SUFFIX}')"
    f" ? variables.workload.substring(0, variables.workload.size() - {len(SPOT_SUFFIX)}) : variables.workload)"
)


def stranger_policies() -> list[Manifest]:
    """For Deployments, whose ReplicaSets select by the Deployment's labels and more, and for StatefulSets."""
    return [
        *enforced(_strangers("flyball-strangers", "Deployment")),
        *enforced(_strangers("flyball-strangers-of-sets", "StatefulSet")),
        *enforced(_second_budgets()),
    ]


def _strangers(name: str, kind: str) -> Policy:
    """A pod, or a template of pods, that has the labels a workload selects by; of a workload of flyball's, its name."""
    plural = f"request.resource.resource == '{kind.lower()}s'"
    is_pod = "request.resource.resource == 'pods'"
    before = "variables.old.metadata.?labels.orValue({})"
    adoptable = f"({is_pod} || request.resource.resource == 'replicasets')"
    itself = (
        f"{plural} && (variables.name == variables.workload || variables.name == variables.workload + '{SPOT_SUFFIX}'"
        f" || variables.name + '{SPOT_SUFFIX}' == variables.workload)"
    )
    named = (
        f"{_OF_FLYBALL} && {text(NAME_LABEL)} in variables.labels"
        f" && variables.labels[{text(NAME_LABEL)}] == {_TEMPLATE}.?labels[?{text(NAME_LABEL)}].orValue('')"
    )
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
            "workload": "dyn(params).metadata.name",
            # ReplicaSets are adopted as well, by labels of their own.
            "adopted": f"{adoptable} ? variables.new.metadata.?labels.orValue({{}}) : dyn({{}})",
            # What belonged to the workload before is guarded by others.
            "known": f"{adoptable} && {UPDATES} && {cel.selects(_SELECTOR, before)}",
            "labels": f"{is_pod} ? variables.adopted : ({_template('variables.new')}).?metadata.?labels.orValue({{}})",
        },
        rules=[
            Rule(
                f"{itself} || variables.known || !{cel.selects(_SELECTOR, 'variables.labels')}"
                f" && !{cel.selects(_SELECTOR, 'variables.adopted')} && !({named})",
                cel.message(
                    "variables.name",
                    text(" has the labels of the pods of "),
                    "variables.workload",
                    text(f", and would be counted as one of them; only its controllers make these (see {NAME_LABEL})"),
                ),
            )
        ],
        override=cel.granted(names.OVERRIDE, "dyn(params).metadata.name"),
        parameter=EACH_OF_NAMESPACE,
        parameter_kind=("apps/v1", kind),
    )


def _template(subject: str) -> str:
    """CEL: the optional template of pods of any kind of controller."""
    return f"{subject}.?spec.?template.or({subject}.?spec.?jobTemplate.?spec.?template)"


def _labels(subject: str) -> str:
    """CEL: all labels that matter, in a list."""
    dynamic = f"dyn({subject})"
    return f"[{dynamic}.metadata.?labels.orValue({{}}), ({_template(dynamic)}).?metadata.?labels.orValue({{}})]"


def _second_budgets() -> Policy:
    """Of a pod with two budgets the API server evicts nothing, whatever they say
    (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/)."""
    given = "variables.new.spec.?selector"
    return Policy(
        name="flyball-second-budgets",
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
                f"!({_OF_FLYBALL}) || variables.name == {_BASE} || !{given}.hasValue()"
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
        parameter_kind=("apps/v1", "Deployment"),
    )
