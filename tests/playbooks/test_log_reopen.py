"""What tells a service to open its log anew: nothing that would end it, and what ended one is not sent again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parents[2] / "playbooks/roles/logrotate/files/log-reopen"
_SYSTEMCTL = """#!/bin/sh
# Of one service: its process's number is in a file.
pid=$(cat {folder}/pid)
case $(cat /proc/"$pid"/stat 2>/dev/null) in "" | *") Z "*) pid=0 ;; esac
case "$*" in
*is-active*) [ "$pid" != 0 ] ;;
"show --property=MainPID --value shop.service") echo "$pid" ;;
"kill --kill-who=main --signal="*) echo "$*" >> {folder}/sent; kill -s "${{3#--signal=}}" "$pid" ;;
"start shop.service") echo start >> {folder}/sent ;;
*) echo "not known here: $*" >&2; exit 1 ;;
esac
"""
CATCHES = "signal.signal(signal.SIGHUP, lambda *_: open(sys.argv[1], 'a').write('reopened'))"
ENDS = "signal.signal(signal.SIGHUP, lambda *_: sys.exit(0))"
IGNORES = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"


class Bench:
    """A service on this machine, and what is asked of its systemd."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service: subprocess.Popen[str] | None = None
        for name, text in (
            ("systemctl", _SYSTEMCTL.format(folder=folder)),
            ("systemd-cat", "#!/bin/sh\ncat > /dev/null\n"),
        ):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        (folder / "pid").write_text("0")
        text = PROGRAM.read_text()
        assert "folder=/var/lib/flyball/log-reopen" in text
        self.program = folder / "log-reopen"
        self.program.write_text(text.replace("/var/lib/flyball/log-reopen", str(folder / "noted")))

    def serve(self, prepare: str) -> None:
        program = f"import signal, sys, time\n{prepare}\nprint('up', flush=True)\nwhile True: time.sleep(60)"
        # As a service has it: with what ends it ending it.
        self.service = subprocess.Popen(
            [sys.executable, "-c", program, str(self.folder / "log")],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL) and None,
        )
        assert self.service.stdout is not None
        assert self.service.stdout.readline() == "up\n"
        (self.folder / "pid").write_text(str(self.service.pid))

    def run(self, what: str) -> tuple[int, str]:
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "LC_ALL": "C"}
        command = ["sh", str(self.program), what, "shop.service", "HUP"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
        return done.returncode, done.stderr

    @property
    def lives(self) -> bool:
        return self.service is not None and self.service.poll() is None

    @property
    def sent(self) -> list[str]:
        path = self.folder / "sent"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    if made.service is not None:
        made.service.kill()
        made.service.wait()
        assert made.service.stdout is not None
        made.service.stdout.close()


def test_a_service_with_a_handler_is_told(bench: Bench) -> None:
    bench.serve(CATCHES)
    assert (bench.run("check"), bench.run("send")) == ((0, ""), (0, ""))
    assert ((bench.folder / "log").read_text(), bench.lives) == ("reopened", True)


@pytest.mark.parametrize("prepare", ["", IGNORES])
def test_a_service_without_one_is_left_alone_and_its_log_too(bench: Bench, prepare: str) -> None:
    bench.serve(prepare)
    code, said = bench.run("check")
    assert (code, said) == (
        1,
        "log of shop.service: its process does not catch HUP, which would end it; not rotated\n",
    )
    assert bench.run("send")[0] == 1
    assert (bench.sent, bench.lives) == ([], True)


def test_a_handler_that_ends_the_service_is_seen_once_undone_and_remembered(bench: Bench) -> None:
    bench.serve(ENDS)
    assert bench.run("check")[0] == 0
    code, said = bench.run("send")
    assert (code, said) == (1, "log of shop.service: HUP ended it, and it was started anew; it gets no other\n")
    assert bench.sent == ["kill --kill-who=main --signal=HUP shop.service", "start"]
    bench.serve(ENDS)
    code, said = bench.run("check")
    assert code == 1
    assert said.startswith("log of shop.service: HUP ended it at 2")
    assert said.endswith(f"; not rotated. Mend that, and remove {bench.folder}/noted/shop.service.HUP\n")
    assert bench.lives


def test_of_a_service_that_does_not_run_any_log_is_rotated(bench: Bench) -> None:
    assert (bench.run("check"), bench.run("send"), bench.sent) == ((0, ""), (0, ""), [])
