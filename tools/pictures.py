"""Pictures of the dashboards, from what real drills with the guard came to: `make pictures`.

A second of a drill is twelve of true time, and windows are as many times shorter.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tools.boards import Line, lines, picture

from flyball.dashboards.grafana import BOARDS
from flyball.drills import watch
from flyball.drills.cluster import dawn, reddit
from flyball.drills.cluster.drill import NAMESPACE, SERVICE, ClusterDrill
from flyball.drills.cluster.scene import Scene, once
from flyball.drills.cluster.settings import COMPRESSION

FOLDER = Path(__file__).parents[1] / "docs/pictures"
SHOWN = ((dawn.DRILL, ("stack", "workload")), (reddit.DRILL, ("governor",)))
"""Which drill has what a dashboard tells of."""
STEP = 0.5
_CHOSEN = {"namespace": NAMESPACE, "workload": SERVICE}


def draw(scene: Scene, name: str, start: float, end: float) -> str:
    """One dashboard, of what was between two moments [s since 1970]."""
    assert scene.watch, "this machine cannot have Prometheus"
    board, found = BOARDS[name], dict[str, list[Line]]()
    for panel in board.panels:
        for series in panel.series:
            expr = watch.looking_back(series.expr, COMPRESSION)
            for variable, value in _CHOSEN.items():
                expr = expr.replace(f"${variable}", value)
            kept = scene.watch.monitor.between(expr, start, end, STEP)
            found.setdefault(panel.title, []).extend(lines(series, kept, start))
    return picture(board, found, end - start)


def shown(drill: ClusterDrill, boards: tuple[str, ...]) -> ClusterDrill:
    """The drill, and at its end its pictures."""

    def script(scene: Scene) -> Mapping[str, float | int]:
        figures = drill.script(scene)
        end = time.time()
        for name in boards:
            file = FOLDER / f"{name}.svg"
            file.write_text(draw(scene, name, end - scene.recorder.now, end))
            print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size // 1024} KiB")
        return figures

    return replace(drill, script=script)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for drill, boards in SHOWN:
        once(shown(drill, boards), True, print)


if __name__ == "__main__":
    main()
