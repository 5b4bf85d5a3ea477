"""Who is told of what in a drill on a control plane: the rules of the guarded service, in the drill's own time.

Whoever runs without the guard is watched by the same rules: its load is the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flyball.alerts import cluster, operator
from flyball.alerts.rule import Severity, rule_file
from flyball.drills import watch
from flyball.drills.cluster.recorder import Recorder
from flyball.drills.cluster.settings import COMPRESSION
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.monitoring import monitor, programs
from flyball.stack import alerting
from flyball.stack.read import Stack

TIMES = watch.times(COMPRESSION)
_ON_THEIR_WAY = 120.0
"""How long a message may take to those whom it is for [s]; usually less than three."""


def rules(stack: Stack, governed: bool) -> dict[str, Any]:
    """The rule file of a stack, in the time of drills."""
    found = cluster.rules(stack.services.values(), governed, False)
    groups = operator.of_cluster(found, cluster.wide(found), alerting.whose(stack, {}))
    return watch.shortened(rule_file(groups), COMPRESSION)


class Watch(watch.Watch):
    """What people have been told of, from the beginning of a recording on."""

    def begin(self, stack: Stack, governed: bool) -> None:
        """From now on people are told."""
        self.monitor.load(rules(stack, governed))

    def await_told(self, recorder: Recorder, to: Severity) -> None:
        """Wait until people have been told of something of this severity."""
        recorder.wait(lambda: self.has_told(recorder, to), f"a {to}", _ON_THEIR_WAY)

    def has_told(self, recorder: Recorder, to: Severity) -> bool:
        """Whether people have been told of something of this severity."""
        return any(each.to == to for each in self.told(recorder.began))

    def deliver(self, recorder: Recorder) -> None:
        """Wait until all that fires has reached those whom it is for; what only waits is not due."""
        recorder.wait(lambda: not self.under_way(), "alerts to reach people", _ON_THEIR_WAY)


@contextmanager
def watched(plane: ControlPlane, proxies: Callable[[], str], report: Report) -> Iterator[Watch | None]:
    """The control plane is watched meanwhile; None, and said so, where this machine cannot have Prometheus."""
    if reason := programs.why_not():
        report(f"nobody is told of alerts: {reason}")
        yield None
        return
    with monitor.watching(plane, proxies, TIMES, partial(watch.notifying, factor=COMPRESSION), report) as found:
        yield Watch(found)
