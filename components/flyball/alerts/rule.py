"""One alert rule, and a file of them as Prometheus reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flyball.guards.alerting import seen
from flyball.guards.alerting.receivers import PLATFORM
from flyball.guards.reading.units import show_duration

OF_SERIES = ""
"""The owner is a label of the series, as thresholds have it."""


class Severity(StrEnum):
    """A warning is for working hours, a page is for now."""

    WARNING = "warning"
    PAGE = "page"
    NONE = "none"
    """A sign of life, which tells nobody anything until it stays away."""


RUNBOOKS = "docs/runbooks"
"""Where the page of each alert is in this repository."""


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

    def as_prometheus(self, runbooks: str = "") -> dict[str, Any]:
        """`runbooks` is the URL below which its page is [the one in this repository]."""
        page = f"{runbooks}/{self.name}" if runbooks else f"{RUNBOOKS}/{self.name}.md"
        owner = {"owner": self.owner} if self.owner else {}
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": show_duration(self.seconds * 1000) if self.seconds else "0s",
            "labels": {"severity": str(self.severity), "subject": self.subject, **owner, **self.labels},
            "annotations": {
                "summary": self.summary,
                "action": self.action,
                "guard": ", ".join(self.guards),
                "runbook_url": page,
            },
        }


@dataclass(frozen=True, slots=True)
class Record:
    """A series that is computed from others, or is a constant, for rules to join."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_prometheus(self, runbooks: str = "") -> dict[str, Any]:
        del runbooks
        return {"record": self.name, "expr": self.expr, **({"labels": dict(self.labels)} if self.labels else {})}


INTERVALS: Mapping[str, int] = {
    "flyball-objectives": 60,
    "flyball-objectives-slow": 300,
    "flyball-guards": seen.EVALUATED,
}
"""Seconds between two evaluations of a group, where they do not follow from the server's: sums over minutes have to be
recorded each minute, what takes days to change is looked at less often, and what people do to the Governor sooner."""


def rule_file(groups: Mapping[str, Iterable[Rule | Record]], runbooks: str = "") -> dict[str, Any]:
    """The content of a rule file: groups of rules, each evaluated in turn; a group without rules is left out.

    `runbooks` is the URL below which each alert has a page [those in this repository].
    """
    found = {name: [rule.as_prometheus(runbooks) for rule in rules] for name, rules in groups.items()}
    return {"groups": [{"name": name, **_interval(name), "rules": rules} for name, rules in found.items() if rules]}


def _interval(group: str) -> dict[str, str]:
    seconds = INTERVALS.get(group)
    return {"interval": show_duration(seconds * 1000)} if seconds else {}
