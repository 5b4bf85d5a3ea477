"""What kubeconform and kube-score say of every stack, and of the least that a Workload becomes."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.expected import documents

from flyball.deploy.manifests import rendered, write
from flyball.deploy.program import run_program
from flyball.lab.cluster import schemas, toolchain
from flyball.stack.file import load

pytestmark = pytest.mark.checkers

ROOT = Path(__file__).parents[2]
PLAIN = {name: Path(__file__).parent / f"{name}.yaml" for name in ("minimal", "jobs", "caches")}
"""The least that a Workload becomes, two jobs, and two caches."""
STACKS = {
    path.name.split(".")[1]: path
    for path in sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
    if "platform" not in path.stem
}
STACKS |= {path.stem: path for path in sorted((ROOT / "examples").glob("*.yaml"))}
STACKS |= {name: Path(__file__).parent / f"stacks/Pulumi.{name}.yaml" for name in ("applications", "members")}
"""What else an application may ask of its pods, all of it; and what keeps data, migrates, or comes by a canary."""
CLEAN = 10
"""The best of kube-score's grades; of 5 it warns, and 1 is critical."""
WARNED_OF = {
    "deployment-has-host-podantiaffinity": "spread constraints do the same, and leave no pod without a node where there"
    " are more pods than nodes; members, of which no two may share a node, have it",
    "horizontalpodautoscaler-replicas": "of what is on spot one may be enough: beside it is the on-demand base",
}
"""Warnings that say nothing here, and why."""


class Checkers(NamedTuple):
    kube_score: Path
    kubeconform: Path
    schemas: str

    def score(self, files: list[Path], *options: str) -> list[dict[str, Any]]:
        """kube-score's checks that were made, each with the name of its object."""
        command = [str(self.kube_score), "score", "--output-format", "json", "--kubernetes-version", "v1.36"]
        found = json.loads(run([*command, *options, *map(str, files)]))
        return [
            {**check, "object": each["object_name"]}
            for each in found
            for check in each["checks"]
            if not check["skipped"]
        ]

    def conform(self, files: list[Path]) -> dict[str, Any]:
        command = [str(self.kubeconform), "-strict", "-output", "json", "-summary", "-schema-location", self.schemas]
        return json.loads(run([*command, *map(str, files)]))


def run(command: list[str]) -> str:
    """What a checker prints; its exit code only repeats that there are problems."""
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def checkers() -> Checkers:
    try:
        programs = toolchain.ensure(["kube-score", "kubeconform"], print)
        return Checkers(programs["kube-score"], programs["kubeconform"], schemas.location())
    except toolchain.GoMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the checkers are not built yet: {missing}")


class Stack(NamedTuple):
    files: list[Path]
    objects: list[dict[str, Any]]
    """What they hold."""


@pytest.fixture(scope="module", params=[*STACKS, *PLAIN])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The rendered objects of a stack."""
    if request.param in PLAIN:
        return Stack([PLAIN[request.param]], documents(PLAIN[request.param]))
    result = rendered(run_program(ROOT, request.param, load(STACKS[request.param])))
    files = [path for path in write(result, tmp_path_factory.mktemp(request.param)) if path.suffix == ".yaml"]
    return Stack(files, [dict(each.shown()) for each in result.objects])


def test_there_are_stacks() -> None:
    assert STACKS


def test_objects_conform_to_the_api(checkers: Checkers, stack: Stack) -> None:
    found = checkers.conform(stack.files)
    assert found["resources"] == []
    assert found["summary"] == {"valid": len(stack.objects), "invalid": 0, "errors": 0, "skipped": 0}


def test_nothing_is_critical_and_of_nothing_is_warned(checkers: Checkers, stack: Stack) -> None:
    checks = checkers.score(stack.files)
    assert {check["object"] for check in checks}
    found = [check for check in checks if check["grade"] < CLEAN and check["check"]["id"] not in WARNED_OF]
    assert [(check["object"], check["check"]["id"], check["comments"]) for check in found] == []


def exemptions(node: Any) -> list[tuple[str, str]]:
    """Every check that an annotation at any depth turns off, and the reasons that stand beside it."""
    if isinstance(node, list):
        return [found for item in node for found in exemptions(item)]
    if not isinstance(node, dict):
        return []
    ignored = [check for key, text in node.items() if key.startswith("kube-score/ignore") for check in text.split(",")]
    reasons = node.get("flyball.dev/kube-score-reason", "")
    return [(check, reasons) for check in ignored] + [found for item in node.values() for found in exemptions(item)]


def test_every_exemption_has_a_reason_and_is_needed(checkers: Checkers, stack: Stack) -> None:
    failing = {
        (check["object"], check["check"]["id"])
        for check in checkers.score(stack.files, "--disable-ignore-checks-annotations")
        if check["grade"] < CLEAN
    }
    seen = 0
    for document in stack.objects:
        meta = document["metadata"]
        name = "/".join([document["kind"], document["apiVersion"], meta.get("namespace", ""), meta["name"]])
        for check, reasons in exemptions(document):
            given = dict(reason.split(": ", 1) for reason in reasons.splitlines())
            assert given[check].strip(), f"{name} is exempt from {check} for no reason"
            assert (name, check) in failing, f"{name} is exempt from {check}, which it passes"
            seen += 1
    assert seen


def test_the_checkers_find_what_is_wrong(checkers: Checkers, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    container = {"name": "a", "image": "a:latest", "imagePulPolicy": "Always"}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
    wrong.write_text(
        json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec})
    )
    found = checkers.conform([wrong])
    assert found["summary"] == {"valid": 0, "invalid": 1, "errors": 0, "skipped": 0}
    assert "imagePulPolicy" in found["resources"][0]["msg"]
    critical = {check["check"]["id"] for check in checkers.score([wrong]) if check["grade"] < CLEAN}
    assert {"container-image-tag", "container-resources", "container-security-context-privileged"} & critical
