"""What the command costs where it asks no cluster: `--help`, `render` and `plan`.

Figures are medians of runs taken by turns with their baseline.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from tests.bench.cost import PROJECT
from tests.bench.figures import Report, Table

TITLE = "what the command costs by itself"
FLYBALL = str(Path(sys.executable).with_name("flyball"))
SERVICES = 100


def stack(folder: Path, name: str, count: int) -> Path:
    """A local stack of `count` services in a chain-free graph: each fourth calls its predecessor."""
    services = {}
    for i in range(count):
        service: dict[str, object] = {
            "image": "registry.k8s.io/pause:3.10",
            "port": 8080,
            "load": {"peak": 50, "replica": 100},
            "resources": {"cpu": "100m", "memory": "64Mi"},
            "deadline": "2s" if i % 4 == 3 else "500ms",
        }
        if i % 4 == 3:
            service["calls"] = {f"service-{i - 1:03}": {"timeout": "600ms"}}
        services[f"service-{i:03}"] = service
    config = {
        "environment": "bench",
        "owner": "bench",
        "namespace": "bench",
        "cluster": "local",
        "zones": ["local-a", "local-b", "local-c"],
        "services": services,
    }
    file = folder / f"Pulumi.{name}-{os.getpid()}.yaml"
    file.write_text(yaml.safe_dump({"config": {f"flyball:{key}": value for key, value in config.items()}}))
    return file


def measure(small: bool, report: Report) -> list[Table]:
    count, runs = (2, 1) if small else (SERVICES, 5)
    empty = [sys.executable, "-c", "pass"]
    imports = [sys.executable, "-c", "import pulumi_kubernetes, flyball.deploy.up, flyball.stack.build"]
    with TemporaryDirectory() as temporary:
        file = str(stack(Path(temporary), "bench", count))
        flyball = [FLYBALL, "-C", str(PROJECT)]
        compared = {
            "flyball --help": ([FLYBALL, "--help"], "an empty Python", empty),
            f"plan, {count} services": ([*flyball, "plan", "-s", file, "--json"], "an empty Python", empty),
            f"render, {count} services": (
                [*flyball, "render", "-s", file, "-o", f"{temporary}/out"],
                "importing the SDK",
                imports,
            ),
        }
        rows: list[tuple[str, ...]] = []
        for name, (command, baseline, bare) in compared.items():
            report(name)
            own, other = _compare(runs, command, bare)
            rows.append((name, f"{own:.2f} s", baseline, f"{other:.2f} s", f"{own / other:.2f}"))
    return [Table("By the clock.", ("command", "takes", "baseline", "takes", "ratio"), tuple(rows))]


def _compare(runs: int, first: list[str], second: list[str]) -> tuple[float, float]:
    """Median seconds of both, by turns."""
    pairs = [(_seconds(first), _seconds(second)) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def _seconds(command: list[str]) -> float:
    """Wall time of one run, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return time.perf_counter() - started
