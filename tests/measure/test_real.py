"""`flyball measure` on a real Prometheus that watches a real server: the figures are those of the server."""

import time
from collections.abc import Iterator

import pytest
import yaml
from click.testing import CliRunner
from tests.measure.served import CAPACITY, Served, served

from flyball.cli import main

pytestmark = [pytest.mark.hosts, pytest.mark.haproxy, pytest.mark.vegeta]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("measure")) as made:
        yield made


def test_the_figures_are_those_of_the_server(server: Served) -> None:
    days = f"{(time.time() - server.began) / 86_400:.6f}"
    options = ["--prometheus", server.prometheus, "--days", days, "--window", "1s"]
    done = CliRunner().invoke(main, ["measure", "-s", str(server.stack), *options])
    import shutil

    shutil.copytree(server.stack.parent, "/tmp/scratch-measure/kept", dirs_exist_ok=True)
    assert done.exit_code == 0, done.output
    found = yaml.safe_load(done.stdout)["config"]["flyball:services"]["shop"]
    assert 0.85 * CAPACITY <= found["load"]["replica"] <= 1.15 * CAPACITY
    assert 90 <= found["load"]["peak"] <= 115
