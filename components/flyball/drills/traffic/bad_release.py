"""A bad release, then its mended successor.

With the guard: the canary of `up` stops the first by what Prometheus knows of it, and lets the second through.
Without it: a rolling update, which goes on as long as pods listen.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path

from flyball.deploy import canary
from flyball.deploy.canary import CanaryError, Release
from flyball.drills import watch
from flyball.drills.result import Figures
from flyball.drills.traffic import pods
from flyball.drills.traffic.drill import MOST_WAIT, TrafficDrill
from flyball.drills.traffic.lab import Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.pods import NAMESPACE, Deployments, Service, counted
from flyball.drills.traffic.sample import Outcome, within
from flyball.drills.traffic.settings import PATIENCE, RATE
from flyball.guards.headroom.headroom import Loss
from flyball.guards.workload.canary import DEFAULT_PAUSE, SUFFIX, Canary, share, size

FACTOR = 75
"""Time passes as many times faster: the pause of 5 min takes 4 s, and Prometheus looks every 0.4 s."""
_NAME, _REPLICAS = "shop", 4
_FAILS = 5
"""Of so many requests the bad release fails one."""
_STEPS, _ERRORS = (20, 40), Fraction(5, 100)
_PAUSE = DEFAULT_PAUSE // FACTOR
_BEFORE, _DURING, _AFTER = 2.0, 8.0, 11.0
"""Seconds before the bad release, until the mended one (ten minutes), and after that."""
_ROUTES = ("/own",)


def most_lost() -> int:
    """Requests that the guard may cost: those of the first step that fail in a pause and a look of Prometheus."""
    seconds = _PAUSE + watch.LOOK / 1000 / FACTOR
    return int(RATE * share(1, _REPLICAS) / 100 * seconds / _FAILS)


def _script(lab: Lab) -> Mapping[str, float | int]:
    # One for the bad release, then the second step's for the good one; without the guard a whole one more instead.
    sizes = {_NAME: 2 * _REPLICAS, _NAME + SUFFIX: 1 + size(_STEPS[-1], _REPLICAS)}
    service = pods.service(lab, sizes if lab.guard else {_NAME: 3 * _REPLICAS})
    service.scale(_NAME, _REPLICAS)
    lab.warm(service.port, Attack(_ROUTES, RATE, 1.0, PATIENCE))
    with counted(service, FACTOR) if lab.guard else nullcontext() as prometheus:
        lab.begin()
        lab.attack(service.port, Attack(_ROUTES, RATE, _BEFORE + _DURING + _AFTER, PATIENCE))
        lab.wait(_BEFORE)
        fell = lab.event(f"a release that fails each {_FAILS}th request")
        bad = _release(service, prometheus, fails=_FAILS)
        ended = lab.now
        lab.wait(_BEFORE + _DURING)
        mended = lab.event("its successor, which is sound")
        good = _release(service, prometheus, fails=0)
        lab.event("the successor is there" if good else "the successor is not there")
        requests = lab.requests()
    lost = [request.at for request in requests if request.outcome is Outcome.FAILED]
    return {
        "lost": len(lost),
        "lost_until_its_successor": sum(fell <= at < mended for at in lost),
        "lost_afterwards": sum(at >= mended for at in lost),
        "most_the_guard_may_lose": most_lost(),
        "seconds_until_it_ended": round(ended - fell, 1),
        "requests_until_its_successor": len(within(requests, fell, mended)),
        "most_pods_of_the_bad_release": service.most_flawed,
        "bad_releases_that_went_through": int(bad),
        "good_releases_that_went_through": int(good),
    }


def _release(service: Service, prometheus: str | None, fails: int) -> bool:
    """Bring a version that fails one of so many requests, or none if 0; whether it went through."""
    service.fails = fails
    if prometheus is None:
        service.roll(_NAME, FACTOR)
        return True
    # Of requests that have to be seen as many as by default: 3 / errors.
    plan = Canary(_STEPS, _PAUSE, _ERRORS, int(3 / _ERRORS), prometheus)
    release = Release(NAMESPACE, _NAME, "http", plan, Loss())
    kubectl = Deployments(Path("kubectl"), None, service=service)

    def report(line: str) -> None:
        service.lab.event(line)

    try:
        canary.run(kubectl, [release], report)
    except CanaryError as error:
        report(str(error))
        return False
    service.roll(_NAME, FACTOR)
    canary.clear(kubectl, [release])
    return True


def _held(figures: Figures) -> bool:
    """The bad one has stopped itself and cost little, and the good one has gone through and cost nothing."""
    return (
        figures["bad_releases_that_went_through"] == 0
        and figures["lost_until_its_successor"] <= most_lost()
        and figures["good_releases_that_went_through"] == 1
        and figures["lost_afterwards"] == 0
    )


def _summary(figures: Figures) -> str:
    ended = "went all the way" if figures["bad_releases_that_went_through"] else "stopped itself"
    return (
        f"{figures['lost']} of {figures['requests']:,} requests lost; "
        f"the bad release {ended} after {figures['seconds_until_it_ended']:g} s"
    )


DRILL = TrafficDrill(
    name="bad-release",
    title="A release that fails some of its requests, and whose pods are ready",
    story=f"{_REPLICAS} pods, each an application behind its proxy, answer {RATE:g} requests/s, which HAProxy shares "
    "out evenly, as a Service does. A release comes that answers one of "
    f"{_FAILS} requests with 500; its pods listen, and so they are ready. {_DURING:g} s later, which stand for ten "
    "minutes, comes its successor, which is sound. Processes of all pods run from the beginning, and get "
    "requests once their pod has come. The pool is that of the first pod of the version before.",
    with_guard=f"The canary of `up`, steps of {_STEPS[0]} and {_STEPS[1]} %, {_ERRORS * 100} % of errors allowed: its "
    "own steps and verdicts, by what a real Prometheus knows from the pods' proxies.",
    without_guard="The rolling update of the same Deployment: one pod more, never fewer, each ready for a while before "
    "the next.",
    script=_script,
    held=_held,
    summary=_summary,
    part=True,
    prometheus=True,
    # Its promise counts requests; as long as they are answered, it does not matter how fast.
    most_wait=5 * MOST_WAIT,
)
