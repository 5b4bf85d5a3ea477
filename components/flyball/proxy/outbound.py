"""A hop: every time of it has a limit, the connections too, and what may be tried again is counted."""

from flyball.guards.reading.address import is_address
from flyball.guards.reading.units import Milliseconds, ceil_div
from flyball.guards.timeouts.hops import IDEMPOTENT, SLOW, ejectable, queue_and_connect
from flyball.proxy import breaker
from flyball.proxy.base import (
    FORWARDED,
    RESOLVERS,
    STAYS,
    grpc_errors,
    grpc_status_rules,
    http_logging,
    plain_answer,
    staying_rules,
    tcp_logging,
)
from flyball.proxy.bodies import broken_off, server_timeout, whole_answer, whole_request
from flyball.proxy.deadline import deadline_rules
from flyball.proxy.families import binds, prefer
from flyball.proxy.inputs import Families, Outbound, Server
from flyball.proxy.near import near_rules, near_section
from flyball.proxy.words import section, time

REUSES = 1000
"""Requests over one connection before a new one is made: behind one address are many servers, and only a new
connection is spread over them."""
CA_FILE = "@system-ca"
BROKEN = plain_answer(502, "answer broke off")


def outbound_sections(hop: Outbound, families: Families, peers: bool, window: Milliseconds) -> list[str]:
    prefers = prefer(families)
    if hop.hop.protocol == "tcp":
        return [
            _tcp_front(hop, families),
            _tcp_back(hop, f"to.{hop.name}", prefers, checked=True),
            *_all(hop, prefers),
        ]
    backs = [_back(hop, f"to.{hop.name}", prefers, checked=True, retries=hop.call.retries, peers=peers)]
    if hop.call.retries:
        backs.append(_back(hop, f"once.{hop.name}", prefers, checked=True, retries=0))
    if hop.hop.protocol == "http":
        backs.append(_back(hop, f"staying.{hop.name}", prefers, checked=True, stays=True))
    beside = [*breaker.open_section(hop), *near_section(hop, window)]
    return [_front(hop, families, peers), *backs, *beside, *_all(hop, prefers)]


def _listens(hop: Outbound, families: Families, options: str = "") -> list[str]:
    return [line for listen in (hop.listen, *hop.also) for line in binds(listen, families, options)]


def _front(hop: Outbound, families: Families, peers: bool) -> str:
    h, longest = hop.hop, hop.call.longest
    return section(
        f"frontend call.{hop.name}",
        [
            *_listens(hop, families, " proto h2" if h.protocol == "grpc" else ""),
            "mode http",
            # A reload must not close a connection on which the next request may be on its way.
            "option idle-close-on-response",
            f"maxconn {h.connections * 2}",
            f"timeout client {time(max(SLOW, longest, h.idle if h.stream else 0))}",
            f"timeout http-request {time(max(SLOW, longest))}",
            f"timeout http-keep-alive {time(h.idle)}",
            *breaker.state_table(hop, peers),
            *([FORWARDED] if hop.is_balancer else []),
            *http_logging(),
            *([] if h.protocol == "grpc" else staying_rules()),
            *([] if h.protocol == "grpc" else whole_request(SLOW, wait=not h.stream)),
            *deadline_rules(longest, h.protocol),
            *breaker.arrival_rules(hop),
            *_retry_rules(hop),
            *breaker.decision_rules(hop),
            *([] if h.stream else [*whole_answer(hop.call.timeout), *broken_off()]),
            *breaker.response_rules(hop),
            *([] if h.stream else [f"http-response return {BROKEN} if {{ var(txn.cut) -m bool }}"]),
            *near_rules(hop),
            *breaker.own_answer_rules(hop),
            *([*grpc_errors(), *grpc_status_rules()] if h.protocol == "grpc" else []),
            *breaker.use_open(hop),
            *([] if h.protocol == "grpc" else [f"use_backend staying.{hop.name} if {STAYS}"]),
            *_use_all(hop),
            *_use_once(hop),
            f"default_backend to.{hop.name}",
        ],
    )


def _retry_rules(hop: Outbound) -> list[str]:
    """Only what may be sent twice is sent again after it was sent once."""
    if not hop.call.retries:
        return []
    ended = f"{breaker.WINDOW_KEY},table_gpc_rate({breaker.ENDED},to.{hop.name})"
    return [
        f"http-request disable-l7-retry unless {{ method {' '.join(IDEMPOTENT)} }}",
        f"http-request set-var(txn.budget) {ended},mul({hop.hop.budget})",
    ]


def _use_once(hop: Outbound) -> list[str]:
    """No second try for anybody while retries have used up their share of the requests.

    Each request that was tried again counts with all tries it may have had, so that the share holds whatever comes.
    """
    if not hop.call.retries:
        return []
    weight = 100 * hop.call.retries
    used = f"{breaker.WINDOW_KEY},table_gpc_rate({breaker.RETRIED},to.{hop.name}),mul({weight}),sub(txn.budget) gt 0"
    return [f"use_backend once.{hop.name} if {{ {used} }}"]


def _back(
    hop: Outbound,
    name: str,
    prefers: str,
    *,
    checked: bool,
    retries: int = 0,
    peers: bool = False,
    stays: bool = False,
) -> str:
    queue, connect = queue_and_connect(hop.call)
    again = ["retry-on conn-failure empty-response 502 503"] if retries else []
    if retries and len(hop.servers) > 1:
        # The next try is another server's: the one that failed is not well again in the meantime.
        again.append("option redispatch 1")
    return section(
        f"backend {name}",
        [
            "mode http",
            "balance leastconn",
            f"timeout connect {time(connect)}",
            f"timeout queue {time(queue)}",
            f"timeout server {time(hop.hop.idle if stays else hop.call.timeout)}",
            f"timeout tunnel {time(hop.hop.idle)}",
            f"timeout check {time(connect)}",
            f"retries {retries}",
            *again,
            *(breaker.window_table(hop, peers) if name == f"to.{hop.name}" else []),
            *_check(hop, checked and not stays),
            *_host(hop),
            *([] if stays else server_timeout(hop.call.timeout, SLOW)),
            *_servers(hop, prefers, checked),
        ],
    )


def _check(hop: Outbound, checked: bool) -> list[str]:
    health = hop.hop.health
    if not checked or health is None or health.path is None or hop.hop.protocol == "tcp":
        return []
    host = f" hdr Host {hop.servers[0].host}" if not is_address(hop.servers[0].host) else ""
    return ["option httpchk", f"http-check send meth GET uri {health.path}{host}", "http-check expect status 200-399"]


def _host(hop: Outbound) -> list[str]:
    """An application that asked for an address of its own machine means the server, which wants to hear its own name.

    Who asked for a name meant that name, and for a balancer's own address too; only TLS knows the server by its name.
    """
    server = hop.servers[0]
    if is_address(server.host) or (hop.is_balancer and not hop.hop.tls):
        return []
    usual = server.port == (443 if hop.hop.tls else 80)
    rule = f"http-request set-header Host {server.host if usual else server}"
    asked, addresses = "req.hdr(host),host_only", "0.0.0.0/0 ::/0" if hop.is_balancer else "127.0.0.0/8 ::1"
    return [f"{rule} if {{ {asked} -m ip {addresses} }} or {{ {asked} -i localhost }} or !{{ {asked} -m found }}"]


def _servers(hop: Outbound, prefers: str, checked: bool) -> list[str]:
    each = ceil_div(hop.hop.connections, len(hop.servers))
    return [_server(hop, f"s{i}", server, prefers, each, checked) for i, server in enumerate(hop.servers, 1)]


def _server(hop: Outbound, name: str, server: Server, prefers: str, most: int, checked: bool) -> str:
    h, words = hop.hop, [f"server {name} {server} maxconn {most}"]
    if not is_address(server.host):
        words.append(f"resolvers {RESOLVERS} resolve-prefer {prefers} init-addr none")
    if h.protocol != "tcp":
        words.append(f"pool-purge-delay {time(h.idle)} max-reuse {REUSES}")
    if h.tls:
        words.append(f"ssl verify required ca-file {CA_FILE} sni str({server.host})")
        words.append("alpn h2" if h.protocol == "grpc" else "alpn http/1.1")
    elif h.protocol == "grpc":
        words.append("proto h2")
    if checked and h.health is not None:
        words.append(f"check inter {time(h.health.period)} fall {h.health.failures} rise 2")
        if h.tls and h.health.path is not None:
            words.append(f"check-sni {server.host}")
    return " ".join(words)


def _use_all(hop: Outbound) -> list[str]:
    """Where too many servers are ill, all of them are used again: the well ones alone could not carry the load."""
    if hop.hop.health is None:
        return []
    least = len(hop.servers) - ejectable(len(hop.servers), hop.hop.eject)
    return [f"use_backend all.{hop.name} if {{ nbsrv(to.{hop.name}) lt {least} }}"]


def _all(hop: Outbound, prefers: str) -> list[str]:
    if hop.hop.health is None:
        return []
    if hop.hop.protocol == "tcp":
        return [_tcp_back(hop, f"all.{hop.name}", prefers, checked=False)]
    return [_back(hop, f"all.{hop.name}", prefers, checked=False)]


def _tcp_front(hop: Outbound, families: Families) -> str:
    """Nothing is known of requests: an idle connection may be a pool's, and only the application knows who waits."""
    h = hop.hop
    return section(
        f"frontend call.{hop.name}",
        [
            *_listens(hop, families),
            "mode tcp",
            f"maxconn {h.connections * 2}",
            f"timeout client {time(h.idle)}",
            "option clitcpka",
            *tcp_logging(),
            *_use_all(hop),
            f"default_backend to.{hop.name}",
        ],
    )


KEEP_ALIVE = ("option srvtcpka", "srvtcpka-idle 30s", "srvtcpka-intvl 5s", "srvtcpka-cnt 3")
"""A server that vanished without a word is noticed within 30 s + 3 times 5 s."""


def _tcp_back(hop: Outbound, name: str, prefers: str, *, checked: bool) -> str:
    queue, connect = queue_and_connect(hop.call)
    return section(
        f"backend {name}",
        [
            "mode tcp",
            "balance leastconn",
            f"timeout connect {time(connect)}",
            f"timeout queue {time(queue)}",
            f"timeout server {time(hop.hop.idle)}",
            f"timeout tunnel {time(hop.hop.idle)}",
            f"timeout check {time(connect)}",
            f"retries {hop.call.retries}",
            "no option abortonclose",
            *KEEP_ALIVE,
            # What was sent and is not acknowledged for as long as an answer may take will not be.
            *(f"{server} tcp-ut {time(hop.call.timeout)}" for server in _servers(hop, prefers, checked)),
        ],
    )
