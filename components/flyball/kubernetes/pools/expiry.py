"""Admission for nodes that are past their age: in a freeze Karpenter keeps them, and after it they go in turn.

Budgets do not hold that: Karpenter 1.14 deletes a NodeClaim that is older than its `expireAfter` whatever its pool
says, and the field of a NodeClaim never changes (https://karpenter.sh/docs/concepts/disruption/#expiration). A deletion
says no reason, and CEL has no clock; but whoever deletes renews the lease by which it leads, every two seconds, and
loses it after `leaseDurationSeconds`. So each renewal during a freeze is marked with its own time, and what is older at
that time than it may get, and a lease's length before, is not deleted. A mark that is not of the last renewal says when
the freeze ended, and nothing has to be taken away: each node that is past its age then has a turn of its own within the
next hour, by its uid, or all that a long freeze has kept would go at once.

An interruption passes as always, but for a node that is past its age: Karpenter does not drain it, its kubelet does
within the shutdown's time. One that has vanished stays as an object until the freeze ends, and its turn has come.
"""

from flyball.kubernetes.governor import cel, names
from flyball.kubernetes.governor.cel import text
from flyball.kubernetes.governor.policy import THE_FREEZE, Manifest, Policy, Rule, enforced, mutating, resources
from flyball.kubernetes.pools import names as karpenter
from flyball.wellknown import FROZEN_LABEL

CLOCK, EXPIRY = "flyball-pool-clock", "flyball-pool-expiry"
_TURN = 14
"""Seconds. After a freeze, what it has kept goes within an hour (256 turns): where it takes six minutes until a
node's pods run on another, a tenth of them are on their way at one time, and not all."""
_DIGITS = "0123456789abcdef"
_LEASE: Manifest = {
    "name": karpenter.LEASE,
    "namespace": karpenter.NAMESPACE,
    "parameterNotFoundAction": "Allow",
}


def manifests() -> list[Manifest]:
    """The mark on each renewal, and the refusal that looks at it; one set for a whole cluster."""
    return [*_clock(), *_expiry()]


def _clock() -> list[Manifest]:
    renewals = {
        **resources("coordination.k8s.io", "v1", ["leases"], "UPDATE"),
        "resourceNames": [karpenter.LEASE],
    }
    mark = f"{{{text(FROZEN_LABEL)}: string(object.spec.renewTime)}}"
    annotations = "object.metadata.?annotations.orValue({})"
    # Karpenter's election writes no annotations of its own; what others wrote stays.
    patch = (
        f"request.namespace != {text(karpenter.NAMESPACE)} || !has(object.spec.renewTime) ? [] :"
        f" {annotations}.size() == 0"
        f' ? [JSONPatch{{op: "add", path: "/metadata/annotations", value: {mark}}}]'
        f' : [JSONPatch{{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey({text(FROZEN_LABEL)}),'
        " value: string(object.spec.renewTime)}]"
    )
    policy = Policy(
        name=CLOCK,
        resources=[renewals],
        variables={},
        rules=[],
        override="false",
        parameter=THE_FREEZE,
        everywhere=True,
    )
    return mutating(policy, patch)


def _expiry() -> list[Manifest]:
    claim = "dyn(oldObject)"
    expires = f"{claim}.?spec.?expireAfter.orValue('Never')"
    renewed = "params.?spec.?renewTime.orValue('')"
    marked = f"params.metadata.?annotations[?{text(FROZEN_LABEL)}].orValue('')"
    length = "duration(string(params.?spec.?leaseDurationSeconds.orValue(15)) + 's')"
    age = f"timestamp(string({claim}.metadata.creationTimestamp)) + duration({expires})"
    # Two digits, 256 turns, of a random UUID (RFC 9562, version 4): of any nodes, about as many have each turn.
    uid = f"string({claim}.metadata.uid)"
    first, second = (f"{text(_DIGITS)}.indexOf({uid}.substring({i}, {i + 1}))" for i in (0, 1))
    turn = f"duration(string(({first} * 16 + {second}) * {_TURN}) + 's')"
    policy = Policy(
        name=EXPIRY,
        resources=[resources(karpenter.GROUP, "*", ["nodeclaims"], "DELETE")],
        conditions={
            "by-karpenter": f"{cel.USER} == {text(names.KARPENTER)}",
            "expires": f"{expires} != 'Never'",
        },
        variables={
            "frozen": f"{marked} != '' && timestamp({marked}) == timestamp(string({renewed}))",
            "expired": f"{age} <= timestamp(string({renewed})) + {length}",
            "due": f"{marked} == '' || timestamp(string({renewed})) >= timestamp({marked}) + {turn}",
        },
        rules=[
            Rule(
                "!variables.frozen || !variables.expired",
                cel.message(
                    text("frozen: automation may not take anything away: NodeClaim "),
                    "request.?name.orValue('')",
                    text(" is past its age, and waits for the end of the freeze"),
                ),
            ),
            Rule(
                "variables.frozen || !variables.expired || variables.due",
                cel.message(
                    text("after a freeze nodes go one after the other: NodeClaim "),
                    "request.?name.orValue('')",
                    text(" is past its age, and waits for its turn"),
                ),
            ),
        ],
        override=cel.granted(names.OVERRIDE, text(karpenter.ENVELOPES)),
        early=True,
        parameter=_LEASE,
        parameter_kind=("coordination.k8s.io/v1", "Lease"),
        everywhere=True,
    )
    return enforced(policy)
