"""What the simulated proxies of a drill count: the stated load, spread evenly, and no more than a pod can do."""

import re
import time
from typing import Any, cast

import pytest

from flyball.drills.cluster.proxies import Proxies
from flyball.drills.cluster.recorder import Recorder
from flyball.drills.measure import Load


class Recorded:
    """As far as it is asked."""

    def __init__(self, *pods: str) -> None:
        self.load, self.now, self.pods = Load(300), 0.0, list(pods)

    def serving(self) -> list[dict[str, Any]]:
        return [{"metadata": {"namespace": "shop", "name": pod}} for pod in self.pods]


def counted(text: str, metric: str) -> dict[str, float]:
    found = re.findall(rf'{metric}\{{proxy="\w+",namespace="shop",pod="(\w+)"\}} ([0-9.]+)', text)
    return {pod: float(value) for pod, value in found}


def test_the_load_is_spread_over_those_that_serve_and_what_is_too_much_is_turned_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, recorded = 1000.0, Recorded("one", "two", "three")
    monkeypatch.setattr(time, "monotonic", lambda: now)
    proxies = Proxies(cast(Recorder, recorded), 120)
    now = 1010.0
    text = proxies.text()
    assert counted(text, "haproxy_frontend_http_requests_total") == {"one": 1000, "two": 1000, "three": 1000}
    assert counted(text, "haproxy_frontend_intercepted_requests_total") == {"one": 0, "two": 0, "three": 0}
    now, recorded.pods = 1020.0, ["one", "two"]
    text = proxies.text()
    assert counted(text, "haproxy_frontend_http_requests_total") == {"one": 2500, "two": 2500}
    assert counted(text, "haproxy_frontend_intercepted_requests_total") == {"one": 300, "two": 300}
    assert counted(text, "haproxy_backend_http_requests_total") == {"one": 2200, "two": 2200}
    now, recorded.pods = 1030.0, []
    assert proxies.text() == ""
