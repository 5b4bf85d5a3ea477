"""Pictures of dashboards: every line is in them, where it belongs; and those in the docs are of these dashboards."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tools import boards
from tools.pictures import FOLDER, SHOWN

from flyball.dashboards.board import Board, Panel, Series, Unit
from flyball.dashboards.grafana import BOARDS

PANEL = Panel("Ready & able", "x", Unit.COUNT, (Series("a", "{{pod}} of {{none}}"),))
FOUND = [
    {"metric": {"pod": "web-1"}, "values": [[10, "2"], [11, "2"], [12, "2"], [13, "-1"], [14, "NaN"]]},
    {"metric": {"pod": "web-2"}, "values": [[10, "NaN"]]},
]
TEXT, PATH = (f"{{http://www.w3.org/2000/svg}}{name}" for name in ("text", "path"))


def drawn(panel: Panel) -> ET.Element:
    found = {panel.title: [*boards.lines(panel.series[0], FOUND, start=10)]}
    return ET.fromstring(boards.picture(Board("some", "A board", (panel,)), found, 4))


def test_a_line_has_the_name_that_the_dashboard_gives_it_and_no_more_points_than_it_has_corners() -> None:
    [line] = boards.lines(PANEL.series[0], FOUND, start=10)
    assert line == boards.Line("web-1 of ", [(0, 2.0), (2, 2.0), (3, -1.0)], limit=False)


def test_every_line_is_drawn_and_below_zero_too() -> None:
    root = drawn(PANEL)
    texts = [element.text for element in root.iter(TEXT)]
    assert {"A board", "Ready & able", "web-1 of ", "-1", "0", "2"} <= set(texts)
    [line] = [e.get("d") for e in root.iter(PATH) if e.get("class") == "line" and str(e.get("d")).count("L") == 2]
    heights = [float(point.split()[1]) for point in str(line).lstrip("M").split("L")]
    assert heights[0] == heights[1] < heights[2] == boards.ABOVE + boards.HEIGHT


def test_a_share_is_in_percent() -> None:
    root = drawn(Panel("Share", "x", Unit.SHARE, PANEL.series))
    assert {"-100 %", "200 %"} <= {element.text for element in root.iter(TEXT)}


@pytest.mark.parametrize("name", SHOWN)
def test_those_in_the_docs_are_small_and_of_these_dashboards(name: str) -> None:
    file = FOLDER / f"{name}.svg"
    assert file.stat().st_size < 100_000
    titles = [element.text for element in ET.parse(file).iter(TEXT) if element.get("class") in ("head", "title")]
    assert titles == [BOARDS[name].title, *(panel.title for panel in BOARDS[name].panels)], "run make pictures"


def test_the_docs_show_them() -> None:
    text = (Path(__file__).parents[2] / "docs/alerting.md").read_text()
    assert all(f"](pictures/{name}.svg)" in text for name in SHOWN)
