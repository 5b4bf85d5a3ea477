"""Two of the three nodes on which a store runs are drained at once.

With the guard: members with a budget that leaves their quorum, spread over nodes and zones, so that the second drain
waits for the first one's member. Without it: a StatefulSet as it is commonly written, with no budget.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from flyball.drills.cluster import plain
from flyball.drills.cluster.drain import drain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ZONES, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.scene import Scene
from flyball.drills.measure import seconds_below
from flyball.drills.result import Figures
from flyball.lab.cluster.nodes import NodeGroup

MEMBERS, QUORUM = 3, 2
PEAK, REPLICA = 150, 100
"""What two members carry."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    recorder.pass_time(3)
    nodes = sorted({pod["spec"]["nodeName"] for pod in recorder.serving()})[:2]
    recorder.event(f"drain {' and '.join(nodes)}")
    with ThreadPoolExecutor(len(nodes)) as pool:
        for drained in [pool.submit(drain, scene, node) for node in nodes]:
            drained.result()
    recorder.event("both drained")
    recorder.wait(lambda: recorder.ready == MEMBERS, "all members")
    recorder.pass_time(2)
    lost = seconds_below(recorder.samples, QUORUM, recorder.now)
    return {"members": MEMBERS, "quorum": QUORUM, "nodes_drained": len(nodes), "seconds_without_quorum": round(lost, 1)}


def _held(recording: ClusterRecording, figures: Figures) -> bool:
    del recording
    return figures["fewest_ready"] >= QUORUM


def _summary(figures: Figures) -> str:
    seconds = figures["seconds_without_quorum"]
    least = f"{figures['fewest_ready']} of {MEMBERS} members at the least"
    return f"without a quorum for {seconds} s, {least}" if seconds else f"a quorum at every moment, {least}"


def _plain() -> list[Manifest]:
    return [plain.stateful_set(SERVICE, NAMESPACE, IMAGE, MEMBERS, "10Gi")]


DRILL = ClusterDrill(
    name="quorum",
    title="Two of the three nodes of a store are drained at once",
    story="A store has three members, of which two must agree. Nodes are upgraded, and two of those on which it runs "
    "are drained in the same second.",
    with_guard="quorum: 2 of 3 with data: a disruption budget that leaves the quorum, members never together on a node "
    "and in a zone each, none of them on spot.",
    without_guard="A StatefulSet of three replicas with a volume each, and no disruption budget.",
    load=PEAK,
    args={
        "protocol": "tcp",
        "probes": {"readiness": {"exec": ["/ready"]}},
        "load": {"peak": PEAK, "replica": REPLICA},
        "quorum": f"{QUORUM} of {MEMBERS}",
        "data": {"path": "/data", "size": "10Gi"},
        "survive": "zone",
    },
    plain=_plain,
    script=_script,
    nodes=tuple(NodeGroup(zone, False, 2) for zone in ZONES),
    held=_held,
    summary=_summary,
    lines={"quorum": QUORUM},
)
