"""A load test of one replica, to its limit and hardly beyond: a rate that rises in steps up to a cap that people state.

The load is open: requests come whether or not earlier ones were answered, as those of users do. It ends with the first
step in which many failed or answers took longer than was promised.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flyball.drills.traffic.load import MOST, Attack, Running
from flyball.drills.traffic.sample import Outcome, Request, share
from flyball.guards.headroom.measured import Window
from flyball.guards.reading import address
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.rules import INVALID_ADDRESS, MISSING, OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, show_duration, show_number
from flyball.lab.cluster import toolchain
from flyball.measure import options

Report = Callable[[str], None]
STEPS = 10
"""From a tenth of the cap up to it, each a tenth more: the first three are of a replica at rest."""
PARTS = 4
"""Into which a step is divided, each a sample; the first is left out, in which the step before still shows."""
SHORTEST, LONGEST = 2_000, 30_000
"""Milliseconds of a step: five minutes in all."""
FAILED = 0.05
"""Of the requests of a step, at which the test ends."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Where to, up to how many requests per second, and for how long each step is [s]."""

    origin: str
    route: str
    most: float
    step: float


def trial(url: str, most: float | None, step: str, against: str | None) -> Trial:
    """Raises `Refused` where it is not bounded, or would load what nobody has named for that."""
    problems, at = list[Problem](), ("--load",)
    found = address.url(url)
    if address.has_user(url) or found is None:
        hint = "give one as http://127.0.0.1:8080/path, without a user"
        problems.append(Problem(at, INVALID_ADDRESS, "is no URL of a replica", hint))
    elif not address.is_loopback(found.host) and against != found.host:
        hint = f"name it again by --against {found.host} if it is one replica, out of use, that may be overloaded"
        problems.append(Problem(at, INVALID_ADDRESS, f"{found.host} is not this machine", hint))
    if most is None:
        hint = f"say up to how many requests per second it may go, at most {show_number(MOST)}"
        problems.append(Problem(("--most",), MISSING, "is missing", hint))
    elif not STEPS <= most <= MOST:
        limits = f"allowed is from {STEPS} to {show_number(MOST)} requests per second"
        problems.append(Problem(("--most",), OUT_OF_RANGE, f"is {show_number(most)}", limits))
    length = options.duration("--step", step, SHORTEST, LONGEST, problems)
    if problems or found is None or most is None:
        raise Refused(problems)
    port = f":{found.port}" if found.port else ""
    host = f"[{found.host}]" if ":" in found.host else found.host
    return Trial(f"{found.scheme}://{host}{port}", found.path or "/", most, length / 1000)


def run(asked: Trial, deadline: Milliseconds, report: Report) -> list[Window]:
    """Load it, and give what came of each part of each step.

    Raises `ToolchainError` where the load generator can be neither found nor built, `DrillError` where it fails.
    """
    vegeta = toolchain.ensure(["vegeta"], report)["vegeta"]
    windows = list[Window]()
    with TemporaryDirectory(prefix="flyball-load-") as folder:
        for number in range(1, STEPS + 1):
            rate = asked.most * number / STEPS
            attack = Attack([asked.route], rate, asked.step, deadline / 1000)
            running = Running(vegeta, attack, asked.origin, Path(folder) / f"{number}.bin")
            try:
                requests = running.results()
            finally:
                running.end()
            windows += parts(requests, asked.step)
            if why := _end(requests, deadline):
                report(f"{show_number(rate)}/s: {why}; the test ends here")
                break
            report(f"{show_number(rate)}/s: answered in {show_number(1000 * _mean(requests), 0)}ms on average")
    return windows


def parts(requests: Sequence[Request], step: float) -> Iterator[Window]:
    """What was answered in each part of a step, by when it was, on one replica."""
    if not requests:
        return
    began, length = min(request.at for request in requests), step / PARTS
    for number in range(1, PARTS):
        ended = began + (number + 1) * length
        inside = [request for request in requests if ended - length <= request.at + request.took < ended]
        answered = [request for request in inside if request.outcome is Outcome.ANSWERED]
        if answered:
            in_vain = 1 - len(answered) / len(inside)
            yield Window(ended, answered=len(answered) / length, latency=_mean(answered), ready=1.0, in_vain=in_vain)


def _end(requests: Sequence[Request], deadline: Milliseconds) -> str:
    """Why there is no further step; empty where there is one."""
    if not requests:
        return "nothing was sent"
    if (failed := 1 - share(requests)) > FAILED:
        return f"{failed:.0%} failed"
    if _mean(requests) * 1000 > deadline:
        return f"answers took more than the deadline of {show_duration(deadline)} on average"
    return ""


def _mean(requests: Sequence[Request]) -> float:
    return sum(request.took for request in requests) / len(requests)
