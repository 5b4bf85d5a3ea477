"""One alert rule, and a file of them as Prometheus reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flyball.guards.reading.units import show_duration

PLATFORM = "platform"
"""Owner of what belongs to no workload: hosts, the cluster, and the monitoring itself."""
OF_SERIES = ""
"""The owner is a label of the series, as thresholds have it."""


class Severity(StrEnum):
    """A warning is for working hours, a page is for now."""

    WARNING = "warning"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert while `expr` holds for `seconds`.

    A page silences the warnings with the same `subject` about the same thing (`flyball.guards.alerting.inhibition`).
    `summary` says what is wrong and `action` what to do; both may use `{{ $labels.x }}`. `guards` are the ids of the
    rules of the catalogue that it watches at run time.
    """

    name: str
    severity: Severity
    subject: str
    expr: str
    seconds: int
    summary: str
    action: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    guards: tuple[str, ...] = ()
    owner: str = PLATFORM

    def as_prometheus(self) -> dict[str, Any]:
        owner = {"owner": self.owner} if self.owner else {}
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": show_duration(self.seconds * 1000) if self.seconds else "0s",
            "labels": {"severity": str(self.severity), "subject": self.subject, **owner, **self.labels},
            "annotations": {"summary": self.summary, "action": self.action, "guard": ", ".join(self.guards)},
        }


@dataclass(frozen=True, slots=True)
class Record:
    """A series that is computed from others, or is a constant, for rules to join."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_prometheus(self) -> dict[str, Any]:
        return {"record": self.name, "expr": self.expr, **({"labels": dict(self.labels)} if self.labels else {})}


INTERVALS: Mapping[str, int] = {"flyball-objectives": 60, "flyball-objectives-slow": 300}
"""Seconds between two evaluations of a group, where they do not follow from the server's: sums over minutes have to be
recorded each minute, and what takes days to change is looked at less often."""


def rule_file(groups: Mapping[str, Iterable[Rule | Record]]) -> dict[str, Any]:
    """The content of a rule file: groups of rules, each evaluated in turn; a group without rules is left out."""
    found = {name: [rule.as_prometheus() for rule in rules] for name, rules in groups.items()}
    return {"groups": [{"name": name, **_interval(name), "rules": rules} for name, rules in found.items() if rules]}


def _interval(group: str) -> dict[str, str]:
    seconds = INTERVALS.get(group)
    return {"interval": show_duration(seconds * 1000)} if seconds else {}
