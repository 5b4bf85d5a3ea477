"""What a plan says of the spot nodes of a platform: who buys them, or that nobody does."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flyball.cli import main
from flyball.stack.file import load, stack_file
from flyball.stack.plan import plan
from flyball.stack.platform_plan import plan as plan_platform
from flyball.stack.read import read

ROOT = Path(__file__).parents[2]
PROD = load(stack_file("prod", ROOT))
UNSAID = {key: value for key, value in PROD.items() if key != "pools"}
LINE = (
    "pool spot: at most 12 nodes of 8 processors and 32Gi, which Karpenter 1.14.0 buys as pods need them; to take it"
    " away again takes the right to override"
)
WARNING = (
    "pools: is missing, and without it nothing buys the spot nodes of the platform prod; say pools: true in one stack"
    " of services on it, and pools: false in the others"
)


def test_production_brings_the_pool_of_its_platform() -> None:
    stack, found = read(PROD), plan(PROD)
    assert stack.base
    assert stack.pools == {"spot": stack.base.pool}
    assert [str(each) for each in found.pools] == [LINE]
    assert found.as_json()["pools"] == [{"pool": "spot", "nodes": 12, "cpu": "8", "memory": "32Gi"}]
    assert (found.findings, found.warnings) == ((), ())


def test_a_plan_warns_of_spot_nodes_that_nobody_brings() -> None:
    found = plan(UNSAID)
    assert ([str(each) for each in found.warnings], found.pools) == ([WARNING], ())
    assert [each.rule.id for each in found.warnings] == ["pool-not-brought"]
    assert (found.findings, read(UNSAID).pools) == ((), {})


def test_another_stack_may_bring_them() -> None:
    found = plan({**PROD, "pools": False})
    assert (found.findings, found.warnings, found.pools) == ((), (), ())


def test_a_platform_without_spot_nodes_lacks_nobody() -> None:
    content = load(stack_file("prod-platform", ROOT))
    nodes = {"base": content["aws"]["nodes"]["base"]}
    platform = {**PROD["platform"], "content": {**content, "aws": {**content["aws"], "nodes": nodes}}}
    assert [each.path for each in plan({**UNSAID, "platform": platform}).warnings] == []
    assert [str(each) for each in plan({**PROD, "platform": platform}).findings] == [
        "pools: is true, and the platform prod has no spot nodes; give it nodes.spot, or leave pools out"
    ]


def test_of_pools_that_break_a_rule_nothing_is_said_to_be_bought() -> None:
    found = plan({key: value for key, value in PROD.items() if key != "governor"})
    assert ([each.rule.id for each in found.findings], found.pools) == (["pool-unguarded"], ())


def test_the_platforms_plan_says_what_it_takes() -> None:
    [line] = [line for line in plan_platform(load(stack_file("prod-platform", ROOT))).lines if "spot nodes: " in line]
    assert line == (
        "spot nodes: at most 12, 96 processors and 384Gi; 1 at a time given back, 10m after the last pod came or went;"
        " none before a stack of services on it says pools: true"
    )


@pytest.mark.parametrize(("pools", "line"), [("true", LINE), (None, f"warning: {WARNING}")])
def test_the_command_says_so(pools: Any, line: str, tmp_path: Path) -> None:
    text = (ROOT / "stacks/Pulumi.prod.yaml").read_text(encoding="utf-8")
    own = "  flyball:pools: true\n"
    assert text.count(own) == 1
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(text if pools else text.replace(own, ""), encoding="utf-8")
    (tmp_path / "Pulumi.prod-platform.yaml").symlink_to(ROOT / "stacks/Pulumi.prod-platform.yaml")
    done = CliRunner().invoke(main, ["plan", "-s", str(file)])
    assert done.exit_code == 0
    assert line in done.output.splitlines()
