"""Each incident on a real control plane: the guard holds, and without it the damage shows."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.dashboards.asked import without_answer
from tests.drills import kept

from flyball.drills.cluster.drain import DRILL as DRAIN
from flyball.drills.cluster.drill import ClusterDrill
from flyball.drills.cluster.scene import Scene, once
from flyball.drills.errors import DrillError
from flyball.drills.run import CLUSTER, side_by_side
from flyball.lab.monitoring import programs

NOTHING_LOST = {"requests_not_served": 0, "overload_seconds": 0}
EXACT: dict[tuple[str, bool], dict[str, Any]] = {
    ("reddit-2016", True): {
        **NOTHING_LOST,
        "fewest_ready": 20,
        "writes_tried": 16,
        "writes_accepted": 0,
        "nodes_deleted": 0,
    },
    ("reddit-2016", False): {"fewest_ready": 0, "most_ready": 19, "writes_tried": 16, "nodes_deleted": 6},
    ("dawn", True): {**NOTHING_LOST, "fewest_ready": 9, "replicas_at_night": 20, "replicas_by_day": 10},
    ("dawn", False): {"fewest_ready": 6, "replicas_at_night": 20, "replicas_by_day": 7},
    ("spot", True): {**NOTHING_LOST, "replicas": 14, "fewest_ready": 9},
    ("spot", False): {"replicas": 9, "fewest_ready": 0, "most_ready": 9},
    ("drain", True): {**NOTHING_LOST, "replicas": 14, "nodes_drained": 6},
    ("drain", False): {"replicas": 9, "nodes_drained": 6, "fewest_ready": 0},
    ("quorum", True): {
        **NOTHING_LOST,
        "nodes_drained": 2,
        "members": 3,
        "fewest_ready": 2,
        "seconds_without_quorum": 0,
    },
    ("quorum", False): {"nodes_drained": 2, "members": 3},
    ("lost-zone", True): {**NOTHING_LOST, "replicas": 15, "released": 1},
    ("lost-zone", False): {"replicas": 15, "released": 0},
    ("runaway", True): {**NOTHING_LOST, "ceiling": 21, "largest_size": 21, "raises_of_the_maximum_refused": 1},
    ("runaway", False): {"ceiling": 21, "largest_size": 80, "raises_of_the_maximum_refused": 0},
    ("reapply", True): {**NOTHING_LOST, "pods_taken_by_apply": 0, "writes_refused": 1},
    ("reapply", False): {"fewest_ready": 9, "writes_refused": 0},
    ("runaway-pool", True): {"cap": 48, "nodes_bought": 6, "processors": 48, "raises_refused": 1, "most_ready": 12},
    ("runaway-pool", False): {"cap": 48, "raises_refused": 0},
    ("deleted-pool", True): {**NOTHING_LOST, "nodes_before": 15, "nodes_after": 15, "deletions_refused": 2},
    ("deleted-pool", False): {"nodes_before": 15, "nodes_after": 0, "deletions_refused": 0, "fewest_ready": 0},
    ("frozen-pool", True): {
        "nodes_before": 7,
        "nodes_after": 7,
        "past_their_age": 1,
        "budget_meanwhile": 0,
        "budget_afterwards": 1,
    },
    ("frozen-pool", False): {
        "nodes_before": 7,
        "past_their_age": 0,
        "budget_meanwhile": 1,
        "budget_afterwards": 1,
    },
}
"""Figures that come out the same each time; all others depend on how fast the machine is."""
TOLD: dict[str, list[tuple[str, str]]] = {
    "reddit-2016": [("warning", "ClusterFrozen"), ("page", "OverrideUsed")],
    "dawn": [],
    "spot": [],
    "drain": [],
    "lost-zone": [],
    "runaway": [],
    "reapply": [],
}
"""With the guard: alerts in the order in which they reach people, and no other does."""
TOLD_WITHOUT = {
    "reddit-2016": ["WorkloadBelowNeed", "MostRequestsShed", "RequestsShed"],
    "dawn": ["WorkloadBelowNeed"],
    "drain": ["WorkloadBelowNeed", "MostRequestsShed", "RequestsShed", "HeadroomLost"],
}
"""Without it people are called, by the first of these; which of the others come in time, and whether a warning comes
before the call, depends on the machine."""
MAY_TELL = {"spot": ["WorkloadBelowNeed"]}
"""Without it people may be called of this, and nothing else: a node that is gone is noticed after a minute, and a pod
starts in one, so that all pods are back about as soon as somebody would be called (`services.BELOW_NEED_FOR`)."""
LOOKS: dict[tuple[str, bool], str] = {
    ("reddit-2016", True): "governor",
    ("dawn", False): "stack",
    ("spot", True): "workload",
}
"""Runs at whose end somebody looks at a dashboard."""
CALM = ("dawn", True)
"""The run whose figures, laid into a day of true time, must call nobody."""
LOSES_NO_REQUESTS = ("runaway", "runaway-pool", "frozen-pool")
"""Their damage is a size that nobody has tried, or nodes that are gone when they are needed."""


def looked_at(drill: ClusterDrill, board: str | None) -> ClusterDrill:
    """The drill with somebody at its end who looks at a dashboard: each line of it has to be there."""
    if board is None:
        return drill

    def script(scene: Scene) -> Mapping[str, float | int]:
        figures = drill.script(scene)
        if scene.watch:
            assert without_answer(scene.watch.monitor.query, board) == set()
        return figures

    return replace(drill, script=script)


def with_its_day(drill: ClusterDrill, said: list[str], folder: Path) -> ClusterDrill:
    """The drill, and at its end what promtool says of its figures in a day of true time."""

    def script(scene: Scene) -> Mapping[str, float | int]:
        figures = drill.script(scene)
        if scene.watch:
            monitor, recorder = scene.watch.monitor, scene.recorder
            recorder.wait(lambda: recorder.ready == recorder.pods, "the dead pod's replacement", 60)
            recorder.pass_time(3 * kept.LOOKS)  # so that the loss has been seen before its end is asked for
            recorder.wait(lambda: kept.settled(monitor), "figures of the replacement", 120)
            end = time.time()
            found = kept.samples(monitor, scene.stack, drill.governed, end - recorder.now, end)
            said.append(kept.promtool(found, scene.stack, drill.governed, folder))
        return figures

    return replace(drill, script=script)


@pytest.mark.cluster
@pytest.mark.parametrize("name", [drill.name for drill in CLUSTER.drills])
def test_drill(name: str, tmp_path: Path) -> None:
    [drill] = [drill for drill in CLUSTER.drills if drill.name == name]
    said: list[str] = []
    runs = [(looked_at(drill, LOOKS.get((name, guard))), guard) for guard in (True, False)]
    runs = [(with_its_day(run, said, tmp_path) if (name, guard) == CALM else run, guard) for run, guard in runs]
    results = {result.guard: result for result in side_by_side(CLUSTER, runs, print)}
    for guard, result in results.items():
        exact = EXACT[name, guard]
        assert {key: result.figures[key] for key in exact} == exact
        assert result.held is guard
    if name not in LOSES_NO_REQUESTS:
        assert results[False].figures["requests_not_served"] > 0
    if reason := programs.why_not():
        pytest.skip(f"nobody is told of alerts: {reason}")
    if name == CALM[0]:
        assert said == [""]
    if name in TOLD:
        assert [(told.to, told.alert) for told in results[True].told] == TOLD[name]
    if first := TOLD_WITHOUT.get(name):
        told = results[False].told
        assert next(each.alert for each in told if each.to == "page") == first[0]
        assert {each.alert for each in told} <= set(first)
    if name in MAY_TELL:
        assert {told.alert for told in results[False].told} <= set(MAY_TELL[name])


@pytest.mark.cluster
def test_a_recording_that_breaks_off_is_no_result() -> None:
    """A service that nobody could see has not held."""

    def blinded(scene: Scene) -> Mapping[str, float | int]:
        scene.recorder.close()
        scene.recorder.wait(lambda: False, "what never comes", 10)
        return {}

    with pytest.raises(DrillError, match=r"^the recording broke off: the watch of /api/v1/\S+ ended$"):
        once(replace(DRAIN, name="blinded", script=blinded), True, print)
