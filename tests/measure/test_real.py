"""`flyball measure` on a real server: its load test, and a real Prometheus that watched that, come to its capacity."""

import time
from collections.abc import Iterator

import pytest
import yaml
from click.testing import Result
from tests.measure.conftest import measured
from tests.measure.served import CAPACITY, OWN, Served, served

pytestmark = [pytest.mark.hosts, pytest.mark.haproxy, pytest.mark.vegeta]
MOST = 1.5 * CAPACITY


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("measure")) as made:
        yield made


def proposed(server: Served, *options: str) -> Result:
    done = measured("-s", server.stack, "shop", *options)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def loaded(server: Served) -> Result:
    return proposed(server, "--load", server.load, "--most", f"{MOST:g}", "--step", "6s")


def figures(done: Result) -> dict[str, dict[str, float | str]]:
    return yaml.safe_load(done.stdout)["config"]["flyball:services"]["shop"]


def test_a_load_test_of_one_replica_finds_its_capacity(loaded: Result) -> None:
    found = figures(loaded)
    assert 0.85 * CAPACITY <= float(found["load"]["replica"]) <= 1.15 * CAPACITY
    assert 1000 * OWN <= int(str(found["inbound"]["latency"]).removesuffix("ms")) <= 2000 * OWN
    assert "replica is 100 today, the knee" in loaded.stdout
    assert "peak" not in found["load"]


def test_a_prometheus_that_watched_finds_the_same(server: Served, loaded: Result) -> None:
    days = f"{(time.time() - server.began) / 86_400:.6f}"
    done = proposed(server, "--prometheus", server.prometheus, "--days", days, "--window", "2s")
    found = figures(done)
    assert 0.85 * CAPACITY <= float(found["load"]["replica"]) <= 1.15 * CAPACITY
    assert 1000 * OWN <= int(str(found["inbound"]["latency"]).removesuffix("ms")) <= 2000 * OWN
    assert 0.9 * MOST <= float(found["load"]["peak"]) <= 1.15 * MOST
    assert ": a day with more load may be missing" in done.stdout
