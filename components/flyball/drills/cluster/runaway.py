"""A broken metric drives the autoscaler up.

With the guard: the ceiling holds, at most half as many again as people have seen run well, and at 80 % of it the
condition of the warning is met while there is still room.
Without it: a maximum that nobody thought about, reached in seconds.
"""

from collections.abc import Mapping

from flyball.drills.cluster import plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ZONES, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.recorder import PATIENCE
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.scene import Scene
from flyball.drills.cluster.settings import PERIOD
from flyball.drills.result import Figures
from flyball.guards.governor.envelope import envelope
from flyball.kubectl import KubectlError
from flyball.lab.cluster.nodes import NodeGroup

PEAK, LOAD, REPLICA = 500, 350, 100
NEED = 7
"""What carries the peak at 80 %: the size that is commonly written down."""
PROVEN = 14
"""The largest size that people have seen run well: twice the need."""
MAXIMUM = 40
"""As it is written where nobody expects to get there."""
BROKEN = 100.0
"""A unit mistaken for another: the figures are a hundredfold."""
_CAP = envelope(NEED + 1, PROVEN)


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    limit = _CAP.ceiling if scene.guard else MAXIMUM
    recorder.pass_time(3)
    recorder.event("the metric breaks")
    scene.figures.factor = BROKEN
    recorder.wait(lambda: recorder.pods >= _CAP.warn, f"{_CAP.warn} pods")
    recorder.event(f"{_CAP.warn} pods: condition of the warning is met")
    recorder.wait(lambda: recorder.ready == limit, f"{limit} pods")
    recorder.event(f"{limit} pods")
    refused = _raise_maximum(scene)
    # With the guard long enough for one more step, if there were any.
    recorder.reached(lambda: recorder.pods >= 2 * MAXIMUM, PERIOD + 1 if scene.guard else PATIENCE)
    size = {sample.at: sample.pods for sample in recorder.samples}
    warned, capped = (_first(size, count) for count in (_CAP.warn, _CAP.ceiling))
    return {
        "ceiling": _CAP.ceiling,
        "largest_size": max(size.values()),
        "seconds_from_warning_to_ceiling": round(capped - warned, 1),
        "raises_of_the_maximum_refused": refused,
    }


def held(recording: ClusterRecording, figures: Figures) -> bool:
    """Never above the ceiling, and people could have known before it was reached."""
    del recording
    return figures["largest_size"] <= figures["ceiling"] and figures["seconds_from_warning_to_ceiling"] > 0


def _summary(figures: Figures) -> str:
    return f"{figures['largest_size']} pods at most, the ceiling is {figures['ceiling']}"


def _raise_maximum(scene: Scene) -> int:
    """Somebody who sees the autoscaler at its maximum raises it; returns whether that was refused."""
    patch = f'{{"spec": {{"maxReplicas": {2 * MAXIMUM}}}}}'
    try:
        scene.kubectl.run("patch", "hpa", SERVICE, f"--namespace={NAMESPACE}", "--type=merge", f"--patch={patch}")
    except KubectlError as error:
        if "flyball: " not in str(error):
            raise
        scene.recorder.event("a higher maximum is refused")
        return 1
    scene.recorder.event("somebody raises the maximum")
    return 0


def _first(size: Mapping[float, int], count: int) -> float:
    return next(at for at, pods in size.items() if pods >= count)


def _plain() -> list[Manifest]:
    return [
        plain.deployment(SERVICE, NAMESPACE, IMAGE, NEED),
        plain.autoscaler(SERVICE, NAMESPACE, NEED, MAXIMUM),
    ]


DRILL = ClusterDrill(
    name="runaway",
    title="A broken metric drives the autoscaler up",
    story="The figures that the autoscaler goes by are suddenly a hundred times too high. It wants more and more, "
    "though the load has not changed.",
    with_guard=f"A ceiling of {_CAP.ceiling}: half as many again as the {PROVEN} that people have seen run well. At "
    f"{_CAP.warn}, 80 % of it, the condition of the warning is met; steps of at most 50 % leave time to see it.",
    without_guard=f"An autoscaler with a maximum of {MAXIMUM} and the behaviour that Kubernetes gives it by default: "
    "twice as many at each step.",
    load=LOAD,
    args={"load": {"peak": PEAK, "replica": REPLICA}, "proven": PROVEN},
    plain=_plain,
    script=_script,
    nodes=tuple(NodeGroup(zone, False, 2, cpu=16) for zone in ZONES),
    governed=True,
    held=held,
    summary=_summary,
    lines={"ceiling": _CAP.ceiling, "warning": _CAP.warn},
)
