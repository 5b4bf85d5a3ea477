"""What the command costs: `render` and an `up` without changes for 100 services, and `--help` against an empty Python.

Run as `python -m tests.bench.bench_command`. Figures are medians of runs taken by turns with their baseline in the same
session. The baseline of `render` is the in-process registration it contains; that of `up` is one server-side apply of
the same objects by kubectl, which is the least that any tool must do.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from rich.console import Console
from rich.table import Table

from flyball import paths

PROJECT = Path(__file__).parents[2]
FLYBALL = str(Path(sys.executable).with_name("flyball"))
SERVICES = 100


def stack(folder: Path, count: int = SERVICES) -> Path:
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
    file = folder / f"Pulumi.bench-{os.getpid()}.yaml"
    file.write_text(yaml.safe_dump({"config": {f"flyball:{key}": value for key, value in config.items()}}))
    return file


def seconds(command: list[str], stdin: str | None = None, env: dict[str, str] | None = None) -> float:
    """Wall time of one run, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True, input=stdin, env=env)
    return time.perf_counter() - started


def compare(runs: int, first: list[str], second: list[str], **options: object) -> tuple[float, float]:
    """Median seconds of both, by turns."""
    pairs = [(seconds(first), seconds(second, **options)) for _ in range(runs)]  # pyright: ignore[reportArgumentType]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def main() -> None:
    table = Table("measured", "seconds", "baseline", "seconds", "ratio", box=None)

    def row(name: str, of: float, baseline: str, against: float) -> None:
        table.add_row(name, f"{of:.2f}", baseline, f"{against:.2f}", f"{of / against:.2f}")

    helped, empty = compare(10, [FLYBALL, "--help"], [sys.executable, "-c", "pass"])
    row("flyball --help", helped, "python -c pass", empty)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        file = stack(folder)
        flyball = [FLYBALL, "-C", str(PROJECT)]
        out = str(folder / "out")
        imports = [sys.executable, "-c", "import pulumi_kubernetes, flyball.deploy.up, flyball.stack.build"]
        render, imported = compare(5, [*flyball, "render", "-s", str(file), "-o", out], imports)
        row(f"render, {SERVICES} services", render, "importing the SDK", imported)
        planned, _ = compare(5, [*flyball, "plan", "-s", str(file), "--json"], [sys.executable, "-c", "pass"])
        row(f"plan, {SERVICES} services", planned, "python -c pass", empty)
        up = [*flyball, "up", "-s", str(file)]
        name = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        try:
            seconds(up)
            kubectl = str(paths.kubeconfig(name).parent / "bin" / "kubectl")
            objects = "\n---\n".join(_applied(path) for path in sorted(Path(out).glob("*.yaml")))
            apply = [kubectl, "apply", "--server-side", "--field-manager=bench", "--force-conflicts", "-f", "-"]
            env = os.environ | {"KUBECONFIG": str(paths.kubeconfig(name))}
            again, bare = compare(3, up, apply, stdin=objects, env=env)
            row(f"up without changes, {SERVICES} services", again, "kubectl apply of the same", bare)
        finally:
            seconds([*flyball, "down", "-s", str(file)])
    Console(width=140).print(table)


def _applied(path: Path) -> str:
    """A rendered object as `up` applies it to one that exists: without the replicas."""
    manifest = yaml.safe_load(path.read_text())
    manifest.get("spec", {}).pop("replicas", None)
    return json.dumps(manifest)


if __name__ == "__main__":
    main()
