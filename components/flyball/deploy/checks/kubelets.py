"""Whether the kubelets of a cluster rotate logs, remove images and evict pods as the stack counts on.

Each is asked for the configuration it runs with, through the API server; `plan` cannot know it.
"""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flyball import wellknown
from flyball.deploy.checks.outcome import Finding, Outcome
from flyball.guards.clean_up.rules import KUBELET_DIFFERS, KUBELET_SILENT
from flyball.guards.reading.rule import Rule
from flyball.guards.reading.units import show_count
from flyball.guards.workload import kubelet
from flyball.kubectl import Kubectl, KubectlError
from flyball.stack.read import Stack

AT_ONE_TIME = 10
"""Nodes asked at one time."""
PATIENCE = 10
"""Seconds for one node; the API server itself waits longer for a machine that is gone."""
_SIMULATED = "simulated, without a kubelet to be asked"
_FORBIDDEN = "not asked: the right `get` on `nodes/proxy` is missing"


def check(kubectl: Kubectl, stack: Stack) -> Outcome:
    """The nodes whose kubelets differ, and those that could not be asked, alike ones together."""
    wanted = kubelet.configuration(stack.nodes)
    nodes = kubectl.listed("nodes")
    with ThreadPoolExecutor(AT_ONE_TIME) as several:
        answers = list(several.map(lambda node: _ask(kubectl, node, wanted), nodes))
    alike: dict[tuple[Rule, str], list[str]] = {}
    for node, answer in zip(nodes, answers, strict=True):
        if answer:
            alike.setdefault(answer, []).append(node["metadata"]["name"])
    findings = [
        Finding(rule, message, tuple(sorted(names, key=_by_number))) for (rule, message), names in alike.items()
    ]
    findings.sort(key=lambda each: (each.rule is KUBELET_SILENT, -len(each.places), each.message))
    if not nodes:
        findings.append(Finding(KUBELET_SILENT, "without a node", ("the cluster",)))
    fitting = answers.count(None)
    return Outcome(f"{fitting} of {show_count(len(nodes), 'node')} asked and as wanted", tuple(findings))


def _ask(kubectl: Kubectl, node: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Rule, str] | None:
    """What is wrong with a node, None where nothing is."""
    name = node["metadata"]["name"]
    path = f"/api/v1/nodes/{name}/proxy/configz"
    try:
        there = json.loads(kubectl.raw(path, PATIENCE))
        differs = list(kubelet.differences(wanted, there["kubeletconfig"]))
    except KubectlError as error:
        return KUBELET_SILENT, _why(node, name, str(error))
    except (ValueError, KeyError, TypeError, AttributeError):
        return KUBELET_SILENT, "not asked: no configuration of a kubelet in the answer"
    return (KUBELET_DIFFERS, ", ".join(differs)) if differs else None


def _why(node: Mapping[str, Any], name: str, said: str) -> str:
    """Why a node could not be asked, in words that are the same for all nodes of which it is."""
    if "(Forbidden)" in said:
        return _FORBIDDEN
    if wellknown.KWOK_NODE in (node["metadata"].get("annotations") or {}):
        return _SIMULATED
    last = re.sub(r"^Error from server:? ", "", said.strip().splitlines()[-1])
    last = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "NODE", last)
    return f"not asked: {re.sub(_ADDRESS, 'its address', last)}"


_ADDRESS = r"\[?[0-9a-f:.]*[0-9][:.][0-9a-f:.]*\]?:[0-9]+"
"""Of an answer such as `dial tcp 10.0.3.7:10250: i/o timeout`."""


def _by_number(name: str) -> list[tuple[int, str]]:
    """`node-9` before `node-10`."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"([0-9]+)", name)]
