"""Times of what flyball has made stand on its objects; those of others are guessed beside them."""

from pathlib import Path
from typing import Any

import pytest
from tests.deploy.adopt.test_adopt import filled, objects, written
from tests.deploy.adopt.test_names import web

from flyball.deploy.adopt.adopt import Adopted, adopt
from flyball.deploy.adopt.found import in_files
from flyball.deploy.as_yaml import to_yaml
from flyball.stack.read import examine

HOSTS = 27
"""Calls one after another that take more than a minute by the defaults."""
WEB = {"image": "registry.example/web:1.0", "port": 8080, "load": {"peak": 10, "replica": 20}}
OUTSIDE = {f"db-{i}": {"host": f"db-{i}.example", "port": 5432, "timeout": "150ms"} for i in range(HOSTS)}
SERVICES: dict[str, Any] = {
    "front": {**WEB, "deadline": "45s", "public": True, "calls": {"many": {"timeout": "40s", "connect": "1s"}}},
    "many": {**WEB, "deadline": "30s", "calls": OUTSIDE},
    "slow": {**WEB, "deadline": "55s", "public": True},
}
MADE = {
    "front": (45_000, {"many": (40_000, 1_000)}),
    "many": (30_000, dict.fromkeys(OUTSIDE, (150, 250))),
    "slow": (55_000, {}),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of what flyball has made."""
    stack = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "there", "services": SERVICES}
    made = objects({**stack, "logs": {"to": "none", "reason": "a test"}})
    return written(tmp_path_factory.mktemp("ours"), made)


def times(adopted: Adopted, folder: Path) -> dict[str, tuple[int, dict[str, tuple[int, int]]]]:
    """Of each service its deadline, and its calls' timeouts and waits for a connection."""
    stack, problems = examine(filled(adopted, folder))
    assert [str(problem) for problem in problems] == []
    return {
        name: (
            service.spec.deadline,
            {callee: (call.times.timeout, call.times.connect) for callee, call in service.spec.calls.items()},
        )
        for name, service in stack.services.items()
    }


def test_what_flyball_has_made_keeps_its_times(ours: Path, tmp_path: Path) -> None:
    """However long all calls would take by the defaults."""
    assert times(adopt(in_files(ours)), tmp_path) == MADE


def test_what_others_have_made_is_guessed_beside_it(ours: Path, tmp_path: Path) -> None:
    """By the defaults a request to the hub might take 30.25 s for `many`, and 2.25 s for each of the others."""
    names = [f"web-{i:02}" for i in range(25)]
    hub = web("hub", env={f"URL_{i}": f"http://{name}:8080" for i, name in enumerate(["many", *names])})
    others = [*hub, *(each for name in names for each in web(name))]
    file = tmp_path / "all.yaml"
    file.write_text("---\n".join([ours.read_text("utf-8"), *map(to_yaml, others)]), encoding="utf-8")
    assert times(adopt(in_files(file)), tmp_path) == {
        **MADE,
        **dict.fromkeys(names, (1_000, {})),
        "hub": (56_300, {"many": (30_000, 50), **dict.fromkeys(names, (1_000, 50))}),
    }
