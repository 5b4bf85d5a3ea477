"""Dashboards: what is in them, that they ask for what rules record and exporters give, and that they are Grafana's."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.dashboards.asked import BOARDS, expressions

from flyball import cli
from flyball.alerts import cluster
from flyball.alerts.rule import Record
from flyball.dashboards import grafana
from flyball.dashboards.board import Board
from flyball.drills.cluster.dawn import DRILL
from flyball.drills.cluster.drill import IMAGE
from flyball.drills.cluster.scene import config
from flyball.lab.monitoring import published
from flyball.measure import queries
from flyball.measure.queries import Own
from flyball.stack.read import read

CALL = {"calls": {"pay": {"host": "pay.example", "port": 443, "timeout": "500ms", "protocol": "http"}}}


def _config() -> dict[str, Any]:
    found = config(DRILL, IMAGE)
    [service] = found["services"].values()
    service |= {"survive": "zone", **CALL}
    return found


def recorded() -> set[str]:
    groups = cluster.rules(read(_config()).services.values(), True, False)
    return {entry.name for group in groups.values() for entry in group if isinstance(entry, Record)}


def test_there_is_one_for_each_place_where_people_look() -> None:
    assert list(BOARDS) == ["stack", "workload", "hop", "governor", "hosts"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_a_panel_says_what_it_shows_and_each_title_is_given_once(board: Board) -> None:
    titles = [panel.title for panel in board.panels]
    assert len(titles) == len(set(titles))
    assert all(panel.about.endswith(".") and panel.series for panel in board.panels)


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_what_is_asked_for_is_what_rules_record_or_is_published(board: Board) -> None:
    text = " ".join([*(series.expr for panel in board.panels for series in panel.series), *board.variables.values()])
    own = set(re.findall(r"\bflyball_(?:workload|hop)_[a-z_]+", text))
    assert own <= recorded()
    assert set(re.findall(r"\bkube_[a-z_]+", text)) <= set(published.METRICS)


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_as_grafana_imports_it(board: Board) -> None:
    found = json.loads(grafana.rendered(board))
    assert (found["title"], found["uid"]) == (board.title, f"flyball-{board.name}")
    assert [variable["name"] for variable in found["templating"]["list"]] == ["datasource", *board.variables]
    assert [panel["title"] for panel in found["panels"]] == [panel.title for panel in board.panels]
    for panel, made in zip(board.panels, found["panels"], strict=True):
        assert [target["expr"] for target in made["targets"]] == [series.expr for series in panel.series]
        assert {target["datasource"]["uid"] for target in made["targets"]} == {"${datasource}"}
        dashed = [over["matcher"]["options"] for over in made["fieldConfig"]["overrides"]]
        assert dashed == ["ABCDEFGH"[i] for i, series in enumerate(panel.series) if series.limit]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in found["panels"]]
    assert len(places) == len(set(places))


def patterns(asked: Iterable[str]) -> set[str]:
    return set(re.findall(r'pod=~"([^"]+)"', " ".join(asked)))


@pytest.mark.parametrize(
    "pod",
    [*(f"checkout{part}-7d9f5c-x2k4q" for part in ("", "-spot", "-canary")), "checkout-0", "checkout-12"],
)
def test_lines_and_measures_of_a_workloads_pods_have_those_of_each_kind(pod: str) -> None:
    """A Deployment's, of both parts and of a new version, and a StatefulSet's."""
    found = patterns(expr for board in ("workload", "hop") for expr in expressions(board).values())
    assert found == patterns(queries.of("shop", "checkout", "http", 60_000, Own()).values())
    [pattern] = found
    assert re.fullmatch(pattern, pod)
    assert not re.fullmatch(pattern, f"other-{pod}")


def test_every_variable_that_is_asked_with_can_be_chosen() -> None:
    for board in BOARDS.values():
        used = {name for panel in board.panels for s in panel.series for name in re.findall(r"\$([a-z]+)", s.expr)}
        assert used == set(board.variables)


def test_all_variables_are_filled_in_where_a_test_asks() -> None:
    asked = [expr for board in BOARDS for expr in expressions(board).values()]
    assert len(asked) > 30
    assert not any(re.search(r"\$[a-z]", expr) for expr in asked)


def test_the_command_writes_a_file_for_each(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = CliRunner().invoke(cli.main, ["dashboards", "-o", str(folder)])
    assert (done.exit_code, done.output) == (0, f"5 dashboards in {folder}\n")
    assert {path.name: path.read_text() for path in folder.iterdir()} == grafana.files()


def test_a_file_where_the_folder_would_be_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("mine")
    done = CliRunner().invoke(cli.main, ["dashboards", "-o", str(file)])
    refused = f"--output: {file} cannot be written: {file} is no folder to write in; name another place"
    assert (done.exit_code, done.output) == (1, f"refused, and nothing was changed:\n{refused}\n")
    assert file.read_text() == "mine"


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "flyball.dashboards.grafana", raising=False)
    monkeypatch.delattr("flyball.dashboards.grafana", raising=False)
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk", None)
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk.builders", None)
    done = CliRunner().invoke(cli.main, ["dashboards", "-o", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "pip install 'flyball[dashboards]'" in done.stderr
    assert not (tmp_path / "out").exists()
