"""`plan --before`: what of members and their volumes no change of the file could bring about, and what it takes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from flyball.cli import main
from flyball.stack.plan import plan

TEN = {"path": "/data", "size": "10Gi"}


def stack(namespace: str = "shop", **kept: Any) -> dict[str, Any]:
    db = {
        "image": "registry.example/db:1",
        "port": 5432,
        "protocol": "tcp",
        "public": True,
        "probes": {"readiness": {"exec": ["ask"]}},
        "load": {"peak": 10, "replica": 100},
    }
    outer = {
        "environment": "dev",
        "owner": "shop",
        "namespace": namespace,
        "cluster": "there",
        "zones": ["a", "b", "c"],
    }
    return {**outer, "services": {"db": {**db, **kept}}}


def found(after: dict[str, Any], before: dict[str, Any] | None) -> list[str]:
    return [str(problem) for problem in plan(after, before).findings]


SMALL, LARGE = stack(quorum="2 of 3", data=TEN), stack(quorum="2 of 3", data={**TEN, "size": "20Gi"})
SHRUNK = "services.db.data.size: is 10Gi, and the volumes of db have 20Gi; give 20Gi: no volume shrinks"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (None, []),
        (SMALL, []),
        (LARGE, [SHRUNK]),
        # Another namespace has other volumes; replicas that are alike have none.
        (stack("elsewhere", quorum="2 of 3", data={**TEN, "size": "20Gi"}), []),
        (stack(), []),
    ],
    ids=["none", "the same", "larger", "elsewhere", "alike"],
)
def test_volumes_are_compared_with_those_of_the_earlier_file(before: dict[str, Any] | None, said: list[str]) -> None:
    assert found(SMALL, before) == said


def test_the_command_ends_with_1_and_names_the_rule(tmp_path: Path) -> None:
    for name, config in (("now", SMALL), ("was", LARGE)):
        given = {"config": {f"flyball:{key}": value for key, value in config.items()}}
        (tmp_path / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    now, was = tmp_path / "Pulumi.now.yaml", tmp_path / "Pulumi.was.yaml"
    result = CliRunner().invoke(main, ["plan", "-s", str(now), "--before", str(was), "--json"])
    assert result.exit_code == 1
    assert [each["rule"] for each in json.loads(result.stdout)["findings"]] == ["volume-fixed"]


GREW = "db: its volumes grow from 10Gi to 20Gi, if their class lets them"
WEB = {**stack(), "services": {**stack()["services"], "web": stack()["services"]["db"]}}


@pytest.mark.parametrize(
    ("after", "before", "said"),
    [
        (stack(), WEB, ("web: is removed, with all its replicas",)),
        (WEB, stack(), ()),
        (LARGE, SMALL, (GREW,)),
        (SMALL, SMALL, ()),
        (LARGE, stack("elsewhere", quorum="2 of 3", data=TEN), ()),
        # Of a file that breaks a rule nobody knows the sizes.
        ({**stack(), "zone": "a"}, WEB, ()),
        (stack(), {**WEB, "zone": "a"}, ()),
    ],
    ids=["removed", "added", "larger", "the same", "elsewhere", "broken", "broken before"],
)
def test_what_it_takes_is_said_where_both_keep_all_rules(
    after: dict[str, Any], before: dict[str, Any], said: tuple[str, ...]
) -> None:
    assert plan(after, before).shrinks == said
