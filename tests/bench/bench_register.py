"""What the component costs: N workloads against the same resources written raw, in process, time and peak memory.

Run as `python tests/bench/bench_register.py`. Each figure is the median of five runs, each in a process of its own,
component and raw by turns. Time is the processor's, for the program alone, without imports; memory is the whole
process's peak.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import Any, NamedTuple

import pulumi
import pulumi_kubernetes as k8s
from rich.console import Console
from rich.table import Table

from flyball.deploy.program import Registered, run
from flyball.kubernetes import Workload, WorkloadArgs

SIZES = (100, 300, 1000)
RUNS = 5
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


def args() -> WorkloadArgs:
    return {"image": "registry.example/app:1.0.0", "port": 8080, "load": {"peak": 100, "replica": 20}, "callers": []}


def with_component(count: int) -> None:
    for i in range(count):
        Workload(f"app-{i:04}", args())


def written_raw(count: int, objects: list[Registered]) -> None:
    """The resources that the component makes, each with its arguments as a program would write them."""
    kinds = [_CLASSES[o.inputs["kind"]] for o in objects]
    templates = [_template(o) for o in objects]
    for i in range(count):
        name = f"app-{i:04}"
        made: list[pulumi.Resource] = []
        for kind, template in zip(kinds, templates, strict=True):
            opts = None
            if kind is k8s.apps.v1.Deployment:
                opts = pulumi.ResourceOptions(depends_on=made[:], ignore_changes=["spec.replicas"])
            made.append(kind(name, **json.loads(template.replace("the-name", name)), opts=opts))


def _template(made: Registered) -> str:
    given = {k: v for k, v in made.inputs.items() if k not in ("apiVersion", "kind")}
    return json.dumps({_ARGUMENTS.get(k, k): v for k, v in given.items()})


def _order(made: Registered) -> int:
    return list(_CLASSES).index(made.inputs["kind"])


def measure(way: str, count: int) -> Cost:
    """The cost of one program, in this process. One workload comes first, so that no import is measured."""
    objects = [r for r in run(lambda: Workload("the-name", args()), "bench", "one") if r.custom]
    objects.sort(key=_order)
    programs = {"component": lambda: with_component(count), "raw": lambda: written_raw(count, objects)}
    begin = time.process_time()
    registered = run(programs[way], "bench", "many")
    seconds = time.process_time() - begin
    made = [r for r in registered if r.custom]
    assert len(made) == count * len(_CLASSES), f"{len(made)} objects of {count} workloads"
    return Cost(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure_apart(way: str, count: int) -> Cost:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--once", way, str(count)]
    return Cost(*json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def medians(count: int, runs: int) -> dict[str, Cost]:
    found: dict[str, list[Cost]] = {"raw": [], "component": []}
    for _ in range(runs):
        for way, costs in found.items():
            costs.append(measure_apart(way, count))
    return {way: Cost(*map(statistics.median, zip(*costs, strict=True))) for way, costs in found.items()}


def show(costs: dict[int, dict[str, Cost]]) -> None:
    table = Table("workloads", "raw", "component", "ratio", "raw", "component", "ratio", "each", box=None)
    for count, found in costs.items():
        raw, own = found["raw"], found["component"]
        table.add_row(
            str(count),
            f"{raw.seconds:.2f} s",
            f"{own.seconds:.2f} s",
            f"{own.seconds / raw.seconds:.2f}",
            f"{raw.mebibytes:.0f} MiB",
            f"{own.mebibytes:.0f} MiB",
            f"{own.mebibytes / raw.mebibytes:.2f}",
            f"{own.seconds / count * 1000:.1f} ms",
        )
    Console().print(table)
    least, most = min(costs), max(costs)
    if most > least:
        growth = costs[most]["component"].seconds / costs[least]["component"].seconds
        Console().print(
            f"growth of the component's time from {least} to {most}: {growth:.1f}x (linear is {most / least:g}x)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", nargs=2, metavar=("WAY", "COUNT"), help="one run in this process, as JSON")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of which the median is taken [%(default)s]")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of workloads [%(default)s]")
    given = parser.parse_args()
    if given.once:
        print(json.dumps(measure(given.once[0], int(given.once[1]))))
    else:
        show({count: medians(count, given.runs) for count in given.sizes})


if __name__ == "__main__":
    main()
