"""The plot of a run with traffic: every request is in it, where it belongs."""

import re
import xml.etree.ElementTree as ET

from flyball.drills import report
from flyball.drills import run as drills
from flyball.drills.measure import Event
from flyball.drills.result import Result
from flyball.drills.traffic.recording import Recording
from flyball.drills.traffic.sample import Pool, Request

REQUESTS = [
    *(Request(i / 10, "/a", 200, 0.05) for i in range(20)),
    *(Request(2 + i / 10, "/a", 503, 0.001) for i in range(10)),
    *(Request(3 + i / 10, "/a", 0, 2.0) for i in range(5)),
]
RECORDING = Recording(REQUESTS, [Pool(0, 2, 0), Pool(3, 8, 4)], [Event(2, "hangs & <dies>")], 3.5, 8)


def test_each_request_is_a_dot_of_its_outcome() -> None:
    root = ET.fromstring(RECORDING.plot(4, RECORDING.top, "a & b"))
    dots = {e.get("class"): str(e.get("d")).count("h0") for e in root.iter() if "dot" in str(e.get("class"))}
    assert dots == {"dot-answered": 20, "dot-refused": 10, "dot-failed": 5}
    assert [e.text for e in root.iter() if e.get("class") == "number"] == ["1"]


def test_the_axes_reach_to_the_highest() -> None:
    # Three or two in a bin of a quarter of a second; the longest took 2 s; the pool has 8 workers.
    assert RECORDING.top == (12, 2.0, 8)


def test_slower_is_higher_and_a_tenfold_is_a_step() -> None:
    text = RECORDING.plot(4, RECORDING.top, "x")
    height = {kind: float(re.search(rf'dot-{kind}" d="M\S+ (\S+?)h0', text)[1]) for kind in ("answered", "refused")}  # pyright: ignore[reportOptionalSubscript]
    assert height["refused"] == 366  # a millisecond is the bottom
    assert 236 < height["answered"] < 366


def test_a_figure_that_only_one_run_has_is_a_dash_in_the_other() -> None:
    results = [
        Result("hang", guard, guard, {"probes": 1234} if guard else {}, "x", RECORDING) for guard in (True, False)
    ]
    assert '<th scope="row">probes</th><td>1,234</td><td>–</td>' in report.page(results, drills.DRILLS)


def test_both_kinds_of_drill_are_in_one_report() -> None:
    results = [Result("hang", guard, guard, RECORDING.figures(), "x", RECORDING) for guard in (True, False)]
    page = report.page(results, drills.DRILLS)
    assert page.count("<figure>") == 2
    assert page.count("hangs &amp; &lt;dies&gt;") == 2
    assert page.count("With traffic: HAProxy is the real one") == 1
    assert "On a control plane" not in page
