"""What Prometheus kept of a drill, laid into a day of true time, and what promtool says of it: nobody is called.

A second of a drill is twelve of the day. Before the drill all is as it was at its beginning, and afterwards as at its
end: gauges stay, and counters go on as they did.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from flyball.alerts import needs
from flyball.alerts.rule import Record, rule_file
from flyball.alerts.workload import METRIC, ON
from flyball.drills.cluster.alerts import groups
from flyball.drills.cluster.settings import COMPRESSION
from flyball.drills.watch import LOOK
from flyball.lab.monitoring import programs
from flyball.lab.monitoring.monitor import Monitor
from flyball.stack.read import Stack

Samples = Mapping[str, tuple[float | None, ...]]
"""By series as promtool writes it, the values at each look; None where there was none."""
DAY, STEP = 86_400, 120
"""Seconds, as promtool evaluates."""
NIGHT = DAY // 3
"""When the drill begins."""
LOOKS = LOOK // COMPRESSION / 1000
"""Seconds between two looks of a drill."""
_SKIPPED = STEP * 1000 // LOOK
"""Of so many looks one is in the day."""


def samples(monitor: Monitor, stack: Stack, governed: bool, start: float, end: float) -> Samples:
    """What was kept of all that the rules ask for, between two moments [s since 1970]."""
    entries = [entry for group in groups(stack, governed).values() for entry in group]
    recorded = {entry.name for entry in entries if isinstance(entry, Record)}
    asked = sorted({name for entry in entries for name in needs.names(entry.expr)} - recorded)
    count = int((end - start) / LOOKS) + 1
    found: dict[str, tuple[float | None, ...]] = {}
    for name in asked:
        for series in monitor.between(name, start, start + (count - 1) * LOOKS, LOOKS):
            labels = ",".join(f"{k}={json.dumps(v)}" for k, v in series["metric"].items() if k != "__name__")
            at = {round((moment - start) / LOOKS): float(value) for moment, value in series["values"]}
            found[f"{name}{{{labels}}}"] = tuple(at.get(i) for i in range(count))
    return found


def settled(monitor: Monitor) -> bool:
    """Whether all is as it should be, as far as Prometheus has seen: a day must not go on as an incident left it."""
    asked = f"{METRIC}_ready >= {ON} {METRIC}_floor", "kube_poddisruptionbudget_status_pod_disruptions_allowed > 0"
    return all(map(monitor.query, asked))


def day_file(kept: Samples, rules: str, order: Iterable[str]) -> dict[str, Any]:
    """For promtool: the whole day, on which no alert fires, though the drill is in it."""
    series = [{"series": name, "values": day(name, values)} for name, values in kept.items()]
    fired = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing",severity!="none"}[1d]))'
    ready = "flyball_workload_ready"
    return {
        "rule_files": [rules],
        "evaluation_interval": f"{STEP}s",
        "group_eval_order": list(order),
        "tests": [
            {
                "interval": f"{STEP}s",
                "input_series": series,
                "promql_expr_test": [
                    {"expr": fired, "eval_time": f"{DAY}s", "exp_samples": []},
                    {
                        "expr": f"max(max_over_time({ready}[1d])) > bool max({ready})",
                        "eval_time": f"{DAY}s",
                        "exp_samples": [{"labels": "{}", "value": 1}],
                    },
                ],
            }
        ],
    }


def promtool(kept: Samples, stack: Stack, governed: bool, folder: Path) -> str:
    """What it says; empty where all is as it should be."""
    rules = rule_file(groups(stack, governed))  # in true time
    (folder / "rules.json").write_text(json.dumps(rules))
    order = [group["name"] for group in rules["groups"]]
    (folder / "day.json").write_text(json.dumps(day_file(kept, "rules.json", order)))
    program = programs.ensure(print) / "usr/bin/promtool"
    command = [program, "test", "rules", "day.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def day(name: str, values: tuple[float | None, ...]) -> str:
    """A series over the whole day; what comes after the drill is what the last look has seen."""
    seen = list(values[::_SKIPPED])
    before, after = NIGHT // STEP, (DAY - NIGHT) // STEP + 1 - len(seen)
    if name.partition("{")[0].endswith("_total"):
        return _counter(seen, before, after, values[-1] is not None)
    parts = [_run(seen[0], before), *(_run(value, 1) for value in seen), _run(values[-1], after)]
    return " ".join(part for part in parts if part)


def _counter(seen: list[float | None], before: int, after: int, goes_on: bool) -> str:
    """Its growth is as many times larger as the time is longer; one that begins anew is one that comes into being."""
    known = [(i, value) for i, value in enumerate(seen) if value is not None]
    steps = [max(0.0, b - a) * COMPRESSION / (j - i) for (i, a), (j, b) in pairwise(known)]
    first, last = (steps[0], steps[-1]) if steps else (0.0, 0.0)
    total = 0.0
    parts: list[str] = []
    if seen[0] is not None:
        parts.append(f"0+{first:.9g}x{before - 1}")
        total = first * before
    else:
        parts.append(f"_x{before}")
    previous: float | None = None
    for value in seen:
        if value is None:
            parts.append("_")
            continue
        if previous is not None:
            total += max(0.0, value - previous) * COMPRESSION
        previous = value
        parts.append(f"{total:.12g}")
    parts.append(f"{total + last:.12g}+{last:.9g}x{after - 1}" if goes_on else f"_x{after}")
    return " ".join(parts)


def _run(value: float | None, count: int) -> str:
    if count < 1:
        return ""
    return f"_x{count}" if value is None else f"{value:.12g}x{count - 1}"
