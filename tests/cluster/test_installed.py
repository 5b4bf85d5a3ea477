"""The package as others install it: a wheel in a clean environment, used in an empty folder."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flyball import paths
from flyball.lab.cluster import control_plane, toolchain
from flyball.lab.monitoring import programs

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Installed:
    """The command of an environment that holds nothing but the wheel and what it depends on."""

    environment: Path
    folder: Path
    cache: Path

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [str(self.environment / "bin" / "flyball"), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.env(), capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done

    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return kept | {"XDG_CACHE_HOME": str(self.cache), "FLYBALL_ENGINE": "off"}


LOCKED = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "tools" / "requirements.txt").read_text(), re.MULTILINE))
LOWEST = dict(re.findall(r'"(pulumi[\w-]*)>=([\d.]+),', (ROOT / "pyproject.toml").read_text()))
"""Of what the package allows; the highest is what is locked, and all other tests run with."""
COMPONENTS = ("test_minimal", "test_package", "test_plugin", "test_services", "test_spot", "test_values", "governor")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


def environment_of(folder: Path, pins: dict[str, str], *packages: str) -> Path:
    """A new environment with these packages, each in the version that is pinned."""
    environment, constraints = folder / "environment", folder / "constraints.txt"
    constraints.write_text("\n".join(f"{name}=={version}" for name, version in pins.items()))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    # By the pip that is there, and nothing compiled that nobody loads: that is most of the SDK.
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install", "--no-compile"]
    flags = ("--quiet", "--disable-pip-version-check", "--constraint", str(constraints))
    subprocess.run([*pip, *flags, *packages], check=True)
    return environment


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel with its own dependencies in the versions of the lock, and a cache of its own with what is built."""
    folder = tmp_path_factory.mktemp("installed")
    environment = environment_of(folder, LOCKED, str(wheel))
    toolchain.ensure(control_plane.PROGRAMS, print)
    toolchain.ensure(["vegeta"], print)
    cache = folder / "cache"
    (cache / "flyball").mkdir(parents=True)
    (cache / "flyball" / "bin").symlink_to(paths.bin_dir())
    if not programs.why_not():
        (cache / "flyball" / "monitoring").symlink_to(programs.ensure(print).parent)
    (folder / "empty").mkdir()
    found = Installed(environment, folder / "empty", cache)
    yield found
    found.run("down", "-s", "local")
    assert list(found.folder.iterdir()) == []


def test_the_example_is_planned_and_the_command_says_which_it_is(installed: Installed) -> None:
    done = installed.run("plan", "-s", "local")

    shipped = installed.environment / "lib" / f"python3.{sys.version_info.minor}" / "site-packages/flyball/shipped"
    assert done.stderr == (
        f"no Pulumi.yaml here or above: {shipped}/stacks/Pulumi.local.yaml"
        " is built by the program that comes with flyball\n"
    )
    assert "every rule holds" in done.stdout


def test_other_stacks_are_not_there(installed: Installed) -> None:
    done = installed.run("plan", "-s", "prod", code=1)

    assert f"there is no Pulumi.yaml in {installed.folder} or above it" in done.stderr
    assert "without one there is the example 'local'" in done.stderr


def test_the_example_comes_up_and_goes(installed: Installed) -> None:
    done = installed.run("up", "-s", "local")

    assert "13 of 13 workloads stand" in done.stderr
    made = re.search(r"^(\d+) created, 0 changed, 0 unchanged, 0 pruned$", done.stdout, re.MULTILINE)
    assert made
    again = installed.run("up", "-s", "local")
    assert f"0 created, 0 changed, {made[1]} unchanged, 0 pruned" in again.stdout
    assert installed.run("down", "-s", "local").stdout == "removed control plane local\n"


@pytest.mark.parametrize(
    "drill", ["spot", pytest.param("refused", marks=[pytest.mark.haproxy, pytest.mark.vegeta])], ids=str
)
def test_a_drill(drill: str, installed: Installed, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"

    installed.run("drill", drill, "--json", str(figures))

    assert [(result["drill"], result["guard"], result["held"]) for result in json.loads(figures.read_text())] == [
        (drill, True, True),
        (drill, False, False),
    ]


def test_components_work_with_the_oldest_pulumi_that_is_allowed(wheel: Path, tmp_path: Path) -> None:
    """Their own tests, with the package as it is installed beside a team's older one."""
    assert set(LOWEST) == {"pulumi", "pulumi-kubernetes"}
    tools = ("pytest", "pytest-xdist", "hypothesis")
    environment = environment_of(tmp_path, LOCKED | LOWEST, str(wheel), *tools)
    asked = (
        "import flyball, importlib.metadata as m;"
        " print(flyball.__path__[0], *map(m.version, ('pulumi', 'pulumi-kubernetes')))"
    )
    python, env = str(environment / "bin" / "python"), Installed(environment, tmp_path, tmp_path).env()
    says = subprocess.run([python, "-c", asked], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    where, *versions = says.stdout.split()
    assert Path(where).is_relative_to(environment)
    assert [version.removesuffix(".0") for version in versions] == [*LOWEST.values()]
    tests = [str(next((ROOT / "tests" / "kubernetes").glob(f"{name}*"))) for name in COMPONENTS]
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 100
