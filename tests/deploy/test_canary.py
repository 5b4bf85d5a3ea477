"""A canary is taken away where it fails, is not seen or does not come up, and never goes on then."""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy import canary
from flyball.deploy.canary import CanaryError, Release
from flyball.deploy.manifests import Object
from flyball.guards.headroom.headroom import Loss
from flyball.guards.workload.canary import By, Canary, Seen
from flyball.kubectl import KubectlError, Played
from flyball.lab import ports
from flyball.lab.loopback import Silent, serving
from flyball.stack.read import read

STEPS = Canary((15, 30), pause=1, errors=Fraction(2, 100), requests=150, prometheus="http://127.0.0.1:1")


ROUTES = "httproutes.gateway.networking.k8s.io"


@dataclass(frozen=True)
class Cluster(Played):
    """Deployments by name: their replicas, and whether they come up; and a route with its weights, if there is one."""

    sizes: dict[str, int] = field(default_factory=lambda: {"web": 8, "web-canary": 0})
    gives_up: bool = False
    weights: dict[str, int] = field(default_factory=dict)
    fixed: bool = False
    """Whether nobody may change the route."""
    scaled: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """What was written, one after the other."""
    notes: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        match arguments:
            case ("scale", *_):
                self.scaled.append(int(arguments[-1].rpartition("=")[2]))
                self.sizes[arguments[2]] = self.scaled[-1]
                self.done.append(f"{arguments[2]}: {self.scaled[-1]} pods")
                return ""
            case ("annotate", "deployment", "web-canary", "--namespace=shop", "--overwrite", note):
                key, _, value = note.partition("=")
                self.notes[key] = value
                return ""
            case ("api-resources", *_):
                return f"{ROUTES}\n" if self.weights else ""
            case ("get", kind, "web", *_) if kind == ROUTES:
                return json.dumps({"spec": {"rules": [{}, {"backendRefs": self.backends()}]}}) if self.weights else ""
            case ("patch", kind, "web", "--namespace=shop", "--type=json", "--field-manager=flyball-release", patch):
                assert kind == ROUTES
                self.patch(json.loads(patch.removeprefix("--patch=")))
                return ""
            case _:
                return json.dumps(self.item(arguments[2])) if arguments[2] in self.sizes else ""

    def backends(self) -> list[dict[str, Any]]:
        return [{"name": name, "port": 80, "weight": weight} for name, weight in self.weights.items()]

    def patch(self, changes: list[dict[str, Any]]) -> None:
        if self.fixed:
            raise KubectlError("httproutes web is forbidden")
        for test, change in pairwise(changes):
            if test["op"] == "test":
                [_, _, rule, _, place, _] = test["path"].strip("/").split("/")
                assert rule == "1"
                assert self.backends()[int(place)]["name"] == test["value"]
                assert change["path"] == test["path"].replace("name", "weight")
                self.weights[test["value"]] = change["value"]
        self.done.append(f"weights {self.weights}")

    def listed(self, plural: str, namespace: str = "", selector: str = "", *, api: str = "v1") -> list[dict[str, Any]]:
        assert (api, plural) == ("apps/v1", "deployments")
        return [self.item(name) for name in self.sizes]

    def item(self, name: str) -> dict[str, Any]:
        size = self.sizes[name]
        status: dict[str, Any] = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), size)
        if self.gives_up and size and name != "web":
            status["availableReplicas"] = 0
            status["conditions"] = [{"type": "Progressing", "status": "False", "reason": "Late", "message": "no pod"}]
        meta = {"name": name, "generation": 1, "annotations": {"flyball.dev/release": "old", **self.notes}}
        return {"metadata": meta, "spec": {"replicas": size}, "status": {**status, "observedGeneration": 1}}


def cluster(**more: Any) -> Cluster:
    return Cluster(Path("kubectl"), None, **more)


def release(prometheus: str = STEPS.prometheus, by: By = By.REPLICAS, steps: tuple[int, ...] = (15, 30)) -> Release:
    plan = Canary(steps, STEPS.pause, STEPS.errors, STEPS.requests, prometheus, by)
    return Release("shop", "web", "http", plan, Loss(), ("services", "web"))


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


def test_another_up_that_goes_through_the_steps_is_left_alone_and_one_that_was_killed_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(canary, "BEAT", 0.01)
    on = cluster(sizes={"web": 8, "web-canary": 1})

    def during(release: Release, window: float) -> Seen:
        [problem] = canary.check_alone(on, [release])
        said = "services.web.rollout.canary: another `up` goes through the steps of web"
        assert str(problem) == f"{said}; wait until it has ended, or end it"
        return Seen(1000, 30)

    monkeypatch.setattr(canary, "_seen", during)
    with pytest.raises(CanaryError, match=r"3\.0 % of 1000 requests failed"):
        canary.run(on, [release()], lambda line: None)
    assert list(canary.check_alone(on, [release()])) == []  # nothing stands beside it

    on.sizes["web-canary"] = 1
    monkeypatch.setattr(canary, "SILENCE", 0.1)
    assert list(canary.check_alone(on, [release()])) == []


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


ROUTED = release(by=By.ROUTE, steps=(1, 25))


def routed(**more: Any) -> Cluster:
    return cluster(**{"weights": {"web": 100, "web-canary": 0}, **more})


def test_by_route_pods_are_there_before_they_have_weight_and_the_weight_goes_before_they_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(canary, "_seen", lambda release, window: Seen(1000, 1))
    on, said = routed(), list[str]()
    canary.run(on, [ROUTED], said.append)
    canary.clear(on, [ROUTED])
    assert on.done == [
        "web-canary: 2 pods",
        "weights {'web': 99, 'web-canary': 1}",
        "web-canary: 3 pods",
        "weights {'web': 75, 'web-canary': 25}",
        "weights {'web': 100, 'web-canary': 0}",
        "web-canary: 0 pods",
    ]
    assert said[0] == "web: 2 of the new version beside 8, 1.0 % of what comes from outside (step 1 of 2)"
    assert canary.said(on, [ROUTED]) == [
        "web: beside 8 come first of the new version 2 (1.0 %), then 3 (25.0 %) of what comes from outside, each for"
        " 1s; it is taken away where more than 2 % of its requests fail"
    ]


def test_by_route_a_bad_one_has_no_weight_any_more_before_its_pods_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_seen", lambda release, window: Seen(1000, 30))
    on = routed()
    with pytest.raises(CanaryError) as error:
        canary.run(on, [ROUTED], lambda line: None)
    assert on.done[2:] == ["weights {'web': 100, 'web-canary': 0}", "web-canary: 0 pods"]
    assert str(error.value) == (
        "web: 2 of the new version beside 8, 1.0 % of what comes from outside: 3.0 % of 1000 requests failed (30), more"
        " than 2 %. The release is stopped: it is gone, and the version before answers all of them. Mend it and bring"
        " the stack up again"
    )


def test_by_route_one_that_does_not_come_up_never_has_weight() -> None:
    on = routed(gives_up=True)
    with pytest.raises(CanaryError, match="Late: no pod"):
        canary.run(on, [ROUTED], lambda line: None)
    assert on.done == ["web-canary: 2 pods", "web-canary: 0 pods"]


def test_pods_stay_as_long_as_a_weight_that_nobody_can_take_away_leads_to_them() -> None:
    on = routed(sizes={"web": 8, "web-canary": 2}, weights={"web": 99, "web-canary": 1}, fixed=True)
    with pytest.raises(KubectlError, match="forbidden"):
        canary.clear(on, [ROUTED])
    assert on.done == []


def test_pods_that_cannot_be_given_weight_are_taken_away_and_people_told_how_it_is_done_by_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = cluster()  # somebody has removed the route
    with pytest.raises(CanaryError, match=r"no httproute shop/web leads to web-canary\. The release is stopped: it is"):
        canary.run(on, [ROUTED], lambda line: None)
    assert on.done == ["web-canary: 2 pods", "web-canary: 0 pods"]

    on = routed()

    def fix(release: Release, window: float) -> Seen:
        object.__setattr__(on, "fixed", True)
        return Seen(1000, 500)

    monkeypatch.setattr(canary, "_seen", fix)
    with pytest.raises(CanaryError) as error:
        canary.run(on, [ROUTED], lambda line: None)
    assert (
        "it could not be taken away: httproutes web is forbidden; in its httproute give web-canary weight 0, and"
        in str(error.value)
    )
    assert on.sizes["web-canary"] == 2


@pytest.mark.parametrize(
    ("by", "moved", "said"),
    [
        (By.REPLICAS, {"web-canary": 0}, "somebody else has scaled it to 0"),
        (By.ROUTE, {"web-canary": 0}, "somebody else has scaled it to 0"),
        (By.ROUTE, {}, "somebody else has given it weight 7"),
    ],
)
def test_what_somebody_else_has_changed_meanwhile_ends_a_step(
    monkeypatch: pytest.MonkeyPatch, by: By, moved: dict[str, int], said: str
) -> None:
    """Else what another `up` has taken away would be taken for one that does well, and come back with the next step."""
    on = routed()

    def seen(release: Release, window: float) -> Seen:
        on.sizes.update(moved)
        if by is By.ROUTE:
            on.weights.update({"web": 93, "web-canary": 7})
        return Seen(0, 0)

    monkeypatch.setattr(canary, "_seen", seen)
    with pytest.raises(CanaryError, match=f"{said}. The release is stopped: it is gone"):
        canary.run(on, [release(by=by)], lambda line: None)
    assert on.sizes["web-canary"] == 0
    assert on.weights == {"web": 100, "web-canary": 0}


@pytest.mark.parametrize("by", By)
def test_a_weight_that_a_killed_one_has_left_goes_also_where_the_next_is_by_replicas(by: By) -> None:
    on = routed(sizes={"web": 8, "web-canary": 2}, weights={"web": 95, "web-canary": 5})
    canary.clear(on, [release(by=by)])
    assert on.done == ["weights {'web': 100, 'web-canary': 0}", "web-canary: 0 pods"]
    canary.clear(on, [release(by=by)])
    assert len(on.done) == 2


def test_a_weight_without_pods_is_taken_away_too() -> None:
    on = routed(weights={"web": 95, "web-canary": 5})
    canary.clear(on, [ROUTED])
    assert on.done == ["weights {'web': 100, 'web-canary': 0}"]


def test_a_part_on_spot_goes_before_the_share_is_one_of_a_route() -> None:
    abort = {"errors": "2%"}
    released = {"steps": [50], "abort": abort, "prometheus": "http://localhost:9090", "by": "route"}
    one = {"image": "example.org/web:1.0", "port": 80, "load": {"peak": 100, "replica": 50}}
    web = read(
        {
            "environment": "test",
            "owner": "shop",
            "namespace": "shop",
            "cluster": "there",
            "platform": {"way": {"gateway": "front", "namespace": "edge"}},
            "services": {"web": {**one, "expose": {"host": "shop.example.com"}, "rollout": {"canary": released}}},
        }
    ).services["web"]
    [problem] = canary.check({"shop": {"web": {}, "web-spot": {}}}, [web])
    assert problem.path == ("services", "web", "rollout", "canary", "by")
    assert list(canary.check({"shop": {"web": {}}}, [web])) == []
