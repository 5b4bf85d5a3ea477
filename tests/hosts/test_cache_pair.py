"""Two of a cache on real hosts, with the rendered configuration and commands: one is lost, the other one takes over."""

import itertools
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from tests.hosts import cached
from tests.hosts.cached import PASSWORD, Pod
from tests.hosts.conftest import until

from flyball.alerts import caches as alerts
from flyball.guards.workload.caches import PORT
from flyball.kubernetes.cache import objects
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab

pytestmark = pytest.mark.hosts

CACHE = cached.cache("keys", memory="256Mi", survive="node")
_CLIENT = f"""
import itertools, socket, sys, time
hosts = itertools.cycle(sys.argv[1:])
def packed(*words):
    return b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words)
connection = None
for number in itertools.count():
    try:
        if connection is None:
            connection = socket.create_connection((next(hosts), {PORT}), 1)
            replies = connection.makefile("rb")
            connection.sendall(packed(b"AUTH", b"{PASSWORD}"))
            if replies.readline() != b"+OK\\r\\n":
                raise OSError
        connection.sendall(packed(b"SET", b"client%d" % number, b"x", b"EX", b"600"))
        if replies.readline() != b"+OK\\r\\n":
            raise OSError
        print(f"{{time.time():.3f}} {{number}}", flush=True)
    except OSError:
        connection = None
    time.sleep(0.02)
"""
"""Writes a key each 20 ms to whoever of the Service answers, and another one of it where one does not."""


@dataclass(frozen=True)
class Pair:
    """A cache of two, and those who use it."""

    pods: tuple[Pod, Pod]
    client: Host

    @property
    def primary(self) -> Pod:
        [found] = [pod for pod in self.pods if pod.role == "master"]
        return found

    def other(self, pod: Pod) -> Pod:
        return self.pods[1 - self.pods.index(pod)]

    def fill(self, prefix: str, count: int) -> None:
        """Write keys as a client does, and wait until both have them."""
        lines = "".join(f"SET {prefix}{number} x EX 600\\n" for number in range(count))
        address = self.primary.host.address
        self.primary.host.run(
            f"printf '{lines}' | REDISCLI_AUTH={PASSWORD} valkey-cli -h {address} -p {PORT} > /dev/null"
        )
        assert until(lambda: self._both(prefix), lambda found: found == [count, count]) == [count, count]

    def _both(self, prefix: str) -> list[int]:
        return [holds(pod, prefix) for pod in self.pods]

    def written(self) -> list[tuple[float, int]]:
        """When the clients' keys were written, and which."""
        lines = self.client.run("cat /root/written").splitlines()
        return [(float(when), int(number)) for when, number in (line.split() for line in lines if " " in line)]

    def go_on(self) -> None:
        """Clients write from now on."""
        before = len(self.written())
        assert until(lambda: len(self.written()), lambda found: found > before + 20) > before + 20

    def pause(self, since: float) -> float:
        """The longest time in which clients could not write [s], from `since` on."""
        times = [when for when, _ in self.written() if when > since - 1]
        return max(b - a for a, b in itertools.pairwise(times))

    def settled(self, primary: Pod) -> None:
        """Wait until it is written to one of them, and the other one has all keys."""
        other = self.other(primary)
        assert until(lambda: (primary.role, other.follows), lambda found: found == ("master", True)) == ("master", True)
        assert until(lambda: [pod.is_ready for pod in self.pods], all) == [True, True]


def holds(pod: Pod, prefix: str) -> int:
    """How many keys of a prefix a pod has."""
    script = "local n = 0 for _, k in ipairs(redis.call('keys', ARGV[1])) do n = n + 1 end return n"
    return int(pod.ask("eval", script, "0", f"{prefix}*") or -1)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    with lab(print, "trixie") as made:
        yield made


@pytest.fixture(scope="module")
def pair(hosts: Lab) -> Pair:
    """As they run at first: one is written to, the other one follows."""
    first, second, client = hosts.add("cache1", "cache2", "client1")
    with ThreadPoolExecutor() as pool:
        list(pool.map(cached.install, (first, second)))
    pods = [Pod(host, CACHE, number, (first, second)) for number, host in enumerate((first, second))]
    for pod in pods:
        pod.start()
    pair = Pair((pods[0], pods[1]), client)
    assert until(lambda: sorted(pod.role for pod in pods), lambda roles: roles == ["master", "slave"])
    pair.settled(pair.primary)
    client.write("/root/client.py", _CLIENT)
    client.run(
        f"systemd-run -q --unit=client sh -c 'exec python3 /root/client.py {first.address} {second.address}"
        " > /root/written'"
    )
    pair.fill("first", 1000)
    return pair


def test_one_that_is_killed_comes_back_as_a_replica_and_nothing_is_lost(pair: Pair) -> None:
    lost = pair.primary
    since = time.time()
    lost.host.run("systemctl kill --signal=KILL cache")
    pair.settled(pair.other(lost))
    pair.go_on()
    assert [holds(pod, "first") for pod in pair.pods] == [1000, 1000]
    print(f"killed: clients paused for {pair.pause(since):.1f} s")


def test_a_lost_node_s_place_is_taken_and_what_was_written_meanwhile_is_kept(pair: Pair) -> None:
    lost = pair.primary
    other = pair.other(lost)
    since = time.time()
    lost.host.power_loss()
    assert until(lambda: other.role, lambda role: role == "master") == "master"
    pair.go_on()
    print(f"node lost: clients paused for {pair.pause(since):.1f} s")
    assert holds(other, "first") == 1000
    lost.host.start()
    lost.host.wait_up()
    lost.start()
    pair.settled(other)
    assert [holds(pod, "first") for pod in pair.pods] == [1000, 1000]
    pair.fill("second", 100)


def test_one_that_was_cut_off_follows_when_it_is_back(pair: Pair) -> None:
    """Both could be written to meanwhile; the one that clients reached has more keys, and keeps them."""
    lost = pair.primary
    other = pair.other(lost)
    since = time.time()
    lost.host.silence()
    assert until(lambda: other.role, lambda role: role == "master") == "master"
    pair.go_on()
    print(f"cut off: clients paused for {pair.pause(since):.1f} s")
    assert lost.role == "master"
    lost.host.unsilence()
    pair.settled(other)
    assert [holds(pod, "first") for pod in pair.pods] == [1000, 1000]


def test_one_that_leaves_hands_over_first(pair: Pair) -> None:
    """A drain, or a new version: no client is refused, and none loses a key."""
    leaving = pair.primary
    other = pair.other(leaving)
    since = time.time()
    leaving.leave()
    assert other.role == "master"
    pair.go_on()
    print(f"left: clients paused for {pair.pause(since):.1f} s")
    leaving.start()
    pair.settled(other)
    assert [holds(pod, "first") for pod in pair.pods] == [1000, 1000]


def test_the_exporter_beside_it_says_what_the_alerts_ask_for(pair: Pair) -> None:
    """By the rendered environment, on the rendered port."""
    pod = pair.primary
    pair.client.run("systemctl stop client")
    pod.ask("set", "stays", "x")
    asked = {name for rule in alerts.alerts() for name in re.findall(r"\bredis_\w+", rule.expr)}
    assert {"redis_db_keys", "redis_db_keys_expiring"} < asked

    def said() -> dict[str, float]:
        address = f"http://{pod.host.address}:{objects.METRICS_PORT}/metrics"
        text = pod.host.run(f"python3 -c 'import urllib.request as u; print(u.urlopen(\"{address}\").read().decode())'")
        return {name: float(value) for name, value in re.findall(r'^(\w+)(?:\{db="db0"\})? (\S+)$', text, re.MULTILINE)}

    def whole(found: dict[str, float]) -> bool:
        return found.get("redis_db_keys", 0) - found.get("redis_db_keys_expiring", 0) == 1

    found = until(said, whole)
    assert whole(found), found
    assert asked - found.keys() == set()
    assert found["redis_memory_max_bytes"] == CACHE.maxmemory
