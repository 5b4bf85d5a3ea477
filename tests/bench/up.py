"""What an `up` costs where nothing changes, by kubectl and by Pulumi's engine, against `kubectl apply` of the same.

That apply, by the server and of all objects in one go, is the least that a tool does which does not look first. Both
stacks are brought up from nothing before, on control planes of their own; figures are medians of runs by turns.
"""

import json
import os
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from tests.bench.command import FLYBALL, stack
from tests.bench.cost import PROJECT, Cost, of
from tests.bench.figures import Report, Table

from flyball import paths
from flyball.deploy import engine as engines

TITLE = "what an `up` costs that changes nothing"
SERVICES, RUNS = 100, 3
KUBECTL = os.environ | {engines.VARIABLE: "off"}
APPLY = "kubectl apply of the same"


def measure(small: bool, report: Report) -> list[Table]:
    count, runs = (1, 1) if small else (SERVICES, RUNS)
    engine = engines.find() or engines.build(report)
    found: dict[str, list[Cost]] = {APPLY: [], "up, by kubectl": [], "up, by the engine": []}
    with TemporaryDirectory() as folder:
        files = {way: stack(Path(folder), f"bench-{way}", count) for way in ("kubectl", "engine")}
        environments = {"kubectl": KUBECTL, "engine": dict(os.environ)}
        report(f"with {engine}")
        try:
            first: dict[str, Cost] = {}
            for way, file in files.items():
                report(f"bringing {count} services up, by {way}")
                first[way] = of([FLYBALL, "up", "-s", str(file)], environments[way])
            apply, env, objects = _apply(Path(folder), files["kubectl"])
            for run in range(1, runs + 1):
                report(f"run {run} of {runs}")
                found[APPLY].append(of(apply, env, objects))
                for way, name in (("kubectl", "up, by kubectl"), ("engine", "up, by the engine")):
                    found[name].append(of([FLYBALL, "up", "-s", str(files[way])], environments[way]))
        finally:
            for way, file in files.items():
                of([FLYBALL, "down", "-s", str(file)], environments[way])
    base = _wall(found[APPLY])
    rows = [(*_row(f"from nothing, by {name}", [cost]), "") for name, cost in first.items()]
    rows += [(*_row(name, costs), f"{_wall(costs) / base:.2f}") for name, costs in found.items()]
    about = (
        f"{count} services. By the clock, from nothing with the start of a control plane, and processor time of all"
        f" programs. Baseline of the ratio: {APPLY}."
    )
    return [
        Table(about, ("what", "takes", "processor", "flyball", "CLI and provider", "kubectl", "ratio"), tuple(rows))
    ]


def _row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    def median(values: list[float]) -> str:
        return f"{statistics.median(values):.1f} s"

    parts = (median([cost.of(part) for cost in costs]) for part in ("flyball", "pulumi", "kubectl"))
    return name, f"{_wall(costs):.1f} s", median([cost.processor for cost in costs]), *parts


def _wall(costs: list[Cost]) -> float:
    return statistics.median(cost.wall for cost in costs)


def _apply(folder: Path, file: Path) -> tuple[list[str], dict[str, str], str]:
    """The command, its environment and its input."""
    of([FLYBALL, "-C", str(PROJECT), "render", "-s", str(file), "-o", str(folder / "out")])
    objects = "\n---\n".join(_applied(path) for path in sorted((folder / "out").glob("*.yaml")))
    kubeconfig = paths.kubeconfig(file.name.removeprefix("Pulumi.").removesuffix(".yaml"))
    command = [str(kubeconfig.parent / "bin" / "kubectl"), "apply", "--server-side", "--field-manager=bench"]
    return [*command, "--force-conflicts", "-f", "-"], os.environ | {"KUBECONFIG": str(kubeconfig)}, objects


def _applied(path: Path) -> str:
    """A rendered object as `up` applies it to one that exists: without the replicas."""
    manifest = yaml.safe_load(path.read_text())
    manifest.get("spec", {}).pop("replicas", None)
    return json.dumps(manifest)
