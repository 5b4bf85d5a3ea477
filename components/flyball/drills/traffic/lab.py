"""A lab for one run: processes that call each other over the loopback interface, and what was seen of them."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flyball.drills.drill import Report
from flyball.drills.measure import Event
from flyball.drills.traffic import settings
from flyball.drills.traffic.load import Attack, Running
from flyball.drills.traffic.process import Process, python
from flyball.drills.traffic.programs.visitors import PATH as VISITED
from flyball.drills.traffic.recording import Recording
from flyball.drills.traffic.sample import Pool, Request
from flyball.drills.traffic.sidecar import Sidecar
from flyball.drills.watch import Watch
from flyball.guards.alerting import hops
from flyball.guards.breakers.breaker import Breaker
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop, variable
from flyball.lab import logs, ports
from flyball.lab.cluster import toolchain
from flyball.proxy import Address, InboundHop, Outbound, Proxy, Server, proxy_config


@dataclass(frozen=True, slots=True)
class Dependency:
    """What an application calls, and the guard of that call."""

    name: str
    port: int
    call: Times = settings.CALL
    hop: Hop = settings.HOP


@dataclass
class Lab:
    """What a script works with. `guard` says whether the proxy is there."""

    guard: bool
    folder: Path
    vegeta: Path
    report: Report
    events: list[Event] = field(default_factory=list[Event])
    sidecars: dict[str, Sidecar] = field(default_factory=dict[str, Sidecar])
    workers: int = 0
    processes: list[Process] = field(default_factory=list[Process])
    look: Callable[[Watch], None] | None = None
    """What somebody asks at the end of whoever has watched a service."""
    _application: Process | None = None
    """The one whose pool is watched."""
    _attacks: list[Running] = field(default_factory=list[Running])
    _visitors: list[Process] = field(default_factory=list[Process])
    _requests: list[Request] = field(default_factory=list[Request])
    _began: float = 0.0
    _waited: float = 0.0

    def backend(self, name: str, latency: float = settings.LATENCY, workers: int = 0) -> Process:
        """An HTTP dependency (`programs.backend`)."""
        return self._python(name, "backend", f"--latency={latency}", f"--workers={workers}")

    def database(self, name: str, latency: float = settings.LATENCY) -> Process:
        """A TCP dependency (`programs.database`)."""
        return self._python(name, "database", f"--latency={latency}")

    def slow_clients(self, port: int, clients: int) -> Process:
        """Clients that send a byte a second (`programs.slow_clients`)."""
        process = Process("slow-clients", python("slow_clients", port, f"--clients={clients}"), port, self.folder)
        self.processes.append(process)
        return process

    def visitors(self, port: int, clients: int, period: float, seconds: float, upload: float = 0.0) -> None:
        """Clients that keep their connections (`programs.visitors`), from now on."""
        options = [f"--clients={clients}", f"--period={period}", f"--seconds={seconds}", f"--upload={upload}"]
        self._visitors.append(Process(f"visitors-{port}", python("visitors", port, *options), port, self.folder))
        self.processes.append(self._visitors[-1])

    def application(
        self, name: str, *options: str, workers: int = settings.WORKERS, env: Mapping[str, str] | None = None
    ) -> int:
        """An application on its own (`programs.application`), whose pool is watched; returns its port."""
        started = self.replica(name, *options, workers=workers, env=env)
        self.watch(started, workers)
        return started.port

    def replica(
        self, name: str, *options: str, workers: int = settings.WORKERS, env: Mapping[str, str] | None = None
    ) -> Process:
        """The same, whose pool is not watched."""
        [port] = ports.free(1)
        return self._start(name, python("application", port, f"--workers={workers}", *options), port, env)

    def watch(self, application: Process, workers: int = settings.WORKERS) -> None:
        """It is the one whose pool is watched."""
        self._application, self.workers = application, workers

    def balancer(self, to: Dependency, without: Sequence[str]) -> int:
        """A hop as users meet it, in both runs; the one without the guard lacks lines that hold one of `without`."""
        [listen] = ports.free(1)
        server = Server("127.0.0.1", to.port)
        self._sidecar(
            Proxy(to.name, outbound=(Outbound(to.name, Address(listen), (server,), to.call, to.hop),)), without
        )
        return listen

    def service(
        self,
        name: str,
        dependencies: Sequence[Dependency],
        *options: str,
        workers: int = settings.WORKERS,
        inbound: Inbound = settings.INBOUND,
        deadline: int = settings.DEADLINE,
        without: Sequence[str] = (),
    ) -> int:
        """An application, behind its sidecar where the guard is there; returns the port that its callers use.

        The application is the same in both runs: only the addresses in its environment differ. Where the guard is one
        part of the sidecar, this is there in both runs, and lacks the lines that hold one of `without`.
        """
        listens = {dependency.name: dependency.port for dependency in dependencies}
        entry, metrics, *outgoing = ports.free(2 + len(listens))
        proxied = self.guard or bool(without)
        if proxied:
            listens = dict(zip(listens, outgoing, strict=True))
        env = {
            variable(d.name, d.hop): f"{'http://' if d.hop.protocol == 'http' else ''}127.0.0.1:{listens[d.name]}"
            for d in dependencies
        }
        inside = self.application(name, *options, workers=workers, env=env)
        if not proxied:
            return inside
        proxy = Proxy(
            name=name,
            inbound=InboundHop(Address(entry), Server("127.0.0.1", inside), "http", deadline, inbound),
            outbound=tuple(
                Outbound(d.name, Address(listens[d.name]), (Server("127.0.0.1", d.port),), d.call, d.hop)
                for d in dependencies
            ),
            metrics=Address(metrics),
            window=1000 * hops.WINDOW * settings.BREAKER.window // Breaker().window,
        )
        self._sidecar(proxy, without)
        return entry

    def _sidecar(self, proxy: Proxy, without: Sequence[str]) -> None:
        lines = proxy_config(proxy).splitlines()
        if not self.guard:
            lines = [line for line in lines if not any(words in line for words in without)]
        # As pods have it, where it is to be reloaded; else one process, whose processor time is that of the proxy.
        mode = ["-W"] if without else []
        process = self.haproxy(f"{proxy.name}-haproxy", "\n".join([*lines, ""]), proxy.listens[0].port, *mode)
        self.sidecars[proxy.name] = Sidecar(process, proxy)

    def haproxy(self, name: str, config: str, port: int, *options: str) -> Process:
        """HAProxy with a configuration that listens on `port`."""
        file = self.folder / f"{name}.cfg"
        file.write_text(config)
        return self._start(name, ["haproxy", "-db", *options, "-f", str(file)], port)

    def begin(self) -> None:
        """Start the clock of the recording."""
        self._began = time.time()
        self._waited = self._wait_so_far()

    @property
    def now(self) -> float:
        """Seconds since the recording began."""
        return time.time() - self._began

    def event(self, text: str) -> float:
        """Mark the moment in the plots; returns it."""
        self.events.append(Event(self.now, text))
        return self.events[-1].at

    def attack(self, port: int, attack: Attack) -> None:
        """Send load, from now on."""
        self._attacks.append(
            Running(self.vegeta, attack, f"http://127.0.0.1:{port}", self.folder / f"attack-{len(self._attacks)}.bin")
        )

    def warm(self, port: int, attack: Attack) -> None:
        """Send load of which nothing is recorded, and wait for its end."""
        running = Running(self.vegeta, attack, _origin(port), self.folder / "warm.bin")
        try:
            running.results()
        finally:
            running.end()

    def mark(self, moments: Iterable[tuple[float, str]]) -> None:
        """Mark moments in the plots that were found afterwards."""
        self.tell(Event(*moment) for moment in moments)

    def tell(self, told: Iterable[Event]) -> None:
        """Mark what happened when, as when people were told."""
        self.events = sorted([*self.events, *told], key=lambda event: event.at)

    def wait(self, until: float) -> None:
        """Let the recording go on until so many seconds after its beginning."""
        for process in self.processes:
            process.check()
        time.sleep(max(0.0, until - self.now))

    def requests(self) -> list[Request]:
        """All requests of all attacks, once these have ended, in order; moments are those of the recording."""
        if not self._requests:
            found = [request for attack in self._attacks for request in attack.results()]
            found += [request for visitors in self._visitors for request in _visits(visitors)]
            moved = (Request(r.at - self._began, r.route, r.status, r.took) for r in found)
            self._requests = sorted(moved, key=lambda request: request.at)
        return self._requests

    def arrivals(self, process: Process) -> list[float]:
        """When requests arrived at a dependency, in the recording's time."""
        return [float(words[0]) - self._began for words in process.lines()]

    def pool(self) -> list[Pool]:
        """What the application's pool was doing."""
        assert self._application
        samples = [(float(at) - self._began, int(busy), int(line)) for at, busy, line in self._application.lines()]
        return [Pool(*sample) for sample in samples if sample[0] >= 0]

    def recording(self) -> Recording:
        """Everything that was seen, once the attacks have ended. Raises `DrillError` where a process has."""
        requests = self.requests()
        for process in self.processes:
            process.check()
        seconds = max([request.at for request in requests] + [event.at for event in self.events])
        pool = [sample for sample in self.pool() if sample.at <= seconds]
        waited = self._wait_so_far() - self._waited
        return Recording(requests, pool, self.events, seconds, self.workers, waited)

    def _wait_so_far(self) -> float:
        return sum(process.waited for process in self.processes)

    @property
    def began(self) -> float:
        """The moment that counts as zero (`time.time()`)."""
        return self._began

    def _python(self, name: str, module: str, *arguments: str) -> Process:
        [port] = ports.free(1)
        return self._start(name, python(module, port, *arguments), port)

    def _start(self, name: str, command: Sequence[str], port: int, env: Mapping[str, str] | None = None) -> Process:
        process = Process(name, command, port, self.folder, env)
        self.processes.append(process)
        process.wait_until_it_listens()
        return process

    def end(self) -> None:
        """End everything that was started."""
        for running in (*self._attacks, *self.processes):
            running.end()


def _visits(visitors: Process) -> Iterator[Request]:
    """All their requests, once they have sent the last one."""
    visitors.wait_for(["end"])
    for moment, status, took in visitors.lines()[:-1]:
        yield Request(float(moment), VISITED, int(status), float(took))


def _origin(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@contextmanager
def lab(guard: bool, report: Report) -> Iterator[Lab]:
    """An empty lab. Raises `ToolchainError` where the load generator can be neither found nor built."""
    vegeta = toolchain.ensure(["vegeta"], report)["vegeta"]
    with ExitStack() as at_end:
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="flyball-traffic-")))
        made = Lab(guard, folder, vegeta, report)
        at_end.callback(lambda: logs.keep(folder.name, [*folder.glob("*.log"), *folder.glob("*.err")]))
        at_end.callback(made.end)
        yield made
