"""Load figures of a workload out of what was counted of it, window by window; and in words what was not enough.

- `load.peak`: the highest rate of all windows. Headroom has to carry the busiest minutes; a percentile would leave out
  some of them each day.
- `load.replica`: the knee of latency over load (`knee`), of windows in which nothing else happened.
- `inbound.latency`: how long an answer takes at `load.utilization` of the knee. That is what a replica is loaded with
  at most, and `load.replica * latency` are then under way in it (Little's law, `fail_fast.inbound`).
- `proven`: the most replicas that were ready through `HELD` windows in a row, while hardly a request failed: the
  largest size that people have seen run well (`governor.envelope`).

A window in which counters began anew, or beside one, is no peak: of two exporters that are scraped in turns, `rate`
takes all of a counter for new (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate). One in which
replicas came, went or restarted tells nothing of what one can do, and one with many failures neither: an error is often
quicker than an answer.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flyball.guards.headroom import knee
from flyball.guards.headroom.knee import Found, Sample
from flyball.guards.reading.units import Milliseconds, exact, show_count, show_duration, show_number

WINDOW = 300
"""Seconds of a window, by default: over which the alert on headroom averages load (`alerting.services.LOAD_WINDOW`)."""
HELD = 12
"""Windows in a row, an hour at the default, through which replicas have to be ready to count as proven."""
DAY, HOUR = 86_400, 3600
WEEK = 7
"""Days with figures from which nothing is said of their number: load differs by the weekday."""
IN_VAIN = 0.01
"""Of the requests of a window: where more failed or were turned away, it does not count as run well."""
DIGITS = 3
"""Of a figure that is proposed; what is measured is not known better."""
TIME_SAMPLES = 512
"""Requests over which HAProxy averages its times: each one moves the average by that part of what it differs
(TIME_STATS_SAMPLES in include/haproxy/defaults.h, swrate_add in include/haproxy/freq_ctr.h)."""
QUIET = 10
"""Requests of one replica in a window, below which the average over `TIME_SAMPLES` tells nothing of them."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted in the seconds before `at` [s since 1970]; None is what nobody knows.

    `requests` came and `answered` were passed on to the application, per second; `latency` [s] is their average;
    `ready` replicas were there; `in_vain` is the share of requests that failed or were turned away; `resets` of
    counters and `restarts` of containers were seen.
    """

    at: float
    requests: float | None = None
    answered: float | None = None
    latency: float | None = None
    ready: float | None = None
    in_vain: float = 0.0
    resets: float = 0.0
    restarts: float = 0.0


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest rate [requests/s], and when."""

    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What is proposed, None where figures do not suffice; `words` says why, and what else to know.

    Where `bound` says so, `replica` is no knee but the highest load that one replica was seen to serve.
    """

    peak: Peak | None
    replica: float | None
    bound: bool
    latency: Milliseconds | None
    found: Found | None
    samples: tuple[Sample, ...]
    proven: int | None
    words: tuple[str, ...]


def measure(windows: Sequence[Window], seconds: float, days: float, utilization: float) -> Measured:
    """The figures of windows of so many `seconds`, in order, that were asked for over so many `days`."""
    words = [*_coverage(windows, seconds, days)]
    peak = _peak(windows, words)
    limit = _limit(windows, utilization, "a load test shows the limit", words)
    proven = _proven(windows, seconds, words)
    return Measured(peak, *limit, proven=proven, words=tuple(words))


def tried(windows: Sequence[Window], utilization: float) -> Measured:
    """The figures of one replica that was loaded for the purpose: of its limit alone."""
    words = list[str]()
    limit = _limit(windows, utilization, "a higher --most shows the limit", words)
    return Measured(None, *limit, proven=None, words=tuple(words))


def _limit(
    windows: Sequence[Window], utilization: float, hint: str, words: list[str]
) -> tuple[float | None, bool, Milliseconds | None, Found | None, tuple[Sample, ...]]:
    """What one replica can do, whether that is a lower bound, how long an answer takes, and what both are read off."""
    samples = _samples(windows, words)
    found = knee.find(samples)
    replica, bound = _replica(found, samples, hint, words)
    latency = None
    if found and replica:
        load = replica if bound else replica * utilization
        latency = max(1, math.ceil(round(1000 * found.curve.at(load), 6)))
    return replica, bound, latency, found, samples


def own_latencies(windows: Iterable[Window], seconds: float) -> list[float | None]:
    """The average latency of each window's own requests, out of HAProxy's, which remembers those before.

    With n requests of a replica in the window, `average = d * before + (1 - d) * own`, where `d = (511 / 512) ** n`.
    None where n is below `QUIET`, or what was before is not known and counts for more than a hundredth.
    """
    found, before = list[float | None](), None
    for window in windows:
        average, own = window.latency, None
        if average is not None and window.answered and window.ready:
            count = window.answered * seconds / window.ready
            kept = (1 - 1 / TIME_SAMPLES) ** count
            if before is not None and count >= QUIET:
                own = (average - kept * before) / (1 - kept)
            elif kept < 0.01:
                own = average
        found.append(own if own is not None and own > 0 else None)
        before = average
    return found


def round_up(value: float) -> float:
    """To `DIGITS` digits, never less than it is."""
    return _rounded(value, math.ceil)


def round_down(value: float) -> float:
    """To `DIGITS` digits, never more than it is."""
    return _rounded(value, math.floor)


def _rounded(value: float, to: Callable[[Fraction], int]) -> float:
    if value <= 0:
        return 0.0
    places = DIGITS - 1 - math.floor(math.log10(value))
    # Nine more places, since one that differs by less is the same figure in another binary fraction.
    scaled = round(exact(value) * Fraction(10) ** places, 9)
    return float(Fraction(to(scaled)) / Fraction(10) ** places)


def _coverage(windows: Sequence[Window], seconds: float, days: float) -> Iterable[str]:
    """How much of what was asked for there is, and where it begins."""
    counted = [window for window in windows if window.requests is not None]
    if not counted:
        yield "no requests were counted: nothing of load is proposed"
        return
    there, all_ = len(counted) * seconds, days * DAY
    if there < min(0.95 * all_, WEEK * DAY):
        yield f"there are figures of {_span(there)} out of {_span(all_)}: a day with more load may be missing"
    elif days < WEEK:
        yield f"{_span(all_)} are less than a week: a day with more load may be missing"
    holes = [
        after.at - before.at - seconds for before, after in pairwise(counted) if after.at - before.at > 1.5 * seconds
    ]
    if holes:
        gaps = f"{show_count(len(holes), 'gap')} without figures, the longest of {_span(max(holes))}"
        yield f"{gaps}: what came then is not known"


def _anew(windows: Sequence[Window]) -> set[float]:
    """When counters began anew: in a window, or in one beside it, which may hold but the second half of that.

    Of a counter that went from 9 to 0 and back to 9, a window from the 0 on sees nothing that falls.
    """
    found = {window.at for window in windows if window.resets}
    for before, after in pairwise(windows):
        if before.resets or after.resets:
            found |= {before.at, after.at}
    return found


def _peak(windows: Sequence[Window], words: list[str]) -> Peak | None:
    known, anew = [window for window in windows if window.requests is not None], _anew(windows)
    sound = [window for window in known if window.at not in anew]
    best = max(sound, key=lambda window: window.requests or 0.0, default=None)
    higher = [w for w in known if w.at in anew and (best is None or (w.requests or 0.0) > (best.requests or 0.0))]
    if higher:
        highest = max(window.requests or 0.0 for window in higher)
        words.append(
            f"{show_count(len(higher), 'window')} with more, up to {show_number(round_up(highest))}/s, in or beside"
            " which counters began anew: an artefact of scraping, which is no peak"
        )
    if best is None or not best.requests:
        if known:
            words.append("no request came in all that time: no peak is proposed")
        return None
    return Peak(round_up(best.requests), best.at)


def _samples(windows: Sequence[Window], words: list[str]) -> tuple[Sample, ...]:
    """One replica in each window in which nothing else happened."""
    changed = restarted = failing = 0
    samples, before, anew = list[Sample](), None, _anew(windows)
    for window in windows:
        changing, before = before is not None and window.ready != before, window.ready
        if window.answered is None or window.latency is None or not window.ready or window.answered <= 0:
            continue
        if changing or window.ready != int(window.ready):
            changed += 1
        elif window.at in anew or window.restarts:
            restarted += 1
        elif window.in_vain > IN_VAIN:
            failing += 1
        else:
            samples.append(Sample(window.answered / window.ready, window.latency))
    for count, why in (
        (changed, "in which replicas came or went"),
        (restarted, "in which containers restarted or counters began anew"),
        (failing, f"in which more than {IN_VAIN:.0%} of the requests failed or were turned away"),
    ):
        if count:
            words.append(f"{show_count(count, 'window')} {why} say nothing of what a replica can do, and were left out")
    return tuple(samples)


def _replica(found: Found | None, samples: Sequence[Sample], hint: str, words: list[str]) -> tuple[float | None, bool]:
    if found is None:
        words.append(
            f"{show_count(len(samples), 'window')} with load, latency and replicas; {knee.FEWEST} are needed to see"
            " what a replica can do"
        )
        return None, False
    if found.knee is not None:
        return round_down(found.knee), False
    highest = show_number(round_down(found.highest))
    if found.rest is None:
        why = "no replica was ever at rest, so nobody knows how much longer answers take under load"
    else:
        most = max(latency for _, latency in found.curve.points)
        times = show_number(most / found.rest, 1)
        why = f"answers took at most {times} times as long as at rest, so no replica was at its limit"
    words.append(f"{why}: {highest}/s are served by one replica, and that is a lower bound; {hint}")
    return round_down(found.highest), True


def _proven(windows: Sequence[Window], seconds: float, words: list[str]) -> int | None:
    """The largest n such that at least n were ready in each of `HELD` windows in a row."""
    last, row, best = None, list[float](), 0
    for window in windows:
        well = window.ready is not None and window.in_vain <= IN_VAIN
        if not well or (last is not None and window.at - last > 1.5 * seconds):
            row = []
        if well:
            row = [*row, window.ready or 0.0][-HELD:]
        last = window.at
        if len(row) == HELD:
            best = max(best, int(min(row)))
    if best:
        return best
    known = any(window.ready is not None for window in windows)
    why = f"none were ready through {_span(HELD * seconds)}" if known else "nobody counted the replicas that were ready"
    words.append(f"{why}: proven is left as it is")
    return None


def _span(seconds: float) -> str:
    """As people say it: of hours nobody counts the seconds."""
    unit = next((unit for unit in (HOUR, 60, 1) if seconds >= 10 * unit), 1)
    return show_duration(round(seconds / unit) * unit * 1000)
