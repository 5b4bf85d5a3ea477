"""Canary releases: a new version first answers a small share of the requests, and goes on only while they succeed.

By replicas, behind a Service every pod gets as much as any other, so `c` canaries beside `n` replicas of the version
before get `c / (n + c)` of the requests, whoever calls. Finer than one replica it cannot be. By route, whatever is
outermost shares out by weight what comes from outside, however many pods there are on either side; whoever calls from
within the cluster gets the version before. The version before keeps all its replicas meanwhile, so that whatever is
lost or aborted, what is left carries the peak.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from fractions import Fraction
from math import isfinite
from typing import NotRequired, TypedDict

from flyball.guards.governor.rules import CANARY_BLIND, CANARY_STEPS, CANARY_TOO_SMALL
from flyball.guards.headroom import headroom
from flyball.guards.headroom.headroom import Loss
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, INVALID_ADDRESS, OUT_OF_RANGE, UNIT, UNKNOWN_VALUE
from flyball.guards.reading.units import ceil_div, exact, show_count, show_duration, show_number

SUFFIX, PART = "-canary", "canary"
"""Of the Deployment of the new version, and how its pods are told apart."""
LARGEST_STEP, MOST_STEPS = 50, 10
"""Percent: beyond half, the new version is the service."""
LEAST_PAUSE, LONGEST = 10, 3600
"""Seconds: of one pause, and of all together; an alert tells of a release that is under way for much longer."""
PATIENCE = 3
"""Pauses that a step waits for requests, before too few of them stop the release."""
DEFAULT_PAUSE = 300
LEAST_ERRORS, MOST_ERRORS = Fraction(1, 10), Fraction(50)
"""Percent."""
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s?%")


class By(StrEnum):
    """What the share of a new version is one of."""

    REPLICAS = "replicas"
    ROUTE = "route"


class AbortArgs(TypedDict):
    """When a release stops itself."""

    errors: str
    """Share of the new version's requests that may fail, as `2%`; from 0.1% to 50%."""
    requests: NotRequired[int]
    """Requests below which a share says nothing, in each step [3 / errors, of 2% 150]."""


class CanaryArgs(TypedDict):
    """A new version first answers a share of the requests, step by step, and stops itself where too many fail.

    `up` goes from step to step, and asks Prometheus how the new version's requests ended. No answer stops the release.
    """

    steps: list[int]
    """Percent of the requests, ascending, at most 50; by replicas as near as whole ones come to that from below."""
    abort: AbortArgs
    """When it stops."""
    prometheus: str
    """URL of the Prometheus that scrapes the proxies, as `up` reaches it."""
    pause: NotRequired[str]
    """How long each step lasts; three times as long while there are too few requests, and then it stops [5m]."""
    by: NotRequired[str]
    """`replicas`: the share is one of all pods, and of all requests. `route`: of what comes from outside, by the
    weights of the HTTPRoute of `expose`; calls from within the cluster reach the version before [replicas]."""


@dataclass(frozen=True, slots=True)
class Canary:
    """`steps` in percent, `pause` in seconds, `errors` the share that may fail."""

    steps: tuple[int, ...]
    pause: int
    errors: Fraction
    requests: int
    prometheus: str
    by: By = By.REPLICAS

    @property
    def of(self) -> str:
        """What a step has its share of, in words."""
        return "of what comes from outside" if self.by is By.ROUTE else "of the requests"

    def size(self, step: int, replicas: int, loss: Loss) -> int:
        """Canaries in a step, beside so many replicas of the version before, of which these may be lost."""
        return carrying(step, replicas, loss) if self.by is By.ROUTE else size(step, replicas)

    def share(self, step: int, replicas: int) -> float:
        """Percent that they get."""
        return step if self.by is By.ROUTE else share(size(step, replicas), replicas)

    def sizes(self, replicas: int, loss: Loss) -> tuple[int, ...]:
        """Canaries in each step."""
        return tuple(self.size(step, replicas, loss) for step in self.steps)


def carrying(percent: int, replicas: int, loss: Loss) -> int:
    """The fewest canaries that carry `percent` of what `replicas` carry once some of them are lost, after the same loss
    themselves: nobody else answers what the route has given to them."""
    return headroom.floor(max(1, ceil_div(percent * (replicas - loss.of(replicas)), 100)), loss)


def size(percent: int, replicas: int) -> int:
    """The most canaries beside `replicas` that have no more than `percent` of the requests, at least one:
    `c / (n + c) <= p` is `c <= n * p / (1 - p)`."""
    return max(1, replicas * percent // (100 - percent))


def share(canaries: int, replicas: int) -> float:
    """Percent of the requests that canaries beside `replicas` get."""
    return 100 * canaries / (replicas + canaries)


def read(r: Reader) -> Canary | None:
    """The canary at `r`, which is that of `rollout`; None where there is none."""
    if not r.is_map("canary"):
        return None
    own = r.at("canary")
    abort = own.at("abort")
    errors = _percent(abort)
    given = own.values.get("steps")
    numbers = [each for each in given if isinstance(each, int | float)] if isinstance(given, list | tuple) else []
    steps = tuple(int(step) for step in numbers if isinstance(step, int) or isfinite(step))
    pause = own.seconds("pause", DEFAULT_PAUSE)
    found = Canary(
        steps=steps or (1,),
        pause=pause,
        errors=errors,
        # Of n requests none of which failed, less than 3 / n fail in truth, at 95 % confidence (J. A. Hanley and
        # A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249, 1983).
        requests=abort.whole("requests", ceil_div(3, errors)),
        prometheus=own.said("prometheus"),
        by=_by(own),
    )
    own.problems.extend(_check(found, own, stated=bool(steps)))
    return found


def _by(r: Reader) -> By:
    """What the share is one of."""
    text, known = r.value("by", str, By.REPLICAS.value), [by.value for by in By]
    if text not in known:
        r.problem("by", UNKNOWN_VALUE, f"is {text!r}", f"allowed are {', '.join(known)}")
        return By.REPLICAS
    return By(text)


def _percent(r: Reader) -> Fraction:
    """The share of `errors`."""
    text = r.values.get("errors")
    default = Fraction(2, 100)
    if not isinstance(text, str):
        return default
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        r.problem("errors", UNIT, f"{text!r} is not a percentage", "write a number with %, as in 2% or 0.5%")
        return default
    percent = Fraction(match[1])
    if not LEAST_ERRORS <= percent <= MOST_ERRORS:
        r.problem("errors", OUT_OF_RANGE, f"is {text}", "allowed is from 0.1% to 50%")
        return default
    return percent / 100


def _check(canary: Canary, r: Reader, *, stated: bool) -> Iterator[Problem]:
    if "steps" in r.values and not stated and isinstance(r.values["steps"], list | tuple):
        yield Problem(r.to("steps"), CANARY_STEPS, "has no step", "as [5, 25, 50]")
    if stated:
        yield from _check_steps(canary.steps, r.to("steps"))
    if r.readable("pause"):
        together = canary.pause * len(canary.steps)
        if canary.pause < LEAST_PAUSE:
            message = f"is {show_duration(canary.pause * 1000)}, in which nobody sees an error"
            yield Problem(r.to("pause"), CANARY_BLIND, message, f"allowed is at least {LEAST_PAUSE}s")
        elif together > LONGEST:
            message = (
                f"{len(canary.steps)} of {show_duration(canary.pause * 1000)} are {show_duration(together * 1000)}"
            )
            yield Problem(r.to("pause"), CANARY_STEPS, message, f"allowed are {show_duration(LONGEST * 1000)} in all")
    url = canary.prometheus
    if url and address.server(url) is None:
        hint = "as http://prometheus.monitoring:9090, without a user"
        yield Problem(r.to("prometheus"), INVALID_ADDRESS, "is no URL of a server", hint)


def _check_steps(steps: tuple[int, ...], path: Path) -> Iterator[Problem]:
    if len(steps) > MOST_STEPS:
        yield Problem(path, CANARY_STEPS, f"has {len(steps)} steps", f"allowed are at most {MOST_STEPS}")
    for i, step in enumerate(steps):
        if not 1 <= step <= LARGEST_STEP:
            message = f"is {show_number(step)} percent"
            yield Problem(
                (*path, i), CANARY_STEPS, message, f"allowed is from 1 to {LARGEST_STEP}; the rest follows at once"
            )
        elif i and step <= steps[i - 1]:
            message = f"{step} is no more than {show_number(steps[i - 1])} before it"
            yield Problem((*path, i), CANARY_STEPS, message, "each step is larger than the one before")


def check(canary: Canary, floor: int, peak: Fraction, *, counted: bool, spot: bool, path: Path) -> Iterator[Problem]:
    """What it needs of the service at `path`, of so many replicas at the least, and at its peak; that anything from
    outside has weights, `way_in.check_weights` looks at."""
    at = (*path, "rollout", "canary")
    if spot:
        message = "is given with spot, whose pods come and go by themselves"
        yield Problem(at, DOES_NOT_APPLY, message, "leave one of them out")
    if not counted:
        message = "nobody counts how the requests of the new version end"
        hint = "it takes protocol http or grpc, and the proxy in front (inbound)"
        yield Problem((*at, "abort", "errors"), CANARY_BLIND, message, hint)
        return
    if canary.by is By.REPLICAS:
        yield from _check_sizes(canary, floor, (*at, "steps"))
    seen = peak * canary.pause * exact(canary.share(canary.steps[0], floor)) / 100
    if seen < canary.requests:
        pause = show_duration(canary.pause * 1000)
        message = (
            f"in {pause} the first step gets {show_count(int(seen), 'request')} at the peak, and"
            f" {canary.requests} are needed to see {show_number(float(canary.errors * 100))} percent of errors"
        )
        yield Problem(
            (*at, "pause"), CANARY_BLIND, message, "lengthen it, begin with a larger step, or allow more errors"
        )


def check_parts(canary: Canary | None, spot: bool, path: Path) -> Iterator[Problem]:
    """Refuse that a route becomes the way to the new version while the service has a part on spot: calls from within
    the cluster would lose it before there is another in its place."""
    if canary and canary.by is By.ROUTE and spot:
        message = "is route, and so far the service has a part on spot, to which calls would no longer lead"
        hint = "leave by out until spot is gone, and bring the stack up; then say it"
        yield Problem((*path, "rollout", "canary", "by"), DOES_NOT_APPLY, message, hint)


def _check_sizes(canary: Canary, floor: int, at: Path) -> Iterator[Problem]:
    """Steps by replicas, which are whole."""
    sizes = [size(step, floor) for step in canary.steps]
    for i, (step, count) in enumerate(zip(canary.steps, sizes, strict=True)):
        real = share(count, floor)
        if real > step:
            least = ceil_div(100, floor + 1)
            message = f"{step} percent is less than one replica beside {floor} gets, {real:.1f}"
            yield Problem((*at, i), CANARY_TOO_SMALL, message, f"allowed is at least {least}")
        elif i and count == sizes[i - 1]:
            message = f"{step} percent are {count} beside {floor}, as in the step before"
            yield Problem((*at, i), CANARY_TOO_SMALL, message, "leave one of the two out")


class Verdict(Enum):
    """What becomes of a step."""

    WAIT = "wait"
    PROCEED = "proceed"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Seen:
    """Requests of the new version in a step, and those that failed."""

    requests: float
    errors: float


def judge(canary: Canary, seen: Seen | None, waited: float) -> tuple[Verdict, str]:
    """Whether a step goes on, `waited` seconds after it began, and why it does not; `seen` is None where nobody knows.

    It stops as soon as too many have failed: more than the share of what came, or of the fewest that say something.
    """
    requests = show_count(round(seen.requests) if seen else 0, "request")
    if seen and seen.errors > float(canary.errors) * max(seen.requests, canary.requests):
        percent = f"{100 * seen.errors / max(seen.requests, seen.errors):.1f} %"
        limit = f"{show_number(float(canary.errors * 100))} %"
        return (
            Verdict.ABORT,
            f"{percent} of {requests} failed ({seen.errors:.0f}), more than {limit}",
        )
    if seen and waited >= canary.pause and seen.requests >= canary.requests:
        return Verdict.PROCEED, f"{seen.errors:.0f} of {requests} failed"
    longest = canary.pause if seen is None else PATIENCE * canary.pause
    if waited < longest:
        return Verdict.WAIT, ""
    after = show_duration(longest * 1000)
    if seen is None:
        return Verdict.ABORT, f"nobody knows how its requests end: Prometheus has no figures after {after}"
    return (
        Verdict.ABORT,
        f"{requests} came in {after}, and {canary.requests} are needed",
    )
