import os
import signal
from pathlib import Path

import pytest

from flyball.lab import processes

FOLDER = Path("/cache/flyball/clusters/shop")


class Machine:
    """Processes that die when they are killed, unless they belong to another user."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, commands: dict[int, str]) -> None:
        self.commands = commands
        self.foreign: set[int] = set()
        self.killed: list[int] = []
        monkeypatch.setattr(processes, "_commands", lambda: iter(list(self.commands.items())))
        monkeypatch.setattr(os, "kill", self.kill)

    def kill(self, pid: int, number: int) -> None:
        assert number == signal.SIGKILL
        if pid in self.foreign:
            raise PermissionError
        self.killed.append(pid)
        if not self.commands.pop(pid, None):
            raise ProcessLookupError


@pytest.mark.parametrize(
    ("command", "belongs"),
    [
        (f"{FOLDER}/bin/etcd --data-dir={FOLDER}/etcd", True),
        (f"/cache/flyball/bin/kwokctl-0a/kwokctl create cluster --name=shop --config={FOLDER}/kwokctl.yaml", True),
        (f"/cache/flyball/bin/kwokctl-0a/kwokctl create cluster --name=shop2 --config={FOLDER}2/kwokctl.yaml", False),
        (f"{FOLDER}2/bin/etcd --data-dir={FOLDER}2/etcd", False),
        (f"less {FOLDER}/logs/etcd.log", False),
        (f"kubectl --kubeconfig={FOLDER}/kubeconfig.yaml get pods", False),
        ("", False),
    ],
)
def test_a_process_belongs_to_the_folder_whose_program_it_runs(
    command: str, belongs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(monkeypatch, {7: command})

    assert processes.of(FOLDER) == ({7: command} if belongs else {})


def test_end_kills_what_belongs_to_the_folder_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, {1: "init", 2: f"{FOLDER}/bin/etcd", 3: f"{FOLDER}/bin/kwok-controller", 4: "sh"})

    assert processes.end(FOLDER) == 2

    assert sorted(machine.killed) == [2, 3]
    assert machine.commands == {1: "init", 4: "sh"}


def test_single_programs_are_found_and_ended_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, {2: f"{FOLDER}/bin/etcd", 3: f"{FOLDER}/bin/keda --a", 4: f"{FOLDER}/bin/keda-2"})

    assert processes.of(FOLDER, ["keda", "etcd-2"]) == {3: f"{FOLDER}/bin/keda --a"}
    assert processes.end(FOLDER, ["keda"]) == 1
    assert processes.end(FOLDER, []) == 0

    assert machine.killed == [3]


def test_end_looks_again_for_what_was_started_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, {2: f"/bin/kwokctl create --config={FOLDER}/kwokctl.yaml"})

    def kill(pid: int, number: int) -> None:
        machine.kill(pid, number)
        if pid == 2:
            machine.commands[3] = f"{FOLDER}/bin/etcd"

    monkeypatch.setattr(os, "kill", kill)

    assert processes.end(FOLDER) == 2
    assert machine.commands == {}


def test_a_process_of_another_user_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, {2: f"{FOLDER}/bin/etcd --name=node0"})
    machine.foreign.add(2)

    with pytest.raises(processes.ProcessError, match=r"process 2 \(.*/bin/etcd --name=node0\) belongs to another user"):
        processes.end(FOLDER)


def test_a_process_that_does_not_die_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(monkeypatch, {2: f"{FOLDER}/bin/etcd"})
    monkeypatch.setattr(os, "kill", lambda pid, number: None)
    monkeypatch.setattr(processes, "END_SECONDS", 0)

    with pytest.raises(processes.ProcessError, match=rf"cannot end 2 \({FOLDER}/bin/etcd\)"):
        processes.end(FOLDER)


def test_the_processes_of_this_machine_are_seen() -> None:
    assert dict(processes._commands())[os.getpid()].split(" ")[0].endswith("python")


def test_without_proc_they_are_seen_by_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    class Listing:
        stdout = f"    1 /sbin/init splash\n 4711 {FOLDER}/bin/etcd --name=node0\n"

    monkeypatch.setattr(processes.subprocess, "run", lambda command, **_: Listing)

    assert dict(processes._commands_from_ps()) == {1: "/sbin/init splash", 4711: f"{FOLDER}/bin/etcd --name=node0"}
