"""What is seen of hosts over time, and how it is drawn."""

import re
import time
from collections.abc import Iterator

import pytest

from flyball.drills.hosts import recording as recordings
from flyball.drills.hosts.recording import HostRecorder, HostRecording
from flyball.drills.measure import Event


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostRecorder]:
    monkeypatch.setattr(recordings, "PERIOD", 0.01)
    made = HostRecorder()
    yield made
    made.close()


def test_a_value_that_cannot_be_read_leaves_the_last_one(recorder: HostRecorder) -> None:
    values: list[float | None] = [5, None, 7]
    looks: list[float] = []

    def look() -> float | None:
        looks.append(time.monotonic())
        return values.pop(0) if len(values) > 1 else values[0]

    recorder.follow("disk used [%]", look)
    until = time.monotonic() + 120
    while len(looks) < 4 and time.monotonic() < until:  # with the fourth what the third gave has been kept
        time.sleep(0.01)
    seen = recorder.finish().series["disk used [%]"]
    assert [value for _, value in seen][:2] == [5, 7]
    assert {value for _, value in seen} == {5, 7}


def test_moments_become_a_rate(recorder: HostRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    recorder.begin()
    now = 1002.5
    # One before it began, and one in a bin that is not over, are in none.
    recorder.add("requests lost [1/s]", [999.0, 1000.1, 1000.2, 1001.9, 1002.1], per=1)
    found = recorder.finish()
    assert found.series == {"requests lost [1/s]": [(0, 2), (1, 1)]}
    assert found.seconds == 2.5


def test_both_runs_of_a_drill_have_the_same_axes() -> None:
    first = HostRecording({"a": [(0, 1), (1, 40)], "b": [(0, 0)]}, (), 2)
    assert first.top == (40, 1)


def test_each_series_has_axes_of_its_own_and_steps_from_value_to_value() -> None:
    seen = HostRecording({"a [%]": [(0, 0), (5, 100)], "b": [(0, 1)]}, (Event(5, "it happens"),), 10)
    drawn = seen.plot(10, (100, 1), "what happened")
    assert drawn.startswith("<svg ")
    assert re.findall(r'<text class="tick" x="0"[^>]*>([^<]+)', drawn) == ["a [%]", "b"]
    first, second = re.findall(r'class="capacity" d="M([^"]+)"', drawn)
    # From 0 at the bottom of its axes, along until 5 s, up to the top value, along to the end.
    assert [point.split()[0] for point in first.split("L")] == ["50.0", "299.0", "299.0", "548.0"]
    heights = [float(point.split()[1]) for point in first.split("L")]
    assert heights[0] == heights[1] == 216
    assert heights[2] == heights[3] < heights[0]
    assert min(float(point.split()[1]) for point in second.split("L")) > 216
    assert drawn.count('class="mark"') == 1
