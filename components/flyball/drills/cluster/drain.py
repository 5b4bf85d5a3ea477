"""Nodes are drained one after another in a hurry, during a rolling update.

With the guard: a disruption budget of what headroom can spare, surge-only updates, and a spread over zones and hosts.
Without it: a Deployment sized for the load, with the update strategy that Kubernetes gives by default and no budget.
"""

import subprocess
from collections.abc import Mapping

from flyball.alerts.rule import Severity
from flyball.drills.cluster import plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, NEXT_IMAGE, SERVICE, ZONES, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.scene import Scene
from flyball.drills.errors import DrillError
from flyball.lab.cluster.nodes import NodeGroup

PEAK, REPLICA = 700, 100
NEED = 9
"""What carries the peak at 80 %: the size that is commonly written down, with nothing for a loss."""
_LIMIT = 180
_MOST_TURNS = 60
"""Drains take a second or two each, and people are called after ten seconds in need."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    size = recorder.ready
    recorder.pass_time(3)
    recorder.event("rolling update")
    scene.apply(NEXT_IMAGE)
    recorder.wait(lambda: recorder.pods > size, "the update to begin", 30)
    # Two of each zone's three nodes go, as when a node group is moved to a new machine image.
    nodes = [node for zone in ZONES for node in scene.node_names(zone)[:2]]
    for node in nodes:
        recorder.event(f"drain {node}")
        drain(scene, node)
    nodes += _until_called(scene, nodes)
    recorder.event("all drained")
    recorder.wait(lambda: scene.rolled_out(NEXT_IMAGE), "the update to end", _LIMIT)
    recorder.pass_time(2)
    return {"replicas": size, "nodes_drained": len(nodes)}


def _until_called(scene: Scene, gone: list[str]) -> list[str]:
    """Without the guard nothing holds the drains back until people are called: new machines take the places of the old
    ones, and go in their turn. Otherwise it is over when the old ones are, before or after the page, by a second."""
    turns: list[str] = []
    while not scene.guard and scene.watch and not scene.watch.has_told(Severity.PAGE):
        node = gone[len(turns) % len(gone)]
        scene.kubectl.run("uncordon", node)
        scene.recorder.event(f"drain {node} again")
        drain(scene, node)
        turns.append(node)
        if len(turns) > _MOST_TURNS:
            raise DrillError(f"nobody was called while {len(turns)} nodes more were drained")
    return turns


def drain(scene: Scene, *nodes: str) -> None:
    """As people do it: kubectl drain, which evicts, and tries again every 5 s where a budget refuses."""
    arguments = ("drain", *nodes, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={_LIMIT}s")
    result = subprocess.run(
        scene.kubectl.command(*arguments),
        env=scene.kubectl.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise DrillError(f"{', '.join(nodes)} could not be drained: {result.stderr.strip()[-300:]}")


def _plain() -> list[Manifest]:
    return [plain.deployment(SERVICE, NAMESPACE, IMAGE, NEED)]


DRILL = ClusterDrill(
    name="drain",
    title="Nodes are drained in a hurry, during a rolling update",
    story="A new version is being rolled out when somebody moves the cluster to new machines: two of three nodes in "
    "each zone are drained, one right after another.",
    with_guard="A disruption budget of floor - need, so that drains wait for replacements; updates that only surge; "
    "pods spread over zones and hosts, with a zone's loss to spare.",
    without_guard="A Deployment of 9 replicas, enough for the peak at 80 %, with the default update strategy (25 % "
    "may be unavailable) and no disruption budget.",
    load=PEAK,
    args={"load": {"peak": PEAK, "replica": REPLICA}, "survive": "zone"},
    plain=_plain,
    script=_script,
    nodes=tuple(NodeGroup(zone, False, 3) for zone in ZONES),
)
