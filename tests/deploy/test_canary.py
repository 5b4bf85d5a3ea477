"""A canary is taken away where it fails, is not seen or does not come up, and never goes on then."""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy import canary
from flyball.deploy.canary import CanaryError, Release
from flyball.deploy.manifests import Object
from flyball.guards.workload.canary import Canary, Seen
from flyball.kubectl import Kubectl
from flyball.lab import ports
from flyball.lab.loopback import Silent, serving

STEPS = Canary((15, 30), pause=1, errors=Fraction(2, 100), requests=150, prometheus="http://127.0.0.1:1")


@dataclass(frozen=True)
class Cluster(Kubectl):
    """Deployments by name: their replicas, and whether they come up."""

    sizes: dict[str, int] = field(default_factory=lambda: {"web": 8, "web-canary": 0})
    gives_up: bool = False
    scaled: list[int] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        if arguments[0] == "scale":
            self.scaled.append(int(arguments[-1].rpartition("=")[2]))
            self.sizes[arguments[2]] = self.scaled[-1]
            return ""
        if arguments[1] == "deployments":
            return json.dumps({"items": [self.item(name) for name in self.sizes]})
        return json.dumps(self.item(arguments[2])) if arguments[2] in self.sizes else ""

    def item(self, name: str) -> dict[str, Any]:
        size = self.sizes[name]
        status: dict[str, Any] = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), size)
        if self.gives_up and size and name != "web":
            status["availableReplicas"] = 0
            status["conditions"] = [{"type": "Progressing", "status": "False", "reason": "Late", "message": "no pod"}]
        meta = {"name": name, "generation": 1, "annotations": {"flyball.dev/release": "old"}}
        return {"metadata": meta, "spec": {"replicas": size}, "status": {**status, "observedGeneration": 1}}


def cluster(**more: Any) -> Cluster:
    return Cluster(Path("kubectl"), None, **more)


def release(prometheus: str = STEPS.prometheus) -> Release:
    steps = Canary(STEPS.steps, STEPS.pause, STEPS.errors, STEPS.requests, prometheus)
    return Release("shop", "web", "http", steps)


def test_all_steps_are_gone_through_where_requests_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_seen", lambda release, window: Seen(1000, 1))
    on, said = cluster(), list[str]()
    canary.run(on, [release()], said.append)
    assert on.scaled == [1, 3]
    assert said == [
        "web: 1 of the new version beside 8, 11.1 % of the requests (step 1 of 2)",
        "web: 1 of 1000 requests failed",
        "web: 3 of the new version beside 8, 27.3 % of the requests (step 2 of 2)",
        "web: 1 of 1000 requests failed",
    ]


def test_a_preview_says_its_steps_and_what_ends_it() -> None:
    on = cluster()
    assert canary.said(on, [release()]) == [
        "web: beside 8 come first of the new version 1 (11.1 %), then 3 (27.3 %) of the requests, each for 1s; it is"
        " taken away where more than 2 % of its requests fail"
    ]
    assert canary.said(on, []) == []
    assert on.scaled == []


def test_without_figures_it_stops_after_a_pause_and_nothing_goes_on() -> None:
    (port,) = ports.free(1)
    on = cluster()
    with pytest.raises(CanaryError) as error:
        canary.run(on, [release(f"http://127.0.0.1:{port}")], lambda line: None)
    assert on.scaled == [1, 0]
    assert str(error.value) == (
        "web: 1 of the new version beside 8, 11.1 % of the requests: nobody knows how its requests end: Prometheus has"
        " no figures after 1s. The release is stopped: it is gone, and the version before answers all of them. Mend it"
        " and bring the stack up again"
    )


@pytest.mark.parametrize("said", [b"no answer of HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}"])
def test_who_answers_otherwise_than_a_prometheus_has_no_figures(said: bytes) -> None:
    """And nothing else is said of it than of one that is not there."""

    class Other(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(said)

    on = cluster()
    with serving(Other) as port, pytest.raises(CanaryError) as error:
        canary.run(on, [release(f"http://127.0.0.1:{port}")], lambda line: None)
    assert "Prometheus has no figures after 1s. The release is stopped: it is gone" in str(error.value)
    assert on.scaled == [1, 0]


def test_one_that_does_not_come_up_is_taken_away() -> None:
    on = cluster(gives_up=True)
    with pytest.raises(CanaryError, match=r"web-canary: Late: no pod. The release is stopped"):
        canary.run(on, [release()], lambda line: None)
    assert on.scaled == [1, 0]


def test_what_a_killed_one_has_left_is_taken_away_and_what_is_away_is_not_touched() -> None:
    on = cluster(sizes={"web": 8, "web-canary": 3})
    canary.clear(on, [release()])
    canary.clear(on, [release()])
    assert on.scaled == [0]


def test_another_version_is_one_whose_pods_differ_and_its_deployment_stays_for_the_time() -> None:
    def deployment(version: str) -> Object:
        meta = {"name": "web", "namespace": "shop", "annotations": {"flyball.dev/release": version}}
        return Object({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta}, ())

    same, other, known = deployment("old"), deployment("new"), [release()]
    assert canary.releases(cluster(), known, [same]) == []
    assert canary.releases(cluster(), known, [other]) == known
    assert canary.releases(cluster(sizes={}), known, [other]) == []  # the first release
    service = Object({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}, ())
    assert canary.without([other, service], known) == [service]
