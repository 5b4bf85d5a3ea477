"""`flyball check`: which kubelets differ, which could not be asked, in few lines however many nodes there are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.deploy.test_requirements import SERVICE

from flyball.cli import main
from flyball.deploy import checks
from flyball.deploy import up as local
from flyball.deploy.checks import kubelets
from flyball.deploy.checks.outcome import Finding, Outcome
from flyball.guards.clean_up.rules import KUBELET_DIFFERS, KUBELET_SILENT
from flyball.guards.workload import kubelet
from flyball.kubectl import KubectlError, Played
from flyball.stack.read import read

CONFIG: dict[str, Any] = {
    "environment": "dev",
    "owner": "shop",
    "namespace": "shop",
    "cluster": "c",
    "services": {"web": SERVICE},
}
STACK = read(CONFIG)
WANTED = kubelet.configuration(STACK.nodes)
SMALL = WANTED | {"containerLogMaxSize": "10Mi"}
FORBIDDEN = (
    'Error from server (Forbidden): nodes "{0}" is forbidden: User "jo" cannot get resource "nodes/proxy" in API group'
    ' "" at the cluster scope'
)
GONE = "Error from server: error trying to reach service: dial tcp 10.0.3.7:10250: i/o timeout"


class Nodes(Played):
    """Stands in for kubectl on a cluster of these nodes: a configuration, an error, or text that is neither."""

    def __init__(self, answers: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> None:
        super().__init__(Path("kubectl"), None)
        self.__dict__.update(answers=answers, annotations=annotations)

    def raw(self, path: str, timeout: float = 60.0) -> str:
        answers, annotations = self.__dict__["answers"], self.__dict__["annotations"]
        if path == "/api/v1/nodes":
            meta = {} if annotations is None else {"annotations": annotations}
            items = [{"metadata": {"name": name, **meta}} for name in answers]
            return json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": items})
        assert timeout == 10
        name = path.removeprefix("/api/v1/nodes/").removesuffix("/proxy/configz")
        answer = answers[name]
        if isinstance(answer, KubectlError):
            raise answer
        return answer if isinstance(answer, str) else json.dumps({"kubeletconfig": answer})


def asked(answers: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> Outcome:
    (outcome,) = [outcome for _, outcome in checks.run(Nodes(answers, annotations), STACK)]
    return outcome


def test_all_as_wanted() -> None:
    outcome = asked({"a": WANTED, "b": WANTED | {"maxPods": 58}})
    assert outcome == Outcome("2 of 2 nodes asked and as wanted")
    assert outcome.good


def test_one_that_differs() -> None:
    outcome = asked({"a": WANTED, "b": SMALL | {"containerLogMaxWorkers": 1}})
    said = "containerLogMaxSize is 10Mi, wanted 50Mi, containerLogMaxWorkers is 1, wanted 4"
    assert outcome == Outcome("1 of 2 nodes asked and as wanted", (Finding(KUBELET_DIFFERS, said, ("b",)),))
    assert not outcome.good
    assert [str(each) for each in outcome.findings] == [f"b: {said}"]


def test_five_hundred_nodes_are_a_few_lines() -> None:
    """Those that differ first, of these the largest group; names in the order of their numbers."""
    answers: dict[str, Any] = {f"n{i}": SMALL if i % 2 else WANTED for i in range(500)}
    answers |= {f"n{i}": KubectlError(GONE.replace("10.0.3.7", f"10.0.3.{i}")) for i in range(100, 200)}
    answers |= {"n9": WANTED | {"imageMaximumGCAge": "0s"}, "n11": KubectlError("Error from server (Forbidden): no")}
    outcome = asked(answers)
    assert outcome.summary == "200 of 500 nodes asked and as wanted"
    assert [(each.rule, len(each.places), str(each)) for each in outcome.findings] == [
        (KUBELET_DIFFERS, 198, "n1, n3, n5 and 195 more: containerLogMaxSize is 10Mi, wanted 50Mi"),
        (KUBELET_DIFFERS, 1, "n9: imageMaximumGCAge is 0s, wanted 336h"),
        (
            KUBELET_SILENT,
            100,
            "n100, n101, n102 and 97 more: not asked: error trying to reach service: dial tcp its address: i/o timeout",
        ),
        (KUBELET_SILENT, 1, "n11: not asked: the right `get` on `nodes/proxy` is missing"),
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (KubectlError(FORBIDDEN.format("a")), "not asked: the right `get` on `nodes/proxy` is missing"),
        (KubectlError(GONE), "not asked: error trying to reach service: dial tcp its address: i/o timeout"),
        (KubectlError('Error from server (NotFound): nodes "a" x'), 'not asked: (NotFound): nodes "NODE" x'),
        (KubectlError("kubectl get took longer than 30 s"), "not asked: kubectl get took longer than 30 s"),
        ("<html>", "not asked: no configuration of a kubelet in the answer"),
        ("[]", "not asked: no configuration of a kubelet in the answer"),
        ("{}", "not asked: no configuration of a kubelet in the answer"),
        ('{"kubeletconfig": null}', "not asked: no configuration of a kubelet in the answer"),
    ],
)
def test_one_that_cannot_be_asked_is_not_green(answer: Any, said: str) -> None:
    assert asked({"a": answer}) == Outcome("0 of 1 node asked and as wanted", (Finding(KUBELET_SILENT, said, ("a",)),))


def test_a_simulated_node_is_asked_too() -> None:
    """The annotation says only why a node did not answer: on a real one it hides nothing."""
    kwok = {"kwok.x-k8s.io/node": "fake"}
    (silent,) = asked({"a": KubectlError("Error from server (BadRequest): address not allowed")}, kwok).findings
    assert str(silent) == "a: simulated, without a kubelet to be asked"
    assert [each.rule for each in asked({"a": SMALL}, kwok).findings] == [KUBELET_DIFFERS]


def test_a_cluster_without_nodes_is_not_green() -> None:
    assert not asked({}).good


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ({"a": WANTED}, 0, "kubelets: 1 of 1 node asked and as wanted\n"),
        (
            {"a": SMALL},
            1,
            "kubelets: 0 of 1 node asked and as wanted\n"
            "  a: containerLogMaxSize is 10Mi, wanted 50Mi [kubelet-differs]\n",
        ),
    ],
)
def test_the_command(
    answers: Mapping[str, Any], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "reach", lambda target, report: Nodes(answers))
    done = CliRunner().invoke(main, ["check", "-s", str(_file(tmp_path))])
    assert (done.exit_code, done.stdout) == (code, said)
    done = CliRunner().invoke(main, ["check", "-s", str(_file(tmp_path)), "--json"])
    found = json.loads(done.stdout)
    assert done.exit_code == code
    assert found["kubelets"]["good"] == (code == 0)
    assert [each["places"] for each in found["kubelets"]["findings"]] == [["a"]] * code


def test_what_the_stack_says_of_its_nodes_is_wanted() -> None:
    found = kubelets.check(Nodes({"a": WANTED}), read({**CONFIG, "nodes": {"logs": {"size": "20Mi"}}}))
    assert [str(each) for each in found.findings] == ["a: containerLogMaxSize is 50Mi, wanted 20Mi"]


def test_a_cluster_that_does_not_answer_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*arguments: str, **options: Any) -> str:
        raise KubectlError("Unable to connect to the server")

    silent = Nodes({})
    silent.__dict__["raw"] = refuses
    monkeypatch.setattr(local, "reach", lambda target, report: silent)
    done = CliRunner().invoke(main, ["check", "-s", str(_file(tmp_path))])
    assert (done.exit_code, done.stderr) == (1, "Unable to connect to the server\n")


def _file(folder: Path) -> Path:
    file = folder / "Pulumi.dev.yaml"
    file.write_text(json.dumps({"config": {f"flyball:{key}": value for key, value in CONFIG.items()}}))
    (folder / "Pulumi.yaml").write_text("name: flyball\n")
    return file
