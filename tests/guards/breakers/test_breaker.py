"""Breakers and fallbacks as they are read: defaults, and what makes no sense."""

from typing import Any

import pytest

from flyball.guards.breakers.breaker import Breaker, Fallback, check_fallbacks, read, read_fallback
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader


def breaker(timeout: int = 1_000, **given: Any) -> tuple[Breaker | None, list[str]]:
    problems: list[Problem] = []
    return read(Reader(given, ("breaker",), problems), timeout), [str(problem) for problem in problems]


def test_every_default() -> None:
    assert breaker() == (Breaker(60_000, 50, 20, 10_000, 5, 3, 800), [])
    assert breaker(timeout=100)[0] == Breaker(slow=80)
    assert breaker(enabled=False) == (None, [])


@pytest.mark.parametrize(
    ("permitted", "threshold", "tripping"), [(3, 50, 2), (4, 50, 2), (1, 50, 1), (5, 100, 5), (10, 1, 1), (3, 34, 2)]
)
def test_probes_that_open_it_again(permitted: int, threshold: int, tripping: int) -> None:
    assert Breaker(permitted=permitted, threshold=threshold).tripping == tripping


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"threshold": 0}, "breaker.threshold: is 0; allowed is from 1 to 100"),
        ({"threshold": 101}, "breaker.threshold: is 101; allowed is from 1 to 100"),
        ({"minimum": 1}, "breaker.minimum: is 1; allowed is from 2 to 1000000"),
        ({"probes": 51}, "breaker.probes: is 51; allowed is from 1 to 50"),
        ({"permitted": 0}, "breaker.permitted: is 0; allowed is from 1 to 100"),
        ({"window": "999ms"}, "breaker.window: is 999ms; allowed is at least 1s"),
        ({"window": "2h"}, "breaker.window: is 2h; allowed is at most 1h"),
        ({"open": "99ms"}, "breaker.open: is 99ms; allowed is at least 100ms"),
        (
            {"open": "61s"},
            "breaker.open: 1m1s is longer than the window of 1m;"
            " what has recovered would be left alone longer than it was watched; lower it",
        ),
        (
            {"slow": "1001ms"},
            "breaker.slow: 1.001s is more than the timeout of 1s; no answer could ever be slow; lower it",
        ),
    ],
)
def test_refused(given: dict[str, Any], problem: str) -> None:
    assert breaker(**given)[1] == [problem]


def test_a_window_shorter_than_one_call() -> None:
    assert breaker(timeout=20_000, window="15s", open="5s", slow="1s")[1] == [
        "breaker.window: 15s is less than the timeout of 20s;"
        " calls would be forgotten before they end; raise it or lower the timeout"
    ]


def fallback(**given: Any) -> tuple[Fallback, list[str]]:
    problems: list[Problem] = []
    return read_fallback(Reader(given, ("fallback",), problems)), [str(problem) for problem in problems]


def test_fallbacks() -> None:
    assert fallback(status=203, body="[]") == (Fallback(203, "application/json", "[]"), [])
    assert fallback(call="b") == (Fallback(call="b"), [])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "fallback: says nothing; give status, type and body, or the name of another call"),
        ({"call": "b", "body": "x"}, "fallback: has call and body; either another call answers, or this body does"),
        ({"status": 199}, "fallback.status: is 199; allowed is from 200 to 599"),
        ({"status": 204, "body": "x"}, "fallback.body: is given, and an answer with status 204 has none; remove it"),
        ({"type": "a\nb"}, "fallback.type: is 'a\\nb'; give a media type, as application/json"),
        ({"body": "x" * 8_193}, "fallback.body: has more than 8192 bytes; shorten it, or let another call answer"),
        ({"body": "a\0b"}, "fallback.body: has a NUL character; remove it; a configuration ends there"),
    ],
)
def test_fallbacks_refused(given: dict[str, Any], problem: str) -> None:
    assert fallback(**given)[1] == [problem]


def test_fallbacks_of_one_workload() -> None:
    given = {name: Fallback(call=call) for name, call in (("a", "a"), ("b", "x"), ("c", "t"), ("d", "b"), ("e", "f"))}
    protocols = dict.fromkeys("abcdef", "http") | {"t": "tcp"}
    assert [str(problem) for problem in check_fallbacks(given, protocols, ("calls",))] == [
        "calls.a.fallback.call: is the call itself; name another one of its calls",
        "calls.b.fallback.call: 'x' is no call of this workload; name another one of its calls",
        "calls.c.fallback.call: t speaks tcp, and c http; name one alike",
        "calls.d.fallback.call: b falls back to x itself; name one that does not",
    ]
