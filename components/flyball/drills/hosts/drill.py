"""What a drill on hosts is, and how it is run."""

from collections.abc import Callable
from dataclasses import dataclass

from flyball.drills.drill import Report
from flyball.drills.errors import DrillError
from flyball.drills.hosts.recording import HostRecorder
from flyball.drills.result import Figures, Result
from flyball.lab.hosts import base
from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab

_METHOD = (
    "On hosts: Debian with systemd, each in a network namespace of its own, with the daemons as Debian packages them. "
    "With the guard they are set up by flyball's Ansible roles. Lines, requests and keys are numbered by who sends "
    "them and counted where they have to arrive."
)


@dataclass(frozen=True)
class Scene:
    """What a script works with: an empty lab, whether to guard its hosts, and where to keep what is seen."""

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
    """Makes the hosts, with the guard or without, lets it happen, and returns what it came to."""
    held: Callable[[Figures], bool]
    summary: Callable[[Figures], str]
    """The outcome in a few words."""
    method: str = _METHOD
    """How it is measured, for the report."""
    suite: str = base.SUITES[0]
    """Of Debian."""


def lacks(_drill: HostDrill, _guard: bool) -> str:
    """What is missing on this machine; empty if nothing is."""
    return base.why_not() or ""


def once(drill: HostDrill, guard: bool, report: Report) -> Result:
    """One run on hosts of its own. Raises `DrillError` where it could not be carried out."""
    recorder = HostRecorder()
    try:
        with lab(report, drill.suite) as hosts:
            try:
                figures = drill.script(Scene(hosts, guard, recorder, report))
                recording = recorder.finish()
            finally:
                recorder.close()
    except HostsError as error:
        raise DrillError(str(error)) from error
    return Result(drill.name, guard, drill.held(figures), figures, drill.summary(figures), recording)
