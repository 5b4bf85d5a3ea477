"""A node's folders, a collector that reads them, a container that writes, and who takes the logs."""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flyball.collector.config import GATES, NODE_NAME, Node, configuration
from flyball.drills.drill import Report
from flyball.drills.errors import DrillError
from flyball.drills.hosts.recording import HostRecorder
from flyball.drills.logs import commonly
from flyball.drills.traffic.process import Process
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.units import Bytes
from flyball.guards.workload.pipeline import Pipeline, Target
from flyball.lab import logs, ports
from flyball.lab.cluster import toolchain

FILE_SIZE: Bytes = 2 * MI
FILES = 12
"""So many, and so large, that the kubelet deletes none before a drill wants it to, however slow the machine is."""
RATE = 5_000
QUEUE: Bytes = 4 * MI
MEMORY: Bytes = 256 * MI
LIMIT = 120.0
"""Seconds to wait for what has to come; each takes a few on an idle machine."""
IDLE, LONGEST_PAUSE = 3.0, 20.0
"""Seconds without another line after which none is expected: once the newest has come, and before."""
_POD = "shop_web-0_0b1c2d3e-0000-4000-8000-000000000000"
_SAMPLE = re.compile(r"^(\w+)(?:\{.*\})? (\S+)$", re.MULTILINE)


@dataclass
class Lab:
    """What a script works with. Everything listens on the loopback interface."""

    guard: bool
    folder: Path
    recorder: HostRecorder
    report: Report
    collector_program: Path
    written: int = 0
    """Lines so far, or about to be."""
    _names: Iterator[int] = field(default_factory=count)
    _running: list[Process] = field(default_factory=list[Process])
    _most: dict[str, float] = field(default_factory=dict[str, float])
    _lost: dict[str, float] = field(default_factory=dict[str, float])
    _counters: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        remote, metrics, health = ports.free(3)
        pods, volumes, state = (str(self.folder / name) for name in ("pods", "volumes", "state"))
        self.node = Node(pods, volumes, state, "127.0.0.1", metrics, health)
        self.logs = self.folder / "pods" / _POD / "web"
        self.logs.mkdir(parents=True)
        self._remote = self._start("remote", _python("remote", remote), remote)
        self._collector: Process | None = None
        url = f"http://127.0.0.1:{remote}"
        self.pipeline = Pipeline(Target(url, logstash=True), QUEUE, ("password=[^ ]+",), MEMORY)
        made = configuration(self.pipeline, self.node) if self.guard else commonly.configuration(url, self.node)
        (self.folder / "collector.json").write_text(json.dumps(made, indent=2))
        self.recorder.follow("lines taken [thousands]", lambda: self.taken()["distinct"] / 1000)

    def _start(self, name: str, command: list[str], port: int, env: dict[str, str] | None = None) -> Process:
        process = Process(f"{name}-{next(self._names)}", command, port, self.folder, env)
        self._running.append(process)
        process.wait_until_it_listens()
        return process

    def begin(self) -> Process:
        """Start the collector, anew where it was killed."""
        env = {NODE_NAME: "node-1", "GOMEMLIMIT": str(self.pipeline.go_memory), "GOMAXPROCS": "1"}
        gates = [f"--feature-gates=+{GATES}"] if self.guard else []
        command = [str(self.collector_program), f"--config={self.folder / 'collector.json'}", *gates]
        self._collector = self._start("collector", command, self.node.health, env)
        return self._collector

    def kill(self) -> None:
        """As the kernel ends what has no memory left: at once."""
        self.look()
        if self._collector:
            self._collector.end()
            self._running.remove(self._collector)
        for name, value in self._counters.items():
            self._lost[name] = self._lost.get(name, 0) + value
        self._counters, self._collector = {}, None

    def write(self, lines: int, rate: int = RATE, files: int = FILES) -> Process:
        """A container that writes so many lines more, from now on."""
        options = {"first": self.written, "lines": lines, "rate": rate, "size": FILE_SIZE, "files": files}
        command = _python(
            "writer", self.logs, *(word for key, value in options.items() for word in (f"--{key}", value))
        )
        self.written += lines
        process = Process(f"writer-{next(self._names)}", command, 0, self.folder)
        self._running.append(process)
        return process

    def be(self, status: int = 200, delay: float = 0) -> None:
        """How who takes the logs answers from now on."""
        self._get(self._remote.port, f"/be?status={status}&delay={delay}")

    def taken(self) -> dict[str, Any]:
        """What has come so far."""
        return json.loads(self._get(self._remote.port, "/figures"))

    def caught_up(self) -> None:
        """Wait until all that was written has come; until the newest has and nothing follows it; or until nothing has
        come for longer than the collector may wait before it tries again."""
        given_up, changed, before = time.monotonic() + LIMIT, time.monotonic(), -1
        while (found := self.taken())["distinct"] < self.written:
            self.look()
            if found["distinct"] != before:
                changed, before = time.monotonic(), found["distinct"]
            idle = IDLE if found["last"] == self.written - 1 else LONGEST_PAUSE
            if time.monotonic() > min(given_up, changed + idle):
                return
            time.sleep(0.1)

    def pause(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let so much time pass, or less where what is waited for has come; returns whether it has."""
        end = time.monotonic() + seconds
        while not (come := until()) and time.monotonic() < end:
            self.look()
            time.sleep(0.1)
        return come

    def look(self) -> dict[str, float]:
        """The collector's own figures now, all of a name together; empty where it does not run."""
        if self._collector is None:
            return {}
        try:
            text = self._get(self.node.metrics, "/metrics")
        except (OSError, urllib.error.URLError):
            return {}
        found: dict[str, float] = {}
        for name, value in _SAMPLE.findall(text):
            found[name] = found.get(name, 0) + float(value)
        self._counters = {name: value for name, value in found.items() if "_failed_" in name}
        memory, disk = found.get("otelcol_process_memory_rss", 0), on_disk(self.folder / "state")
        for name, value in (("memory", memory), ("disk", disk)):
            self._most[name] = max(self._most.get(name, 0), value)
        return found

    def queue_share(self) -> float:
        """How full the collector's queue is, as the alert reckons it."""
        found = self.look()
        return found.get("otelcol_exporter_queue_size", 0) / (found.get("otelcol_exporter_queue_capacity", 0) or 1)

    def most(self, name: str) -> float:
        """The most that was seen of `memory` or `disk` [MiB]."""
        return round(self._most.get(name, 0) / MI, 1)

    def counted(self) -> int:
        """Lines that the collector has counted as lost so far, in all its lives."""
        self.look()
        return int(sum(self._lost.values()) + sum(self._counters.values()))

    def _get(self, port: int, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def end(self) -> None:
        for process in reversed(self._running):
            process.end()
        logs.keep("pipeline", [*self.folder.glob("*.err"), *self.folder.glob("*.log"), self.folder / "collector.json"])


def on_disk(folder: Path) -> Bytes:
    """What the files in a folder take of the disk; nothing where it is not there, nor what is removed meanwhile."""
    taken = 0
    for within, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                taken += (Path(within) / name).lstat().st_blocks * 512
    return taken


def _python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"flyball.drills.logs.programs.{program}", *map(str, arguments)]


@contextmanager
def lab(guard: bool, report: Report) -> Iterator[Lab]:
    """An empty node, with the guard or without. Raises `DrillError` where the collector cannot be built."""
    try:
        program = toolchain.ensure(["otelcol"], report)["otelcol"]
    except toolchain.ToolchainError as error:
        raise DrillError(str(error)) from error
    recorder = HostRecorder()
    with TemporaryDirectory(prefix="flyball-logs-") as folder:
        made = Lab(guard, Path(folder), recorder, report, program)
        try:
            yield made
        finally:
            recorder.close()
            made.end()
