"""A Prometheus by itself, on the loopback interface: what it scrapes, and what was written for it beforehand."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flyball.lab import ports
from flyball.lab.hosts.base import Report
from flyball.lab.monitoring import at_work, programs
from flyball.lab.monitoring.errors import MonitorError

DATA = "data"


@contextmanager
def prometheus(folder: Path, configuration: Mapping[str, Any], report: Report, *options: str) -> Iterator[str]:
    """One that runs meanwhile, with its data in the folder's `data`; gives its URL. Raises `MonitorError`."""
    [port] = ports.free(1)
    # It reads YAML, of which JSON is a part.
    (folder / "prometheus.yml").write_text(json.dumps(configuration))
    files = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/{DATA}")
    with at_work.programs(programs.ensure(report), folder, folder) as run:
        run.start("prometheus", *files, f"--web.listen-address=127.0.0.1:{port}", *options)
        url = f"http://127.0.0.1:{port}"
        run.await_ready(f"{url}/-/ready")
        yield url


def backfill(folder: Path, text: str, report: Report) -> None:
    """Write figures of the past, in OpenMetrics, into the data of a Prometheus that does not run yet.

    https://prometheus.io/docs/prometheus/latest/storage/#backfilling-from-openmetrics-format. Raises `MonitorError`.
    """
    tool = programs.ensure(report) / "usr/bin/promtool"
    file = folder / "figures.txt"
    file.write_text(text)
    # One block instead of one for each two hours.
    command = [tool, "tsdb", "create-blocks-from", "--max-block-duration=720h", "openmetrics", file, folder / DATA]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MonitorError(f"promtool does not take the figures: {(done.stderr + done.stdout).strip()[-500:]}")
