"""Replicas written by the scale subresource: by kubectl scale, and by autoscalers.

By far the most frequent write of replicas, so all about it is one mutating policy: the admission of a Scale takes most
of its time to hand the objects to a policy, once for each. It is matched without an object selector, since a Scale has
no labels, and without match conditions, which would be handed the objects once more.
"""

from flyball.kubernetes.governor import cel, clock, limits, names, steps
from flyball.kubernetes.governor.cel import text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, mutating, recorded, resources

_NAME = "flyball-scale"
_RESOURCES = [resources("apps", "v1", ["deployments/scale", "statefulsets/scale"], "UPDATE")]
_OVERRIDE = cel.granted(names.OVERRIDE, "request.name")
_VARIABLES = {
    "name": "request.name",
    "was": "int(oldObject.spec.?replicas.orValue(0))",
    "now": "int(object.spec.?replicas.orValue(0))",
    "limits": limits.entry("request.name", last="auto_down_percent"),
}


def scale_policies() -> list[Manifest]:
    """Clamp autoscalers; hold everyone else to steps and pause, and write down the time.

    An autoscaler asks for the same size again if it is refused; clamped, it proceeds by the step. By its behaviour it
    keeps a pause of its own. Where it jumps, which it does to a lowered maximum, it is held to the pause as well: until
    that is over it leaves what there is. Others are refused, since a person who asked for 3 should not find 16 and no
    error. A patch cannot refuse except by failing: the message is given as the name of a JSON patch operation, which
    the API server reports as unknown.
    """
    entries = clock.entries("object")
    # All entries on a Scale own its replicas; after a change there is one, that of the write itself.
    timed = "has(object.metadata.managedFields)"
    problems = {
        steps.TOO_LOW: steps.SAY_TOO_LOW,
        steps.TOO_HIGH: steps.SAY_TOO_HIGH,
        # An applied change keeps no stamp, and after a merge of old entries none is left to compare with.
        f"{timed} && {entries}[0].operation == 'Apply'"
        f" || {steps.SHRINKS} && (!{timed} || {clock.merged('oldObject')})": steps.SAY_UNTIMED,
        f"{steps.SHRINKS} && variables.wait > 0": steps.SAY_TOO_SOON,
    }

    def stamp(moment: str) -> str:
        name = clock.stamped(f"{entries}[0]", moment)
        return f"JSONPatch{{op: 'replace', path: '/metadata/managedFields/0/manager', value: {name}}}"

    def replicas(size: str) -> str:
        return f"JSONPatch{{op: 'replace', path: '/spec/replicas', value: {size}}}"

    def clamped(size: str) -> str:
        # Also a write that changes nothing in the end makes its writer the owner, and the time would be lost.
        nothing = f"{timed} && {size} == variables.was && variables.last != ''"
        return f"([{replicas(size)}] + ({nothing} ? [{stamp('variables.last')}] : []))"

    patch = (
        f"!({steps.GUARDED}) ? []"
        f" : variables.now == variables.was ? {_unchanged(entries)}"
        f" : {cel.IS_AUTOSCALER} ? ("
        f"{steps.JUMPS} && {timed} ? (variables.wait > 0 ? [{replicas('variables.was')}, {stamp('variables.last')}]"
        f" : [{replicas(cel.larger('variables.now', steps.lowest()))}, {stamp('variables.time')}])"
        f" : {steps.TOO_LOW} ? {clamped(steps.lowest())}"
        f" : {steps.TOO_HIGH} ? {clamped(steps.highest())} : [])"
        " : variables.problem != '' && !variables.override ? [JSONPatch{op: variables.problem, path: '/'}]"
        f" : !{timed} ? [] : [{stamp('variables.time')}]"
    )
    policy = Policy(
        name=_NAME,
        resources=_RESOURCES,
        variables={
            **_VARIABLES,
            "time": f"string({entries}[0].time)",
            **steps.pause(),
            "problem": "".join(f"{broken} ? {message} : " for broken, message in problems.items()) + "''",
        },
        rules=[],
        override=_OVERRIDE,
    )
    return [*mutating(policy, patch), *_record()]


def _unchanged(entries: str) -> str:
    """The patch of a write of the size that is there: after one of the object itself, the server would drop that one's
    time."""
    copied = "".join(f", '{key}': m.{key}" for key in ("operation", "apiVersion", "fieldsType", "fieldsV1"))
    timed = f"{{'manager': dyn({clock.stamped('m', 'string(m.time)')}), 'subresource': dyn('scale'){copied}}}"
    kept = f"{entries}.map(m, {clock.LOSES_ITS_TIME} ? {timed} : m)"
    patch = f"[JSONPatch{{op: 'replace', path: '/metadata/managedFields', value: {kept}}}]"
    return f"({entries}.exists(m, {clock.LOSES_ITS_TIME}) ? {patch} : [])"


def _record() -> list[Manifest]:
    """Who overrode a step. Whether the pause was kept is no longer known when policies can leave a record: what is
    recorded in its place is each scale-down by someone who need not keep it."""
    policy = Policy(
        name=_NAME,
        resources=_RESOURCES,
        variables=_VARIABLES,
        rules=[
            Rule(f"!({steps.TOO_LOW})", steps.SAY_TOO_LOW),
            Rule(f"!({steps.TOO_HIGH})", steps.SAY_TOO_HIGH),
            Rule(
                f"!({steps.SHRINKS})",
                cel.message(steps.ASKED, text(", without regard to the pause between scale-downs")),
            ),
        ],
        override=_OVERRIDE,
        early=True,
        applies=f"{steps.GUARDED} && !({cel.IS_AUTOSCALER})",
    )
    return recorded(policy)
