"""What Pulumi's engine costs with the component, against the same objects written raw, with waiting and without.

Brought up as `flyball up` does it, each from nothing, into a namespace and a state of its own on one control plane.
`waits` says for what: `Deployments` as the component does, `Services too` as an object does that nobody has told not
to, `nothing` by the annotation `pulumi.com/skipAwait` on everything.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from tests.bench import register
from tests.bench.cost import PROJECT, Cost, of
from tests.bench.figures import Report, Table

from flyball.deploy import engine as engines
from flyball.deploy import pulumi_cli
from flyball.deploy.engine import Engine
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.lab.cluster.nodes import default_nodes
from flyball.stack.file import PROJECT as NAME

TITLE = "what Pulumi's engine costs"
SKIP = '"pulumi.com/skipAwait": "true"'
_PROGRAM = """
import json, sys
sys.path.insert(0, {checkout!r})
from tests.bench import register
{call}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """So many workloads, written `raw` or by the `component`."""

    count: int
    way: str
    waits: str = "Deployments"


CASES = (
    Case(20, "raw"),
    Case(20, "component"),
    Case(20, "raw", "Services too"),
    Case(20, "raw", "nothing"),
    Case(100, "raw"),
    Case(100, "component"),
)


def measure(small: bool, report: Report, plane: ControlPlane | None = None) -> list[Table]:
    """`plane` is one that runs already; else one is started and ended."""
    engine = engines.find() or engines.build(report)
    name = f"bench-engine-{os.getpid()}"
    made = plane or planes.start(name, default_nodes(each=8), report=report)
    rows: list[tuple[str, ...]] = []
    base: dict[int, Cost] = {}
    try:
        for case in (Case(1, "raw"), Case(1, "component")) if small else CASES:
            report(f"{case.count} workloads, {case.way}, waiting for {case.waits}")
            with TemporaryDirectory() as folder:
                cost, size = bring_up(case, engine, made, Path(folder))
            rows.append(_row(case, cost, base.setdefault(case.count, cost), size))
    finally:
        if plane is None:
            planes.stop(name)
    about = (
        "From nothing until it stands; processor time of the CLI, the Kubernetes provider and the program. Baseline of"
        " the ratio: the same objects raw."
    )
    head = ("workloads", "way", "waits for", "takes", "CLI", "provider", "program", "all", "ratio", "state")
    return [Table(about, head, tuple(rows))]


def _row(case: Case, cost: Cost, base: Cost, size: int) -> tuple[str, ...]:
    parts = (cost.of("pulumi") - cost.of("pulumi-resource"), cost.of("pulumi-resource"), cost.of("python"))
    seconds = (f"{each:.1f} s" for each in (cost.wall, *parts, cost.processor))
    ratio = f"{cost.processor / base.processor:.2f}"
    return str(case.count), case.way, case.waits, *seconds, ratio, f"{size / 1e6:.1f} MB"


def bring_up(case: Case, engine: Engine, plane: ControlPlane, folder: Path) -> tuple[Cost, int]:
    """What it costs, and the bytes of the state after it."""
    stack = f"bench-{case.count}-{case.way}-{case.waits.split()[0].lower()}"
    plane.kubectl.run("create", "namespace", stack)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": NAME, "runtime": "python"}))
    (folder / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    (folder / "raw.json").write_text(json.dumps(_templates(stack, case.waits)))
    call = {
        "raw": f"register.written_raw({case.count}, json.load(open('raw.json')))",
        "component": f"register.with_component({case.count}, {stack!r})",
    }
    (folder / "__main__.py").write_text(_PROGRAM.format(checkout=str(PROJECT), call=call[case.way]))
    env = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "KUBECONFIG": str(plane.kubeconfig)}
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"):
        env.pop(name, None)
    env["PULUMI_HOME"] = str(folder / "home")  # nobody is logged in there
    place = ("-m", "tests.bench.engine", str(engine.pulumi), str(engine.folder or ""), str(folder), stack)
    cost = of([sys.executable, *place], env)
    plane.kubectl.run("delete", "namespace", stack)  # the next one needs its place on the nodes, and waits for no pod
    state = folder / "cache" / "flyball" / "state" / ".pulumi" / "stacks" / NAME / f"{stack}.json"
    return cost, state.stat().st_size


def _templates(namespace: str, waits: str) -> list[tuple[str, str]]:
    """The raw objects, with the annotation taken from the Service or put on all of them."""
    found: list[tuple[str, str]] = []
    for kind, text in register.templates(namespace):
        given = json.loads(text)
        notes: Mapping[str, str] = given["metadata"].get("annotations") or {}
        skip = json.loads(f"{{{SKIP}}}")
        if waits == "Services too":
            notes = {key: value for key, value in notes.items() if key not in skip}
        elif waits == "nothing":
            notes = {**notes, **skip}
        found.append((kind, json.dumps({**given, "metadata": {**given["metadata"], "annotations": notes}})))
    return found


if __name__ == "__main__":
    pulumi, beside, place, stack = sys.argv[1:]
    made = Engine(Path(pulumi), Path(beside) if beside else None)
    pulumi_cli.up(made, Path(place), stack, Path(place, f"Pulumi.{stack}.yaml"), None, preview=False)
