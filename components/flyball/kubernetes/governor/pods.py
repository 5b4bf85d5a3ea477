"""The pods of guarded workloads go by eviction, which keeps to the disruption budget, or with their controllers."""

from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import DELETES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources

_IS = "variables.what == '{}'".format
_OLD_READY = "variables.old.?status.?conditions.orValue([]).exists(c, c.type == 'Ready' && c.status == 'True')"
_NEW_READY = _OLD_READY.replace("old", "new")
_GONE = "(has(variables.old.metadata.deletionTimestamp) || !variables.ready)"
_KEPT_BY_CONTROLLER = ("labels", "ownerReferences")


def pod_policies() -> list[Manifest]:
    """Pods and ReplicaSets belong to their controllers: others neither delete, orphan, scale nor change them.

    A workload's pods are told by their owner, not by labels, which anyone may have put on a pod. Deleting a pod that
    does not serve (not ready, or already terminating) takes nothing away, and stays allowed.
    """
    is_scale = "variables.what == 'replicasets/scale'"
    hashed = "variables.old.?status.?selector.orValue('').contains('pod-template-hash=')"
    policy = Policy(
        name="flyball-pods",
        resources=[
            resources("", "v1", ["pods"], "UPDATE", "DELETE"),
            resources("", "v1", ["pods/status", "pods/resize"], "UPDATE"),
            resources("apps", "v1", ["replicasets"], "UPDATE", "DELETE"),
            resources("apps", "v1", ["replicasets/scale"], "UPDATE"),
        ],
        conditions={
            **cel.NOT_AN_EXECUTOR,
            "not-a-kubelet": f"!({cel.IS_KUBELET})",
            # Outside a freeze, making room for what is more important is the scheduler's business.
            "not-the-scheduler": f"{cel.USER} != {text(names.SCHEDULER)}",
        },
        variables={
            **cel.STATES,
            "what": cel.WHAT,
            "owners": "variables.old.metadata.?ownerReferences.orValue([]).filter(r, r.?controller.orValue(false))",
            "owner": "variables.owners.size() == 0 ? '' : variables.owners[0].name",
            "kind": "variables.owners.size() == 0 ? '' : variables.owners[0].kind",
            # The ReplicaSet of a Deployment is called after it, plus a dash and the hash of the pod template.
            "workload": f"{is_scale} && {hashed} ? {without_hash('variables.name')}"
            f" : variables.kind == 'ReplicaSet' ? {without_hash('variables.owner')}"
            " : variables.kind in ['Deployment', 'StatefulSet'] ? variables.owner : ''",
            "limits": limits.entry("variables.workload"),
            "ready": _OLD_READY,
        },
        rules=[
            Rule(
                f"!({_IS('pods')} && {DELETES}) || {_GONE}",
                _refusal(
                    "is a ready pod of {} and may not be deleted; evict it (as kubectl drain does, within the budget),"
                    " or kubectl rollout restart"
                ),
            ),
            Rule(
                f"!({_IS('pods')}) || {DELETES}"
                f" || {cel.same('metadata', *_KEPT_BY_CONTROLLER)} && {cel.same('', 'spec')}",
                _refusal("is a pod of {}: its labels, owners and containers are not changed by hand"),
            ),
            Rule(
                f"!({_IS('pods/status')}) || has(variables.old.metadata.deletionTimestamp) || !variables.ready"
                f" || {_NEW_READY} && {cel.same('status', 'phase', 'podIP', 'podIPs')}",
                _refusal("is a ready pod of {}: only its kubelet says otherwise"),
            ),
            Rule(
                f"!({_IS('pods/resize')}) || {cel.same('', 'spec')}",
                _refusal("is a pod of {}: change the resources of the workload instead"),
            ),
            Rule(
                f"!({_IS('replicasets')} && {DELETES}) || variables.old.?spec.?replicas.orValue(0) == 0",
                _refusal("is the ReplicaSet of {} and may not be deleted, which takes its pods"),
            ),
            Rule(
                f"!({_IS('replicasets')}) || {DELETES}"
                f" || {cel.same('metadata', 'annotations', *_KEPT_BY_CONTROLLER)} && {cel.same('', 'spec')}",
                _refusal("is the ReplicaSet of {}: change the Deployment instead"),
            ),
            Rule(
                f"!({_IS('replicasets/scale')}) || {cel.same('', 'spec')}",
                _refusal("is the ReplicaSet of {}: scale the Deployment instead"),
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.workload"),
        applies="variables.workload != '' && variables.limits.size() > 1",
    )
    return enforced(policy)


def without_hash(name: str) -> str:
    """CEL: the Deployment after which a ReplicaSet is called."""
    return f"({name}.contains('-') ? {name}.substring(0, {name}.lastIndexOf('-')) : '')"


def _refusal(what: str) -> str:
    before, after = what.split("{}")
    return cel.message("variables.name", text(f" {before}"), "variables.workload", text(after))
