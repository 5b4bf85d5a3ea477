"""What a guarded workload relies on: its disruption budget, the Service that finds its pods, what these start with.

Those who may change limits change all of it too, since it follows from the same arguments.
"""

from flyball.guards.workload.caches import FILES_SUFFIX, PASSWORD_SUFFIX
from flyball.guards.workload.names import PEERS_SUFFIX
from flyball.kubernetes.governor import cel, limits, names
from flyball.kubernetes.governor.cel import DELETES, UPDATES, text
from flyball.kubernetes.governor.policy import Manifest, Policy, Rule, enforced, resources
from flyball.kubernetes.objects import SECRET_SUFFIX
from flyball.kubernetes.workload.proxy import NAME as PROXY

_BUDGET = "variables.new.spec.?maxUnavailable.orValue(dyn('none'))"
_UNOWNED = cel.same("metadata", "ownerReferences")
_VARIABLES = {**cel.STATES, "limits": limits.entry("variables.name")}
_GUARDED = "variables.limits.size() > 1"


def budget_policies() -> list[Manifest]:
    """A budget is not removed, not loosened beyond what headroom leaves, and its account is not falsified."""
    status = "request.?subResource.orValue('') == 'status'"
    policy = Policy(
        name="flyball-budgets",
        resources=[
            resources("policy", "v1", ["poddisruptionbudgets"], "CREATE", "UPDATE", "DELETE"),
            resources("policy", "v1", ["poddisruptionbudgets/status"], "UPDATE"),
        ],
        conditions=cel.NOT_AN_EXECUTOR,
        variables=_VARIABLES,
        rules=[
            Rule(
                f"!({DELETES})",
                cel.message(text("the disruption budget of "), "variables.name", text(" may not be deleted")),
                governed=True,
            ),
            Rule(
                f"{DELETES} || {status} || {UPDATES} && {cel.same('', 'spec')}"
                f" || type({_BUDGET}) == int && int({_BUDGET}) <= {limits.number('budget')}",
                cel.message(
                    text("the disruption budget of "),
                    "variables.name",
                    text(" must have maxUnavailable of at most "),
                    f"string({limits.number('budget')})",
                ),
            ),
            Rule(
                f"!({UPDATES}) || {status} || {cel.same('', 'spec')}",
                cel.message(
                    text("the disruption budget of "),
                    "variables.name",
                    text(" must keep its selector, and may neither hold more nor let more go"),
                ),
                governed=True,
            ),
            Rule(
                f"!({UPDATES}) || {_UNOWNED}",
                cel.message(text("the disruption budget of "), "variables.name", text(" may not be given owners")),
            ),
            Rule(
                f"!({status})",
                cel.message(text("the disruption budget of "), "variables.name", text(" is counted by its controller")),
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.name"),
        excuse=cel.governs("variables.name"),
        applies=_GUARDED,
    )
    return enforced(policy)


def service_policies() -> list[Manifest]:
    """A Service that loses its pods is as good as no pods. A cache has a second one, by which two of a pair know each
    other: without it each would take the other for lost, and both be written to."""
    name = "variables.name"
    own = f"({name}.endsWith('{PEERS_SUFFIX}') ? {name}.substring(0, {name}.size() - {len(PEERS_SUFFIX)}) : {name})"
    policy = Policy(
        name="flyball-services",
        resources=[resources("", "v1", ["services"], "UPDATE", "DELETE")],
        conditions=cel.NOT_AN_EXECUTOR,
        variables={
            **cel.STATES,
            "workload": f"{limits.is_stateful(own)} ? {own} : {name}",
            "limits": limits.entry("variables.workload"),
        },
        rules=[
            Rule(
                f"!({DELETES})",
                cel.message(text("the Service of "), "variables.workload", text(" may not be deleted")),
                governed=True,
            ),
            Rule(
                f"{DELETES} || {cel.same('', 'spec')}",
                cel.message(
                    text("the Service of "),
                    "variables.workload",
                    text(" must keep its selector, type, ports and all else by which it finds pods"),
                ),
                governed=True,
            ),
            Rule(
                f"{DELETES} || {_UNOWNED}",
                cel.message(text("the Service of "), "variables.workload", text(" may not be given owners")),
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.workload"),
        excuse=cel.governs("variables.workload"),
        applies=_GUARDED,
    )
    return enforced(policy)


def need_policies() -> list[Manifest]:
    """Without its ServiceAccount no pod is made, without Secret and configuration none starts, and nobody replaces what
    is lost.

    The names are those that `Workload` gives: its own, with ``-env`` after it for the Secret of its variables, and with
    ``-proxy-`` and a hash for the proxy's configuration; and those that `Cache` gives, with ``-password`` and
    ``-cache``.
    """
    name = "variables.name"
    last = f"({name} + '/').lastIndexOf('{{}}/')".format  # less than none where the name does not end so
    policy = Policy(
        name="flyball-needs",
        resources=[
            resources("", "v1", ["serviceaccounts", "secrets", "configmaps"], "DELETE"),
            resources("networking.k8s.io", "v1", ["networkpolicies"], "UPDATE", "DELETE"),
        ],
        conditions=cel.NOT_AN_EXECUTOR,
        variables={
            **cel.STATES,
            "end": "request.resource.resource == 'secrets'"
            f" ? {cel.larger(last(SECRET_SUFFIX), last(PASSWORD_SUFFIX))}"
            f" : request.resource.resource != 'configmaps' ? {name}.size()"
            f" : {name}.endsWith('{FILES_SUFFIX}') ? {last(FILES_SUFFIX)} : {name}.lastIndexOf('-{PROXY}-')",
            "workload": f"variables.end > 0 ? {name}.substring(0, variables.end) : ''",
            "limits": limits.entry("variables.workload"),
        },
        rules=[
            Rule(
                "request.resource.group != 'networking.k8s.io' ? false"
                f" : !({DELETES}) && {cel.same('', 'spec')} && {_UNOWNED}",
                cel.message(
                    "variables.name",
                    text(" is what "),
                    "variables.workload",
                    "(request.resource.group == 'networking.k8s.io'"
                    f" ? {text(' is called and calls by, and must keep its rules')}"
                    f" : {text(' runs with, and may not be deleted: its pods cannot start without it')})",
                ),
                governed=True,
            ),
        ],
        override=cel.granted(names.OVERRIDE, "variables.workload"),
        excuse=cel.governs("variables.workload"),
        applies="variables.workload != '' && variables.limits.size() > 1",
    )
    return enforced(policy)
