"""Nodes are drained one after another in a hurry, during a rolling update.

With the guard: a disruption budget of what headroom can spare, surge-only updates, and a spread over zones and hosts.
Without it: a Deployment sized for the load, with the update strategy that Kubernetes gives by default and no budget.
"""

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from flyball.alerts.rule import Severity
from flyball.drills.cluster import plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, NEXT_IMAGE, SERVICE, ZONES, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.recorder import PATIENCE
from flyball.drills.cluster.scene import Scene
from flyball.drills.errors import DrillError
from flyball.lab.cluster.nodes import NodeGroup

PEAK, REPLICA = 700, 100
NEED = 9
"""What carries the peak at 80 %: the size that is commonly written down, with nothing for a loss."""
_LATE = 10.0
"""New machines come two minutes after they are wanted [s]."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    size = recorder.ready
    recorder.pass_time(3)
    recorder.event("rolling update")
    scene.apply(NEXT_IMAGE)
    recorder.wait(lambda: recorder.pods > size, "the update to begin")
    first, last = ([scene.node_names(zone)[number] for zone in ZONES] for number in (0, 1))
    for node in first:
        recorder.event(f"drain {node}")
        drain(scene, node)
    _drain_the_rest(scene, first, last)
    recorder.event("all drained")
    recorder.wait(lambda: scene.rolled_out(NEXT_IMAGE), "the update to end")
    recorder.pass_time(2)
    return {"replicas": size, "nodes_drained": len(first) + len(last)}


def _drain_the_rest(scene: Scene, gone: list[str], last: list[str]) -> None:
    """The last old nodes go before there are new ones, whose part those play that are `gone`.

    Pods that are evicted now have no place, so that whoever lacks them lacks them in one piece, however fast drains
    are here. Without the guard machines come once people have been called, if that takes longer: somebody has to be.
    """
    scene.recorder.event(f"drain {', '.join(last)}")
    with ThreadPoolExecutor(1) as beside:
        draining = beside.submit(drain, scene, *last)
        scene.recorder.pass_time(_LATE)
        if not scene.guard:
            scene.await_told(Severity.PAGE)
        scene.recorder.event("new machines")
        scene.kubectl.run("uncordon", *gone)
        draining.result()


def drain(scene: Scene, *nodes: str) -> None:
    """As people do it: kubectl drain, which evicts, and tries again every 5 s where a budget refuses."""
    arguments = ("drain", *nodes, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={PATIENCE:g}s")
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
    story="A new version is being rolled out when somebody moves the cluster to new machines: one of two nodes in each "
    "zone is drained after another, then the others, two minutes before there are new ones.",
    with_guard="A disruption budget of floor - need, so that drains wait for replacements; updates that only surge; "
    "pods spread over zones and hosts, with a zone's loss to spare.",
    without_guard="A Deployment of 9 replicas, enough for the peak at 80 %, with the default update strategy (25 % "
    "may be unavailable) and no disruption budget.",
    load=PEAK,
    args={"load": {"peak": PEAK, "replica": REPLICA}, "survive": "zone"},
    plain=_plain,
    script=_script,
    nodes=tuple(NodeGroup(zone, False, 2) for zone in ZONES),
)
