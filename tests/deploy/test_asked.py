"""How a cluster is asked for objects: by the paths of their kinds, and by kubectl where these are not known."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy import asked
from flyball.deploy.manifests import Object
from flyball.kubectl import KubectlError, Played

APPS, CORE, GATEWAY = "apps/v1", "v1", "gateway.networking.k8s.io/v1"
NOT_FOUND = "Error from server (NotFound): the server could not find the requested resource"


@dataclass(frozen=True)
class Cluster(Played):
    """Answers with these lists by their paths, and to kubectl's own names of kinds with these items."""

    paths: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    named: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    error: str = NOT_FOUND
    ran: list[str] = field(default_factory=list)

    def raw(self, path: str, timeout: float = 60.0) -> str:
        self.ran.append(path)
        if path not in self.paths:
            raise KubectlError(self.error)
        return json.dumps({"apiVersion": APPS, "kind": "DeploymentList", "items": self.paths[path]})

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        self.ran.append(" ".join(arguments))
        items = [item for kind in arguments[1].split(",") for item in self.named[kind]]
        return json.dumps({"items": items}) if items else ""


def cluster(**more: Any) -> Cluster:
    return Cluster(Path("kubectl"), None, **more)


def made(api: str, kind: str, name: str, namespace: str = "shop") -> Object:
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return Object({"apiVersion": api, "kind": kind, "metadata": meta}, ())


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, **more}


def test_one_request_for_each_kind_and_namespace_says_what_is_there() -> None:
    on = cluster(paths={"/apis/apps/v1/namespaces/shop/deployments": [item("web"), item("theirs")]})
    found = asked.of(on, [made(APPS, "Deployment", "web"), made(APPS, "Deployment", "gone")])
    head = {"apiVersion": APPS, "kind": "Deployment"}
    assert found == {("apps", "Deployment", "shop", "web"): {**head, **item("web")}}
    assert on.ran == ["/apis/apps/v1/namespaces/shop/deployments"]


@pytest.mark.parametrize(
    ("api", "kind", "namespace", "path"),
    [
        (CORE, "Service", "shop", "/api/v1/namespaces/shop/services"),
        (CORE, "Namespace", "", "/api/v1/namespaces"),
        ("scheduling.k8s.io/v1", "PriorityClass", "", "/apis/scheduling.k8s.io/v1/priorityclasses"),
        ("networking.k8s.io/v1", "NetworkPolicy", "a", "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies"),
        ("networking.k8s.io/v1", "Ingress", "a", "/apis/networking.k8s.io/v1/namespaces/a/ingresses"),
        (GATEWAY, "Gateway", "a", f"/apis/{GATEWAY}/namespaces/a/gateways"),
    ],
)
def test_the_path_of_a_kind_has_its_plural(api: str, kind: str, namespace: str, path: str) -> None:
    on = cluster(paths={path: []})
    assert asked.of(on, [made(api, kind, "x", namespace)]) == {}
    assert on.ran == [path]


def test_a_kind_that_is_called_otherwise_is_asked_for_by_its_name() -> None:
    there = {"apiVersion": "example.org/v1", "kind": "Fish", **item("cod")}
    on = cluster(named={"Fish.example.org": [there]})
    assert asked.of(on, [made("example.org/v1", "Fish", "cod")]) == {("example.org", "Fish", "shop", "cod"): there}
    assert on.ran[1] == ("get Fish.example.org --namespace=shop --show-managed-fields --ignore-not-found --output=json")


def test_what_may_not_be_seen_is_an_error() -> None:
    on = cluster(error="Error from server (Forbidden): services is forbidden")
    with pytest.raises(KubectlError, match="Forbidden"):
        asked.of(on, [made(CORE, "Service", "web")])
    assert len(on.ran) == 1


def test_members_are_found_everywhere_also_of_kinds_that_the_program_no_longer_has() -> None:
    other = {"apiVersion": "batch/v1", "kind": "CronJob", **item("nightly")}
    on = cluster(
        paths={"/apis/apps/v1/deployments?labelSelector=part-of%3Dset": [item("web")]},
        named={"CronJob.batch": [other], "Namespace": []},
    )
    objects = [made(APPS, "Deployment", "web"), made(CORE, "Secret", "never-applied")]
    found = asked.labelled(on, "part-of=set", ["Deployment.apps", "CronJob.batch", "Namespace"], objects)
    assert [*found] == [("apps", "Deployment", "shop", "web"), ("batch", "CronJob", "shop", "nightly")]
    assert on.ran[1] == (
        "get CronJob.batch,Namespace --all-namespaces --selector=part-of=set --show-managed-fields"
        " --ignore-not-found --output=json"
    )


def test_a_set_without_members_asks_nothing() -> None:
    on = cluster()
    assert asked.labelled(on, "part-of=set", [], [made(APPS, "Deployment", "web")]) == {}
    assert on.ran == []
