"""The deployment tool re-applies what is in its repository, in the middle of a scale-up.

With the guard: replicas are the autoscaler's once the Deployment is there, so flyball's own apply leaves them alone;
a tool that states them all the same is refused by the Governor.
Without it: the manifest states replicas, as most do, and each apply sets them back.
"""

import json
from collections.abc import Mapping

from flyball.drills.cluster import plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.scene import Scene
from flyball.kubectl import UNCHECKED, KubectlError

PEAK, CROWD, REPLICA = 650, 1200, 100
NEED = 9
"""What carries the peak at 80 %: the size that is commonly written down."""
GROWN = 15
"""Pods at which the tool comes along: well above what its repository says, and below what the load needs."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    recorder.pass_time(3)
    recorder.event("load begins to rise")
    recorder.ramp(30, CROWD)
    recorder.wait(lambda: recorder.pods >= GROWN, f"{GROWN} pods")
    before, applied = recorder.pods, recorder.now
    recorder.event("tool re-applies")
    scene.apply()
    refused = _foreign_tool(scene) if scene.guard else 0
    recorder.wait(lambda: recorder.load.at(recorder.now) == CROWD, "the highest load")
    recorder.wait(lambda: recorder.ready * REPLICA >= CROWD and recorder.ready == recorder.pods, "enough pods")
    recorder.pass_time(3)
    left = min([before, *(sample.pods for sample in recorder.samples if sample.at >= applied)])
    return {"pods_before_apply": before, "pods_taken_by_apply": before - left, "writes_refused": refused}


def _foreign_tool(scene: Scene) -> int:
    """Another tool states the replicas that it has in its repository; returns whether it was refused."""
    stated = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {"replicas": scene.sizing.floor},
    }
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager=other-tool", UNCHECKED)
    try:
        scene.kubectl.run(*command, "--filename=-", stdin=json.dumps(stated))
    except KubectlError as error:
        if "flyball: " not in str(error):
            raise
        scene.recorder.event("another tool's replicas are refused")
        return 1
    return 0


def _plain() -> list[Manifest]:
    return [
        plain.deployment(SERVICE, NAMESPACE, IMAGE, NEED),
        plain.autoscaler(SERVICE, NAMESPACE, NEED, 100),
    ]


DRILL = ClusterDrill(
    name="reapply",
    title="The deployment tool re-applies in the middle of a scale-up",
    story="More people come than were declared, and the autoscaler is on its way up when the deployment tool brings "
    "the cluster back to what is in its repository.",
    with_guard="Replicas are stated once, at creation; after that an apply leaves them to the autoscaler. A second "
    "tool that states them all the same is refused: one write takes at most 20 %.",
    without_guard="A Deployment that states replicas: 9, beside an autoscaler with the behaviour that Kubernetes "
    "gives it by default.",
    load=PEAK,
    args={"load": {"peak": PEAK, "replica": REPLICA}, "proven": 16},
    plain=_plain,
    script=_script,
    governed=True,
)
