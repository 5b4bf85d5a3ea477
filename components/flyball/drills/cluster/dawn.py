"""The night window of a schedule ends while the morning load begins; then one of the survivors dies.

With the guard: a window states its peak, and every floor follows from headroom, so that a loss is still to spare when
the window is over; the way down is in steps.
Without it: replicas are written into the schedule by hand, enough for the load and for nothing else, and the drop at
the window's end is as fast as the autoscaler goes by default.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from flyball.alerts.rule import Severity
from flyball.drills.cluster import plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.scene import Scene

NIGHT, DAWN, DAY, REPLICA = 1500, 300, 680, 100
BY_HAND_AT_NIGHT, BY_HAND = 20, 7
"""What is written into the schedule by hand: the load divided by what a replica can do, more or less."""
_SETUP = timedelta(seconds=30)
"""The service has to stand when the window ends; if it takes longer, it gets another window."""
_BEFORE = 4
"""Where the recording begins [s before the window ends]."""


def _prepare(drill: ClusterDrill) -> ClusterDrill:
    """The drill with a window that is on now, and ends as soon as the service can stand: cron knows but minutes."""
    earliest = datetime.now(UTC) + _SETUP
    end = earliest.replace(second=0, microsecond=0) + timedelta(minutes=1)
    start = end - timedelta(hours=6)
    window = {"name": "night", "start": _cron(start), "end": _cron(end), "peak": NIGHT}
    args = {**drill.args, "schedule": {"timezone": "UTC", "windows": [window]}}
    return replace(drill, args=args, plain=lambda: _plain(window["start"], window["end"]), clock=end)


def _before(scene: Scene) -> None:
    recorder = scene.recorder
    recorder.wait(lambda: recorder.ready == BY_HAND_AT_NIGHT, f"{BY_HAND_AT_NIGHT} pods")
    while (left := _left(scene) - _BEFORE) < 0:
        scene.prepare_again()
        recorder.wait(lambda: recorder.ready == BY_HAND_AT_NIGHT, f"{BY_HAND_AT_NIGHT} pods")
    time.sleep(left)


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    recorder.event("the night's work is done")
    recorder.ramp(2, DAWN)
    recorder.pass_time(max(0.0, _left(scene)))
    recorder.event("night window ends; morning begins")
    recorder.ramp(30, DAY)
    night = recorder.pods
    least = scene.sizing.floors.least if scene.guard else BY_HAND
    recorder.wait(lambda: recorder.ready == recorder.pods == least, f"{least} pods")
    recorder.wait(lambda: recorder.load.at(recorder.now) == DAY, "the day's load")
    recorder.pass_time(2)
    recorder.event("one survivor dies")
    victim = recorder.serving()[0]["metadata"]["name"]
    command = ("delete", "pod", victim, f"--namespace={NAMESPACE}", "--force", "--grace-period=0", "--wait=false")
    scene.kubectl.run(*command)
    recorder.wait(lambda: recorder.ready < least, "the loss")
    recorder.wait(lambda: recorder.ready >= least, "its replacement")
    recorder.pass_time(2)
    if not scene.guard:
        scene.await_told(Severity.PAGE)
    return {"replicas_at_night": night, "replicas_by_day": least, "largest_drop_in_a_second": _largest_drop(scene)}


def _largest_drop(scene: Scene) -> int:
    """The most pods that went within a second."""
    samples = scene.recorder.samples
    drops = [
        before.pods - later.pods
        for i, (before, first) in enumerate(pairwise(samples))
        for later in samples[i + 1 :]
        if later.at - first.at <= 1
    ]
    return max(drops)


def _left(scene: Scene) -> float:
    """Seconds until the window ends."""
    assert scene.drill.clock
    return (scene.drill.clock - datetime.now(UTC)).total_seconds()


def _cron(moment: datetime) -> str:
    return f"{moment.minute} {moment.hour} * * *"


def _plain(start: str, end: str) -> list[Manifest]:
    cron = {"timezone": "UTC", "start": start, "end": end, "desiredReplicas": str(BY_HAND_AT_NIGHT)}
    behavior = plain.autoscaler(SERVICE, NAMESPACE, BY_HAND, BY_HAND_AT_NIGHT)["spec"]["behavior"]
    schedule = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"name": SERVICE},
            "minReplicaCount": BY_HAND,
            "maxReplicaCount": BY_HAND_AT_NIGHT,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior}},
            "triggers": [{"type": "cron", "metadata": cron}],
        },
    }
    return [plain.deployment(SERVICE, NAMESPACE, IMAGE, BY_HAND_AT_NIGHT), schedule]


DRILL = ClusterDrill(
    name="dawn",
    title="The night window ends while the morning begins, and a survivor dies",
    story="A schedule runs many replicas for the night's work. When its window ends, KEDA's cron takes them away "
    "again, just as people get up. When it is done, one of the remaining pods dies.",
    with_guard="A schedule of peaks: the floor of each time of day follows from headroom, with a loss to spare, and "
    "the autoscaler goes down by at most 10 % in a period.",
    without_guard=f"A ScaledObject with replicas written by hand, {BY_HAND_AT_NIGHT} at night and {BY_HAND} by day, "
    "what the day's load needs as long as nothing happens; the default behaviour.",
    load=1400,
    args={"load": {"peak": DAY, "replica": REPLICA}},
    plain=list,
    script=_script,
    keda=True,
    prepare=_prepare,
    before=_before,
)
