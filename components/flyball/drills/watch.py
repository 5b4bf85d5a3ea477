"""Who is told of what in a drill, in the drill's own time: rules wait as many times less as everything else does there,
and look back on as much less."""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flyball.alerts.alertmanager import configuration
from flyball.alerts.routes import USUAL
from flyball.alerts.rule import Severity
from flyball.drills.drill import Report
from flyball.drills.errors import DrillError
from flyball.drills.measure import Told
from flyball.guards.alerting import receivers
from flyball.guards.alerting.receivers import People
from flyball.guards.reading import units
from flyball.lab.monitoring import monitor
from flyball.lab.monitoring.monitor import Monitor, Scraper, Times
from flyball.lab.monitoring.receiver import Receiver

LOOK = 30_000
"""How often all is scraped and each rule evaluated: the default of our role, and of kube-prometheus-stack [ms]."""
ON_THEIR_WAY = 300.0
"""How long a message may take to those whom it is for [s]; usually less than three."""
_WAITS = ("group_wait", "group_interval", "repeat_interval")
_DURATION = r"[0-9]+[a-z][0-9a-z]*"
_LOOKING_BACK = re.compile(rf"(?<=\[){_DURATION}(?=[\]:])|(?<=:){_DURATION}(?=\])|(?<=\boffset ){_DURATION}")


def times(factor: int) -> Times:
    """How often all is looked at, where time passes so many times faster."""
    return Times(scrape=LOOK // factor, evaluate=LOOK // factor)


def shortened(document: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """A rule file whose alerts wait `factor` times less, and whose expressions look back as much less far."""
    return {"groups": [_group(group, factor) for group in document["groups"]]}


def notifying(told: Receiver, factor: int) -> dict[str, Any]:
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
    waits = {key: _shorter(rule[key], factor) for key in ("for", "keep_firing_for") if key in rule}
    return {**rule, **waits, "expr": looking_back(rule["expr"], factor)}


def looking_back(expr: str, factor: int) -> str:
    """An expression that looks back `factor` times less far."""
    return _LOOKING_BACK.sub(lambda found: _shorter(found[0], factor), expr)


def _shorter(text: str, factor: int) -> str:
    return f"{units.duration(text) // factor}ms"


def of_pod(namespace: str, pod: str, port: int, path: str = "/metrics") -> Mapping[str, Any]:
    """How an exporter is scraped, as a PodMonitor has it: whose its figures are it does not say, but its target's
    labels do."""
    target = {"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": namespace, "pod": pod}}
    return {"job_name": pod, "metrics_path": path, "static_configs": [target]}


def running(
    home: Path, factor: int, scraped: Sequence[Mapping[str, Any]], report: Report
) -> AbstractContextManager[Monitor]:
    """Prometheus and Alertmanager of their own in the folder `home`, where time passes so many times faster."""
    return monitor.running(home, scraped, times(factor), partial(notifying, factor=factor), report)


def scraping(
    home: Path, factor: int, scraped: Sequence[Mapping[str, Any]], report: Report
) -> AbstractContextManager[Scraper]:
    """Prometheus alone, for what asks it and tells nobody."""
    return monitor.scraping(home, scraped, times(factor), report)


class Watch:
    """What people have been told of, from the beginning of a recording on."""

    def __init__(self, found: Monitor, now: Callable[[], float]) -> None:
        """`now` says how long the recording has gone on [s]."""
        self.monitor, self._now = found, now

    def told(self) -> list[Told]:
        """Alerts that have reached people, the first first."""
        began = time.monotonic() - self._now()
        return [
            Told(notice.moment - began, _said(notice.labels), notice.labels["alertname"], notice.to)
            for notice in self.monitor.receiver.notices
            if notice.firing and notice.moment >= began
        ]

    def has_told(self, to: Severity) -> bool:
        """Whether people have been told of something of this severity."""
        return any(each.to == to for each in self.told())

    def await_told(self, to: Severity) -> None:
        """Wait until people have been told of something of this severity."""
        self.wait(lambda: "" if self.has_told(to) else f"a {to}")

    def await_alert(self, name: str, limit: float) -> None:
        """Wait until people have been told of an alert."""
        self.wait(lambda: "" if any(each.alert == name for each in self.told()) else name, limit)

    def deliver(self) -> None:
        """Wait until all that fires has reached those whom it is for; what only waits is not due."""
        self.wait(lambda: _missing(self._due()))

    def settle(self, longer: Collection[str] = ()) -> None:
        """Wait until all that fires has been told, and nothing waits to but alerts that wait `longer` than the drill
        lasts."""
        self.wait(lambda: _missing(self._due() or self._waits(longer)))

    def wait(self, missing: Callable[[], str], limit: float = ON_THEIR_WAY) -> None:
        """Wait until nothing is missing. Raises `DrillError`, which says what is, after `limit` [s]."""
        given_up = time.monotonic() + limit
        while late := missing():
            if time.monotonic() > given_up:
                raise DrillError(f"waited {limit:g} s for {late}")
            time.sleep(0.1)

    def _waits(self, longer: Collection[str]) -> list[str]:
        waiting = [each["labels"]["alertname"] for each in self.monitor.alerts() if each["state"] == "pending"]
        return [name for name in waiting if name not in longer]

    def _due(self) -> list[str]:
        heard = {_key(notice.labels) for notice in self.monitor.receiver.notices if notice.firing}
        heard |= {_key(labels) for labels in self.monitor.silenced()}
        fires = [each["labels"] for each in self.monitor.alerts() if each["state"] == "firing"]
        # A sign of life is for nobody here.
        told = [labels for labels in fires if labels["severity"] != Severity.NONE]
        return [labels["alertname"] for labels in told if _key(labels) not in heard]


@contextmanager
def watched(
    home: Path,
    factor: int,
    scraped: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Any],
    now: Callable[[], float],
    report: Report,
    longer: Collection[str] = (),
) -> Iterator[Watch]:
    """Watched by a rule file meanwhile, as `running` and `Watch` have it, and at the end until all has been told but
    what waits `longer` than the drill lasts."""
    with running(home, factor, scraped, report) as found:
        found.load(shortened(rules, factor))
        people = Watch(found, now)
        yield people
        people.settle(longer)


def _missing(alerts: Sequence[str]) -> str:
    return f"alerts to reach people: {', '.join(alerts)}" if alerts else ""


def _key(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def _said(labels: Mapping[str, str]) -> str:
    of = "/".join(labels[key] for key in ("namespace", "workload", "hop", "cache", "policy") if key in labels)
    return f"{labels['severity']}: {labels['alertname']} {of}".rstrip()
