"""What a host shows of itself: few figures, to those who were asked for, in little memory.

`read` takes the variables of the Ansible role `node_exporter`. Debian's package listens on every address and runs all
of some forty collectors (https://github.com/prometheus/node_exporter#collectors).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast import listening
from flyball.guards.governor.rules import UNWATCHED
from flyball.guards.reading import address, strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, show_size
from flyball.guards.roles.variables import Role, Variable

PORT = 9100
METRICS = "/var/lib/flyball/metrics"
"""Where other roles leave figures, one file each."""
MEMORY: Bytes = 128 * MI
LEAST_MEMORY: Bytes = 32 * MI
"""It takes about 20 MiB with these collectors, measured on a host at rest."""
MOST_MEMORY: Bytes = 1024 * MI
SCRAPES = 4
"""At one time; the program allows 40, each of which reads all of /proc anew."""
NEEDED = ("filesystem", "textfile", "timex", "vmstat")
"""Without these the alerts on disks, rotation, clocks and memory would stay silent for ever."""
COLLECTORS = (
    *("cpu", "diskstats", "loadavg", "meminfo", "netdev", "pressure", "stat", "systemd", "time", "uname"),
    *NEEDED,
)
KNOWN = (
    *COLLECTORS,
    *("bonding", "conntrack", "edac", "entropy", "filefd", "hwmon", "mdadm", "netclass", "netstat", "nfs", "nfsd"),
    *("nvme", "processes", "rapl", "schedstat", "sockstat", "softnet", "tcpstat", "thermal_zone", "udp_queues"),
    *("xfs", "zfs"),
)


ROLE = Role(
    "node_exporter",
    "Figures of a host for Prometheus, given to those who were asked for, in little memory",
    (
        Variable(
            "node_exporter_addresses",
            list[str],
            ["127.0.0.1"],
            "Addresses of the host to listen on; never all of them. Prometheus on another host needs one that it"
            " reaches.",
        ),
        Variable("node_exporter_port", int, PORT, "Port to listen on."),
        Variable(
            "node_exporter_collectors",
            list[str],
            list(COLLECTORS),
            "Collectors to run; filesystem, textfile, timex and vmstat always, since alerts are made from them.",
        ),
        Variable(
            "node_exporter_memory",
            str,
            show_size(MEMORY),
            f"The most memory that it may take, from {show_size(LEAST_MEMORY)} to {show_size(MOST_MEMORY)}.",
            "size",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Exporter:
    """Where the figures of a host are, and which."""

    listens: tuple[str, ...]
    collectors: tuple[str, ...]
    memory: Bytes
    metrics: str = METRICS
    scrapes: int = SCRAPES

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object]) -> tuple[Exporter, list[Problem]]:
    """What the variables ask for, and what is wrong with them."""
    reader = ROLE.read(variables)
    listens = listening.listens(reader, "node_exporter_addresses", "node_exporter")
    port = reader.count("node_exporter_port", most=address.LAST_PORT)
    collectors = tuple(dict.fromkeys(reader.words("node_exporter_collectors")))
    for i, name in enumerate(reader.words("node_exporter_collectors")):
        if name not in KNOWN:
            reader.problem(
                ("node_exporter_collectors", i), UNKNOWN_VALUE, f"{name!r} is not known", strict.nearest(name, KNOWN)
            )
    if lacking := [name for name in NEEDED if name not in collectors]:
        reader.problem(
            "node_exporter_collectors", UNWATCHED, f"lacks {', '.join(lacking)}", "alerts are made from them; add them"
        )
    return Exporter(
        listens=tuple(address.join(text, port) for text in listens),
        collectors=collectors,
        memory=reader.amount("node_exporter_memory", LEAST_MEMORY, MOST_MEMORY),
    ), reader.problems
