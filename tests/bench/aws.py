"""What a platform on AWS costs to register, against the same resources written raw, in one process.

A first program of each way loads what it needs of the SDK, and is not measured; then both run by turns, and the median
counts: they take a tenth of a second, and the ratio of the least of each went from 1.15 to 1.43 as others ran. Time
is the processor's. Raw is what is captured, value by value: without dependencies, which is to its favour; with 109 ids
and ARNs as outputs it takes 2 % more. What the component takes beyond that is the SDK's, but for a hundredth: the
provider and eight components are registered too, and all that waits for another is followed.
"""

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi import _types
from tests.aws.capture import NOW, cases
from tests.aws.validators import hints
from tests.bench.figures import Report, Table

from flyball.deploy.program import run
from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import StandIns
from flyball.stack.build import build
from flyball.stack.file import load
from flyball.stack.platform import read_platform

TITLE = "what registering a platform on AWS costs"
CASES = {"prod-platform": "network, cluster, base and spot nodes", "fleets": "the same without spot, and a fleet"}
RUNS = 25
Program = Callable[[], object]


def programs(case: str) -> tuple[dict[str, Program], int]:
    """Both ways, and how many resources each registers."""
    found = read_platform(load(cases()[case]))

    def component() -> object:
        return build(found, NOW)

    resources = [r for r in _registered(component) if r.type.startswith("aws:")]
    written = [(*_class(r.type), r) for r in resources]

    def raw() -> None:
        for kind, names, made in written:
            given: dict[str, Any] = {names.get(key, key): value for key, value in made.inputs.items()}
            opts = pulumi.ResourceOptions(ignore_changes=sorted(made.ignored), protect=made.protect)
            kind(made.name, **given, opts=opts)

    return {"raw": raw, "component": component}, len(resources)


def _registered(program: Program) -> list[Registered]:
    return list(run(program, "flyball", "bench", cloud=StandIns()))


def _class(token: str) -> tuple[Any, dict[str, str]]:
    """The SDK's class of `aws:ec2/vpc:Vpc`, and its arguments by the names on the wire."""
    kind, arguments = hints.classes(token)
    return kind, {wire: python for python, wire in _types.input_type_py_to_pulumi_names(arguments).items()}


def measure(small: bool, report: Report) -> list[Table]:
    rows: list[tuple[str, ...]] = []
    for case, what in CASES.items():
        report(case)
        ways, count = programs(case)
        gc.freeze()  # what is loaded is no garbage: each look for some would go through all of it
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(2 if small else RUNS + 1):
            for way, program in ways.items():
                gc.collect()  # of what went before
                begin = time.process_time()
                made = _registered(program)
                if number:
                    seconds[way].append(time.process_time() - begin)
                assert sum(r.type.startswith("aws:") for r in made) == count
        raw, own = (statistics.median(seconds[way]) for way in ("raw", "component"))
        rows.append((what, str(count), f"{raw:.3f} s", f"{own:.3f} s", f"{own / raw:.2f}"))
    about = "Processor time of a program, in one process, once the SDK is loaded; baseline: the same resources raw."
    return [Table(about, ("platform", "resources", "raw", "component", "ratio"), tuple(rows))]
