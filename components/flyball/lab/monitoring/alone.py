"""A Prometheus by itself, on the loopback interface: what it scrapes, and what was written for it beforehand."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flyball.lab import ports
from flyball.lab.hosts.base import Report
from flyball.lab.monitoring import programs
from flyball.lab.monitoring.errors import MonitorError

READY = 120.0
"""Seconds that it has to start; it takes less than one."""
DATA = "data"


@contextmanager
def prometheus(folder: Path, configuration: Mapping[str, Any], report: Report, *options: str) -> Iterator[str]:
    """One that runs meanwhile, with its data in the folder's `data`; gives its URL. Raises `MonitorError`."""
    program = programs.ensure(report) / "usr/bin/prometheus"
    [port] = ports.free(1)
    # It reads YAML, of which JSON is a part.
    (folder / "prometheus.yml").write_text(json.dumps(configuration))
    files = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/{DATA}"]
    log = folder / "prometheus.log"
    with log.open("w") as output:
        command = [program, *files, f"--web.listen-address=127.0.0.1:{port}", *options]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(f"{url}/-/ready", process, log)
        yield url
    finally:
        process.kill()
        process.wait()


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


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise MonitorError(f"{url} does not answer: {log.read_text()[-500:]}") from error
        time.sleep(0.05)
