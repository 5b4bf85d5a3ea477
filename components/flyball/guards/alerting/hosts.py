"""When people are told of a host, and when they are called: the numbers of the alert rules in `flyball.alerts`.

A warning is for working hours, a page is for now. Whatever heals by itself has a time to do so first: anything may
restart at any time, and a page that asks for nothing teaches people not to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.governor import envelope, freeze
from flyball.guards.headroom.headroom import DEFAULT_LOSE
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE, UNKNOWN_VALUE
from flyball.guards.timeouts.deadlines import DEFAULT_CONNECT

MINUTE, HOUR = 60, 3600
"""Seconds, as everything here."""

DISK_AHEAD = 24 * HOUR
"""A disk that would be full by this time tomorrow: enough to act on in working hours."""
DISK_SOON = 4 * HOUR
"""A disk that would be full by then is full before anybody is at work."""
DISK_SOON_TREND = HOUR
"""What that trend is drawn from; below it a rotation is all there is to see."""
DISK_SOON_FOR = 15 * MINUTE
DISK_LOWER = 0.9
"""Of the least that was free in the hours before: what is rotated each hour comes as low each time."""
DISK_TREND = 6 * HOUR
"""What the trend is drawn from. Logs are rotated each hour, which makes a sawtooth; six teeth make a line."""
DISK_TREND_FOR = HOUR
"""One tooth: a trend that a rotation breaks is none."""
DISK_TREND_USED_PERCENT = 60
"""Below it a disk has room for what a day brings: an upgrade or a copy on an empty disk makes steep lines too."""
DISK_FULL_PERCENT = 95
"""The rest is what mke2fs(8) reserves by default, for the same reason: beyond it files get scattered, and then lost."""
DISK_FULL_FOR = 5 * MINUTE

UNIT_FAILED_FOR = 5 * MINUTE
"""A unit that systemd starts again heals within this. A result left by a unit that has ended does not heal: 0."""
UNIT_INACTIVE_FOR = 5 * MINUTE
"""A planned restart, or one by a change, is over by then."""
DRAIN_LONGEST = HOUR
"""A change takes minutes. Beyond this nobody remembers, and the next loss finds the headroom used up."""
UNIT_STARTING_WINDOW = 10 * MINUTE
"""In most of which a unit that cannot start is between two starts: a second or five, after a try of less than that."""
SHIPPING_WINDOW = 5 * MINUTE
"""Nothing sent for this long; the longest pause between two tries is 30 s, so ten of them were in vain."""
SHIPPING_STALLED_FOR = 10 * MINUTE
"""And that for so long: a log server that restarts is back by then."""
SHIPPING_LOST = 15 * MINUTE
"""Lines dropped within this are told of; they cannot be had back."""
KEYS_FOR = 2 * HOUR
"""The audit runs each hour: two of them in a row."""
HOST_DOWN_FOR = 5 * MINUTE
"""A host that restarts is back by then."""
HOSTS_DOWN_FOR = 2 * MINUTE
HOSTS_DOWN = DEFAULT_LOSE
"""The loss that the headroom is for. More hosts of one kind at one time is a page, a single one is a warning."""
CLOCK_SKEW = DEFAULT_CONNECT / 1000
"""A connection may take as long: beyond it the logs of two hosts no longer show which came first."""
CLOCK_FOR = 10 * MINUTE
METADATA_FOR = 2 * MINUTE
"""As long as a spot notice: a host that cannot ask for so long may have missed one."""
SPOT_LOOKED = 2 * MINUTE
"""Who looks for notices does so each five seconds; one that has not for so long does not run."""
SPOT_NOTICES = DEFAULT_LOSE
"""Notices of one kind of hosts at one time; more is more than their headroom is for."""
OOM_WINDOW = 15 * MINUTE
FREEZE_LONGEST = int(freeze.LONGEST.total_seconds())
TARGET_MISSING_FOR = 5 * MINUTE
WATCHER_WINDOW = 5 * MINUTE
"""For faults of the monitoring itself: a few evaluations."""
WATCHER_FOR = 5 * MINUTE

NEAR_CAP_FOR = envelope.WARN_FOR_SECONDS
AT_CAP_FOR = envelope.PAGE_FOR_SECONDS


class SizeArgs(TypedDict):
    """How large a group of hosts may get: what has run well, and the most that automation may make of it."""

    group: str
    proven: int
    ceiling: NotRequired[int]


@dataclass(frozen=True, slots=True)
class Size:
    """A group's cap, in hosts: told of from `warn` on, a page at `ceiling`."""

    group: str
    warn: int
    ceiling: int


def sizes(reader: Reader, key: str, groups: Mapping[str, object]) -> tuple[Size, ...]:
    """The caps of groups. Each must be a group that there is, and its ceiling within its envelope."""
    found: dict[str, Size] = {}
    for size in reader.each(key):
        group = size.value("group", str, "")
        if size.has("group") and group not in groups:
            size.problem("group", UNKNOWN_VALUE, f"{group!r} is no group of the inventory")
        if group in found:
            size.problem("group", GIVEN_TWICE, f"{group!r} has a size already", "give one for each group")
        proven = size.whole("proven", 1)
        ceiling = size.whole("ceiling", proven) if size.has("ceiling") else None
        try:
            cap = envelope.envelope(1, proven, ceiling)
        except Broken as error:
            size.broken("ceiling", error, "lower it, or prove a larger size first")
            continue
        found[group] = Size(group, cap.warn, cap.ceiling)
    return tuple(found.values())
