"""Which paths are asked in place of `kubectl get`, and what comes of their answers."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flyball import kubectl
from flyball.kubectl import Kubectl, Played
from flyball.kubectl_get import Question, question
from flyball.kubectl_proxy import Answer

SHOP = "/apis/apps/v1/namespaces/shop/deployments"
WEB = {"name": "web", "namespace": "shop"}
HELD = {"managedFields": [{"manager": "kubectl"}]}


@pytest.mark.parametrize(
    ("asked", "path", "name"),
    [
        ("get deployment web --namespace=shop", f"{SHOP}/web", "web"),
        ("get deployments -n=shop --selector=a=b,c", f"{SHOP}?labelSelector=a%3Db%2Cc", ""),
        ("get hpa web -n=shop", "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web", "web"),
        ("get nodes", "/api/v1/nodes", ""),
        ("get stacks.flyball.dev shop", "/apis/flyball.dev/v1/stacks/shop", "shop"),
        ("get namespace shop", "/api/v1/namespaces/shop", "shop"),
        ("get priorityclasses", "/apis/scheduling.k8s.io/v1/priorityclasses", ""),
        ("get nodeclaims", "/apis/karpenter.sh/v1/nodeclaims", ""),
        ("get ec2nodeclasses.karpenter.k8s.aws", "/apis/karpenter.k8s.aws/v1/ec2nodeclasses", ""),
        (
            "get ingresses.networking.k8s.io --namespace=shop",
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses",
            "",
        ),
        (
            "get events --namespace=shop --field-selector=reason=SuccessfulRescale",
            "/api/v1/namespaces/shop/events?fieldSelector=reason%3DSuccessfulRescale",
            "",
        ),
    ],
)
def test_well_known_kinds_are_asked_by_their_paths(asked: str, path: str, name: str) -> None:
    assert question(asked.split()) == Question(path, name)


@pytest.mark.parametrize(
    "asked",
    [
        "get deployment web",
        "get deployments --all-namespaces",
        "get deployments,services --namespace=shop",
        "get deployment/web --namespace=shop",
        "get deployments web cart --namespace=shop",
        "get deployment web --namespace=shop --as=eve",
        "get deployment web -n shop",
        "get deployment web --namespace=shop --selector=a=b",
        "get deployments --namespace=shop --show-managed-fields",
        "get nodes --namespace=shop",
        "get clusterroles",
        "get all --namespace=shop",
        "get --raw=/api/v1/nodes",
        "get",
        "delete deployment web --namespace=shop",
        "wait deployments --namespace=shop",
    ],
)
def test_all_else_is_left_to_kubectl(asked: str) -> None:
    assert question(asked.split()) is None


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> tuple[Kubectl, dict[str, Answer]]:
    """kubectl, which prints what it was asked, on a cluster with such answers."""
    answers: dict[str, Answer] = {}

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, json.dumps({"ran": command[1:]}), "")

    monkeypatch.setattr(kubectl.subprocess, "run", run)
    monkeypatch.setattr(kubectl.kubectl_proxy, "answer", lambda command, environment, path, timeout: answers[path])
    return Kubectl(Path("kubectl"), None), answers


def test_an_object_is_as_kubectl_prints_it(on: tuple[Kubectl, dict[str, Answer]]) -> None:
    asked, answers = on
    head = {"apiVersion": "apps/v1", "kind": "Deployment"}
    answers[f"{SHOP}/web"] = Answer(200, json.dumps({**head, "metadata": WEB | HELD, "spec": {}}))
    printed = {**head, "metadata": WEB, "spec": {}}
    assert asked.json("get", "deployment", "web", "--namespace=shop") == printed
    assert asked.find("deployment", "web", "--namespace=shop") == printed
    answers[SHOP] = Answer(
        200, json.dumps({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": WEB | HELD}]})
    )
    listed = {"apiVersion": "v1", "kind": "List", "items": [{**head, "metadata": WEB}]}
    assert asked.json("get", "deployments", "--namespace=shop") == {**listed, "metadata": {"resourceVersion": ""}}
    answers[SHOP] = Answer(200, json.dumps({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": None}))
    assert asked.json("get", "deployments", "--namespace=shop")["items"] == []


NONE = {"kind": "Status", "reason": "NotFound", "details": {"name": "web", "kind": "deployments"}}


def test_what_is_not_there_is_found_to_be_so_and_any_other_refusal_is_kubectls_to_say(
    on: tuple[Kubectl, dict[str, Answer]],
) -> None:
    asked, answers = on
    answers[f"{SHOP}/web"] = Answer(404, json.dumps(NONE))
    place = ("deployment", "web", "--namespace=shop")
    assert asked.find(*place) is None
    assert asked.json("get", *place) == {"ran": ["get", *place, "--output=json"]}
    for answer in (Answer(404, "404 page not found"), Answer(403, json.dumps(NONE)), Answer(404, "[]")):
        answers[f"{SHOP}/web"] = answer
        assert asked.find(*place) == {"ran": ["get", *place, "--ignore-not-found", "--output=json"]}


def test_who_plays_a_cluster_is_asked_and_no_other(on: tuple[Kubectl, dict[str, Answer]]) -> None:
    class Cluster(Played):
        def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
            return json.dumps({"items": [{"metadata": {"name": arguments[1]}}], "apiVersion": "v1", "kind": "PodList"})

    played = Cluster(Path("kubectl"), None)
    found = played.find("deployment", "web", "--namespace=shop")
    assert found
    assert found["items"] == [{"metadata": {"name": "deployment"}}]
    assert played.json("get", "pods", "--namespace=shop")["items"] == [{"metadata": {"name": "pods"}}]
    assert played.listed("pods", "shop")[0]["metadata"] == {"name": "--raw=/api/v1/namespaces/shop/pods"}
