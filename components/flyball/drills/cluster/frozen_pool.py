"""People freeze automation for a migration, during which the service is nearly stopped.

With the guard: the freeze sets the pool's budget to none, and the nodes wait for the service.
Without it: the autoscaler is stopped, and nobody thinks of what gives nodes back.
"""

from collections.abc import Mapping

from flyball.deploy import freeze
from flyball.drills.cluster import pools
from flyball.drills.cluster.drill import ClusterDrill
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.scene import Scene
from flyball.drills.result import Figures

PROVEN, PODS, LEFT = 6, 12, 2
_REPLICA = 100
WINDOW = 20
"""How long the migration takes [s]; a node goes after some 15."""
_AGAIN = '{"spec": {"disruption": {"budgets": [{"nodes": "6"}]}}}'


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    before = pools.nodes(scene)
    recorder.pass_time(1)
    if scene.guard:
        freeze.freeze(scene.kubectl, "the store is being moved", None, "operator")
    recorder.event("frozen" if scene.guard else "the autoscaler is stopped")
    recorder.ramp(0, LEFT * _REPLICA)
    pools.scale(scene, LEFT)
    if scene.guard:
        # As a deployment that knows nothing of the freeze would.
        scene.kubectl.run("patch", "nodepool", pools.NAME, "--type=merge", f"--patch={_AGAIN}")
        recorder.pass_time(WINDOW)
    else:
        recorder.wait(lambda: pools.nodes(scene) < before, "a node's end", 180)
    during, after = _budget(scene), pools.nodes(scene)
    pools.scale(scene, PODS)
    recorder.wait(lambda: recorder.ready == PODS, f"{PODS} ready pods", 120)
    if scene.guard:
        freeze.lift(scene.kubectl)
    return {
        "nodes_before": before,
        "nodes_after": after,
        "budget_meanwhile": during,
        "budget_afterwards": _budget(scene),
    }


def _budget(scene: Scene) -> int:
    pool = scene.kubectl.json("get", "nodepool", pools.NAME)
    return int(pool["spec"]["disruption"]["budgets"][0]["nodes"])


def _held(recording: ClusterRecording, figures: Figures) -> bool:
    """All nodes were there when the service came back."""
    del recording
    return figures["nodes_after"] == figures["nodes_before"]


DRILL = ClusterDrill(
    name="frozen-pool",
    title="Automation is frozen for a migration, and the nodes are given back meanwhile",
    story=f"The service is scaled from {PODS} pods to {LEFT} while its store is moved. Its nodes are idle for that"
    " time, and it comes back to all of them.",
    with_guard="A freeze sets the budgets of all pools to none, a deployment that sets them again does not end it, and"
    " its end puts back what they were.",
    without_guard="People stop the autoscaler. Karpenter is not one, and consolidates.",
    load=PODS * _REPLICA,
    args={"load": {"peak": PODS * _REPLICA, "replica": _REPLICA}},
    plain=lambda: pools.service(PODS),
    script=_script,
    nodes=pools.BASE,
    held=_held,
    summary=lambda figures: f"{figures['nodes_after']} of {figures['nodes_before']} nodes are left",
    offers=pools.OFFERS,
    around=pools.around(PROVEN, PROVEN),
    alike=True,
    before=pools.in_force,
    method=pools.METHOD,
)
