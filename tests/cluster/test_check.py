"""`flyball check` by the real kubectl: of a real API server with simulated nodes, and of kubelets that are played."""

import http.server
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.cluster.conftest import built
from tests.deploy.test_checks import SMALL, STACK, WANTED

from flyball.deploy.checks import kubelets
from flyball.deploy.checks.outcome import Finding, Outcome
from flyball.guards.clean_up.rules import KUBELET_DIFFERS, KUBELET_SILENT
from flyball.kubectl import Kubectl, Played
from flyball.lab.loopback import served

pytestmark = pytest.mark.cluster

ANSWERS = {
    "good": (200, json.dumps({"kubeletconfig": {**WANTED, "imageMaximumGCAge": "336h0m0s", "maxPods": 58}})),
    "small": (200, json.dumps({"kubeletconfig": SMALL})),
    "small-too": (200, json.dumps({"kubeletconfig": SMALL})),
    "off": (404, "404 page not found"),
    "other": (200, "hello"),
}
"""Of kubelets, one with its debugging handlers off, and one that is none."""


class _Api(http.server.BaseHTTPRequestHandler):
    """As much of an API server as is asked for; the real one proxies to no kubelet on the loopback interface."""

    def do_GET(self) -> None:
        if self.path == "/api/v1/nodes":
            items = [{"metadata": {"name": name}} for name in ANSWERS]
            self._say(200, json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": items}))
        else:
            self._say(*ANSWERS[self.path.removeprefix("/api/v1/nodes/").removesuffix("/proxy/configz")])

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Kubectl]:
    with served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Api)) as server:
        file = tmp_path / "kubeconfig.yaml"
        url = f"http://127.0.0.1:{server.server_port}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
        }
        file.write_text(yaml.safe_dump(config))
        yield Kubectl(built("kubectl")["kubectl"], file)


def test_kubelets_that_fit_and_differ_and_are_none(played: Kubectl) -> None:
    assert kubelets.check(played, STACK) == Outcome(
        "1 of 5 nodes asked and as wanted",
        (
            Finding(KUBELET_DIFFERS, "containerLogMaxSize is 10Mi, wanted 50Mi", ("small", "small-too")),
            Finding(
                KUBELET_SILENT, "not asked: (NotFound): the server could not find the requested resource", ("off",)
            ),
            Finding(KUBELET_SILENT, "not asked: no configuration of a kubelet in the answer", ("other",)),
        ),
    )


def test_simulated_nodes_are_not_green(kubectl: Kubectl) -> None:
    outcome = kubelets.check(kubectl, STACK)
    nodes = [item["metadata"]["name"] for item in kubectl.json("get", "nodes")["items"]]
    assert outcome == Outcome(
        f"0 of {len(nodes)} nodes asked and as wanted",
        (Finding(KUBELET_SILENT, "simulated, without a kubelet to be asked", outcome.findings[0].places),),
    )
    assert sorted(outcome.findings[0].places) == sorted(nodes)


@dataclass(frozen=True)
class _Somebody(Played):
    """Who may see nodes, and no more."""

    def command(self, *arguments: str) -> list[str]:
        return [*super().command(*arguments), "--as=watcher"]


def test_who_has_not_the_right_is_told_which(kubectl: Kubectl, namespace: str) -> None:
    name = f"{namespace}-sees-nodes"
    kubectl.run("create", "clusterrole", name, "--verb=get,list", "--resource=nodes")
    kubectl.run("create", "clusterrolebinding", name, f"--clusterrole={name}", "--user=watcher")
    try:
        (finding,) = kubelets.check(_Somebody(kubectl.program, kubectl.kubeconfig), STACK).findings
    finally:
        kubectl.run("delete", "clusterrolebinding,clusterrole", name)
    assert finding.message == "not asked: the right `get` on `nodes/proxy` is missing"
