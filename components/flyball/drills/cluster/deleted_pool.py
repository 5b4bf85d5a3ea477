"""Somebody deletes a node pool.

With the guard: refused, for people and robots alike, but for those who override.
Without it: all nodes go at once, and the disruption budget of the pool says nothing to that.
"""

from collections.abc import Mapping

from flyball.drills.cluster import pools
from flyball.drills.cluster.drill import ClusterDrill
from flyball.drills.cluster.scene import Scene

PROVEN, PODS = 10, 30
NODES = PODS // pools.PER_NODE
_REPLICA = 100
LOAD = PODS * _REPLICA * 4 // 5


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    before = pools.nodes(scene)
    recorder.pass_time(2)
    refused = pools.attempt(scene, "the pool's deletion", "delete", "nodepool", pools.NAME, "--wait=false")
    refused += pools.attempt(scene, "its machines' deletion", "delete", "nodeclaims", "--all", "--wait=false")
    if scene.guard:
        recorder.pass_time(5)
    else:
        recorder.wait(lambda: recorder.ready == 0 and pools.nodes(scene) == 0, "the last node's end")
    return {"nodes_before": before, "nodes_after": pools.nodes(scene), "deletions_refused": refused}


DRILL = ClusterDrill(
    name="deleted-pool",
    title="Somebody deletes a node pool",
    story="A pool is renamed, or a tool clears up what it does not know: the NodePool object is deleted, by someone who"
    " may do everything, and then the machines' own objects.",
    with_guard="Pools, machines and their classes are deleted only by those who override, which is recorded. What"
    " Karpenter itself takes away, such as a machine that is interrupted, passes.",
    without_guard="A pool whose disruption budget lets one node go at a time: it does not hold a deletion.",
    load=LOAD,
    args={"load": {"peak": LOAD, "replica": _REPLICA}},
    plain=lambda: pools.service(PODS),
    script=_script,
    nodes=pools.BASE,
    summary=lambda figures: f"{figures['nodes_after']} of {figures['nodes_before']} nodes are left",
    offers=pools.OFFERS,
    around=pools.around(PROVEN, NODES),
    alike=True,
    before=pools.in_force,
    method=pools.METHOD,
)
