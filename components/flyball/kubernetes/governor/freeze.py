"""The freeze: while it is on, automation shrinks nothing. It lives in the cluster, out of reach of deployment tools."""

from datetime import datetime
from typing import Any, Final

from flyball.guards.governor.freeze import reason_problem
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import EMPTY
from flyball.kubernetes.governor import cel, names
from flyball.kubernetes.governor.cel import text
from flyball.kubernetes.governor.policy import THE_FREEZE, Manifest, Policy, Rule, enforced, resources
from flyball.wellknown import FROZEN_LABEL, FROZEN_WAITS, MANAGED_BY_LABEL

POLICY: Final = "flyball-freeze"


def freeze_config_map(reason: str, until: datetime | None, by: str) -> dict[str, Any]:
    """The object that is the freeze. Raises `Refused` without a reason or a name, ValueError for a time without a zone.

    `until` is when it is meant to end, for those who look and for the alert on forgotten ones. Nothing ends by itself
    then: a migration that takes longer than planned is when a freeze is needed most.
    """
    nobody = [] if by.strip() else [Problem(("by",), EMPTY, "is empty", "name whom to ask about the freeze")]
    refuse([*reason_problem(reason, ("reason",)), *nobody])
    if until is not None and until.tzinfo is None:
        raise ValueError(f"{until.isoformat()} needs a time zone")
    data = {"reason": reason.strip(), "by": by} | ({"until": until.isoformat(timespec="seconds")} if until else {})
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.FREEZE,
            "namespace": names.SYSTEM_NAMESPACE,
            "labels": {MANAGED_BY_LABEL: "flyball"},
        },
        "data": data,
    }


def freeze_policies() -> list[Manifest]:
    """Automation may not scale down, evict, or delete pods, workloads, nodes and namespaces, anywhere in the cluster;
    executors carry on.

    An executor replaces pods of an update that was admitted, or clears up after a node that is dead already. Where
    the built-in controllers share one user, it is the autoscaler on the scale subresource and an executor elsewhere.
    What runs once, and pods that no controller keeps, may go: a job that is done, a runner of a CI system. Of flyball's
    own jobs the runs of a schedule do not start: their controller tries again until they would be too late.
    """
    scale = "request.?subResource.orValue('') == 'scale'"
    shrinks = "dyn(object).?spec.?replicas.orValue(0) < dyn(oldObject).?spec.?replicas.orValue(0)"
    taints = "dyn({}).?spec.?taints.orValue([]).filter(t, t.effect == 'NoExecute').size()".format
    owners = "dyn(oldObject).metadata.?ownerReferences.orValue([])"
    kept = f"{owners}.exists(r, r.?controller.orValue(false) && r.kind != 'Job')"
    is_pod = "request.resource.resource == 'pods' && request.?subResource.orValue('') == ''"
    name = "request.?name.orValue('')"
    run = "dyn(object).metadata"
    owned = f"{run}.?ownerReferences.orValue([]).exists(r, r.?controller.orValue(false) && r.kind == 'CronJob')"
    waits = f"{run}.?labels[?{text(FROZEN_LABEL)}].orValue('') == {text(FROZEN_WAITS)}"
    is_run = "request.resource.resource == 'jobs'"
    sized = ["deployments", "statefulsets", "replicasets"]
    policy = Policy(
        name=POLICY,
        resources=[
            # Every kind with a size, also those of other makers.
            resources("*", "*", ["*/scale"], "UPDATE"),
            resources("apps", "v1", sized, "UPDATE"),
            resources("", "v1", ["replicationcontrollers"], "UPDATE", "DELETE"),
            resources("apps", "v1", [*sized, "daemonsets"], "DELETE"),
            resources("", "v1", ["pods", "services", "namespaces", "persistentvolumeclaims"], "DELETE"),
            resources("", "v1", ["pods/eviction"], "CREATE"),
            resources("", "v1", ["nodes"], "UPDATE", "DELETE"),
            resources("batch", "v1", ["jobs"], "CREATE"),
        ],
        conditions={
            "automation": cel.IS_AUTOMATION,
            "not-an-executor": f"!({cel.IS_EXECUTOR}) || {is_run}"
            f" || {cel.USER} == {text(names.CONTROLLER_MANAGER)} && {scale}",
            "takes-away": "request.operation != 'UPDATE' || (request.resource.resource == 'nodes'"
            f" ? {taints('object')} > {taints('oldObject')} : {shrinks})",
            "of-a-service": f"({is_run}) ? {waits} && {owned} : !({is_pod}) || {kept}",
        },
        variables={},
        rules=[
            Rule(
                "false",
                cel.message(
                    text("frozen by "),
                    "params.data[?'by'].orValue('?')",
                    text(" ("),
                    "params.data[?'reason'].orValue('no reason given')",
                    text("), meant to end "),
                    "params.data[?'until'].orValue('when lifted')",
                    f"({is_run} ? {text(': runs of a schedule wait for its end: ')}"
                    f" : {text(': automation may not take anything away: ')})",
                    "request.operation",
                    text(" "),
                    cel.WHAT,
                    text(" "),
                    name,
                ),
            )
        ],
        override=cel.granted(names.OVERRIDE, name),
        early=True,
        parameter=THE_FREEZE,
        everywhere=True,
    )
    return enforced(policy)
