"""Waits until Deployments and StatefulSets stand, and says from the real pods what each service survives."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flyball import wellknown
from flyball.deploy.identity import Named
from flyball.errors import FlyballError, condensed, named
from flyball.guards.workload.platform import ANY, Platform
from flyball.kubectl import Kubectl, condition, is_true

KINDS = ("Deployment", "StatefulSet")
LIMIT_SECONDS = 900
"""Longer than any Deployment's own progress deadline in its defaults; after that the wait is given up."""


class RolloutError(FlyballError):
    """A Deployment or StatefulSet does not come up; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One service as it runs: its ready pods, and how many are left when the fullest node, zone, or all spot goes."""

    service: str
    ready: int
    after_node: int
    after_zone: int
    after_spot: int


def wait(
    kubectl: Kubectl,
    workloads: Iterable[Named],
    report: Callable[[int, int], None],
    limit: float = LIMIT_SECONDS,
) -> None:
    """Wait until every one of the workloads, of `KINDS`, is rolled out; `report` gets (done, all) on changes.

    Raises `RolloutError` as soon as Kubernetes gives one up, or after `limit` seconds.
    """
    wanted, given_up = set(workloads), time.monotonic() + limit
    last = -1
    while True:
        items = {key: item for key, item in _workloads(kubectl, wanted).items() if key in wanted}
        done = sum(map(is_rolled_out, items.values()))
        if done != last:
            report(done, len(wanted))
            last = done
        if done == len(wanted):
            return
        if failed := [reason for item in items.values() if (reason := _failure(item))]:
            raise RolloutError(condensed(failed))
        if time.monotonic() > given_up:
            waiting = sorted(name for (*_, name), item in items.items() if not is_rolled_out(item))
            missing = sorted(name for *_, name in wanted - set(items))
            raise RolloutError(f"not rolled out after {limit:g} s: {named([*waiting, *missing])}")
        time.sleep(0.5)


def reach(kubectl: Kubectl, sizes: Mapping[tuple[str, str], int], limit: float = LIMIT_SECONDS) -> None:
    """Wait until Deployments (namespace, name) are asked for so many replicas by their autoscalers.

    Raises `RolloutError` after `limit` seconds.
    """
    given_up = time.monotonic() + limit
    while True:
        items = _workloads(kubectl, {("Deployment", *place) for place in sizes})
        size_of = {(namespace, name): item["spec"].get("replicas", 1) for (_, namespace, name), item in items.items()}
        now = {place: size_of.get(place, 0) for place in sizes}
        short = [
            f"{name}: {now[namespace, name]} of {size}"
            for (namespace, name), size in sizes.items()
            if now[namespace, name] < size
        ]
        if not short:
            return
        if time.monotonic() > given_up:
            raise RolloutError(f"not taken over after {limit:g} s: {', '.join(sorted(short))}")
        time.sleep(0.5)


def is_rolled_out(item: Mapping[str, Any]) -> bool:
    """Whether all replicas are of the newest revision and available.

    As `kubectl rollout status` sees it, but that of a StatefulSet it does not ask whether pods are available.
    """
    status, replicas = item.get("status", {}), item["spec"].get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= item["metadata"]["generation"]
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return seen and updated >= replicas and total <= updated and status.get("availableReplicas", 0) >= updated


def standing(kubectl: Kubectl, namespace: str, services: Sequence[str], platform: Platform = ANY) -> list[Standing]:
    """What stands now, counted pod by pod on the nodes they are on."""
    nodes = {node["metadata"]["name"]: node["metadata"]["labels"] for node in kubectl.listed("nodes")}
    placed: dict[str, list[str]] = {service: [] for service in services}
    for pod in kubectl.listed("pods", namespace):
        service = pod["metadata"].get("labels", {}).get(wellknown.NAME_LABEL)
        if service in placed and _is_ready(pod):
            placed[service].append(pod["spec"]["nodeName"])
    return [_standing(service, on, nodes, platform) for service, on in placed.items()]


def _standing(service: str, on: Sequence[str], nodes: Mapping[str, Mapping[str, str]], platform: Platform) -> Standing:
    zones = Counter(nodes.get(node, {}).get(wellknown.ZONE, "") for node in on)
    spot = sum(platform.is_spot(nodes.get(node, {})) for node in on)
    return Standing(
        service=service,
        ready=len(on),
        after_node=len(on) - max(Counter(on).values(), default=0),
        after_zone=len(on) - max(zones.values(), default=0),
        after_spot=len(on) - spot,
    )


def _is_ready(pod: Mapping[str, Any]) -> bool:
    return is_true(pod, "Ready") and "deletionTimestamp" not in pod["metadata"] and "nodeName" in pod["spec"]


def _workloads(kubectl: Kubectl, wanted: Iterable[Named]) -> dict[Named, Mapping[str, Any]]:
    found: dict[Named, Mapping[str, Any]] = {}
    for kind, namespace in sorted({(kind, namespace) for kind, namespace, _ in wanted}):
        for item in kubectl.listed(f"{kind.lower()}s", namespace, api="apps/v1"):
            found[kind, namespace, item["metadata"]["name"]] = item
    return found


def _failure(item: Mapping[str, Any]) -> str:
    """Why Kubernetes gave up on the newest revision, or empty while it has not."""
    status = item.get("status", {})
    if status.get("observedGeneration", 0) < item["metadata"]["generation"]:
        return ""
    progress = condition(item, "Progressing")
    if progress.get("status") != "False":
        return ""
    return f"{item['metadata']['name']}: {progress.get('reason')}: {progress.get('message')}"
