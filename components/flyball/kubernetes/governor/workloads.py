"""A guarded Deployment or StatefulSet itself: its replicas, its deletion, and updates that take too many pods."""

from flyball.kubernetes.governor import cel, clock, limits, names, steps
from flyball.kubernetes.governor.cel import CREATES, DELETES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources

_DEPLOYMENT = "request.resource.resource == 'deployments'"
_STRATEGY = "variables.new.spec.?strategy"
_UNAVAILABLE = "variables.update.?maxUnavailable.orValue(0)"
_OWNERS = "variables.new.metadata.?ownerReferences"
_NAME = f"({DELETES} ? dyn(oldObject) : dyn(object)).metadata.?name.orValue('')"


def workload_policies() -> list[Manifest]:
    """Requests on a collection are asked about item by item, under the item's own name."""
    policy = Policy(
        name="flyball-workloads",
        resources=[resources("apps", "v1", ["deployments", "statefulsets"], "CREATE", "UPDATE", "DELETE")],
        variables={
            **cel.STATES,
            "limits": limits.entry("variables.name"),
            "was": "int(variables.old.spec.?replicas.orValue(0))",
            "now": "int(variables.new.spec.?replicas.orValue(0))",
            "time": clock.written("object"),
            **steps.pause(),
            "since": clock.earliest(clock.changes("object")),
            "update": f"{_DEPLOYMENT} ? {_STRATEGY}.?rollingUpdate.orValue({{}})"
            " : variables.new.spec.?updateStrategy.?rollingUpdate.orValue({})",
            "same_update": f"{UPDATES} && {cel.same('spec', 'strategy', 'updateStrategy')}",
        },
        rules=[*_replica_rules(), *_other_rules()],
        override=cel.granted(names.OVERRIDE, _NAME),
        early=True,
        applies=f"{steps.GUARDED} && !({cel.IS_EXECUTOR})",
    )
    return enforced(policy)


def _replica_rules() -> list[Rule]:
    """As on the scale subresource; the time of the last change is that of the entry that owns the replicas."""
    created = cel.message("variables.name", text(": "), "string(variables.now)", text(" replicas asked"), steps.BAND)
    shrinks = f"{UPDATES} && {steps.SHRINKS}"
    since = cel.message(
        "variables.name", text(": its managedFields say when it was last scaled, and may not be set back")
    )
    return [
        Rule(
            f"!({DELETES})",
            cel.message("variables.name", text(" is guarded and may not be deleted, which takes all its replicas")),
        ),
        Rule(
            f"!({CREATES}) || variables.now >= {limits.number('floor')} && variables.now <= {limits.number('ceiling')}",
            created,
        ),
        Rule(f"!({steps.TOO_LOW})", steps.SAY_TOO_LOW),
        Rule(f"!({steps.TOO_HIGH})", steps.SAY_TOO_HIGH),
        Rule(f"!({shrinks}) || variables.time != ''", steps.SAY_UNTIMED),
        Rule(f"!({shrinks}) || variables.wait <= 0", steps.SAY_TOO_SOON),
        Rule(
            f"!({UPDATES}) || variables.now != variables.was"
            " || variables.last == '' || variables.since >= variables.last",
            since,
        ),
    ]


def _other_rules() -> list[Rule]:
    """Owners, since the garbage collector deletes what belongs to an owner that is gone, and it is an executor."""
    within_budget = (
        f"type({_UNAVAILABLE}) == int ? int({_UNAVAILABLE}) <= {limits.number('budget')}"
        f" : int(string({_UNAVAILABLE}).replace('%', '')) <= {limits.number('down_percent')}"
    )
    return [
        Rule(
            f"{UPDATES} ? {cel.same('metadata', 'ownerReferences')} : {_OWNERS}.orValue([]).size() == 0",
            cel.message("variables.name", text(" is guarded and may not be given owners, with which it would go")),
        ),
        Rule(
            f"!({_DEPLOYMENT}) || variables.same_update || {_STRATEGY}.?type.orValue('') == 'RollingUpdate'",
            cel.message("variables.name", text(" is guarded and must be updated by strategy RollingUpdate")),
        ),
        Rule(
            f"variables.same_update || ({within_budget})",
            cel.message(
                "variables.name",
                text(": maxUnavailable "),
                f"string({_UNAVAILABLE})",
                text(" asked, at most "),
                f"string({limits.number('budget')})",
                text(" is allowed"),
            ),
        ),
        Rule(
            f"!({UPDATES}) || {cel.same('spec', 'ordinals')}",
            cel.message("variables.name", text(" is guarded and may not be renumbered, which replaces its pods")),
        ),
    ]
