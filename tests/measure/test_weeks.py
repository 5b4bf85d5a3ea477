"""`flyball measure` on a real Prometheus with two weeks in it, of a server that was once recorded."""

import math
import re
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from tests.measure.conftest import measured

from flyball.guards.headroom.knee import Curve
from flyball.lab.monitoring import alone

pytestmark = pytest.mark.hosts

RECORDED = Curve(
    (
        (12.0, 0.101),
        (32.0, 0.101),
        (52.0, 0.101),
        (64.0, 0.101),
        (69.3, 0.101),
        (74.7, 0.103),
        (76.0, 0.111),
        (76.5, 0.187),
        (77.3, 0.287),
        (77.7, 0.505),
        (80.4, 0.901),
        (81.0, 1.108),
    )
)
"""Requests/s and seconds of the server of `served`, in windows of a second: eight workers that take 100 ms."""
KNEE = 76.6
DAYS, EVERY = 14, 100
PODS = ("web-7d9f5c-x2k4q", "web-7d9f5c-b7xq9")
BUSIEST = 162.0
"""Requests per second of both together, in the minutes around noon."""
HOUR, DAY = 3600, 86_400
GAP = (3 * DAY, 3 * DAY + 3 * HOUR)
"""Nothing was scraped."""
GROWN = (5 * DAY + 1 * HOUR, 5 * DAY + 4 * HOUR)
"""A third replica was ready, which got nothing."""
TURNS = (8 * DAY + 2 * HOUR, 8 * DAY + 2 * HOUR + 600)
"""Two exporters were scraped in turns, of which one has counted little."""


def load(at: float) -> float:
    """Of both replicas: from a night's 20 to the peak at noon."""
    return 20 + (BUSIEST - 20) * (1 - math.cos(2 * math.pi * at / DAY)) / 2


def figures(begin: float) -> Iterator[str]:
    """In OpenMetrics, by series."""
    moments = [at for at in range(0, DAYS * DAY, EVERY) if not GAP[0] <= at < GAP[1]]
    counted, total = dict[int, float](), 0.0
    for at in range(0, DAYS * DAY, EVERY):
        total += EVERY * load(at) / 2
        counted[at] = total
    for pod in PODS:
        labels = f'namespace="shop",pod="{pod}"'
        for name, more in (
            ("haproxy_frontend_http_requests_total", 'proxy="inbound"'),
            ("haproxy_backend_http_responses_total", 'proxy="app",code="2xx"'),
        ):
            turn = count()
            for at in moments:
                value = counted[at]
                if TURNS[0] <= at < TURNS[1] and pod == PODS[0]:
                    value *= next(turn) % 2
                yield f"{name}{{{labels},{more}}} {value:.0f} {begin + at:.0f}"
        for name in ("queue", "connect", "response"):
            for at in moments:
                value = RECORDED.at(load(at) / 2) if name == "response" else 0.0
                series = f'haproxy_backend_{name}_time_average_seconds{{{labels},proxy="app"}}'
                yield f"{series} {value:.3f} {begin + at:.0f}"
    for at in moments:
        ready = 3 if GROWN[0] <= at < GROWN[1] else 2
        series = 'kube_deployment_status_replicas_ready{namespace="shop",deployment="web"}'
        yield f"{series} {ready} {begin + at:.0f}"
    yield "# EOF"


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("weeks")
    text = "\n".join(figures(time.time() - DAYS * DAY))
    alone.backfill(folder, f"{text}\n", print)
    with alone.prometheus(folder, {"global": {}}, print, "--storage.tsdb.retention.time=30d") as url:
        yield url


@pytest.fixture
def done(weeks: str, stack: Path, tmp_path: Path) -> Result:
    found = measured("-s", stack, "--prometheus", weeks, "web", "-o", tmp_path / "report")
    assert found.exit_code == 0, found.output
    return found


def test_two_weeks_of_a_service(done: Result, tmp_path: Path) -> None:
    found = yaml.safe_load(done.stdout)["config"]["flyball:services"]["web"]
    assert found["load"]["peak"] == pytest.approx(BUSIEST, rel=0.02)
    assert found["load"]["replica"] == pytest.approx(KNEE, rel=0.03)
    assert found["inbound"] == {"latency": "101ms"}
    said = done.stdout
    assert "gap without figures, the longest of 3h" in said
    assert "counters began anew: an artefact of scraping, which is no peak" in said
    assert "2 windows in which replicas came or went say nothing of what a replica can do" in said
    page = (tmp_path / "report" / "measured.html").read_text()
    assert page.count("<svg viewBox") == 3
    assert "knee 76" in page
    assert "sum(rate(haproxy_frontend_http_requests_total{" in page
    # What is no peak is cut off, so that the load of two weeks is more than a line along the ground.
    [highest] = {
        float(y) for y in re.findall(r'class="limit" d="M50 ([0-9.]+)', page.split("requests/s over time")[1])[:1]
    }
    assert highest < 60
