"""Canary releases: `up` brings the new version beside the old one, step by step, and takes it away where it fails.

Nothing else goes on by itself: where `up` is killed, the new version stays at its step, an alert tells of it, and the
next `up` begins again from the first step. By route, pods are there before any requests are sent to them, and none are
sent any more before they go.
"""

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from flyball import prometheus, wellknown
from flyball.alerts.canary import queries
from flyball.deploy import parts, rollout, routes
from flyball.deploy.identity import Named
from flyball.deploy.manifests import Object
from flyball.errors import FlyballError
from flyball.guards.governor.rules import RELEASE_UNDER_WAY
from flyball.guards.headroom.headroom import Loss
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import show_duration, show_number
from flyball.guards.workload.canary import SUFFIX, By, Canary, Seen, Verdict, check_parts, judge
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl, KubectlError
from flyball.prometheus import PrometheusError, Server

PATIENCE = 10.0
"""Seconds for an answer of Prometheus."""
LOOKS = 20
"""In each pause, so that an abort is late by a twentieth of it."""
BEAT, SILENCE = 5.0, 20.0
"""Seconds: how often a release says that somebody goes through its steps, and after how many nobody does."""
Report = Callable[[str], None]


class CanaryError(FlyballError):
    """A release has stopped itself; the message has the numbers."""


@dataclass(frozen=True, slots=True)
class Release:
    """A service of which another version is to come."""

    namespace: str
    name: str
    protocol: str
    canary: Canary
    loss: Loss
    """What its new version survives where nobody else answers its share."""
    path: Path = ()
    """Of the service, in what people have written."""

    @property
    def stable(self) -> Named:
        """The Deployment that stays as it is."""
        return ("Deployment", self.namespace, self.name)

    @property
    def routed(self) -> bool:
        """Whether a route has the share as a weight."""
        return self.canary.by is By.ROUTE


def of(services: Iterable[Service]) -> list[Release]:
    """What a release of each service with a canary is."""
    return [
        Release(each.spec.namespace, each.name, each.spec.protocol, released, each.sizing.beside, each.path)
        for each in services
        if (released := each.spec.rollout.canary)
    ]


def check(live: parts.Live, services: Iterable[Service]) -> Iterator[Problem]:
    """Refuse a route to the new version while there is a part that the Service would no longer lead to."""
    for each in services:
        spot = live[each.spec.namespace].get(each.name + SPOT_SUFFIX)
        yield from check_parts(each.spec.rollout.canary, spot is not None, each.path)


def releases(kubectl: Kubectl, known: Iterable[Release], objects: Iterable[Object]) -> list[Release]:
    """Those of services that run, and not as they would by these objects."""
    wanted = {(o.namespace, o.name): _version(o.manifest) for o in objects if o.kind == "Deployment"}
    found: list[Release] = []
    for each in known:
        there = _deployment(kubectl, each.namespace, each.name)
        if there and _version(there) != wanted.get((each.namespace, each.name)):
            found.append(each)
    return found


def said(kubectl: Kubectl, found: Iterable[Release]) -> list[str]:
    """A line for each release that is to come: its steps, beside what runs, and what ends it."""
    return [_plan(release, _running(kubectl, release)) for release in found]


def _plan(release: Release, stable: int) -> str:
    canary = release.canary
    steps = zip(canary.steps, canary.sizes(stable, release.loss), strict=True)
    sizes = ", then ".join(f"{count} ({canary.share(step, stable):.1f} %)" for step, count in steps)
    return (
        f"{release.name}: beside {stable} come first of the new version {sizes} {canary.of}, each for"
        f" {show_duration(canary.pause * 1000)}; it is taken away where more than"
        f" {show_number(float(canary.errors * 100))} % of its requests fail"
    )


def _running(kubectl: Kubectl, release: Release) -> int:
    there = _deployment(kubectl, release.namespace, release.name)
    return there["spec"].get("replicas", 1) if there else 1


def without(objects: Sequence[Object], held: Iterable[Release]) -> list[Object]:
    """All but the Deployments that stay as they are until their canaries have done well."""
    kept = {release.stable for release in held}
    return [o for o in objects if o.named not in kept]


def clear(kubectl: Kubectl, known: Iterable[Release]) -> None:
    """Take away what a release that was killed has left, or one that has succeeded: each begins with none."""
    for release in known:
        there = _beside(kubectl, release)
        if there or release.routed:
            _take_away(kubectl, release, there)


def check_alone(kubectl: Kubectl, known: Iterable[Release]) -> Iterator[Problem]:
    """Refuse to begin beside another `up` that goes through the steps of a release. One that was killed is silent."""
    beside = [release for release in known if _beside(kubectl, release)]
    said = [_note(kubectl, release) for release in beside]
    given_up = time.monotonic() + SILENCE
    while beside and time.monotonic() < given_up:
        time.sleep(BEAT / 5)
        for release, before in zip(beside, said, strict=True):
            if _note(kubectl, release) != before:
                message = f"another `up` goes through the steps of {release.name}"
                at = (*release.path, "rollout", "canary")
                yield Problem(at, RELEASE_UNDER_WAY, message, "wait until it has ended, or end it")
                return


def _note(kubectl: Kubectl, release: Release) -> str | None:
    there = _deployment(kubectl, release.namespace, release.name + SUFFIX)
    return there["metadata"].get("annotations", {}).get(wellknown.LOOKED_AFTER_ANNOTATION) if there else None


@contextmanager
def _looked_after(kubectl: Kubectl, release: Release) -> Iterator[None]:
    """Within it the new version's Deployment says, again and again, that somebody goes through its steps."""
    ended, who = Event(), uuid.uuid4().hex[:8]
    place = (f"{release.name}{SUFFIX}", f"--namespace={release.namespace}", "--overwrite")

    def say() -> None:
        for times in itertools.count(1):
            with suppress(KubectlError):
                note = f"{wellknown.LOOKED_AFTER_ANNOTATION}={who}-{times}"
                kubectl.run("annotate", "deployment", *place, note)
            if ended.wait(BEAT):
                return

    saying = Thread(target=say, daemon=True)
    saying.start()
    try:
        yield
    finally:
        ended.set()
        saying.join()


def run(kubectl: Kubectl, found: Iterable[Release], report: Report) -> None:
    """Go through the steps of each release, one after the other. Raises `CanaryError` where one stops itself."""
    for release in found:
        with _looked_after(kubectl, release):
            for i, step in enumerate(release.canary.steps):
                _step(kubectl, release, i, step, report)


def _step(kubectl: Kubectl, release: Release, i: int, step: int, report: Report) -> None:
    stable, canary = _running(kubectl, release), release.canary
    count, percent = canary.size(step, stable, release.loss), canary.share(step, stable)
    said = f"{release.name}: {count} of the new version beside {stable}, {percent:.1f} % {canary.of}"
    report(f"{said} (step {i + 1} of {len(canary.steps)})")
    try:
        _scale(kubectl, release, count)
        rollout.wait(kubectl, [("Deployment", release.namespace, release.name + SUFFIX)], lambda done, total: None)
        if release.routed:
            routes.shift(kubectl, release.namespace, release.name, step)
    except (rollout.RolloutError, KubectlError) as error:
        raise _aborted(kubectl, release, said, str(error)) from error
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        if moved := _moved(kubectl, release, count, step):
            raise _aborted(kubectl, release, said, moved)
        verdict, why = judge(canary, _seen(release, waited), waited)
        if verdict is Verdict.PROCEED:
            report(f"{release.name}: {why}")
            return
        if verdict is Verdict.ABORT:
            raise _aborted(kubectl, release, said, why)
        time.sleep(canary.pause / LOOKS)


def _aborted(kubectl: Kubectl, release: Release, said: str, why: str) -> CanaryError:
    """Take the new version away, and say why."""
    try:
        _take_away(kubectl, release, _beside(kubectl, release))
        now = "it is gone, and the version before answers all of them"
    except KubectlError as error:
        now = f"it could not be taken away: {error}; {_by_hand(release)}"
    return CanaryError(f"{said}: {why}. The release is stopped: {now}. Mend it and bring the stack up again")


def _take_away(kubectl: Kubectl, release: Release, size: int) -> None:
    """No requests any more, and then no pods: in the other order what the route still sends would find nobody.

    A route that is to have no weights any more may still have one, as long as there are pods.
    """
    if release.routed or routes.known(kubectl):
        routes.shift(kubectl, release.namespace, release.name, 0)
    if size:
        _scale(kubectl, release, 0)


def _by_hand(release: Release) -> str:
    """What takes a new version away, for people."""
    pods = f"kubectl scale deployment {release.name}{SUFFIX} --replicas=0"
    if not release.routed:
        return pods
    return f"in its httproute give {release.name}{SUFFIX} weight 0, and then {pods}"


def _moved(kubectl: Kubectl, release: Release, count: int, step: int) -> str | None:
    """Whether somebody else has changed what this step has set: what is seen then says nothing of it."""
    if (size := _beside(kubectl, release)) != count:
        return f"somebody else has scaled it to {size}"
    weight = routes.weight(kubectl, release.namespace, release.name) if release.routed else step
    return None if weight == step else f"somebody else has given it weight {weight}"


def _beside(kubectl: Kubectl, release: Release) -> int:
    """Replicas of the new version."""
    there = _deployment(kubectl, release.namespace, release.name + SUFFIX)
    return there["spec"].get("replicas", 1) if there else 0


def _seen(release: Release, window: float) -> Seen | None:
    """How the new version's requests have ended within the window [s]; None where nobody knows."""
    requests, errors = queries(release.namespace, release.name, release.protocol, max(1, round(window)))
    try:
        came = _value(release.canary.prometheus, requests)
        return None if came is None else Seen(came, _value(release.canary.prometheus, errors) or 0.0)
    except (PrometheusError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _value(url: str, query: str) -> float | None:
    """The one number of a query's result; None where there is none."""
    result = prometheus.ask(Server(url.rstrip("/")), "query", PATIENCE, query=query)["result"]
    return float(result[0]["value"][1]) if result else None


def _scale(kubectl: Kubectl, release: Release, count: int) -> None:
    place = (f"{release.name}{SUFFIX}", f"--namespace={release.namespace}", f"--replicas={count}")
    kubectl.run("scale", "deployment", *place)


def _deployment(kubectl: Kubectl, namespace: str, name: str) -> dict[str, Any] | None:
    return kubectl.find("deployment", name, f"--namespace={namespace}")


def _version(manifest: Any) -> str | None:
    return manifest["metadata"].get("annotations", {}).get(wellknown.RELEASE_ANNOTATION)
