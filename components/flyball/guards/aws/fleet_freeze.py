"""The record of a fleet's freeze: a tag of its Auto Scaling group. `flyball freeze` writes it, playbooks read it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from flyball.guards.governor.freeze import Freeze, moment

PROCESSES = ("Terminate", "AlarmNotification", "ScheduledActions", "AZRebalance", "ReplaceUnhealthy")
"""What takes instances away, or asks for it (https://docs.aws.amazon.com/autoscaling/ec2/userguide/
as-suspend-resume-processes.html)."""
LONGEST = 256
"""Letters of a tag's value (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Tag.html)."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the tag says, whoever wrote it."""

    by: str
    why: str
    since: datetime | None = None
    until: datetime | None = None
    before: frozenset[str] | None = None
    """Those of `PROCESSES` that were suspended before the freeze; None where no freeze has written it."""

    def freeze(self, created: datetime) -> Freeze:
        """As a freeze; one without a time is, as far as is known, as old as its group."""
        return Freeze(self.why, self.by, self.since or created.astimezone(UTC), self.until)


def write(freeze: Freeze, before: frozenset[str]) -> str:
    """A freeze as JSON: who, since, until and why, and what had been suspended before."""
    until = {"until": _show(freeze.until)} if freeze.until else {}
    already = {"before": found} if (found := [process for process in PROCESSES if process in before]) else {}
    written = {"by": freeze.by, "since": _show(freeze.since), **until, "why": freeze.reason, **already}
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> Record:
    """What a tag says."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return Record("?", text.strip() or "no reason given")
    by, since, until, why = (str(found.get(key) or "") for key in ("by", "since", "until", "why"))
    before = found.get("before", [])
    known = since and isinstance(before, list) and all(isinstance(each, str) for each in before)
    kept = frozenset(before) if known else None
    return Record(by or "?", why or "no reason given", moment(since), moment(until), kept)


def _show(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
