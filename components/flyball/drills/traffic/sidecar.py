"""What HAProxy says of itself in its access log: when a circuit was open, and what it let through."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flyball.drills.traffic.process import Process
from flyball.proxy import Proxy


@dataclass(frozen=True, slots=True)
class Passage:
    """A request that came to a hop at `at` [s], and whether it was forwarded."""

    at: float
    forwarded: bool


@dataclass(slots=True)
class Circuit:
    """What a circuit did. Moments in seconds since the recording began."""

    opened: list[float] = field(default_factory=list[float])
    closed: list[float] = field(default_factory=list[float])


def circuit(passages: Iterable[Passage], permitted: int) -> Circuit:
    """Read the states off what was let through.

    It opened with a request that was not forwarded. Half-open, at most `permitted` in a row are; with one more it had
    closed, at the first of these.
    """
    found, row = Circuit(), []
    for passage in sorted(passages, key=lambda passage: passage.at):
        is_open = len(found.opened) > len(found.closed)
        if not passage.forwarded:
            row = []
            if not is_open:
                found.opened.append(passage.at)
        elif is_open:
            row.append(passage.at)
            if len(row) > permitted:
                found.closed.append(row[0])
                row = []
    return found


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A running HAProxy and what it was configured from."""

    process: Process
    proxy: Proxy

    def log(self) -> list[Mapping[str, Any]]:
        """Its access log."""
        lines = self.process.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def passages(self, hop: str, began: float) -> list[Passage]:
        """What came to a hop, in order. `began` is the moment that counts as zero [s since 1970]."""
        found = [entry for entry in self.log() if entry["hop"] == f"call.{hop}"]
        # A line is written at the end of a request, and says how many milliseconds it took.
        arrived = ((float(entry["time"]) - max(0, int(entry["all"]))) / 1000 - began for entry in found)
        forwarded = (entry["backend"] in (f"to.{hop}", f"once.{hop}") for entry in found)
        return sorted((Passage(*p) for p in zip(arrived, forwarded, strict=True)), key=lambda passage: passage.at)


def flaps(found: Circuit) -> int:
    """How often it opened again within a second of having closed."""
    return sum(any(0 <= opened - closed < 1 for opened in found.opened) for closed in found.closed)
