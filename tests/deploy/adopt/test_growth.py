"""A namespace may have ten thousand objects: what looks each up in all others would take hours."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.adopt.test_names import external, manifest, web

from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.changes import changes
from flyball.deploy.adopt.found import Found, in_files
from flyball.deploy.manifests import Object

BESIDE = {"postStart": {"exec": {"command": ["warm"]}}}


def one(i: int) -> list[dict[str, Any]]:
    """What there is for one service, and says what no stack file says; three of four call the one before."""
    name, before = f"web-{i}", f"http://web-{i - 1 if i % 4 else i}:8080"
    backend = {"service": {"name": name, "port": {"number": 8080}}}
    rules = [{"host": f"{name}.example", "http": {"paths": [{"path": "/", "backend": backend}]}}]
    deployment, service = web(name, env={"UP_URL": before, "DB_URL": f"postgres://db-{i}/shop"})
    deployment["spec"]["template"]["spec"]["containers"][0]["lifecycle"] = BESIDE
    env = [{"name": "URL", "value": f"http://{name}:8080"}]
    job = {"spec": {"containers": [{"name": "job", "image": "registry.example/job:1.0", "env": env}]}}
    return [
        deployment,
        service,
        external(f"db-{i}", f"db-{i}.prod.example.com"),
        manifest("Ingress", name, rules=rules),
        manifest("PodDisruptionBudget", name),
        manifest("CronJob", f"job-{i}", schedule="5 4 * * *", jobTemplate={"spec": {"template": job}}),
    ]


def found(folder: Path, count: int) -> Found:
    path = folder / f"{count}.yaml"
    documents = [document for i in range(count) for document in one(i)]
    path.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return in_files(path)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, and generators asked."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def compared(there: Found) -> None:
    other = [Object({**item.manifest, "spec": {**item.spec, "more": 1}}, ()) for item in there.items]
    assert len(changes(there, other, "shop")[0]) == len(other)


@pytest.mark.parametrize("what", [adopt, compared])
def test_twice_as_many_objects_are_twice_the_work(tmp_path: Path, what: Callable[[Found], object]) -> None:
    few, many = found(tmp_path, 20), found(tmp_path, 40)
    assert calls(lambda: what(many)) / calls(lambda: what(few)) < 2.1
