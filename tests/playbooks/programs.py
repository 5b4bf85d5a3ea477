"""Ansible's programs, loaded once and forked for each time they run: most of a short run is their start.

As for a lab (`flyball.lab.hosts.playbook`), with what its tasks ask loaded and its modules kept as hosts get them; and
these run in a warm Python, as on its hosts.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from tests.lab.warm import warm

from flyball.lab.hosts.player import SETTINGS


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class Programs:
    """Of one environment, which Ansible reads as it is loaded."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, program: str, *arguments: str, path: str = "") -> Done:
        """What becomes of `ansible-<program>` with these arguments; with another PATH, where that is given."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([program, arguments, path or os.environ["PATH"]]) + "\n")
        self.process.stdin.flush()
        return Done(*json.loads(self.process.stdout.readline()))


@contextmanager
def programs(**environment: str) -> Iterator[Programs]:
    """They speak English and no colours, and run modules with the Python of the tests, if not told otherwise."""
    with tempfile.TemporaryDirectory() as made, warm(Path(made)) as python:
        settings = Path(made, "ansible.cfg")
        settings.write_text(SETTINGS)
        given = {
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_PYTHON_INTERPRETER": str(python.begins),
            **environment,
        }
        with subprocess.Popen(
            [sys.executable, "-m", "tests.playbooks.programs"],
            cwd=Path(__file__).parents[2],
            env=os.environ | given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            yield Programs(process)


def main() -> None:
    """Run what each line of the input asks for, and say what became of it."""
    mains = {name: importlib.import_module(f"ansible.cli.{name}").main for name in ("inventory", "playbook")}
    # Ansible reads its environment as it is loaded, which is not that of the tests.
    importlib.import_module("flyball.lab.hosts.playbook").prepare()
    for line in sys.stdin:
        program, arguments, path = json.loads(line)
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if child == 0:
                os.environ["PATH"] = path
                _become(
                    mains[program], [str(Path(sys.executable).with_name(f"ansible-{program}")), *arguments], out, err
                )
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(json.dumps([code, _said(out), _said(err)]), flush=True)


def _become(run: Any, words: list[str], out: IO[str], err: IO[str]) -> NoReturn:
    """Not by an exit of Python's: that removes the folder for temporary files, which all of them share."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.argv = words
        run()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _said(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


if __name__ == "__main__":
    main()
