"""A mistake asks for many pods at once, and Karpenter buys nodes for all of them.

With the guard: a cap of processors and memory holds, half as much again as people have seen run well.
Without it: a limit of nodes, which Karpenter has passed before it looks again.
"""

from collections.abc import Mapping

from flyball.drills.cluster import pools
from flyball.drills.cluster.drill import ClusterDrill
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.scene import Scene
from flyball.drills.result import Figures
from flyball.guards.governor.envelope import highest_ceiling

PROVEN = 4
CAP = highest_ceiling(PROVEN)
PODS, WANTED = 4, 30
_REPLICA = 100
_RAISED = '{"spec": {"limits": {"cpu": "1000"}}}'


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    recorder.pass_time(2)
    pools.scale(scene, WANTED)
    recorder.wait(lambda: pools.bought(scene) >= CAP, f"{CAP} nodes")
    recorder.wait(lambda: recorder.ready == pools.bought(scene) * pools.PER_NODE, "pods on all of them")
    refused = pools.attempt(
        scene, "a higher limit", "patch", "nodepool", pools.NAME, "--type=merge", f"--patch={_RAISED}"
    )
    # Long enough for another batch, if there were one.
    recorder.pass_time(5)
    nodes = pools.bought(scene)
    return {"nodes_bought": nodes, "processors": nodes * pools.CPU, "cap": CAP * pools.CPU, "raises_refused": refused}


def _held(recording: ClusterRecording, figures: Figures) -> bool:
    """Never more than people have proven, and half as much again."""
    del recording
    return figures["processors"] <= figures["cap"]


def _summary(figures: Figures) -> str:
    return f"{figures['nodes_bought']} nodes bought, {figures['processors']} processors; the cap is {figures['cap']}"


DRILL = ClusterDrill(
    name="runaway-pool",
    title="A mistake asks for thirty pods, and Karpenter buys nodes for all of them",
    story=f"A queue that nobody empties, or a slip of the pen: {WANTED} pods in the place of {PODS}, each of which"
    " fills half a node. Somebody sees pods that wait, and raises the limit.",
    with_guard=f"Limits of {CAP * pools.CPU} processors and as much memory as goes with them: half as much again as the"
    f" {PROVEN} nodes that people have seen run well. A higher limit is refused.",
    without_guard=f"`limits: {{nodes: {CAP}}}`, which Karpenter looks at before it buys a batch, and not within it.",
    load=PODS * _REPLICA,
    args={"load": {"peak": PODS * _REPLICA, "replica": _REPLICA}},
    plain=lambda: pools.service(PODS),
    script=_script,
    nodes=pools.BASE,
    held=_held,
    summary=_summary,
    lines={"cap": CAP * pools.PER_NODE},
    offers=pools.OFFERS,
    around=pools.around(PROVEN, CAP),
    alike=True,
    before=pools.in_force,
    method=pools.METHOD,
)
