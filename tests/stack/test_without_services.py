"""Stacks and sets of jobs or caches alone, in each way in which they are described."""

from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.packaged import package
from tests.kubernetes.programs import objects, registered

from flyball.deploy.manifests import rendered
from flyball.deploy.program import run_program
from flyball.kubernetes import Services
from flyball.stack.plan import plan

ROOT = Path(__file__).parents[2]
HEAD: dict[str, Any] = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "local"}
JOB = {"image": "example.org/report:1.0", "schedule": "0 4 * * *"}
CACHE = {"memory": "256Mi", "ttl": "90s", "callers": ["trade/front"]}
PARTS: dict[str, Any] = {
    "jobs": ({"jobs": {"report": JOB}}, "CronJob report"),
    "caches": ({"caches": {"pages": CACHE}}, "StatefulSet pages"),
    "both": ({"jobs": {"report": JOB}, "caches": {"pages": CACHE}}, "CronJob report"),
}


@pytest.fixture(params=PARTS, ids=str)
def part(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    return PARTS[request.param]


@pytest.mark.parametrize("more", [{}, {"services": {}}], ids=["left out", "empty"])
def test_a_plan_takes_it(part: tuple[dict[str, Any], str], more: dict[str, Any]) -> None:
    given, _ = part
    found = plan({**HEAD, **given, **more})
    assert [str(problem) for problem in found.findings] == []
    assert (len(found.runs), len(found.caches)) == tuple(len(given.get(key, ())) for key in ("jobs", "caches"))


@pytest.mark.parametrize(
    "more", [{}, {"governor": {}, "alerts": {"to": "none", "reason": "nobody has to"}}], ids=["plain", "governed"]
)
def test_a_stack_file_comes_to_it(part: tuple[dict[str, Any], str], more: dict[str, Any]) -> None:
    given, name = part
    made = rendered(run_program(ROOT, "test", {**HEAD, **given, **more})).objects
    assert name in {f"{each.kind} {each.name}" for each in made}


def test_a_program_s_set_comes_to_it(part: tuple[dict[str, Any], str]) -> None:
    given, name = part
    assert name in objects(lambda: Services("shop", given))  # pyright: ignore[reportArgumentType]


def test_the_package_makes_the_same(part: tuple[dict[str, Any], str]) -> None:
    given, _ = part
    built = registered(lambda: package().construct("shop", "flyball:index:Services", given))  # pyright: ignore
    assert built == registered(lambda: Services("shop", given))  # pyright: ignore[reportArgumentType]
