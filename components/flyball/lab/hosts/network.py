"""A network of our own: one namespace with a bridge, one namespace for each host, and no way out of them."""

import subprocess
from dataclasses import dataclass

from flyball.lab.hosts.errors import HostsError

PREFIX = "flyball-"
"""Of every namespace made here."""
_NET, _NET6 = "10.77.0.", "fd77::"
_ROUTER = 1
"""The number of the namespace that tests and Ansible run in."""
_DATAGRAMS = 512
"""Messages that wait in a local socket: systemd's DEFAULT_UNIX_MAX_DGRAM_QLEN, set at boot of a machine; it may not
change that in a container. With the kernel's 10 the journal, which never waits, drops lines of a late daemon."""


@dataclass(frozen=True, slots=True)
class Network:
    """The network of the lab `lab`, in namespaces named after it; of IPv6 alone where that is asked for."""

    lab: str
    ipv6: bool = False

    @property
    def namespace(self) -> str:
        """The namespace that reaches every host."""
        return f"{PREFIX}{self.lab}"

    def of(self, host: str) -> str:
        """The namespace of a host."""
        return f"{self.namespace}-{host}"

    def address(self, number: int) -> str:
        """The address of the host with that number, from 1 to 200."""
        return self._address(10 + number)

    def _address(self, number: int) -> str:
        return f"{_NET6}{number:x}" if self.ipv6 else f"{_NET}{number}"

    def _words(self, address: str) -> list[str]:
        """As ip(8) takes an address. One of IPv6 would not be had for the time in which others may object to it."""
        return [f"{address}/64", "nodad"] if self.ipv6 else [f"{address}/24"]

    def create(self) -> None:
        ip("netns", "add", self.namespace)
        for command in (
            "link set lo up",
            "link add br0 type bridge",
            " ".join(["addr add", *self._words(self._address(_ROUTER)), "dev br0"]),
            "link set br0 up",
        ):
            ip("-n", self.namespace, *command.split())

    def attach(self, host: str, number: int) -> None:
        """Make a host's namespace, with its address, behind the bridge."""
        inner = self.of(host)
        ip("netns", "add", inner)
        limit = f"echo {_DATAGRAMS} >/proc/sys/net/unix/max_dgram_qlen"
        ip("netns", "exec", inner, "sh", "-c", limit)
        ip("-n", self.namespace, "link", "add", host, "type", "veth", "peer", "name", "host0", "netns", inner)
        ip("-n", self.namespace, "link", "set", host, "master", "br0", "up")
        ip("-n", inner, "link", "set", "lo", "up")
        ip("-n", inner, "addr", "add", *self._words(self.address(number)), "dev", "host0")
        ip("-n", inner, "link", "set", "host0", "up")

    def link(self, host: str, state: str) -> None:
        """Set a host's link `up` or `down`; while it is down the host is silent, and knows nothing of it."""
        ip("-n", self.namespace, "link", "set", host, state)

    def command(self, *command: str) -> list[str]:
        """A command, to be run where every host can be reached."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def remove(self) -> None:
        """Remove what there is of it."""
        for name in namespaces():
            if name == self.namespace or name.startswith(f"{self.namespace}-"):
                ip("netns", "delete", name)


def namespaces() -> list[str]:
    """Every named network namespace of this machine."""
    return [line.split()[0] for line in ip("netns", "list").splitlines() if line.strip()]


def ip(*arguments: str) -> str:
    """What ip(8) prints. Raises `HostsError` with what it complains about."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise HostsError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
