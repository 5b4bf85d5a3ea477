"""Who is told of what in a drill on a control plane: the rules of the guarded service, in the drill's own time.

Whoever runs without the guard is watched by the same rules: its load is the same. Not by those on a Governor, which it
lacks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from flyball.alerts.cluster import Groups
from flyball.alerts.rule import rule_file
from flyball.drills import watch
from flyball.drills.cluster.recorder import Recorder
from flyball.drills.cluster.settings import COMPRESSION
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.monitoring import monitor, programs
from flyball.lab.monitoring.monitor import Monitor
from flyball.stack import alerting
from flyball.stack.read import Stack

TIMES = watch.times(COMPRESSION)


def groups(stack: Stack, governed: bool) -> Groups:
    """The rules of a drill's stack, which is governed or not by what its run installs."""
    return replace(alerting.watched(stack), governed=governed).groups


class Watch(watch.Watch):
    """What people have been told of; whoever waits for more sees at once where the recording breaks off."""

    def __init__(self, found: Monitor, recorder: Recorder) -> None:
        super().__init__(found, lambda: recorder.now)
        self._recorder = recorder

    def begin(self, stack: Stack, governed: bool) -> None:
        """From now on people are told."""
        self.monitor.load(watch.shortened(rule_file(groups(stack, governed)), COMPRESSION))

    def wait(self, missing: Callable[[], str], limit: float = watch.ON_THEIR_WAY) -> None:
        self._recorder.wait(lambda: not missing(), missing() or "people to be told", limit)


@contextmanager
def watched(
    plane: ControlPlane, recorder: Recorder, proxies: Callable[[], str], report: Report
) -> Iterator[Watch | None]:
    """The control plane is watched meanwhile; None, and said so, where this machine cannot have Prometheus."""
    if reason := programs.why_not():
        report(f"nobody is told of alerts: {reason}")
        yield None
        return
    with monitor.watching(plane, proxies, TIMES, partial(watch.notifying, factor=COMPRESSION), report) as found:
        yield Watch(found, recorder)
