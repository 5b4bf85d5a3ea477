"""The rules of lesson 3: a dependency that fails is left alone, and taken back."""

from flyball.guards.reading.rule import Lesson, Rule

_TERMS = "https://resilience4j.readme.io/docs/circuitbreaker"

WINDOW_BELOW_TIMEOUT = Rule(
    "window-below-timeout",
    Lesson.BREAKERS,
    what="A breaker remembers calls for at least as long as one may take; else those that hang are forgotten before"
    " they end.",
    source=f"`window >= timeout`; {_TERMS}",
    remedy="Raise the window, or lower the timeout.",
    drill="hang",
)
OPEN_ABOVE_WINDOW = Rule(
    "open-above-window",
    Lesson.BREAKERS,
    what="A dependency is left alone for no longer than it was watched: what has recovered is wanted back.",
    source=f"`open <= window`; {_TERMS}",
    remedy="Lower open, or raise the window.",
    drill="errors",
)
SLOW_ABOVE_TIMEOUT = Rule(
    "slow-above-timeout",
    Lesson.BREAKERS,
    what="An answer counts as slow before it is given up, or none ever would.",
    source=f"`slow <= timeout`, by default 80 % of it; {_TERMS}",
    remedy="Lower slow.",
    drill="slow",
)
FALLBACK_CALL = Rule(
    "fallback-call",
    Lesson.BREAKERS,
    what="A fallback leads to another call of the same workload that speaks the same protocol and falls back to nobody:"
    " a chain of fallbacks multiplies the time and the load of a failure.",
    source="The deadline counts one fallback.",
    remedy="Name another call alike, or give an answer of its own.",
    drill="errors",
)
FALLBACK_ANSWER = Rule(
    "fallback-answer",
    Lesson.BREAKERS,
    what="An answer that stands in for a dependency is one that the proxy can give: at most 8192 bytes, and a body only"
    " where its status has one.",
    source="RFC 9110, 15.3.5 and 15.4.5; an answer fits into one buffer (`tune.bufsize`,"
    " https://docs.haproxy.org/3.2/configuration.html#3.2).",
    remedy="Shorten it, correct its status, or let another call answer.",
)
