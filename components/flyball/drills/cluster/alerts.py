"""Who is told of what in a drill: the rules of the guarded service, in the drill's own time.

Waiting times of the rules, and what they look back on, are as many times shorter as everything else in a drill
(`settings.COMPRESSION`). Whoever runs without the guard is watched by the same rules: its load is the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flyball.alerts import cluster
from flyball.alerts.rule import rule_file
from flyball.drills.cluster.recorder import Recorder
from flyball.drills.cluster.settings import COMPRESSION
from flyball.drills.measure import Told
from flyball.guards.reading import units
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.monitoring import monitor, programs
from flyball.lab.monitoring.monitor import Monitor, Times
from flyball.stack.read import Stack

_LOOK, _GROUP_WAIT, _GROUP_INTERVAL = 30_000, 30_000, 300_000
"""How often everything is scraped and each rule evaluated, how long a message waits for more of its kind, and how long
the next one of the kind: the defaults of our roles, and of kube-prometheus-stack [ms]."""
TIMES = Times(
    scrape=_LOOK // COMPRESSION,
    evaluate=_LOOK // COMPRESSION,
    group_wait=_GROUP_WAIT // COMPRESSION,
    group_interval=_GROUP_INTERVAL // COMPRESSION,
)
_DURATION = r"[0-9]+[a-z][0-9a-z]*"
_LOOKING_BACK = re.compile(rf"(?<=\[){_DURATION}(?=[\]:])|(?<=:){_DURATION}(?=\])|(?<=\boffset ){_DURATION}")
_ON_THEIR_WAY = 120.0
"""How long a message may take to those whom it is for [s]; usually less than three."""


def rules(stack: Stack, governed: bool) -> dict[str, Any]:
    """The rule file of a stack, in the time of drills."""
    groups = cluster.rules(stack.services.values(), governed, False)
    return shortened(rule_file(groups), COMPRESSION)


def shortened(document: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """A rule file whose alerts wait `factor` times less, and whose expressions look back as much less far."""
    return {"groups": [_group(group, factor) for group in document["groups"]]}


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

    def await_page(self, recorder: Recorder) -> None:
        """Wait until a page has reached people."""
        recorder.wait(lambda: any(each.to == "page" for each in self.told(recorder.began)), "a page", _ON_THEIR_WAY)

    def deliver(self, recorder: Recorder) -> None:
        """Wait until all that fires has reached those whom it is for; what only waits is not due."""
        recorder.wait(lambda: not self._under_way(), "alerts to reach people", _ON_THEIR_WAY)

    def _under_way(self) -> bool:
        heard = {_key(notice.labels) for notice in self.monitor.receiver.notices if notice.firing}
        heard |= {_key(labels) for labels in self.monitor.silenced()}
        return any(a["state"] == "firing" and _key(a["labels"]) not in heard for a in self.monitor.alerts())


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
    with monitor.watching(plane, proxies, TIMES, report) as found:
        yield Watch(found)
