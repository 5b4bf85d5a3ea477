"""What the log collector costs: processor time for each line, beside the collector as it is commonly set up.

All read the same file, on one processor, and `commonly` and `pipeline` post to the same server; `bare` only reads lines
and drops them. The pipeline also hides secrets, puts stack traces together, and keeps its places and its queue on disk.
Only the collector's own processor time counts, which other work of the machine hardly changes.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.figures import Report, Table

from flyball.collector.config import Node
from flyball.drills.logs.lab import Lab, lab
from flyball.drills.logs.programs import writer

TITLE = "what the log collector costs"
LINES = 150_000
"""Of 115 bytes, as the drill writes them."""
ROUNDS = 2


def bare(node: Node) -> dict[str, Any]:
    """Reads the same files, and drops what it reads."""
    receiver = {"include": [f"{node.logs}/*/*/*.log*"], "start_at": "beginning", "compression": "auto"}
    pull = {"exporter": {"prometheus": {"host": node.host, "port": node.metrics}}}
    return {
        "extensions": {"health_check": {"endpoint": f"{node.host}:{node.health}"}},
        "receivers": {"file_log": receiver},
        "exporters": {"nop": {}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [{"pull": pull}]}},
            "pipelines": {"logs": {"receivers": ["file_log"], "exporters": ["nop"]}},
        },
    }


def measure(small: bool, report: Report) -> list[Table]:
    lines, rounds = (5_000, 1) if small else (LINES, ROUNDS)
    runs: dict[str, list[float]] = {"bare": [], "commonly": [], "pipeline": []}
    with tempfile.TemporaryDirectory(prefix="flyball-bench-") as folder:
        file = Path(folder, "0.log")
        file.write_bytes(writer.lines(0, lines))
        for number in range(1, rounds + 1):
            report(f"round {number} of {rounds}")
            for way, found in runs.items():
                found.append(_once(way, file, lines, report))
    best = {way: max(found) for way, found in runs.items()}
    rows = tuple((way, f"{best[way]:,.0f}", f"{best[way] / best['commonly']:.2f}") for way in runs)
    about = f"Lines for each second of a processor, the best of {rounds} runs with {lines:,} lines; ratio to: commonly."
    return [Table(about, ("way", "lines/s", "ratio"), rows)]


def _once(way: str, file: Path, lines: int, report: Report) -> float:
    """Lines for a second of the collector's processor time, without that of its start."""
    with lab(way != "commonly", report) as made:
        if way == "bare":
            (made.folder / "collector.json").write_text(json.dumps(bare(made.node)))
        process = made.begin()
        made.pause(2.0)
        before = process.processor_seconds
        (made.folder / "0.log").write_bytes(file.read_bytes())
        (made.folder / "0.log").rename(made.logs / "0.log")
        if not made.pause(300.0, lambda: _done(made, way) >= lines):
            raise RuntimeError(f"{way}: {_done(made, way):,.0f} of {lines:,} lines")
        # The system counts in hundredths of a second.
        return lines / max(process.processor_seconds - before, 0.01)


def _done(made: Lab, way: str) -> float:
    if way == "bare":
        return made.look().get("otelcol_receiver_accepted_log_records", 0)
    return made.taken()["distinct"]
