"""Who is told of what in a drill: the rules of the guarded service, in the drill's own time.

Waiting times of the rules, and what they look back on, are as many times shorter as everything else in a drill
(`settings.COMPRESSION`). Whoever runs without the guard is watched by the same rules: its load is the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flyball.alerts import cluster, operator
from flyball.alerts.alertmanager import configuration
from flyball.alerts.routes import USUAL
from flyball.alerts.rule import Severity, rule_file
from flyball.drills.cluster.recorder import Recorder
from flyball.drills.cluster.settings import COMPRESSION
from flyball.drills.measure import Told
from flyball.guards.alerting import receivers
from flyball.guards.alerting.receivers import People
from flyball.guards.reading import units
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.monitoring import monitor, programs
from flyball.lab.monitoring.monitor import Monitor, Times
from flyball.lab.monitoring.receiver import Receiver
from flyball.stack import alerting
from flyball.stack.read import Stack

_LOOK = 30_000
"""How often all is scraped and each rule evaluated: the default of our role, and of kube-prometheus-stack [ms]."""
TIMES = Times(scrape=_LOOK // COMPRESSION, evaluate=_LOOK // COMPRESSION)
_WAITS = ("group_wait", "group_interval", "repeat_interval")
_DURATION = r"[0-9]+[a-z][0-9a-z]*"
_LOOKING_BACK = re.compile(rf"(?<=\[){_DURATION}(?=[\]:])|(?<=:){_DURATION}(?=\])|(?<=\boffset ){_DURATION}")
_ON_THEIR_WAY = 120.0
"""How long a message may take to those whom it is for [s]; usually less than three."""


def rules(stack: Stack, governed: bool) -> dict[str, Any]:
    """The rule file of a stack, in the time of drills."""
    found = cluster.rules(stack.services.values(), governed, False)
    groups = operator.of_cluster(found, cluster.wide(found), alerting.whose(stack, {}))
    return shortened(rule_file(groups), COMPRESSION)


def shortened(document: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """A rule file whose alerts wait `factor` times less, and whose expressions look back as much less far."""
    return {"groups": [_group(group, factor) for group in document["groups"]]}


def notifying(told: Receiver, factor: int = COMPRESSION) -> dict[str, Any]:
    """Alertmanager's configuration where both a page and a warning come to `told`; it waits `factor` times less."""
    page, warning = (receivers.Receiver(name, (told.url(name),)) for name in ("page", "warning"))
    made = configuration(People(page, warning), USUAL)
    return {**made, "route": _route(made["route"], factor)}


def _route(route: Mapping[str, Any], factor: int) -> dict[str, Any]:
    waits = {key: _shorter(route[key], factor) for key in _WAITS if key in route}
    inner = {"routes": [_route(each, factor) for each in route["routes"]]} if "routes" in route else {}
    return {**route, **waits, **inner}


def _group(group: Mapping[str, Any], factor: int) -> dict[str, Any]:
    every = {"interval": _shorter(group["interval"], factor)} if "interval" in group else {}
    return {**group, **every, "rules": [_rule(rule, factor) for rule in group["rules"]]}


def _rule(rule: Mapping[str, Any], factor: int) -> dict[str, Any]:
    times = {key: _shorter(rule[key], factor) for key in ("for", "keep_firing_for") if key in rule}
    return {**rule, **times, "expr": _LOOKING_BACK.sub(lambda found: _shorter(found[0], factor), rule["expr"])}


def _shorter(text: str, factor: int) -> str:
    return f"{units.duration(text) // factor}ms"


class Watch:
    """What people have been told of, from the beginning of a recording on."""

    def __init__(self, found: Monitor) -> None:
        self.monitor = found

    def begin(self, stack: Stack, governed: bool) -> None:
        """From now on people are told."""
        self.monitor.load(rules(stack, governed))

    def told(self, began: float) -> list[Told]:
        """Alerts that have reached people since `began` [monotonic seconds], the first first."""
        return [
            Told(notice.moment - began, _said(notice.labels), notice.labels["alertname"], notice.to)
            for notice in self.monitor.receiver.notices
            if notice.firing and notice.moment >= began
        ]

    def await_told(self, recorder: Recorder, to: Severity) -> None:
        """Wait until people have been told of something of this severity."""
        recorder.wait(lambda: any(each.to == to for each in self.told(recorder.began)), f"a {to}", _ON_THEIR_WAY)

    def deliver(self, recorder: Recorder) -> None:
        """Wait until all that fires has reached those whom it is for; what only waits is not due."""
        recorder.wait(lambda: not self._under_way(), "alerts to reach people", _ON_THEIR_WAY)

    def _under_way(self) -> bool:
        heard = {_key(notice.labels) for notice in self.monitor.receiver.notices if notice.firing}
        heard |= {_key(labels) for labels in self.monitor.silenced()}
        due = (each["labels"] for each in self.monitor.alerts() if each["state"] == "firing")
        # A sign of life is for nobody here.
        return any(_key(labels) not in heard for labels in due if labels["severity"] != Severity.NONE)


def _key(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def _said(labels: Mapping[str, str]) -> str:
    of = "/".join(labels[key] for key in ("namespace", "workload", "policy") if key in labels)
    return f"{labels['severity']}: {labels['alertname']} {of}".rstrip()


@contextmanager
def watched(plane: ControlPlane, proxies: Callable[[], str], report: Report) -> Iterator[Watch | None]:
    """The control plane is watched meanwhile; None, and said so, where this machine cannot have Prometheus."""
    if reason := programs.why_not():
        report(f"nobody is told of alerts: {reason}")
        yield None
        return
    with monitor.watching(plane, proxies, TIMES, notifying, report) as found:
        yield Watch(found)
