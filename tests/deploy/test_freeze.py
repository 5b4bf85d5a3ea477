"""A freeze of a cluster says why, as one of a host does, before anybody is asked."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from tests.deploy.test_requirements import Cluster

from flyball import cli
from flyball.deploy import freeze
from flyball.guards.governor.freeze import Freeze
from flyball.kubectl import KubectlError

REASONS = {
    "x": "--reason: 'x' is no reason; say why, in at least 8 letters",
    "   because   ": "--reason: 'because' is no reason; say why, in at least 8 letters",
    "moving\x1b[2Jthe database": "--reason: has control characters; give one line of text",
    "moving\nthe database": "--reason: has control characters; give one line of text",
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_says_nothing_is_refused(reason: str) -> None:
    done = CliRunner().invoke(cli.main, ["freeze", "-s", "prod", "--reason", reason])
    assert done.exit_code == 1
    assert done.stderr == f"refused, and nothing was changed:\n{REASONS[reason]}\n"


class Recorded(Cluster):
    """A cluster whose freeze somebody else has written."""

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__("36", "")
        self.record = {"metadata": {"creationTimestamp": "2028-01-03T06:00:00Z"}, **record}

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        return json.dumps(self.record)


class Pools(Cluster):
    """A cluster whose envelopes still name a pool that somebody with the right to override took away."""

    def __init__(self, kinds: str, there: tuple[str, ...]) -> None:
        super().__init__("36", kinds, governor=True)
        self.there = there
        self.patched: dict[str, Any] = {}
        self.behind = 0
        """So many patches more are changed by a freeze that has gone: policies read it from a watch."""

    def json(self, *arguments: str, stdin: str = "") -> Any:
        if arguments[0] == "patch":
            return json.loads(self.run(*arguments))
        assert arguments == ("create", "--filename=-")
        return {**json.loads(stdin), "metadata": {"creationTimestamp": "2028-01-03T06:00:00Z"}}

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        match arguments:
            case ("get", "configmap", "flyball-pools", *_):
                return json.dumps({"data": {"gone_budget": "1", "gone_cpu": "8", "spot_budget": "2"}})
            case ("get", "configmap", _, *_):
                return ""
            case ("get", "nodepool", name, *_):
                return json.dumps({"metadata": {"name": name}}) if name in self.there else ""
            case ("patch", "nodepool", name, "--type=merge", patch):
                if name not in self.there:
                    raise KubectlError(f'nodepools.karpenter.sh "{name}" not found')
                found = json.loads(patch.removeprefix("--patch="))
                if self.behind:
                    self.behind -= 1
                    found["spec"]["disruption"]["budgets"] = [{"nodes": "0"}]
                self.patched[name] = found["spec"]["disruption"]["budgets"]
                return json.dumps(found)
        return super().run(*arguments, stdin=stdin, timeout=timeout, accept=accept)


@pytest.mark.parametrize(
    ("kinds", "there", "frozen", "lifted"),
    [
        ("nodepools.karpenter.sh", ("spot",), {"spot": [{"nodes": "0"}]}, {"spot": [{"nodes": "2"}]}),
        ("nodepools.karpenter.sh", (), {}, {}),
        ("", (), {}, {}),
    ],
)
def test_a_pool_that_is_gone_keeps_no_other_from_a_freeze_nor_from_its_end(
    kinds: str, there: tuple[str, ...], frozen: dict[str, Any], lifted: dict[str, Any]
) -> None:
    cluster = Pools(kinds, there)
    assert freeze.freeze(cluster, "queue migration", None, "jo").by == "jo"
    assert cluster.patched == frozen
    freeze.lift(cluster)
    assert cluster.patched == lifted


def test_a_pool_has_its_budget_again_though_a_policy_still_sees_the_freeze() -> None:
    cluster = Pools("nodepools.karpenter.sh", ("spot",))
    cluster.behind = 2
    freeze.lift(cluster)
    assert (cluster.patched, cluster.behind) == ({"spot": [{"nodes": "2"}]}, 0)


def test_a_pool_that_stays_without_a_budget_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "SETTLES", 0.0)
    cluster = Pools("nodepools.karpenter.sh", ("spot",))
    cluster.behind = 1_000
    with pytest.raises(KubectlError, match=r"^NodePool spot is kept from its budget of 2 though no freeze is on; un"):
        freeze.lift(cluster)


SINCE = datetime(2028, 1, 3, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "read"),
    [
        ({}, Freeze("no reason given", "?", SINCE)),
        ({"data": None}, Freeze("no reason given", "?", SINCE)),
        ({"data": {"reason": "moving", "by": "jo", "until": "tomorrow"}}, Freeze("moving", "jo", SINCE)),
        ({"data": {"until": ""}}, Freeze("no reason given", "?", SINCE)),
        (
            {"data": {"until": "2028-01-03T08:00:00"}},
            Freeze("no reason given", "?", SINCE, datetime(2028, 1, 3, 8, tzinfo=UTC)),
        ),
    ],
)
def test_whatever_somebody_wrote_into_the_record_it_can_be_shown(record: dict[str, Any], read: Freeze) -> None:
    found = freeze.current(Recorded(record))
    assert found == read
    assert read.describe(datetime(2028, 1, 3, 9, tzinfo=UTC))
