"""How large a stack the control plane on this machine takes, brought up by kubectl's way."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.command import FLYBALL, stack
from tests.bench.cost import of, of_processes
from tests.bench.figures import Report, Table
from tests.bench.up import KUBECTL

from flyball import paths
from flyball.lab import processes

TITLE = "what a large stack costs on the control plane of this machine"
SIZES = (300, 1000)


def measure(small: bool, report: Report) -> list[Table]:
    rows: list[tuple[str, ...]] = []
    for count in (1,) if small else SIZES:
        report(f"bringing {count} services up")
        with TemporaryDirectory() as folder:
            file = stack(Path(folder), "bench-plane", count)
            try:
                cost = of([FLYBALL, "up", "-s", str(file)], KUBECTL)
                name = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
                parts = of_processes([*processes.of(paths.kubeconfig(name).parent)])
            finally:
                of([FLYBALL, "down", "-s", str(file)], KUBECTL)
        for part, (seconds, mebibytes) in sorted(parts.items()):
            rows.append((str(count), f"{cost.wall:.0f} s", part, f"{seconds:.0f} s", f"{mebibytes:.0f} MiB"))
        rows.append((str(count), f"{cost.wall:.0f} s", "flyball up", f"{cost.processor:.0f} s", ""))
    about = "From nothing until every Deployment stands; processor time and memory of each program by then."
    return [Table(about, ("services", "takes", "program", "processor", "memory"), tuple(rows))]
