import subprocess
from pathlib import Path
from typing import Any

import pytest

from flyball import kubectl
from flyball.errors import SHOWN
from flyball.kubectl import Kubectl, KubectlError


class Runs:
    """Stands in for subprocess.run: remembers the calls and answers as told."""

    def __init__(self, stdout: str = "", stderr: str = "", returncode: int = 0) -> None:
        self.answer = subprocess.CompletedProcess([], returncode, stdout, stderr)
        self.calls: list[tuple[list[str], dict[str, Any]]] = []

    def __call__(self, command: list[str], **arguments: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append((command, arguments))
        return self.answer


def test_an_own_cluster_has_its_kubeconfig_and_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl.os, "environ", {"KUBECONFIG": "/users", "KUBERC": "/users/kuberc", "PATH": "/bin"})

    environment = Kubectl(Path("/bin/kubectl"), Path("/c/shop/kubeconfig.yaml")).environment()

    assert environment["PATH"] == "/bin"
    assert environment["KUBECONFIG"] == "/c/shop/kubeconfig.yaml"
    assert environment["KUBECACHEDIR"] == "/c/shop/kubectl"
    assert environment["KUBERC"] == "off"


def test_a_users_cluster_keeps_the_users_kubeconfig_and_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl.os, "environ", {"KUBECONFIG": "/users"})
    users = Kubectl(Path("/bin/kubectl"), None, context="dev")

    environment = users.environment()

    assert environment["KUBECONFIG"] == "/users"
    assert "KUBECACHEDIR" not in environment
    assert environment["KUBERC"] == "off"
    assert users.command("get", "pods") == ["/bin/kubectl", "--context=dev", "get", "pods"]


def test_garbage_is_collected_late_unless_the_user_says_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl.os, "environ", {})
    environment = Kubectl(Path("/bin/kubectl"), None).environment()
    assert (environment["GOGC"], environment["GOMEMLIMIT"]) == ("400", "2GiB")
    monkeypatch.setattr(kubectl.os, "environ", {"GOGC": "50"})
    environment = Kubectl(Path("/bin/kubectl"), None).environment()
    assert environment["GOGC"] == "50"
    assert "GOMEMLIMIT" not in environment


def test_json_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(stdout='{"items": [1]}')
    monkeypatch.setattr(kubectl.subprocess, "run", runs)

    assert Kubectl(Path("/bin/kubectl"), None).json("create", "-f", "-", stdin="{}") == {"items": [1]}

    ((command, arguments),) = runs.calls
    assert command == ["/bin/kubectl", "create", "-f", "-", "--output=json"]
    assert arguments["input"] == "{}"


def test_a_list_is_asked_for_by_its_path_and_each_of_it_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "web"}}]}'
    runs = Runs(stdout=answer)
    monkeypatch.setattr(kubectl.subprocess, "run", runs)
    monkeypatch.setattr(kubectl.kubectl_proxy, "answer", lambda *of: None)

    found = Kubectl(Path("/bin/kubectl"), None).listed("deployments", "shop", "a=b,c", api="apps/v1")

    assert found == [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}]
    path = "/apis/apps/v1/namespaces/shop/deployments?labelSelector=a%3Db%2Cc"
    assert runs.calls[0][0] == ["/bin/kubectl", "get", f"--raw={path}"]


@pytest.mark.parametrize(
    ("stderr", "message"), [("error: no such pod\n", "error: no such pod"), ("", "kubectl get ended with 1")]
)
def test_a_failure_is_an_error_with_what_kubectl_said(
    stderr: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubectl.subprocess, "run", Runs(stderr=stderr, returncode=1))

    with pytest.raises(KubectlError) as failure:
        Kubectl(Path("/bin/kubectl"), None).run("get", "pod", "x")

    assert str(failure.value) == message


def test_a_silent_server_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], timeout: float, **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(kubectl.subprocess, "run", run)

    with pytest.raises(KubectlError, match=r"^kubectl get took longer than 0\.5 s$"):
        Kubectl(Path("/bin/kubectl"), None).run("get", "pods", timeout=0.5)


def test_many_failures_of_one_kind_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    full = 'Error from server (Invalid): Service "s{0:03d}" is invalid: spec.clusterIPs: no address is left of {0}'
    refused = 'Error from server (Forbidden): deployments.apps "web" is forbidden: no quota'
    lines = [full.format(i) for i in range(47)]
    monkeypatch.setattr(kubectl.subprocess, "run", Runs(returncode=1, stderr="\n".join([*lines, refused])))

    with pytest.raises(KubectlError) as failed:
        Kubectl(Path("/bin/kubectl"), None).run("apply")

    assert str(failed.value) == f"{full.format(0)} (and 46 more like it)\n{refused}"


def test_many_failures_of_many_kinds_are_the_first_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"error: {a}{b} is not there" for a in "abcdefgh" for b in "xyz"]
    monkeypatch.setattr(kubectl.subprocess, "run", Runs(returncode=1, stderr="\n".join(words)))

    with pytest.raises(KubectlError) as failed:
        Kubectl(Path("/bin/kubectl"), None).run("apply")

    assert str(failed.value).splitlines() == [*words[:SHOWN], f"and {24 - SHOWN} more lines"]


def test_a_failure_is_not_told_by_what_kubectl_notes_of_its_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does so on a busy machine, in the lines before those that say what failed."""
    note = 'I1126 04:53:10.562502    6812 request.go:752] "Waited before sending request" delay="1.19s" verb="GET"'
    runs = Runs(returncode=1, stderr=f"{note}\n{note.replace('I1126', 'W1126')}\nError from server: no\n")
    monkeypatch.setattr(kubectl.subprocess, "run", runs)
    with pytest.raises(KubectlError) as failed:
        Kubectl(Path("/bin/kubectl"), None).run("apply")
    assert str(failed.value) == f"{note.replace('I1126', 'W1126')}\nError from server: no"


NULL = "error: .status.conditions accessor error: <nil> is of the type <nil>, expected []interface{}"


def test_a_kind_defined_a_moment_ago_has_no_conditions_yet_and_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [Runs(stderr=NULL, returncode=1), Runs(stderr=NULL, returncode=1), Runs()]
    asked: list[list[str]] = []

    def run(command: list[str], **arguments: Any) -> Any:
        asked.append(command)
        return answers[len(asked) - 1](command, **arguments)

    monkeypatch.setattr(kubectl.subprocess, "run", run)
    monkeypatch.setattr(kubectl.time, "sleep", lambda seconds: None)

    Kubectl(Path("/bin/kubectl"), None).established("crd/a.example", "crd/b.example", seconds=30)

    assert [command[:5] for command in asked] == [
        ["/bin/kubectl", "wait", "--for=condition=Established", "crd/a.example", "crd/b.example"]
    ] * 3
    assert asked[0][5:] == ["--timeout=30s"]


@pytest.mark.parametrize(("stderr", "seconds"), [(NULL, 0), ("error: timed out waiting for the condition", 30)])
def test_a_kind_that_is_not_served_in_time_is_an_error(
    stderr: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubectl.subprocess, "run", Runs(stderr=stderr, returncode=1))

    with pytest.raises(KubectlError) as failed:
        Kubectl(Path("/bin/kubectl"), None).established("crd/a.example", seconds=seconds)

    assert str(failed.value) == stderr
