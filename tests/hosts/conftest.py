"""Real Debian hosts for each test process, ended with it."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from flyball.lab.hosts.ansible import Played
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab

T = TypeVar("T")
PASSWORD = "correct-horse-battery"
CLI = f"REDISCLI_AUTH={PASSWORD} redis-cli"
JOURNAL = "journalctl --sync && journalctl --no-pager"
"""Reads the journal once it has taken all that was said before: those who say something do not wait for that."""
TAKEN = "/var/log/all.log"
_TAKES = f"""
module(load="imrelp")
input(type="imrelp" port="2514" ruleset="all")
ruleset(name="all") {{ action(type="omfile" file="{TAKEN}") }}
"""
UNTOUCHED = {"changed": 0, "failed": 0, "unreachable": 0, "ignored": 0, "rescued": 0}
"""What `touched` gives for a run that found all as it should be."""


def touched(played: Played) -> dict[str, int]:
    """How often a run changed something, or could not go on as it should."""
    return {what: played.total(what) for what in UNTOUCHED}


def until(look: Callable[[], T], reached: Callable[[T], bool], seconds: float = 240) -> T:
    """What is seen once it is as it should be, or when time is up."""
    deadline = time.monotonic() + seconds
    while not reached(found := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def take_logs(host: Host) -> None:
    """Let a host take what others ship, as it is, into the file `TAKEN`."""
    host.run("apt-get install -qq -y rsyslog rsyslog-relp")
    host.write("/etc/rsyslog.conf", _TAKES)
    host.run("systemctl restart rsyslog")


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    """A lab without hosts, gone after the module."""
    with lab(print) as made:
        yield made
