"""A load test: what is refused before the first request, where it ends, and what its requests come to."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.measure.conftest import measured

from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import Request
from flyball.guards.headroom.measured import Window, tried
from flyball.measure import trial
from flyball.measure.trial import Trial

URL = "http://127.0.0.1:1/own"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["web"], ["--most: is missing; say up to how many requests per second it may go, at most 2000"]),
        (["web", "--most", "9"], ["--most: is 9; allowed is from 10 to 2000 requests per second"]),
        (["web", "--most", "2001"], ["--most: is 2001; allowed is from 10 to 2000 requests per second"]),
        (["web", "--most", "nan"], ["--most: is nan; allowed is from 10 to 2000 requests per second"]),
        (["web", "--most", "50", "--step", "1s"], ["--step: is 1s; allowed is from 2s to 30s"]),
        (["--most", "50"], ["--load: is of one service; name the one whose replica it is"]),
        (["web", "db", "--most", "50"], ["--load: is of one service; name the one whose replica it is"]),
        (
            ["web", "--most", "50", "--prometheus", "http://127.0.0.1:1", "--user", "me"],
            [
                "--prometheus: is given beside --load; keep one of them",
                "--user: is given beside --load; it is for --prometheus; remove it",
            ],
        ),
        (
            ["wbe", "--step", "soon"],
            [
                "--most: is missing; say up to how many requests per second it may go, at most 2000",
                "--step: 'soon' is not a duration; write a number with its unit, as in 250ms, 2s, 1m30s",
                "services.wbe: is no service of the stack; did you mean 'web'?",
            ],
        ),
    ],
)
def test_a_test_that_is_not_bounded_is_refused(stack: Path, options: list[str], said: list[str]) -> None:
    done = measured("-s", stack, "--load", URL, *options)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["refused, and nothing was changed:", *said]


@pytest.mark.parametrize(
    ("url", "against", "said"),
    [
        (
            "http://shop.example/own",
            None,
            "shop.example is not this machine; name it again by --against shop.example if it is one replica, out of"
            " use, that may be overloaded",
        ),
        (
            "http://192.0.2.7:8080",
            "192.0.2.8",
            "192.0.2.7 is not this machine; name it again by --against 192.0.2.7 if it is one replica, out of use, that"
            " may be overloaded",
        ),
        (
            "http://me:hidden@127.0.0.1/",
            None,
            "is no URL of a replica; give one as http://127.0.0.1:8080/path, without a user",
        ),
        ("127.0.0.1:8080", None, "is no URL of a replica; give one as http://127.0.0.1:8080/path, without a user"),
    ],
)
def test_what_nobody_has_named_for_it_is_not_loaded(
    stack: Path,
    url: str,
    against: str | None,
    said: str,
) -> None:
    more = ["--against", against] if against else []
    done = measured("-s", stack, "web", "--load", url, "--most", "50", *more)
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == f"--load: {said}"


@pytest.mark.parametrize(
    ("url", "against", "origin", "route"),
    [
        ("http://127.0.0.1:8080", None, "http://127.0.0.1:8080", "/"),
        ("https://[::1]/a?b=c", None, "https://[::1]", "/a?b=c"),
        ("http://shop.example/own", "shop.example", "http://shop.example", "/own"),
    ],
)
def test_where_to(url: str, against: str | None, origin: str, route: str) -> None:
    assert trial.trial(url, 50, "2s", against) == Trial(origin, route, 50, 2.0)


class Played:
    """A load generator that is played: answers as its attack deserves."""

    attacks: ClassVar[list[Attack]] = []
    took: float = 0.1
    fails_from: float = 1e9

    def __init__(self, program: Path, attack: Attack, origin: str, file: Path) -> None:
        self.attack = attack
        self.attacks.append(attack)

    def results(self) -> list[Request]:
        attack, status = self.attack, 200 if self.attack.rate < self.fails_from else 500
        count = round(attack.rate * attack.seconds)
        return [Request(1000 + i / attack.rate, "/", status, self.took) for i in range(count)]

    def end(self) -> None:
        """Nothing runs."""


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> type[Played]:
    monkeypatch.setattr(trial, "Running", Played)
    monkeypatch.setattr(trial.toolchain, "ensure", lambda names, report: {"vegeta": Path()})
    for name, value in (("attacks", []), ("took", 0.1), ("fails_from", 1e9)):
        monkeypatch.setattr(Played, name, value)
    return Played


def run(deadline: int = 2000) -> tuple[list[Window], list[str]]:
    said = list[str]()
    return trial.run(Trial("http://a", "/own", 200, 2.0), deadline, said.append), said


def test_it_goes_up_in_ten_steps_and_not_beyond(generator: type[Played]) -> None:
    windows, said = run()
    assert generator.attacks == [Attack(["/own"], 20.0 * n, 2.0, 2.0) for n in range(1, 11)]
    assert said == [f"{20 * n}/s: answered in 100ms on average" for n in range(1, 11)]
    assert len(windows) == 30
    found = tried(windows, 0.8)
    assert (found.bound, found.latency, found.peak, found.proven) == (True, 100, None, None)
    assert found.replica == pytest.approx(200, rel=0.02)
    assert found.words[0].endswith("and that is a lower bound; a higher --most shows the limit")


@pytest.mark.parametrize(
    ("played", "deadline", "steps", "last"),
    [
        ({"fails_from": 60}, 2000, 3, "60/s: 100% failed; the test ends here"),
        ({"took": 0.3}, 299, 1, "20/s: answers took more than the deadline of 299ms on average; the test ends here"),
    ],
)
def test_it_ends_where_it_is_too_much(
    generator: type[Played],
    monkeypatch: pytest.MonkeyPatch,
    played: dict[str, Any],
    deadline: int,
    steps: int,
    last: str,
) -> None:
    for name, value in played.items():
        monkeypatch.setattr(generator, name, value)
    _, said = run(deadline)
    assert (len(generator.attacks), said[-1]) == (steps, last)


def test_what_a_part_of_a_step_comes_to() -> None:
    """By when it was answered; the first quarter still shows the step before."""
    requests = [Request(10.0, "/", 200, 0.1), Request(10.5, "/", 200, 0.2), Request(10.6, "/", 200, 0.6)]
    requests += [Request(10.9, "/", 503, 0.0), Request(11.9, "/", 200, 9.0)]
    assert list(trial.parts(requests, 2.0)) == [
        Window(11.0, answered=2.0, latency=0.2, ready=1.0, in_vain=0.5),
        Window(11.5, answered=2.0, latency=0.6, ready=1.0, in_vain=0.0),
    ]
    assert list(trial.parts([], 2.0)) == []
