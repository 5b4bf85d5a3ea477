import os
import socket
import subprocess
import sys

import pytest

from flyball.lab import ports

FEW = range(first := 1_024 + 4 * (os.getpid() % 2_000), first + 4)
"""Four of which no run that is real gives away, and no other run of these tests at the same time."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(ports, "RANGE", FEW)
    monkeypatch.setattr(ports, "_GIVEN", set[int]())
    monkeypatch.setattr(ports, "_HELD", {})
    monkeypatch.setattr(ports, "_is_free", lambda port: True)
    return [*FEW]


def test_ports_are_different_and_outside_the_range_of_outgoing_connections() -> None:
    found = ports.free(100)

    assert len(set(found)) == 100
    assert all(10_000 <= port < 32_768 for port in found)


def test_a_port_in_use_is_passed_over(few: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_is_free", lambda port: port % 2 == 0)

    assert sorted(ports.free(2)) == few[::2]


def test_no_port_is_given_twice(few: list[int]) -> None:
    assert sorted(port for _ in range(4) for port in ports.free(1)) == few


@pytest.mark.skipif(sys.platform != "linux", reason="by a name that only Linux has")
def test_another_process_that_runs_is_given_others(few: list[int]) -> None:
    """Both may be about to listen; what was given is free again when its process is gone."""
    program = (
        "from flyball.lab import ports\n"
        f"ports.RANGE, ports._is_free = {few}, lambda port: True\n"
        "print(*ports.free(2), flush=True); input()\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        theirs = {int(port) for port in other.stdout.readline().split()}
        ours = set(ports.free(2))
        other.communicate("\n")
    assert ours | theirs == set(few)
    assert set(ports.free(2)) == theirs


def test_a_port_is_served_while_somebody_listens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not ports.is_served(port)
        server.listen()
        assert ports.is_served(port)
    assert not ports.is_served(port)
