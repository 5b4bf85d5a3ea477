"""The command that is forked is as the one that is started: its outputs, its exit code, its folder and environment."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.cluster import loaded
from tests.cluster.shop import FLYBALL

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-s", str(loaded.PROJECT / "stacks" / "Pulumi.local.yaml")),
        ("plan", "-s", "nowhere"),
        ("plan", "-s", "local", "--so"),
        ("kubeconfig", "-s", "local"),
    ],
    ids=lambda arguments: " ".join(arguments[-2:]),
)
def test_it_says_and_ends_as_the_one_that_is_started(arguments: tuple[str, ...], tmp_path: Path) -> None:
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    forked = loaded.run(arguments, tmp_path, environment)
    started = subprocess.run(
        [*FLYBALL, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)
