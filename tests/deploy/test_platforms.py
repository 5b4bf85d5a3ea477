"""A platform that is taken away: nothing is removed here, and the order is said."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from flyball import cli
from flyball.deploy import platforms
from flyball.guards.reading.problem import Refused
from flyball.stack.target import find

ROOT = Path(__file__).parents[2]
END = "with the vendor's CLI and its plugin for AWS"


def refused(stack: str) -> str:
    with pytest.raises(Refused) as problem:
        platforms.down(find(stack, ROOT))
    return "\n".join(map(str, problem.value.problems))


def test_what_runs_on_it_goes_first_and_its_protection_last() -> None:
    assert refused("prod-platform") == (
        "aws: is the account 123456789012's, and nothing was removed; in this order: `flyball down -s prod`;"
        f" `pulumi up -s prod-platform` with cluster.protect: false; `pulumi destroy -s prod-platform`, {END}"
    )
    assert refused("dev-platform") == (
        "aws: is the account 210987654321's, and nothing was removed; in this order:"
        f" `pulumi destroy -s dev-platform`, {END}"
    )


def test_a_frozen_fleet_would_end_no_instance() -> None:
    said = refused(str(ROOT / "tests/aws/cases/fleets.yaml"))
    assert "in this order: `flyball unfreeze -s fleets`, since a frozen group ends no instance; `pulumi up -s" in said


def test_the_command_asks_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    done = CliRunner().invoke(cli.main, ["-C", str(ROOT), "down", "-s", "prod-platform"])
    assert done.exit_code == 1, done.stderr
    assert "in this order: `flyball down -s prod`" in done.stderr
