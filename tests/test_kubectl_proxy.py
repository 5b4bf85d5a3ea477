"""What is read by path goes by one `kubectl proxy`: here a program that stands in for it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyball import kubectl_proxy
from flyball.kubectl import Kubectl, KubectlError

PROGRAM = f"""#!{sys.executable} -IS
import http.server, os, socketserver, sys
note = open(os.path.dirname(sys.argv[0]) + "/ran", "a")
print(os.getpid(), *[word.partition("=")[0] for word in sys.argv[1:]], file=note, flush=True)
if "proxy" not in sys.argv:
    path = sys.argv[-1].removeprefix("--raw=")
    sys.exit(print("by itself") if path == "/alone" else f"Error from server (NotFound): {{path}}")
if os.path.exists(os.path.dirname(sys.argv[0]) + "/broken"):
    sys.exit("no such context")

class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/end":
            os._exit(1)
        known = self.path in ("/readyz", "/slow")
        self.send_response(200 if known else 404)
        self.end_headers()
        if self.path == "/slow":
            import time; time.sleep(60)
        self.wfile.write(self.path.encode())
    def log_message(self, *words): pass
    def address_string(self): return ""

path = next(word for word in sys.argv if word.startswith("--unix-socket=")).partition("=")[2]
server = socketserver.ThreadingUnixStreamServer(path, Api)
print("Starting to serve on", path, flush=True)
server.serve_forever()
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    program = tmp_path / "kubectl"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    yield Kubectl(program, None, context="dev")
    kubectl_proxy.end_all()


def ran(kubectl: Kubectl) -> list[str]:
    lines = (kubectl.program.parent / "ran").read_text().splitlines()
    return [line.partition(" ")[2] for line in lines]


PROXY = "--context proxy --unix-socket --append-server-path --reject-methods"


def test_many_answers_take_one_program(kubectl: Kubectl) -> None:
    assert [kubectl.raw("/readyz") for _ in range(5)] == ["/readyz"] * 5
    assert kubectl.answers("/readyz")
    assert ran(kubectl) == [PROXY]


def test_what_is_refused_is_said_in_kubectls_words(kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError, match=r"^Error from server \(NotFound\): /nowhere$"):
        kubectl.raw("/nowhere")
    assert ran(kubectl) == [PROXY, "--context get --raw"]


def test_whether_it_answers_is_asked_once(kubectl: Kubectl) -> None:
    assert not kubectl.answers("/nowhere")
    assert ran(kubectl) == [PROXY]


def test_without_a_proxy_each_is_asked_by_itself(kubectl: Kubectl) -> None:
    (kubectl.program.parent / "broken").touch()
    assert kubectl.raw("/alone") == "by itself\n"
    assert kubectl.answers("/alone")
    assert not kubectl.answers("/nowhere")
    assert ran(kubectl) == [PROXY, *["--context get --raw"] * 3]


def test_a_folder_too_deep_for_a_socket_does_without(
    kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(kubectl_proxy.tempfile, "tempdir", str(deep))
    assert kubectl.raw("/alone") == "by itself\n"
    assert ran(kubectl) == ["--context get --raw"]
    assert not [*deep.iterdir()]


def test_one_that_went_is_started_again(kubectl: Kubectl) -> None:
    assert kubectl.answers("/readyz")
    with pytest.raises(KubectlError):
        kubectl.raw("/end")
    assert kubectl.answers("/readyz")
    assert ran(kubectl) == [PROXY, "--context get --raw", PROXY]


def test_who_does_not_answer_in_time_is_not_asked_again(kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError, match=r"^kubectl get took longer than 0\.1 s$"):
        kubectl.raw("/slow", timeout=0.1)
    assert ran(kubectl) == [PROXY]


def test_only_the_user_enters_its_folder(kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl_proxy.tempfile, "tempdir", str(tmp_path))
    assert kubectl.answers("/readyz")
    (folder,) = tmp_path.glob("flyball-api-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    kubectl_proxy.end_all()
    assert not folder.exists()


def test_a_process_that_is_killed_leaves_none_behind(kubectl: Kubectl, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    code = f"""
from pathlib import Path
from flyball.kubectl import Kubectl
assert Kubectl(Path({str(kubectl.program)!r}), None, context="dev").answers("/readyz")
print("answered", flush=True)
input()
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(folder)}
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "answered\n"
        process.kill()
    pid = int((tmp_path / "ran").read_text().split()[0])
    wait_until_gone(pid)
    end = time.monotonic() + 60
    while [*folder.iterdir()]:
        assert time.monotonic() < end, "its folder is still there"
        time.sleep(0.01)


def test_who_is_forked_off_starts_its_own_and_keeps_none_open(kubectl: Kubectl, tmp_path: Path) -> None:
    code = f"""
import os, time
from pathlib import Path
from flyball.kubectl import Kubectl
asked = Kubectl(Path({str(kubectl.program)!r}), None, context="dev")
assert asked.answers("/readyz")
if not os.fork():
    assert asked.answers("/readyz")
    print("child", flush=True)
    time.sleep(60)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        assert process.stdout.readline() == b"child\n"
        ours, childs = [int(line.split()[0]) for line in (tmp_path / "ran").read_text().splitlines()]
        process.kill()
        wait_until_gone(ours)
        assert Path(f"/proc/{childs}").exists()
        os.killpg(process.pid, signal.SIGKILL)
        wait_until_gone(childs)


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.01)


def test_what_is_not_there_is_none(kubectl: Kubectl) -> None:
    assert kubectl.object_at("/nowhere") is None
    assert ran(kubectl) == [PROXY]
    (kubectl.program.parent / "broken").touch()
    kubectl_proxy.end_all()
    assert kubectl.object_at("/nowhere") is None
    assert ran(kubectl) == [PROXY, PROXY, "--context get --raw"]
