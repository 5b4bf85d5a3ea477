"""The report: one file with everything in it, that says what the results say."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from flyball import cli
from flyball.drills import report
from flyball.drills import run as drills
from flyball.drills.cluster.plot import plot
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.drill import Drill
from flyball.drills.measure import Event, Load, Sample
from flyball.drills.result import Result
from flyball.lab.cluster import toolchain

RECORDING = ClusterRecording(
    samples=(Sample(0, 8, 8), Sample(10, 5, 8), Sample(20, 8, 8)),
    events=(Event(9, "first"), Event(9.2, "second & <third>"), Event(25, "last")),
    load=Load(700),
    replica=100,
    seconds=30,
    lines={"ceiling": 12},
)


def result(drill: str, guard: bool, held: bool) -> Result:
    return Result(drill, guard, held, RECORDING.figures(), "2,000 of 21,000 requests not served", RECORDING)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, bool], bool]:
    """Runs come to what the dictionary says, without a control plane; by default to what they should."""
    outcomes: dict[tuple[str, bool], bool] = {}

    def once(kind: object, drill: Drill, guard: bool, say: object) -> Result:
        del kind, say
        return result(drill.name, guard, outcomes.get((drill.name, guard), guard))

    monkeypatch.setattr(drills, "once", once)
    return outcomes


def test_a_recording_comes_to_its_figures() -> None:
    assert RECORDING.figures() == {
        "seconds": 30,
        "requests": 21_000,
        "requests_not_served": 2000,
        "overload_seconds": 10,
        "fewest_ready": 5,
        "most_ready": 8,
    }


def test_the_plot_shows_capacity_load_limits_and_every_event() -> None:
    root = ET.fromstring(plot(RECORDING, 30, 1200, "a & b"))
    classes = [element.get("class") for element in root.iter()]
    assert classes.count("mark") == classes.count("event") == 3
    assert [e.text for e in root.iter() if e.get("class") == "number"] == ["1", "2", "3"]
    assert [e.text for e in root.iter() if e.get("class") == "limit-name"] == ["ceiling: 12 pods"]
    # Five corners for two changes: 0, twice 10, twice 20, and the end; 498 units for 30 s, 218 for 1,400 requests/s.
    [capacity] = [e.get("d") for e in root.iter() if e.get("class") == "capacity"]
    assert capacity is not None
    assert capacity.count("L") + 1 == 8
    assert capacity.startswith("M50.0 ")


def test_events_close_to_each_other_stand_in_rows() -> None:
    root = ET.fromstring(plot(RECORDING, 30, 1200, "rows"))
    assert [e.get("cy") for e in root.iter() if e.get("class") == "mark"] == ["10", "27", "10"]


def test_the_report_needs_nothing_but_itself() -> None:
    text = report.page([result("spot", True, True), result("spot", False, False)], drills.DRILLS)
    assert not re.search(r"""(src|href)=["'](?!#)|url\((?!#)|@import|<script""", text)
    assert "second &amp; &lt;third&gt;" in text


def test_the_report_says_where_a_run_is_not_as_it_should_be() -> None:
    good = report.page([result("spot", True, True), result("spot", False, False)], drills.DRILLS)
    bad = report.page([result("spot", True, False), result("spot", False, True)], drills.DRILLS)
    assert (good.count("not as it should be"), bad.count("not as it should be")) == (0, 4)


def test_the_command_writes_report_and_figures(scripted: object, tmp_path: Path) -> None:
    del scripted
    options = ["--json", str(tmp_path / "out.json"), "--report", str(tmp_path / "report")]
    done = CliRunner().invoke(cli.main, ["drill", "drain", "spot", *options])
    assert done.exit_code == 0, done.output
    figures = RECORDING.figures()
    assert json.loads((tmp_path / "out.json").read_text()) == [
        {"drill": name, "guard": guard, "held": guard, "figures": figures}
        for name in ("drain", "spot")
        for guard in (True, False)
    ]
    assert (tmp_path / "report" / "drills.html").read_text().count("<figure>") == 4


@pytest.mark.parametrize("guard", [True, False])
def test_the_command_fails_where_a_run_is_not_as_it_should_be(
    scripted: dict[tuple[str, bool], bool], guard: bool
) -> None:
    scripted["spot", guard] = not guard
    done = CliRunner().invoke(cli.main, ["drill", "drain", "spot"])
    assert done.exit_code == 1
    assert done.stdout.count("not as it should be") == 1


def test_without_leaves_out_the_guard(scripted: object) -> None:
    del scripted
    done = CliRunner().invoke(cli.main, ["drill", "spot", "--without"])
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        ["spot without it: did not hold, 2,000 of 21,000 requests not served"],
    )


def test_a_name_that_is_no_drill_is_refused_before_anything_runs(scripted: object) -> None:
    del scripted
    done = CliRunner().invoke(cli.main, ["drill", "spot", "drian"])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "drian: is no drill; did you mean 'drain'?" in done.stderr


def test_without_haproxy_drills_with_traffic_are_refused_before_anything_runs(
    scripted: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    del scripted
    monkeypatch.setenv("PATH", "")
    done = CliRunner().invoke(cli.main, ["drill", "spot", "hang", "drip"])
    assert (done.exit_code, done.stdout) == (1, "")
    problem = "cannot be run; install haproxy (Debian: apt-get install haproxy)"
    assert done.stderr.splitlines()[1:] == [f"{name}: {problem}" for name in ("hang", "drip")]
    assert CliRunner().invoke(cli.main, ["drill", "hang", "--without"]).exit_code == 0
    # Where the guard is a part of the proxy, this is there in both runs.
    assert CliRunner().invoke(cli.main, ["drill", "reloads", "--without"]).exit_code == 1


def test_without_haproxy_and_without_names_the_rest_runs(
    scripted: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del scripted
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(toolchain, "cached_path", lambda tool, tools: tmp_path / tool.name)
    done = CliRunner().invoke(cli.main, ["drill"])
    assert done.exit_code == 0
    assert "left out: hang, which cannot be run: install haproxy (Debian: apt-get install haproxy)" in done.stderr
    assert sum(line.endswith("install haproxy)") for line in done.stderr.splitlines()) == len(drills.TRAFFIC.drills)
    # Nor are there hosts without the programs that make them, or without root, nor a collector that nobody can build.
    assert "left out: pipeline, which cannot be run: go is not on PATH" in done.stderr
    kinds = (drills.TRAFFIC, drills.HOSTS, drills.LOGS)
    assert done.stderr.count("left out: ") == sum(len(kind.drills) for kind in kinds)
    assert [line.split()[0] for line in done.stdout.splitlines()][:2] == ["reddit-2016", "reddit-2016"]
    assert len(done.stdout.splitlines()) == 2 * (len(drills.CLUSTER.drills) + len(drills.MODELS.drills))


def test_all_drills_are_listed() -> None:
    done = CliRunner().invoke(cli.main, ["drill", "--list"])
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == [
        *(
            "reddit-2016",
            "dawn",
            "spot",
            "drain",
            "quorum",
            "lost-zone",
            "runaway",
            "reapply",
            "runaway-pool",
            "deleted-pool",
            "frozen-pool",
        ),
        *("hang", "drip", "silent", "slow", "errors", "refused"),
        *("database", "overload", "slow-clients", "slow-uploads", "retry-storm", "chain", "reloads", "bad-release"),
        *(
            "revived",
            "log-storm",
            "log-storm-pod",
            "rotation",
            "log-server-dead",
            "cache-flood",
            "cache-flood-pod",
            "cache-setting",
        ),
        *("rollout", "colliding-changes", "spot-notice", "planned-restarts"),
        "pipeline",
        "dawn-fleet",
    ]


def test_a_result_is_as_it_should_be_only_where_guard_and_outcome_agree() -> None:
    one = result("spot", True, True)
    kinds = [one, replace(one, held=False), replace(one, guard=False), replace(one, guard=False, held=False)]
    assert [kind.as_it_should_be for kind in kinds] == [True, False, False, True]
