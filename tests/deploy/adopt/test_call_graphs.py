"""Call graphs as they are found: longer than Python recurses, and in a circle."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.deploy.adopt.test_adopt import filled, objects, written
from tests.deploy.adopt.test_names import adopted, web

from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.found import in_files
from flyball.stack.read import examine


def test_a_chain_of_more_calls_than_python_recurses(tmp_path: Path) -> None:
    """Each takes 50 ms to connect to the next one, and the last one a second."""
    count = 520
    names = [f"web-{i:03}" for i in range(count)]
    after = dict(pairwise(names))
    documents = [
        document
        for name in names
        for document in web(name, env={"NEXT_URL": f"http://{after[name]}:8080"} if name in after else {})
    ]
    services = adopted(tmp_path, *documents).config["services"]
    assert services[names[-1]]["deadline"] == "1s"
    assert services[names[0]]["calls"][names[1]] == {"variable": "NEXT_URL", "connect": "50ms", "timeout": "26.9s"}
    assert services[names[0]]["deadline"] == "26.95s"


def of_its_own(name: str, other: str) -> dict[str, Any]:
    """A stack of one service that calls the one of another stack in the same namespace."""
    there = {"name": other, "namespace": "shop", "port": 8080, "target": 20_000, "deadline": "1s"}
    service = {
        "image": "registry.example/web:1.0",
        "port": 8080,
        "load": {"peak": 10, "replica": 20},
        "calls": {other: {"service": there}},
        "callers": [f"shop/{other}"],
    }
    return {
        "environment": name,
        "owner": name,
        "namespace": "shop",
        "shared": True,
        "cluster": "there",
        "logs": {"to": "none", "reason": "a test"},
        "services": {name: service},
    }


def test_two_stacks_of_one_namespace_that_call_each_other(tmp_path: Path) -> None:
    """Neither knows the other's calls; together they are a circle, which is for people to open."""
    made = (*objects(of_its_own("left", "right")), *objects(of_its_own("right", "left")))
    found = adopt(in_files(written(tmp_path, made)))
    calls = {name: list(args["calls"]) for name, args in found.config["services"].items()}
    assert calls == {"left": ["right"], "right": ["left"]}
    assert "calls-in-a-circle" in {problem.rule.id for problem in examine(filled(found, tmp_path))[1]}
