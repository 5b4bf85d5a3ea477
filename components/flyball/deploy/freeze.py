"""Sets, shows and lifts the freeze of a cluster: one ConfigMap, which the Governor's policies look at.

Karpenter looks at no policy before it gives a node back, but at its pools' budgets: a freeze sets these to none, and
its end puts back what the pools' envelopes say.
"""

import json
import time
from datetime import datetime
from typing import Any

from flyball.deploy import api
from flyball.deploy.requirements import has_policies
from flyball.guards.governor.freeze import Freeze, check_others, moment
from flyball.guards.governor.rules import NO_GOVERNOR
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes.governor.freeze import freeze_config_map
from flyball.kubernetes.governor.names import FREEZE, SYSTEM_NAMESPACE
from flyball.kubernetes.pools.governor import budgets_of
from flyball.kubernetes.pools.names import ENVELOPES, GROUP, KINDS
from flyball.kubernetes.pools.pool import budgets

_THERE = (f"--namespace={SYSTEM_NAMESPACE}",)
SETTLES = 15.0
"""Seconds. Policies read the freeze from a watch of the API server's: a write a moment after its end may still meet it,
and is given a budget of none. A watch is behind by less than a second, if not on a server that is short of all."""


def current(kubectl: Kubectl) -> Freeze | None:
    """The freeze that is on. Raises `KubectlError` if the cluster does not answer, or not to this user."""
    there = kubectl.find("configmap", FREEZE, *_THERE)
    return _read(there) if there else None


def freeze(kubectl: Kubectl, reason: str, until: datetime | None, by: str) -> Freeze:
    """Set a freeze, or give one's own another reason and end, and return what is on now.

    Raises `Refused` without a Governor, which alone holds anybody to it, and where somebody else has set one: their
    reason must not be lost.
    """
    if not has_policies(kubectl):
        hint = "give the stack `governor: {}` and bring it up first"
        raise Refused(
            [
                Problem(
                    ("governor",),
                    NO_GOVERNOR,
                    "is not in the cluster, and nothing else holds anybody to a freeze",
                    hint,
                )
            ]
        )
    before = current(kubectl)
    refuse(check_others(before, by, ("freeze",)))
    manifest = json.dumps(freeze_config_map(reason, until, by))
    # Not an apply: of two people at the same moment, the second must not overwrite the first.
    answer = kubectl.json("replace" if before else "create", "--filename=-", stdin=manifest)
    _set_budgets(kubectl, frozen=True)
    return _read(answer)


def lift(kubectl: Kubectl) -> Freeze | None:
    """Lift the freeze, and return what it was; None if there was none.

    Raises `KubectlError` where a pool stays without its budget.
    """
    before = current(kubectl)
    if before:
        kubectl.run("delete", "configmap", FREEZE, *_THERE, "--ignore-not-found")
    # Also without a freeze: who lifted it by hand, or was interrupted here, left the pools as they were.
    _set_budgets(kubectl, frozen=False)
    return before


def _set_budgets(kubectl: Kubectl, frozen: bool) -> None:
    """Of all pools that flyball knows: none while there is a freeze, else what their envelopes say.

    One that was taken away by override is in the envelopes until the next `up`, and keeps no other from it.
    """
    there = kubectl.find("configmap", ENVELOPES, *_THERE)
    known = budgets_of(there.get("data") or {}) if there else {}
    if not known or KINDS[0] not in api.kinds(kubectl, GROUP):
        return
    for pool, nodes in known.items():
        if not kubectl.find("nodepool", pool):
            continue
        _set_budget(kubectl, pool, 0 if frozen else nodes)


def _set_budget(kubectl: Kubectl, pool: str, nodes: int) -> None:
    """Until it stays, or somebody has set another freeze."""
    spec = {"spec": {"disruption": {"budgets": budgets(nodes)}}}
    patch, end = ("patch", "nodepool", pool, "--type=merge", f"--patch={json.dumps(spec)}"), time.monotonic() + SETTLES
    while kubectl.json(*patch)["spec"]["disruption"]["budgets"] != budgets(nodes):
        if current(kubectl):
            return
        if time.monotonic() >= end:
            raise KubectlError(
                f"NodePool {pool} is kept from its budget of {nodes} though no freeze is on; unfreeze once more"
            )
        time.sleep(0.2)


def _read(item: dict[str, Any]) -> Freeze:
    """What the ConfigMap says, whoever wrote it."""
    data = item.get("data") or {}
    return Freeze(
        reason=data.get("reason", "no reason given"),
        by=data.get("by", "?"),
        since=datetime.fromisoformat(item["metadata"]["creationTimestamp"]),
        until=moment(data.get("until", "")),
    )
