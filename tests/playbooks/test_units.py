"""What the kernel says of listening sockets, and how a configuration of Redis is held against what it runs with."""

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.flyball.guards.plugins.module_utils import units
from ansible_collections.flyball.guards.plugins.modules import redis_settings, serving


def systemctl(**properties: str) -> units.Run:
    """What `systemctl show` says of a unit."""
    shown = "".join(f"{name}={value}\n" for name, value in properties.items())
    return lambda command: (0, shown, "")


@pytest.fixture
def other() -> Iterator[int]:
    """A process that listens nowhere."""
    with subprocess.Popen(["sleep", "9999"]) as process:
        yield process.pid
        process.kill()


def ours(**properties: str) -> units.Run:
    return systemctl(**{"ActiveState": "active", "SubState": "running", "MainPID": str(os.getpid()), **properties})


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_socket_is_found_where_it_listens_and_nowhere_else(address: str, other: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as one:
        try:
            one.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        port = one.getsockname()[1]
        place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        run = ours()
        nobody = f"a.service does not listen on {place}, where nobody does"
        assert serving.lacks(run, "a.service", [place]) == (nobody, False)
        one.listen()
        for where in (place, str(port), f":{port}"):
            assert serving.lacks(run, "a.service", [where]) == ("", False)
        assert place in [found.place for found in units.listening([os.getpid()])]
        said, is_taken = serving.lacks(ours(MainPID=str(other)), "a.service", [place])
        assert f"(process {os.getpid()}) does" in said
        assert is_taken


class Clock:
    """Time that passes where somebody sleeps, 25 times as fast, and in no other way."""

    STEP = 25 * serving.BETWEEN

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += 25 * seconds


@pytest.mark.parametrize(("seconds", "waited"), [(60, 10), (4, 4), (0, 0)])
def test_a_place_that_another_program_has_is_not_waited_for_to_the_end(seconds: int, waited: int, other: int) -> None:
    clock = Clock()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        place = f"127.0.0.1:{one.getsockname()[1]}"
        wrong = serving.wait(ours(MainPID=str(other)), "a.service", [place], seconds, clock.now, clock.sleep)
    assert f"(process {os.getpid()}) does" in wrong
    assert waited <= clock.seconds < waited + Clock.STEP


def test_a_place_that_nobody_has_is_waited_for_as_long_as_one_may() -> None:
    clock = Clock()
    wrong = serving.wait(ours(), "a.service", ["127.0.0.1:1"], 60, clock.now, clock.sleep)
    assert wrong == "a.service does not listen on 127.0.0.1:1, where nobody does"
    assert 60 <= clock.seconds < 60 + Clock.STEP


def test_a_unit_that_does_not_run_serves_nothing() -> None:
    failed = systemctl(ActiveState="failed", SubState="failed", MainPID="0")
    assert serving.lacks(failed, "a.service", []) == ("a.service does not run: failed (failed)", False)
    unknown = serving.lacks(lambda command: (1, "", "no systemd"), "a.service", [])
    assert unknown == ("a.service does not run: unknown ()", False)
    assert serving.lacks(ours(MainPID="0"), "a.service", []) == ("", False)


def test_who_has_the_place_of_a_unit_that_ends_for_that_is_named() -> None:
    """As Redis and Prometheus do, which nginx and HAProxy do not."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{one.getsockname()[1]}"
        starts = systemctl(ActiveState="activating", SubState="auto-restart", MainPID="0")
        said = "a.service does not run: activating (auto-restart)"
        assert serving.lacks(starts, "a.service", [place]) == (said, False)
        one.listen()
        named, is_taken = serving.lacks(starts, "a.service", [place, "127.0.0.1:1"])
    assert named.startswith(f"{said}; on {place} ")
    assert named.endswith(f" (process {os.getpid()}) listens")
    # It starts again and again: once the place is free, it has it.
    assert not is_taken


def test_all_that_descend_from_a_process_are_its_family() -> None:
    assert os.getpid() in units.family(os.getppid())
    assert units.family(os.getpid())[0] == os.getpid()


def test_a_configuration_is_read_as_redis_reads_it() -> None:
    text = '# bind 1\nbind 127.0.0.1 ::1\n\nMaxClients 900\nsave ""\ninclude /etc/redis/password*.conf\n'
    assert redis_settings.parse(text) == {"bind": "127.0.0.1 ::1", "maxclients": "900", "save": ""}


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_of_the_limits_of_one_kind_of_clients_the_others_stay_out_of_account(hard: int, soft: int) -> None:
    wanted = f"normal {hard} {soft} 60"
    runs = f"{wanted} slave 268435456 67108864 60 pubsub 33554432 8388608 60"
    assert not redis_settings.differs(redis_settings.LIMITS, wanted, runs)
    assert redis_settings.differs(redis_settings.LIMITS, f"normal {hard + 1} {soft} 60", runs)
    assert redis_settings.differs("maxclients", "900", "9000")
