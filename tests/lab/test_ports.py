import socket

import pytest

from flyball.lab import ports


def test_ports_are_different_and_outside_the_range_of_outgoing_connections() -> None:
    found = ports.free(100)

    assert len(set(found)) == 100
    assert all(10_000 <= port < 32_768 for port in found)


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(20_000, 20_004))
    monkeypatch.setattr(ports, "_GIVEN", set[int]())
    monkeypatch.setattr(ports, "_is_free", lambda port: port % 2 == 0)

    assert sorted(ports.free(2)) == [20_000, 20_002]


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(20_000, 20_004))
    monkeypatch.setattr(ports, "_GIVEN", set[int]())
    monkeypatch.setattr(ports, "_is_free", lambda port: True)

    assert sorted(port for _ in range(4) for port in ports.free(1)) == [20_000, 20_001, 20_002, 20_003]


def test_a_port_is_served_while_somebody_listens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not ports.is_served(port)
        server.listen()
        assert ports.is_served(port)
    assert not ports.is_served(port)
