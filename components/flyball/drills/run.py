"""Runs drills, one run after another."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from flyball.drills import dawn, drain, reapply, reddit, runaway, spot
from flyball.drills.drill import Drill
from flyball.drills.result import Recording, Result
from flyball.drills.scene import scene
from flyball.guards.problem import Problem, refuse
from flyball.guards.strict import nearest

Report = Callable[[str], None]

AT_ONCE = 2
"""Runs at one time: most of each is waiting, and two control planes fit on two processors."""

DRILLS: dict[str, Drill] = {
    drill.name: drill
    for drill in (
        reddit.DRILL,
        dawn.DRILL,
        spot.DRILL,
        drain.DRILL,
        runaway.DRILL,
        reapply.DRILL,
    )
}
"""By name, in the order in which they run."""


def run(names: Sequence[str], guards: Sequence[bool], report: Report) -> Iterator[Result]:
    """The drills of these names [all], each with the guard, without it, or both, on a control plane of its own.

    Raises `Refused` for a name that is none before anything is started.
    """
    refuse([Problem(name, "is no drill", nearest(name, list(DRILLS))) for name in names if name not in DRILLS])
    chosen = [DRILLS[name] for name in dict.fromkeys(names)] or DRILLS.values()
    runs = [(drill, guard) for drill in chosen for guard in guards]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pending = [pool.submit(once, drill, guard, report) for drill, guard in runs]
        try:
            for future in pending:
                yield future.result()
        finally:
            if any(future.cancel() for future in pending):
                report("the runs under way come to their end first")


def once(drill: Drill, guard: bool, report: Report) -> Result:
    """One run. Raises `DrillError` where it could not be carried out."""
    run_name = f"{drill.name} {'with' if guard else 'without'} the guard"
    with scene(drill, guard, lambda line: report(f"{run_name}: {line}")) as stage:
        own = drill.script(stage)
        recorder = stage.recorder
        length = recorder.finish()
        replica = float(drill.args["load"]["replica"])
        recording = Recording(
            tuple(recorder.samples), tuple(recorder.events), recorder.load, replica, length, drill.lines
        )
    figures = {**recording.figures(), **own}
    return Result(drill.name, guard, drill.held(recording, figures), figures, recording, drill.summary(figures))
