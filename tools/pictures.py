"""Pictures of the dashboards, from what real drills with the guard came to: `make pictures`.

A second of a drill is several of true time, and windows are as many times shorter.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tools.boards import Line, lines, picture

from flyball.dashboards.grafana import BOARDS
from flyball.drills import watch
from flyball.drills.cluster import dawn, reddit
from flyball.drills.cluster.drill import NAMESPACE, SERVICE, ClusterDrill
from flyball.drills.cluster.scene import Scene, once
from flyball.drills.cluster.settings import COMPRESSION
from flyball.drills.traffic import alerts, illnesses
from flyball.drills.traffic.hop import ILL
from flyball.drills.traffic.lab import Lab, lab
from flyball.drills.watch import Watch
from flyball.lab.monitoring.monitor import Monitor

FOLDER = Path(__file__).parents[1] / "docs/pictures"
OF_CLUSTER = ((dawn.DRILL, ("stack", "workload")), (reddit.DRILL, ("governor",)))
"""Which drill has what a dashboard tells of."""
OF_CALL = "hop"
SHOWN = (*(name for _, names in OF_CLUSTER for name in names), OF_CALL)
STEP = 0.5


def draw(monitor: Monitor, name: str, chosen: Mapping[str, str], factor: int, start: float, end: float) -> None:
    """One dashboard, of what was between two moments [s since 1970] where time passes so many times faster."""
    board, found = BOARDS[name], dict[str, list[Line]]()
    for panel in board.panels:
        for series in panel.series:
            expr = watch.looking_back(series.expr, factor)
            for variable, value in chosen.items():
                expr = expr.replace(f"${variable}", value)
            kept = monitor.between(expr, start, end, STEP)
            found.setdefault(panel.title, []).extend(lines(series, kept, start))
    file = FOLDER / f"{name}.svg"
    file.write_text(picture(board, found, end - start))
    print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size // 1024} KiB")


def shown(drill: ClusterDrill, boards: Sequence[str]) -> ClusterDrill:
    """The drill, and at its end its pictures."""

    def script(scene: Scene) -> Mapping[str, float | int]:
        figures = drill.script(scene)
        assert scene.watch, "this machine cannot have Prometheus"
        end = time.time()
        for name in boards:
            chosen = {"namespace": NAMESPACE, "workload": SERVICE}
            draw(scene.watch.monitor, name, chosen, COMPRESSION, end - scene.recorder.now, end)
        return figures

    return replace(drill, script=script)


def call() -> None:
    """The picture of a call, of one whose callee hangs for a while."""
    [drill] = [each for each in illnesses.DRILLS if each.name == "hang"]

    def look(people: Watch, of: Lab) -> None:
        chosen = {"namespace": alerts.NAMESPACE, "workload": "shop", "hop": ILL}
        draw(people.monitor, OF_CALL, chosen, alerts.FACTOR, of.began, time.time())

    with lab(True, print) as made:
        made.look = lambda people: look(people, made)
        drill.script(made)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    call()
    for drill, boards in OF_CLUSTER:
        once(shown(drill, boards), True, print)


if __name__ == "__main__":
    main()
