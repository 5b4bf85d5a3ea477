"""A real server whose capacity is known, watched by a real Prometheus: HAProxy as beside each application, and the
test application of the drills."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.measure.conftest import PLACE

from flyball.drills.traffic.lab import lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.settings import inbound
from flyball.lab.monitoring import alone, figures

WORKERS, OWN = 8, 0.1
CAPACITY = WORKERS / OWN
"""Requests per second: 80."""
STACK = (
    PLACE
    + """\
    shop:
      image: registry.example/shop:1.0.0
      port: 8080
      public: true
      deadline: 4s
      load: {peak: 200, replica: 100}
"""
)
LABELS = {"namespace": "shop", "pod": "shop-7d9f5c-x2k4q"}
WARM = Attack(["/own"], 72.0, 8.0, 4.0)
"""The proxy's averages are whole after 512 requests."""


def said(line: str) -> None:
    print(line)


@dataclass(frozen=True)
class Served:
    prometheus: str
    stack: Path
    load: str
    """URL of the one replica, through the proxy before it."""
    began: float
    """When the load did [s since 1970]."""


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """It runs meanwhile, and is warm."""
    stack = folder / "Pulumi.prod.yaml"
    stack.write_text(STACK)
    # Whoever waits does so in the application, whose own line has no end.
    door = inbound(CAPACITY, latency="1s", queue="100ms", concurrency=2000)
    ready = 'kube_deployment_status_replicas_ready{namespace="shop",deployment="shop"} 1\n'
    with lab(True, said) as made, figures.served({"kube": lambda: ready}) as port:
        entry = made.service("shop", [], f"--own={OWN}", workers=WORKERS, inbound=door, deadline=4000)
        metrics = made.sidecars["shop"].proxy.metrics
        assert metrics
        with alone.prometheus(folder, _configuration(f"127.0.0.1:{metrics.port}", port), said) as url:
            began = time.time()
            made.warm(entry, WARM)
            yield Served(url, stack, f"http://127.0.0.1:{entry}/own", began)


def _configuration(proxy: str, kube: int) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "scrape_configs": [
            {"job_name": "proxies", "static_configs": [{"targets": [proxy], "labels": LABELS}]},
            {
                "job_name": "kube-state-metrics",
                "metrics_path": "/kube",
                "honor_labels": True,
                "static_configs": [{"targets": [f"127.0.0.1:{kube}"]}],
            },
        ],
    }
