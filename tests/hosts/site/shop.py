"""The fleet's hosts by what they are for, and the shop that its application hosts serve."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hosts.conftest import until

from flyball.drills.hosts import shop as releases
from flyball.lab.hosts import packages
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab

APPS = ["app1", "app2", "app3"]
BALANCERS = ["lb1", "lb2"]
CACHES = ["cache1", "cache2"]
ONE_OF_EACH = ("--limit", "app1,lb1,cache1,logs1")
_SENDS = f"""{releases.ASKED}
places = [place for place in places if place["addr"].startswith(sys.argv[1] + ":")]
used = [place for place in places if place["# pxname"] in ("to.shop", "once.shop")]
sys.exit(not used or any(place["status"].startswith("UP") for place in used) or any(int(p["scur"]) for p in places))
"""
"""Fails as long as a balancer sends a host requests, or waits for its answers."""


class Shop:
    """The shop on every application host, and packages of its next versions."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.apps = [lab[name] for name in APPS]

    def offer(self, version: str, status: int | str) -> None:
        """A package whose shop answers with a status, which may be an expression of Python."""
        package = releases.package(self.lab.folder, version, status)
        for host in self.apps:
            packages.offer(host, package)

    def versions(self) -> list[str]:
        return [host.run("dpkg-query --show --showformat='${Version}' shop") for host in self.apps]

    def answers(self) -> list[str]:
        return [answer(host) for host in self.apps]

    def wait_until_left_out(self, host: Host) -> None:
        """Wait until no balancer sends anything to a host any more, and all that was sent is answered."""
        looks = f"until python3 -c '{_SENDS}' {host.address}; do sleep 0.1; done"
        for looking in [self.lab[name].popen(looks) for name in BALANCERS]:
            looking.communicate(timeout=240)

    @property
    def origins(self) -> list[str]:
        """Where people find it: at the balancers."""
        return [f"http://{self.lab[name].address}" for name in BALANCERS]


def answer(host: Host) -> str:
    """What a host gives a balancer that asks for its health, and then a request."""
    ask = (
        "import urllib.request as u\n"
        "def get(path):\n"
        "    try: return u.urlopen('http://127.0.0.1' + path, timeout=5).status\n"
        "    except u.HTTPError as error: return error.code\n"
        "print(get('/flyball/health'), get('/'))"
    )
    return host.run(f'python3 -c "{ask}"').strip()


def is_drained(host: Host) -> bool:
    """Whether a host says that it leaves; seen from outside, since to ask in it takes the processor."""
    return (host.files / "var/lib/flyball/drain").exists()


@contextmanager
def installing(host: Host) -> Iterator[None]:
    """Another program that installs packages on a host, and does not come to an end."""
    lock = "f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    hold = f"import fcntl, time; {lock}; open('/run/held', 'w'); time.sleep(9999)"
    host.run(f'systemd-run --quiet --unit=upgrades python3 -c "{hold}"')
    try:
        until(lambda: host.run("ls /run/held", check=False), bool)
        yield
    finally:
        host.run("systemctl stop upgrades; rm -f /run/held")


def roll(fleet: Ansible, shop: Shop, version: str, *options: str, **extra: Any) -> tuple[int, str]:
    change: dict[str, Any] = {"roll_packages": [f"shop={version}"], "roll_units": ["shop.service"], "roll_roles": []}
    played = fleet.play("roll", *options, **change, roll_through=shop.origins, **extra)
    return played.code, " ".join(played.output.split())
