"""Lesson 3: a dependency that fails is left alone for a while, probed, and taken back; in the terms of resilience4j.

Closed, the calls of the last `window` count; when at least `minimum` of them ended and `threshold` percent of these
failed, the circuit opens. Open, every call is refused at once for the time `open`, and no refusal counts. Then it is
half-open: `permitted` calls go through as probes, never more than `probes` percent of all that arrived since it opened
(the first one always). When all have ended, it closes if less than `threshold` percent of them failed, else it opens
again. A slow answer counts as a failure (https://resilience4j.readme.io/docs/circuitbreaker).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flyball.guards.breakers.rules import (
    FALLBACK_ANSWER,
    FALLBACK_CALL,
    OPEN_ABOVE_WINDOW,
    SLOW_ABOVE_TIMEOUT,
    WINDOW_BELOW_TIMEOUT,
)
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rule import Rule
from flyball.guards.reading.rules import EITHER_OR, INVALID_TEXT, OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, ceil_div, show_duration

SLOW_PERCENT = 80
"""Of the timeout: an answer that takes longer counts as a failure."""
LONGEST_WINDOW: Milliseconds = 3_600_000
"""An hour; what is remembered for longer says nothing about now."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """`threshold` and `probes` in percent, `minimum` and `permitted` in calls, the others in milliseconds."""

    window: Milliseconds = 60_000
    threshold: int = 50
    minimum: int = 20
    open: Milliseconds = 10_000
    probes: int = 5
    permitted: int = 3
    slow: Milliseconds = 800

    @property
    def tripping(self) -> int:
        """Failures among `permitted` probes that open the circuit again."""
        return max(1, ceil_div(self.permitted * self.threshold, 100))


def read(r: Reader, timeout: Milliseconds, *, known: bool = True) -> Breaker | None:
    """The breaker of a call with this `timeout`, None where it is switched off; what makes no sense is a problem.

    `known` says whether the timeout is the one that was written, and so may be spoken of.
    """
    default = Breaker()
    window = r.duration("window", max(default.window, min(timeout, LONGEST_WINDOW)), least=1000)
    breaker = Breaker(
        window=window,
        threshold=r.whole("threshold", default.threshold, 1, 100),
        minimum=r.whole("minimum", default.minimum, 2, 1_000_000),
        open=r.duration("open", min(default.open, window), least=100),
        probes=r.whole("probes", default.probes, 1, 50),
        permitted=r.whole("permitted", default.permitted, 1, 100),
        slow=r.duration("slow", max(1, timeout * SLOW_PERCENT // 100)),
    )
    for keys, rule, message, remedy in _check(breaker, timeout if known else None):
        if all(map(r.readable, keys)):
            r.problem(keys[0], rule, message, remedy)
    return breaker if r.value("enabled", bool, True) else None


def _check(breaker: Breaker, timeout: Milliseconds | None) -> Iterator[tuple[tuple[str, ...], Rule, str, str]]:
    """What makes no sense: the keys it comes from, the first of them to blame."""
    window = show_duration(breaker.window)
    if breaker.window > LONGEST_WINDOW:
        yield ("window",), OUT_OF_RANGE, f"is {window}", f"allowed is at most {show_duration(LONGEST_WINDOW)}"
    elif timeout is not None and breaker.window < timeout:
        message = f"{window} is less than the timeout of {show_duration(timeout)}"
        yield (
            ("window",),
            WINDOW_BELOW_TIMEOUT,
            message,
            "calls would be forgotten before they end; raise it or lower the timeout",
        )
    if breaker.open > breaker.window:
        message = f"{show_duration(breaker.open)} is longer than the window of {window}"
        yield (
            ("open", "window"),
            OPEN_ABOVE_WINDOW,
            message,
            "what has recovered would be left alone longer than it was watched; lower it",
        )
    if timeout is not None and breaker.slow > timeout:
        message = f"{show_duration(breaker.slow)} is more than the timeout of {show_duration(timeout)}"
        yield ("slow",), SLOW_ABOVE_TIMEOUT, message, "no answer could ever be slow; lower it"


@dataclass(frozen=True, slots=True)
class Fallback:
    """What is answered instead of an open circuit's 503: a status with a body, or what the call `call` answers."""

    status: int = 200
    type: str = "application/json"
    body: str = ""
    call: str | None = None


LONGEST_BODY = 8_192
"""Bytes of a fallback's body: an answer has to fit into a buffer of the proxy, headers included."""
STATUSES = (200, 599)
WITHOUT_BODY = (204, 304)
"""RFC 9110, 15.3.5 and 15.4.5."""


def read_fallback(r: Reader) -> Fallback:
    """A fallback; of its own and borrowed answers exactly one."""
    default = Fallback()
    call = r.said("call") or None
    own = [key for key in ("status", "type", "body") if r.has(key)]
    if call is not None and own:
        r.problem((), EITHER_OR, f"has call and {' and '.join(own)}", "either another call answers, or this body does")
    elif not own and not r.has("call"):
        r.problem((), FALLBACK_ANSWER, "says nothing", "give status, type and body, or the name of another call")
    fallback = Fallback(
        status=r.whole("status", default.status, *STATUSES),
        type=r.value("type", str, default.type),
        body=r.value("body", str, default.body),
        call=call,
    )
    if not all(32 < ord(c) < 127 or c == " " for c in fallback.type) or not fallback.type.strip():
        r.problem("type", INVALID_TEXT, f"is {fallback.type!r}", "give a media type, as application/json")
    if fallback.body and fallback.status in WITHOUT_BODY:
        r.problem(
            "body", FALLBACK_ANSWER, f"is given, and an answer with status {fallback.status} has none", "remove it"
        )
    if "\0" in fallback.body:
        r.problem("body", FALLBACK_ANSWER, "has a NUL character", "remove it; a configuration ends there")
    if len(fallback.body.encode(errors="replace")) > LONGEST_BODY:
        r.problem(
            "body", FALLBACK_ANSWER, f"has more than {LONGEST_BODY} bytes", "shorten it, or let another call answer"
        )
    return fallback


def check_fallbacks(fallbacks: dict[str, Fallback], protocols: dict[str, str], path: Path) -> Iterator[Problem]:
    """Refuse a fallback to a call that is not there, to itself, in a circle, or that speaks something else."""
    for name, fallback in fallbacks.items():
        at, other = (*path, name, "fallback", "call"), fallback.call
        if other is None:
            continue
        if other == name or other not in protocols:
            message = "is the call itself" if other == name else f"{other!r} is no call of this workload"
            yield Problem(at, FALLBACK_CALL, message, "name another one of its calls")
        elif protocols[other] != protocols[name]:
            yield Problem(
                at, FALLBACK_CALL, f"{other} speaks {protocols[other]}, and {name} {protocols[name]}", "name one alike"
            )
        elif other in fallbacks and fallbacks[other].call is not None:
            yield Problem(
                at, FALLBACK_CALL, f"{other} falls back to {fallbacks[other].call} itself", "name one that does not"
            )
