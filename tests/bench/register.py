"""What the component costs: N workloads against the same resources written raw, in process, time and peak memory.

Each figure is the median of several runs, each in a process of its own, component and raw by turns. Time is the
processor's, for the program alone, without imports: one process has made them, and each run is in a copy of it. Memory
is the copy's peak, without what it does not touch of libraries: some 15 MiB.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pulumi
import pulumi_kubernetes as k8s
from tests.bench.figures import Report, Table

from flyball.deploy.program import run
from flyball.deploy.registered import Registered
from flyball.kubernetes import Workload, WorkloadArgs

TITLE = "what registering workloads costs"
SIZES = (100, 300)
RUNS = 3
_CLASSES: dict[str, Any] = {
    "ServiceAccount": k8s.core.v1.ServiceAccount,
    "PriorityClass": k8s.scheduling.v1.PriorityClass,
    "ConfigMap": k8s.core.v1.ConfigMap,
    "Deployment": k8s.apps.v1.Deployment,
    "Service": k8s.core.v1.Service,
    "PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
    "HorizontalPodAutoscaler": k8s.autoscaling.v2.HorizontalPodAutoscaler,
    "NetworkPolicy": k8s.networking.v1.NetworkPolicy,
}
_ARGUMENTS = {"globalDefault": "global_default", "preemptionPolicy": "preemption_policy"}
_ARGUMENTS |= {"automountServiceAccountToken": "automount_service_account_token"}


class Cost(NamedTuple):
    """Seconds, and mebibytes at the peak."""

    seconds: float
    mebibytes: float


def args(namespace: str = "default") -> WorkloadArgs:
    return {
        "image": "registry.example/app:1.0.0",
        "port": 8080,
        "load": {"peak": 30, "replica": 20},
        "callers": [],
        "namespace": namespace,
    }


def with_component(count: int, namespace: str = "default") -> None:
    for i in range(count):
        Workload(f"app-{i:04}", args(namespace))


def written_raw(count: int, templates: Sequence[tuple[str, str]]) -> None:
    """The resources that the component makes, each with its arguments as a program would write them."""
    for i in range(count):
        name = f"app-{i:04}"
        made: list[pulumi.Resource] = []
        for kind, template in templates:
            opts = None
            if kind == "Deployment":
                opts = pulumi.ResourceOptions(depends_on=made[:], ignore_changes=["spec.replicas"])
            made.append(_CLASSES[kind](name, **json.loads(template.replace("the-name", name)), opts=opts))


def templates(namespace: str = "default") -> list[tuple[str, str]]:
    """What one workload registers, without Pulumi running: kind and arguments as JSON, `the-name` for its name."""
    objects = [r for r in run(lambda: Workload("the-name", args(namespace)), "bench", "one") if r.custom]
    return [(o.inputs["kind"], _template(o)) for o in sorted(objects, key=_order)]


def _template(made: Registered) -> str:
    given = {k: v for k, v in made.inputs.items() if k not in ("apiVersion", "kind")}
    return json.dumps({_ARGUMENTS.get(k, k): v for k, v in given.items()})


def _order(made: Registered) -> int:
    return list(_CLASSES).index(made.inputs["kind"])


def once(way: str, count: int, raw: Sequence[tuple[str, str]]) -> Cost:
    """The cost of one program, in this process; `raw` is what `templates` gives."""
    programs = {"component": lambda: with_component(count), "raw": lambda: written_raw(count, raw)}
    begin = time.process_time()
    registered = run(programs[way], "bench", "many")
    seconds = time.process_time() - begin
    made = [r for r in registered if r.custom]
    assert len(made) == count * len(raw), f"{len(made)} objects of {count} workloads"
    return Cost(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _apart(runs: Sequence[tuple[str, int]]) -> list[Cost]:
    """The cost of each run, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.register", json.dumps(runs)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Cost(*json.loads(line)) for line in said.splitlines()]


def _copies(runs: Sequence[tuple[str, int]]) -> None:
    """Print the cost of each run, a line each. One workload comes first, so that no import is measured."""
    raw = templates()
    for way, count in runs:
        if (copy := os.fork()) == 0:
            print(json.dumps(once(way, count, raw)))
            sys.exit()
        if os.waitpid(copy, 0)[1]:
            sys.exit(f"{count} workloads, {way}: failed")


def _medians(sizes: Sequence[int], runs: int) -> dict[int, dict[str, Cost]]:
    asked = [(way, count) for count in sizes for _ in range(runs) for way in ("raw", "component")]
    found: dict[int, dict[str, list[Cost]]] = {}
    for (way, count), cost in zip(asked, _apart(asked), strict=True):
        found.setdefault(count, {}).setdefault(way, []).append(cost)
    return {
        count: {way: Cost(*map(statistics.median, zip(*costs, strict=True))) for way, costs in ways.items()}
        for count, ways in found.items()
    }


def measure(small: bool, report: Report) -> list[Table]:
    sizes = (1, 2) if small else SIZES
    report(f"{' and '.join(map(str, sizes))} workloads")
    return [_table(_medians(sizes, 1 if small else RUNS))]


def _table(costs: Mapping[int, Mapping[str, Cost]]) -> Table:
    least, most = min(costs), max(costs)
    growth = costs[most]["component"].seconds / costs[least]["component"].seconds
    rows = [_row(count, found["raw"], found["component"]) for count, found in costs.items()]
    return Table(
        f"Processor time and peak memory of a program, in process; baseline: the same objects written raw. From {least}"
        f" to {most} workloads the component's time grows {growth:.1f} times (linear is {most / least:g}).",
        ("workloads", "raw", "component", "ratio", "each", "raw", "component", "ratio"),
        tuple(rows),
    )


def _row(count: int, raw: Cost, own: Cost) -> tuple[str, ...]:
    times = f"{raw.seconds:.2f} s", f"{own.seconds:.2f} s", f"{own.seconds / raw.seconds:.2f}"
    memory = f"{raw.mebibytes:.0f} MiB", f"{own.mebibytes:.0f} MiB", f"{own.mebibytes / raw.mebibytes:.2f}"
    return str(count), *times, f"{own.seconds / count * 1000:.1f} ms", *memory


if __name__ == "__main__":
    _copies(json.loads(sys.argv[1]))
