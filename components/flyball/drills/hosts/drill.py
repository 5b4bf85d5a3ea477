"""What a drill on hosts is, and how it is run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from flyball.drills.drill import Report
from flyball.drills.errors import DrillError
from flyball.drills.hosts.recording import HostRecorder
from flyball.drills.result import Figures, Result
from flyball.lab.hosts import base
from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab, lab_like

_METHOD = (
    "On hosts: Debian with systemd, each in a network namespace of its own, with the daemons as Debian packages them. "
    "With the guard they are set up by flyball's Ansible roles. Lines, requests and keys are numbered by who sends "
    "them and counted where they have to arrive."
)

SetUp = Callable[[Lab], None]


@dataclass(frozen=True)
class Scene:
    """What a script works with: a lab, whether to guard its hosts, and where to keep what is seen."""

    lab: Lab
    guard: bool
    recorder: HostRecorder
    report: Report

    def follow(self, name: str, host: Host, command: str) -> None:
        """Record a number that a command prints on a host, for as long as the host can be asked."""
        self.recorder.follow(name, lambda: _number(host, command))


def _number(host: Host, command: str) -> float | None:
    try:
        return float(host.run(command))
    except (HostsError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class HostDrill:
    """One drill on hosts of its own."""

    name: str
    title: str
    story: str
    """What happens, for the report."""
    with_guard: str
    without_guard: str
    """How the host is run without the guard: as it is commonly set up."""
    script: Callable[[Scene], Figures]
    """Makes the hosts that `set_up` has not made, with the guard or without, lets it happen, and returns what it came
    to."""
    held: Callable[[Figures], bool]
    summary: Callable[[Figures], str]
    """The outcome in a few words."""
    method: str = _METHOD
    """How it is measured, for the report."""
    suite: str = base.SUITES[0]
    """Of Debian."""
    set_up: SetUp | None = None
    """Makes the hosts, alike with the guard and without: done once for all runs that begin with it (`shared`)."""


def lacks(_drill: HostDrill, _guard: bool) -> str:
    """What is missing on this machine; empty if nothing is."""
    return base.why_not() or ""


def once(drill: HostDrill, guard: bool, report: Report) -> Result:
    """One run on hosts of its own. Raises `DrillError` where it could not be carried out."""
    recorder = HostRecorder()
    try:
        with _made(drill, report) as hosts:
            try:
                figures = drill.script(Scene(hosts, guard, recorder, report))
                recording = recorder.finish()
            finally:
                recorder.close()
    except HostsError as error:
        raise DrillError(str(error)) from error
    return Result(drill.name, guard, drill.held(figures), figures, drill.summary(figures), recording)


@contextmanager
def _made(drill: HostDrill, report: Report) -> Iterator[Lab]:
    if drill.set_up is None:
        with lab(report, drill.suite) as made:
            yield made
        return
    with shared() as kept, lab_like(kept.lab(drill.set_up, drill.suite, report), report) as made:
        yield made


@dataclass
class Shared:
    """Labs that were set up and whose hosts are off, by what has set them up and the suite."""

    at_end: ExitStack
    labs: dict[tuple[SetUp, str], Lab] = field(default_factory=dict[tuple[SetUp, str], Lab])

    def lab(self, set_up: SetUp, suite: str, report: Report) -> Lab:
        """The one, made where there is none yet."""
        if (set_up, suite) not in self.labs:
            made = self.at_end.enter_context(lab(report, suite))
            set_up(made)
            made.shut_down()
            self.labs[set_up, suite] = made
        return self.labs[set_up, suite]


_shared: list[Shared] = []


@contextmanager
def shared() -> Iterator[Shared]:
    """Within it hosts that several runs begin with are set up once; within another one, once for all runs there."""
    if _shared:
        yield _shared[0]
        return
    with ExitStack() as at_end:
        _shared.append(Shared(at_end))
        at_end.callback(_shared.clear)
        yield _shared[0]
