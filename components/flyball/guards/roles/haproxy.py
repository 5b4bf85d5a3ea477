"""The variable of the Ansible role `haproxy`: one HAProxy on a host, in the words of a workload's arguments.

A host says more than a workload: where the proxy listens for each call, so that it can be a balancer for others too,
and where its metrics are. `flyball.proxy.role` reads it, since it takes the renderer to know what a proxy comes to.
"""

from typing import NotRequired, TypedDict

from flyball.guards.reading.units import Milliseconds, show_duration, show_size
from flyball.guards.roles.variables import Role, Variable
from flyball.guards.timeouts.call_arguments import CallArgs
from flyball.guards.workload import sidecar
from flyball.guards.workload.arguments import InboundArgs, LoadArgs

LOOPBACK = "127.0.0.1"
METRICS, PEERS, FIRST_CALL = (sidecar.FIRST_PORT + i for i in (1, 2, sidecar.CALLS_FROM))
SOCKET = "/run/haproxy/admin.sock"
DRAIN: Milliseconds = 30_000


class ListenArgs(TypedDict):
    """A place to listen."""

    address: NotRequired[str]
    """An address of the host [127.0.0.1]."""
    port: int
    """Port."""


class HostInboundArgs(InboundArgs):
    """The guard in front of the host's application."""

    address: NotRequired[str]
    """Where it listens [all addresses]."""


class HostCallArgs(CallArgs):
    """One hop to `host` and `hosts`; both and `port` as in a workload's call to somewhere outside."""

    address: NotRequired[str]
    """Where the proxy listens for it [127.0.0.1]."""
    listen: NotRequired[int]
    """On which port [from 21010 on, in alphabetical order]."""


class HostProxyArgs(TypedDict):
    """One HAProxy on one host."""

    name: NotRequired[str]
    """Name of the proxy, as reloads know it [the host's in the inventory]."""
    port: NotRequired[int]
    """Port of the application in front of which the guard stands [no guard]."""
    protocol: NotRequired[str]
    """`http`, `grpc` or `tcp` [http]."""
    deadline: NotRequired[str]
    """The longest an answer may take [2s]."""
    load: NotRequired[LoadArgs]
    """What the application can do; required with `port`."""
    inbound: NotRequired[HostInboundArgs]
    """The guard."""
    calls: NotRequired[dict[str, HostCallArgs]]
    """The hops [none]."""
    metrics: NotRequired[ListenArgs]
    """Where Prometheus finds the metrics [127.0.0.1:21001]."""
    peers: NotRequired[int]
    """Port on the loopback interface over which a reload keeps the breakers' state [21002]."""
    socket: NotRequired[str]
    """File of the socket for HAProxy's own commands [/run/haproxy/admin.sock]."""
    headers: NotRequired[str]
    """Largest headers of a request and of an answer, at most 64Ki and 101 of them [15Ki]."""
    threads: NotRequired[int]
    """Threads; with more than one, a few probes more may get through [1]."""
    drain: NotRequired[str]
    """For what is under way when it stops or reloads [30s, or what the longest request may take]."""


ROLE = Role(
    "haproxy",
    "A timeout, a limit and a breaker on every hop, and balancers that keep N-1 servers",
    (
        Variable(
            "haproxy_proxy",
            HostProxyArgs,
            {},
            "One HAProxy, in the words of a workload. A guard in front of the host's application is port, protocol,"
            " deadline, load and inbound; hops are calls, each with host, hosts, port and where the proxy listens for"
            f" it, address [{LOOPBACK}] and listen [from {FIRST_CALL} on], so that a call with its servers' health is a"
            f" balancer. Also name [inventory_hostname], metrics [{LOOPBACK}:{METRICS}], peers [{PEERS}], socket"
            f" [{SOCKET}], headers of a message [{show_size(sidecar.LEAST_HEADERS)}], threads [1] and drain"
            f" [{show_duration(DRAIN)}, or what the longest request may take].",
        ),
        Variable("haproxy_group", str, "proxy", "The group of the inventory of which one host is restarted at a time."),
    ),
)
