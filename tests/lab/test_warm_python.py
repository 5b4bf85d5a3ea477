"""A program on the standard input runs in a Python that is warm as in one of its own."""

import importlib.util
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.lab.warm import Warm, beginning, warm

from flyball.lab.hosts import compiled, warm_python
from flyball.lab.hosts.warm import give

ABOUT = """
import os, sys
import __main__
mask = os.umask(0)
print(__name__, __main__.__dict__ is globals(), sys.argv, sys.path[0], os.getcwd(), oct(mask))
print(sorted(os.environ.items()))
print("said", file=sys.stderr)
"""
TASK = """
import sys
sys.path.insert(0, {archive!r})
from ansible.module_utils._internal._ansiballz import _loader
from ansible.module_utils import basic, other
import ansible
print(basic.loaded_by == {server}, basic.VALUE, other.VALUE, ansible.__path__[0])
"""
"""As the wrapper of a task does it; who has loaded a module is a process."""
LOADER = "ansible/module_utils/_internal/_ansiballz/_loader.py"


@dataclass(frozen=True)
class Runs:
    """Programs by a Python that hands over to one that is warm."""

    warm: Warm
    folder: Path

    def run(self, program: str, **how: object) -> tuple[int, str, str]:
        """Its exit code and outputs."""
        return _run([str(self.warm.begins)], program, **how)

    def task(self, name: str, files: Mapping[str, str]) -> str:
        """What a task says that brings these files."""
        archive = self.folder / f"{name}.zip"
        with zipfile.ZipFile(archive, "w") as made:
            for path, text in files.items():
                made.writestr(path, text)
        code, out, err = self.run(TASK.format(archive=str(archive), server=self.warm.process.pid))
        archive.unlink()  # a task does so too
        assert (code, err) == (0, "")
        return out.replace(str(archive), name).strip()


def _run(command: list[str], program: str, **how: object) -> tuple[int, str, str]:
    done = subprocess.run(command, input=program, capture_output=True, text=True, timeout=240, **how)  # type: ignore[call-overload]
    return done.returncode, done.stdout, done.stderr


def packed(value: str = "1", other: str = "1") -> dict[str, str]:
    """What a task brings: packages, what every task imports, and a module of which it depends on the task."""
    packages = ("ansible", "ansible/module_utils", "ansible/module_utils/_internal", str(Path(LOADER).parent))
    return {
        **{f"{package}/__init__.py": "" for package in packages},
        LOADER: "import ansible.module_utils.basic\n",
        "ansible/module_utils/basic.py": f"import os\nloaded_by, VALUE = os.getpid(), {value}\n",
        "ansible/module_utils/other.py": f"VALUE = {other}\n",
    }


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("warm")
    with warm(folder) as made:
        yield Runs(made, folder)


def test_a_program_finds_all_as_in_a_python_of_its_own(python: Runs, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    how = {"cwd": tmp_path / "there", "umask": 0o27, "env": {"LC_ALL": "C.UTF-8", "EMPTY": "", "SAYS": "a=b\nc"}}
    found = python.run(ABOUT, **how)
    assert found == _run([sys.executable], ABOUT, **how)
    assert found[0] == 0


@pytest.mark.parametrize(
    "ends",
    [
        "print('done')",
        "import sys; sys.exit()",
        "import sys; sys.exit(3)",
        "import sys; sys.exit('why')",
        "import atexit, sys; atexit.register(print, 'last'); print('first'); sys.exit(0)",
        "import threading, time; threading.Timer(0.1, print, ['late']).start()",
    ],
)
def test_it_ends_as_in_a_python_of_its_own(python: Runs, ends: str) -> None:
    assert python.run(ends) == _run([sys.executable], ends)


def test_what_it_breaks_at_is_said_and_the_next_runs(python: Runs) -> None:
    code, out, err = python.run("raise ValueError('no such thing')")
    assert (code, out) == (1, "")
    assert err.endswith("ValueError: no such thing\n")
    assert python.run("import os; os.kill(os.getpid(), 9)") == (1, "", "")
    assert python.run("print('next')") == (0, "next\n", "")


def test_its_own_children_are_its_own(python: Runs) -> None:
    assert python.run("import subprocess; print(subprocess.call(['sh', '-c', 'exit 3']))") == (0, "3\n", "")


def test_modules_are_lent_to_tasks_that_bring_the_same_and_to_no_other(python: Runs) -> None:
    """They are those of the first task; what only the task itself imports always comes with it."""
    assert python.task("first", packed()) == "False 1 1 first/ansible"
    assert python.task("second", packed()) == "True 1 1 second/ansible"
    assert python.task("third", packed(other="2")) == "True 1 2 third/ansible"
    assert python.task("changed", packed(value="2")) == "False 2 1 changed/ansible"
    assert python.task("fourth", packed()) == "True 1 1 fourth/ansible"


def test_what_every_task_imports_is_where_it_is_looked_for() -> None:
    assert importlib.util.find_spec(warm_python.ENTRY)


def test_without_one_each_runs_its_own(tmp_path: Path) -> None:
    begins = beginning(tmp_path, tmp_path / "none")
    assert _run([str(begins)], "") == (0, "was not handed over\n", "")


def test_who_waits_for_one_that_is_gone_fails(python: Runs) -> None:
    """And does not run the program a second time."""
    begun = subprocess.Popen([python.warm.begins], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert begun.stdin is not None
    begun.stdin.write("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    begun.stdin.close()
    assert begun.stdout is not None
    os.kill(int(begun.stdout.readline()), signal.SIGKILL)
    assert (begun.wait(240), begun.stdout.read()) == (1, "")


def test_a_host_has_it_begin_with_programs_on_the_standard_input_alone(tmp_path: Path) -> None:
    give(tmp_path)
    (line,) = (tmp_path / compiled.PACKAGES / "warm_python.pth").read_text().splitlines()
    (tmp_path / "warm_python.py").write_text("def hand_over(): print('handed')\n")
    (tmp_path / "sitecustomize.py").write_text(line)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert _run([sys.executable], "", env=environment) == (0, "handed\n", "")
    for arguments in (["-c", "pass"], ["-"], ["-E", "-c", "pass"]):
        assert _run([sys.executable, *arguments], "", env=environment)[:2] == (0, "")
