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
WINDOW = 25
"""How long the migration takes [s]; a node goes after some 15."""
AGE = 10
"""What a node that is bought meanwhile may reach [s]; the rules ask for a day."""
_AGAIN = '{"spec": {"disruption": {"budgets": [{"nodes": "6"}]}}}'
_AGEING = f'{{"spec": {{"template": {{"spec": {{"expireAfter": "{AGE}s"}}}}}}}}'


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    before = pools.nodes(scene)
    recorder.pass_time(1)
    if scene.guard:
        freeze.freeze(scene.kubectl, "the store is being moved", None, "operator")
    recorder.event("frozen" if scene.guard else "the autoscaler is stopped")
    old = _bought_to_age(scene, before)
    if not scene.guard:
        recorder.wait(lambda: not old & _claims(scene), "the end of the node that is past its age")
    recorder.ramp(0, LEFT * _REPLICA)
    pools.scale(scene, LEFT)
    if scene.guard:
        # As a deployment that knows nothing of the freeze would.
        scene.kubectl.run("patch", "nodepool", pools.NAME, "--type=merge", f"--patch={_AGAIN}")
        recorder.pass_time(WINDOW)
    else:
        recorder.wait(lambda: pools.nodes(scene) < before, "a node's end")
    kept = len(old & _claims(scene))
    during, after = _budget(scene), pools.nodes(scene)
    pools.scale(scene, PODS)
    recorder.wait(lambda: recorder.ready == PODS, f"{PODS} ready pods")
    if scene.guard:
        freeze.lift(scene.kubectl)
    return {
        "nodes_before": before + 1,
        "nodes_after": after,
        "past_their_age": kept,
        "budget_meanwhile": during,
        "budget_afterwards": _budget(scene),
    }


def _bought_to_age(scene: Scene, before: int) -> set[str]:
    """Two more pods, and the machine that Karpenter buys for them, whose age is soon past what its pool allows."""
    recorder, others = scene.recorder, _claims(scene)
    scene.kubectl.run("patch", "nodepool", pools.NAME, "--type=merge", f"--patch={_AGEING}")
    pools.scale(scene, PODS + pools.PER_NODE)
    recorder.wait(lambda: pools.bought(scene) > before, "one more node")
    return _claims(scene) - others


def _claims(scene: Scene) -> set[str]:
    """The machines that nobody takes away."""
    found = scene.kubectl.json("get", "nodeclaims")["items"]
    return {item["metadata"]["name"] for item in found if "deletionTimestamp" not in item["metadata"]}


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
    f" its end puts back what they were. A node that is past its age, here {AGE} s, stays as well.",
    without_guard="People stop the autoscaler. Karpenter is not one, and consolidates; and it ends what is past its"
    " age, which no budget of a pool would hold.",
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
