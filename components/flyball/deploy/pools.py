"""Pools of a stack that goes, or that has them no more: they go first, and by somebody with the right to override.

Their controller ends the machines and then lets the pool go. Whatever took it away before would leave machines that run
on, and that nobody ends.
"""

from collections.abc import Iterator
from typing import Any

from flyball.deploy import api
from flyball.deploy.others import Signature, signature
from flyball.guards.aws.rules.pools import POOL_LEFT
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.units import duration
from flyball.kubectl import Kubectl
from flyball.kubernetes.governor import names
from flyball.kubernetes.pools import names as karpenter

_POOLS, _CLAIMS, _CLASSES = karpenter.KINDS
_BUDGETS = "poddisruptionbudgets"
END = 300.0
"""How long a machine may take to end once its grace is over, or nothing is on it any more [s]."""
_EVER = 2**63
"""Of a grace [ms]: there is no limit to it."""


def of_stack(kubectl: Kubectl, own: Signature) -> list[str]:
    """The pools that the stack has brought and their classes, as `kind/name`, whether or not it still says so."""
    return [each for kind in (_POOLS, _CLASSES) for each in _of_kind(kubectl, own, kind)]


def _of_kind(kubectl: Kubectl, own: Signature, kind: str) -> list[str]:
    group = kind.partition(".")[2]
    if kind not in api.kinds(kubectl, group):
        return []
    # Who may not see pools has brought none, and takes none away.
    if kubectl.run("auth", "can-i", "list", kind, accept=(0, 1)).strip() != "yes":
        return []
    return _signed(kubectl, own, kind)


def _signed(kubectl: Kubectl, own: Signature, kind: str, *where: str) -> list[str]:
    items = kubectl.json("get", kind, *where)["items"]
    return [f"{kind}/{item['metadata']['name']}" for item in items if signature(item) == own]


def check_left(kubectl: Kubectl, own: Signature) -> Iterator[Problem]:
    """Refuse to leave pools behind that the stack has brought, and no longer says so."""
    if found := of_stack(kubectl, own):
        message = f"is not true any more, and the cluster still has {', '.join(found)} of this stack"
        hint = f"take them away first, with the right to override: {_command(found)}; or say pools: true again"
        yield Problem(("pools",), POOL_LEFT, message, hint)


def check_down(kubectl: Kubectl, own: Signature) -> Iterator[Problem]:
    """Refuse to take down a stack with pools for somebody who may not delete them, before anything is gone."""
    found = of_stack(kubectl, own)
    if found and not _may_override(kubectl):
        message = f"{', '.join(found)} and all their machines go with this stack, which takes the right to override"
        right = f"verb {names.OVERRIDE} on {names.RESOURCE}.{names.GROUP}"
        hint = f"let somebody with it ({right}) take them away first: {_command(found)}"
        yield Problem(("pools",), POOL_LEFT, message, hint)


def remove(kubectl: Kubectl, own: Signature, namespace: str) -> list[str]:
    """Delete the stack's pools and their classes, and wait until their machines have gone.

    Budgets of its services go before: nobody needs these any more, and a machine would wait for them until its grace
    ends. Raises `KubectlError` if they are not gone within the longest grace that one of them has, and `END`.
    """
    found = of_stack(kubectl, own)
    if not found:
        return []
    where = f"--namespace={namespace}"
    if budgets := _signed(kubectl, own, _BUDGETS, where):
        kubectl.run("delete", *budgets, where, "--ignore-not-found")
    kubectl.run("delete", *found, "--ignore-not-found", "--wait=true", timeout=_grace(kubectl, found) + END)
    return found


def _grace(kubectl: Kubectl, found: list[str]) -> float:
    """The longest that a pod may keep one of the machines [s]. A machine keeps the grace that it was made with."""
    pools = {name for kind, _, name in (each.partition("/") for each in found) if kind == _POOLS}
    specs: list[dict[str, Any]] = []
    if pools:
        made = kubectl.json("get", _POOLS)["items"]
        specs += [item["spec"]["template"]["spec"] for item in made if item["metadata"]["name"] in pools]
        selector = f"--selector={karpenter.POOL_LABEL} in ({', '.join(sorted(pools))})"
        specs += [item["spec"] for item in kubectl.json("get", _CLAIMS, selector)["items"]]
    return max((duration(spec.get("terminationGracePeriod", "0s"), _EVER) for spec in specs), default=0) / 1000


def _command(found: list[str]) -> str:
    groups = f"--as-group={names.OVERRIDE_GROUP} --as-group=system:masters"
    return f"kubectl --as=NAME {groups} delete {' '.join(found)}"


def _may_override(kubectl: Kubectl) -> bool:
    """As the policies ask: by a grant that names the right, or in the group of those who hold it."""

    def may(verb: str) -> bool:
        return api.may(kubectl, verb=verb, group=names.GROUP, resource=names.RESOURCE, name=karpenter.ENVELOPES)

    if not may(names.OVERRIDE):
        return False
    groups = kubectl.json("auth", "whoami")["status"]["userInfo"].get("groups", [])
    return names.OVERRIDE_GROUP in groups or not may(names.CANARY)
