"""Thousands of services: what is done for each does not grow with how many there are. Operations are counted."""

import difflib
from collections.abc import Iterator
from typing import Any

import pytest

from flyball.guards.reading import strict
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.deadlines import Promise, Times
from flyball.guards.workload.resolve import Place, examine
from flyball.stack.schema import ServiceArgs

SERVICE = {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}
MANY = 400


class Counted(dict[str, Any]):
    """A map that counts how often somebody looks into it or goes through it."""

    looks = 0

    def __getitem__(self, key: str) -> Any:
        Counted.looks += 1
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        Counted.looks += 1
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        Counted.looks += 1
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            Counted.looks += 1
            yield key


def looks(calls: dict[str, list[str]], deadline: int = 1_000) -> tuple[float, list[str]]:
    """For each service how often its calls or those of another were looked at, and what is wrong."""
    graph = Counted(
        {
            name: Promise(deadline, Counted({callee: Times(timeout=1) for callee in made}))
            for name, made in calls.items()
        }
    )
    Counted.looks = 0
    problems = [str(problem) for problem in deadlines.check(graph)]
    paths = deadlines.Paths(graph)
    assert all(len(paths.longest(name)) <= deadlines.MOST_SHOWN + 1 for name in calls)
    return Counted.looks / len(calls), problems


def test_a_chain() -> None:
    per_service, problems = looks({f"s{i}": [f"s{i + 1}"] * (i < MANY) for i in range(MANY + 1)})
    assert per_service < 60
    assert len(problems) == MANY
    assert problems[0] == (
        "services.s0.calls.s1.timeout: 1ms is less than s1's deadline of 1s"
        f" ({' -> '.join(f's{i}' for i in range(21))} -> …); raise it, or lower s1's deadline"
    )
    assert max(map(len, problems)) < 400


def test_a_ring() -> None:
    per_service, problems = looks({f"s{i}": [f"s{(i + 1) % MANY}"] for i in range(MANY)})
    assert per_service < 60
    assert problems == [
        "services.s0.calls.s1: the calls go round in a circle:"
        f" {' -> '.join(f's{i}' for i in range(20))} -> … -> s{MANY - 1} -> s0;"
        " a request could wait for itself; remove one of these calls"
    ]


def test_many_rings() -> None:
    rings = {f"s{i}": [f"s{i + 1 if i % 2 == 0 else i - 1}"] for i in range(MANY)}
    per_service, problems = looks(rings)
    assert per_service < 60
    assert len(problems) == MANY / 2


def test_all_call_one_that_calls_all_others() -> None:
    others = [f"leaf{i}" for i in range(MANY)]
    calls = {"hub": others, **{name: [] for name in others}, **{f"s{i}": ["hub"] for i in range(MANY)}}
    assert looks(calls)[0] < 60


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs of words were compared."""
    count = [0]

    class Matcher(difflib.SequenceMatcher[str]):
        def __init__(self, *arguments: Any) -> None:
            count[0] += 1
            super().__init__(*arguments)

    monkeypatch.setattr(strict.difflib, "SequenceMatcher", Matcher)
    return count


def test_callees_that_nobody_knows(compared: list[int]) -> None:
    services = {f"team-{i}-api": SERVICE | {"calls": {f"taem-{i * 7 % MANY}-api": {}}} for i in range(MANY)}
    found = [str(problem) for problem in examine(services, Place(), (), ServiceArgs).problems]
    assert compared[0] < MANY * 20
    assert len(found) == MANY
    assert found[1] == (
        "team-1-api.calls.taem-7-api: is no service of this stack; did you mean 'team-7-api'?"
        " (what is outside of it needs host and port, or service)"
    )


def test_words_that_are_all_alike(compared: list[int]) -> None:
    """Of those that differ in one letter no more are looked at than of a short list."""
    words = strict.Words(chr(0x4E00 + i) + "-api" for i in range(2_000))
    assert words.nearest("x-api").startswith("did you mean")
    assert compared[0] <= 64


@pytest.mark.parametrize(
    "wrong", ["service-0042", "servic-042", "service-04", "sevrice-042", "SERVICE-042", "xervice-042"]
)
def test_of_many_words_the_nearest_is_found_too(wrong: str) -> None:
    words = strict.Words(f"service-{i:03}" for i in range(0, 2_000, 42))
    assert words.nearest(wrong) == "did you mean 'service-042'?"
    many = strict.Words([*(f"other-{i}" for i in range(2_000)), *(f"service-{i:03}" for i in range(0, 2_000, 42))])
    assert many.nearest(wrong) == "did you mean 'service-042'?"


def test_of_many_words_of_which_none_is_near_the_first_are_named() -> None:
    words = strict.Words(f"s{i}" for i in range(100))
    assert words.nearest("zzz", but="s0") == f"known are {', '.join(f's{i}' for i in range(1, 41))} and 59 more"
