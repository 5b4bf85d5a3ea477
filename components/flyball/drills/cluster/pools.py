"""What the drills of node pools share: pods on spot nodes that the real Karpenter buys.

Its pool is flyball's own, or one as it is commonly written.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flyball import wellknown
from flyball.drills.cluster import governor, plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ZONES
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.scene import Scene
from flyball.guards.aws.pools import Pool
from flyball.guards.aws.types import Size
from flyball.kubectl import KubectlError
from flyball.kubernetes.governor import names, policies, rbac
from flyball.kubernetes.pools import governor as pool_governor
from flyball.kubernetes.pools.pool import ClassOf, node_pool
from flyball.lab.cluster import karpenter
from flyball.lab.cluster.karpenter import Offer
from flyball.lab.cluster.nodes import NodeGroup

NAME = "spot"
CPU, MEMORY = 8, "32Gi"
OFFERS = tuple(Offer(f"{family}.2xlarge", CPU, MEMORY) for family in ("m7i", "m6i", "m7a", "m6a", "m5", "m5a"))
POD_CPU = "3900m"
"""Of each pod: two of them fill a node, whose kubelet keeps 100m of its eight processors for itself. Karpenter's
provider for simulations counts what pods asked for against the pool's limits, and no more."""
PER_NODE = 2
BASE = tuple(NodeGroup(zone, False, 1) for zone in ZONES)
"""Nodes that are there without Karpenter; the pods of these drills do not run on them."""
_CONSOLIDATE = 1_000
"""Time after which a node may go, in both runs [ms]. The rules ask for ten minutes, which would be 50 s of a drill."""
METHOD = (
    "On a control plane: API server, controllers, scheduler, policies and Karpenter 1.14 are the real ones. The "
    "machines that Karpenter buys, and what runs on them, are simulated by kwok. Its pool is flyball's own object; the "
    "class of machines is that of Karpenter's provider for simulations, and a node may go a second after it is idle."
)


def service(pods: int) -> list[Manifest]:
    """The service, on spot nodes and nowhere else."""
    toleration = {"key": wellknown.SPOT_TAINT, "operator": "Exists", "effect": wellknown.SPOT_TAINT_EFFECT}
    where = {wellknown.CAPACITY_TYPE: wellknown.CAPACITY_SPOT}
    found = plain.deployment(SERVICE, NAMESPACE, IMAGE, pods, {"tolerations": [toleration], "nodeSelector": where})
    container = found["spec"]["template"]["spec"]["containers"][0]
    container["resources"]["requests"] = {"cpu": POD_CPU, "memory": "1Gi"}
    return [found]


def around(proven: int, nodes: int) -> Callable[[bool], list[Manifest]]:
    """The pool: with the guard as flyball makes it for `proven` nodes, without it limited to so many `nodes`."""
    pool = Pool(tuple(offer.name for offer in OFFERS), Size(CPU * 1000, 32 * 2**30), proven)
    of = ClassOf(karpenter.PROVIDER_GROUP, karpenter.CLASS_KIND, karpenter.CLASS)
    labels = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
    guarded = node_pool(NAME, replace(pool, consolidate=_CONSOLIDATE), of, ZONES, labels)
    system = {"name": names.SYSTEM_NAMESPACE, "labels": {names.GOVERNED: names.SYSTEM}}
    governed = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": system},
        *rbac.manifests(),
        pool_governor.envelopes({NAME: pool}),
        *policies.manifests(),
        *pool_governor.manifests(),
        guarded,
    ]
    return lambda guard: governed if guard else [_commonly(guarded, nodes)]


def _commonly(guarded: Manifest, nodes: int) -> Manifest:
    """The same pool with a limit of nodes, as one finds it."""
    spec: dict[str, Any] = {**guarded["spec"], "limits": {"nodes": str(nodes)}}
    return {**guarded, "metadata": {"name": NAME}, "spec": spec}


def nodes(scene: Scene) -> int:
    """Nodes that Karpenter has bought and that are not on their way out."""
    found = scene.kubectl.json("get", "nodes", f"--selector=karpenter.sh/nodepool={NAME}")["items"]
    return sum("deletionTimestamp" not in node["metadata"] for node in found)


def bought(scene: Scene) -> int:
    """Machines that are paid for: bought, whether their node is there yet or not."""
    return len(scene.kubectl.json("get", "nodeclaims")["items"])


def scale(scene: Scene, pods: int) -> None:
    """Somebody wants more pods, or fewer."""
    scene.recorder.event(f"{pods} pods wanted")
    scene.kubectl.run("scale", f"deployment/{SERVICE}", f"--replicas={pods}", f"--namespace={NAMESPACE}")


def attempt(scene: Scene, what: str, *command: str) -> int:
    """Try it as an administrator; returns whether flyball refused it. Raises `KubectlError` for other refusals."""
    try:
        scene.kubectl.run(*command)
    except KubectlError as error:
        if "flyball: " not in str(error):
            raise
        scene.recorder.event(f"{what} is refused")
        return 1
    scene.recorder.event(what)
    return 0


def in_force(scene: Scene) -> None:
    """Wait until the policies refuse what they should; a binding takes effect within about a second."""
    if scene.guard:
        governor.until_refused(scene.kubectl, "delete", "nodepool", NAME)
        patch = json.dumps({"spec": {"limits": {"cpu": "100000"}}})
        governor.until_refused(scene.kubectl, "patch", "nodepool", NAME, "--type=merge", f"--patch={patch}")
