"""One window of a schedule, with KEDA and the autoscaler for real."""

from datetime import timedelta
from itertools import pairwise

import pytest
from tests.cluster.scaling.conftest import Window
from tests.cluster.scaling.service import at, cron, wait

pytestmark = pytest.mark.cluster

SECOND = timedelta(seconds=1)
PERIOD = timedelta(seconds=5)


def test_the_floor_stands_when_the_window_starts_and_goes_slowly_when_it_ends(window: Window) -> None:
    service = window.service
    trigger = service.get("scaledobject", "web")["spec"]["triggers"][1]["metadata"]
    assert (trigger["start"], trigger["end"], trigger["desiredReplicas"]) == (cron(window.ramp), cron(window.end), "8")

    wait(lambda: len(service.sizes()) == 6, "the window to open and close", seconds=360)

    steps = service.steps()
    assert [size for _, size in steps] == [6, 8, 7, 6, 5, 4]
    up, down = [when for when, _ in steps[:2]], [when for when, _ in steps[2:]]
    assert window.ramp <= up[0] <= up[1] < window.start
    # The control plane's times are whole seconds, so one may be missing.
    assert up[1] - up[0] >= PERIOD - SECOND
    assert down[0] >= window.end
    assert all(later - earlier >= PERIOD - SECOND for earlier, later in pairwise(down))

    seen = [line.split(" ") for line in window.seen.read_text().splitlines()]
    ready = {pod: at(since) for pod, is_ready, since in seen if is_ready == "True"}
    assert len(ready) == 8
    assert max(ready.values()) < window.start
