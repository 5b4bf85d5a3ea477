"""A hop: every time of it has a limit, the connections too, and what may be tried again is counted."""

from flyball.guards.reading.address import is_address
from flyball.guards.reading.units import Milliseconds
from flyball.guards.timeouts.hops import IDEMPOTENT, ejectable, queue_and_connect
from flyball.proxy import breaker
from flyball.proxy.base import RESOLVERS, http_logging, tcp_logging
from flyball.proxy.deadline import deadline_rules, server_timeout
from flyball.proxy.inputs import Outbound, Server
from flyball.proxy.words import section, time

REUSES = 1000
"""Requests over one connection before a new one is made: behind one address are many servers, and only a new
connection is spread over them."""
CA_FILE = "@system-ca"


def outbound_sections(hop: Outbound, peers: bool) -> list[str]:
    if hop.hop.protocol == "tcp":
        return [_tcp_front(hop), _tcp_back(hop, f"to.{hop.name}", checked=True), *_all(hop)]
    backs = [_back(hop, f"to.{hop.name}", checked=True, retries=hop.call.retries, peers=peers)]
    if hop.call.retries:
        backs.append(_back(hop, f"once.{hop.name}", checked=True, retries=0))
    return [_front(hop, peers), *backs, *breaker.open_section(hop), *_all(hop)]


def _front(hop: Outbound, peers: bool) -> str:
    h, longest = hop.hop, hop.call.longest
    return section(
        f"frontend call.{hop.name}",
        [
            f"bind {hop.listen}{' proto h2' if h.protocol == 'grpc' else ''}",
            "mode http",
            f"maxconn {h.connections * 2}",
            f"timeout client {time(max(longest, h.idle if h.stream else 0))}",
            f"timeout http-request {time(longest)}",
            f"timeout http-keep-alive {time(h.idle)}",
            *breaker.state_table(hop, peers),
            *http_logging(),
            *deadline_rules(longest),
            *breaker.arrival_rules(hop),
            *_retry_rules(hop),
            *breaker.decision_rules(hop),
            *breaker.response_rules(hop),
            *breaker.use_open(hop),
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


def _back(hop: Outbound, name: str, *, checked: bool, retries: int = 0, peers: bool = False) -> str:
    queue, connect = queue_and_connect(hop.call)
    headers, body = (hop.call.timeout, 0) if hop.hop.stream else _answer_times(hop.call.timeout)
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
            f"timeout server {time(headers)}",
            f"timeout tunnel {time(hop.hop.idle)}",
            f"timeout check {time(connect)}",
            f"retries {retries}",
            *again,
            *(breaker.window_table(hop, peers) if name == f"to.{hop.name}" else []),
            *_check(hop, checked),
            *_host(hop),
            *server_timeout(headers),
            *(_wait_for_body(hop.call.timeout) if body else []),
            *_servers(hop, checked),
        ],
    )


def _answer_times(timeout: Milliseconds) -> tuple[Milliseconds, Milliseconds]:
    """The timeout split so that headers and then a body come within it, whatever the pace of the server."""
    body = max(1, timeout // 16)
    return max(1, timeout - body), body


def _wait_for_body(timeout: Milliseconds) -> list[str]:
    """An answer is whole within the timeout: HAProxy's own only limits the pauses, and a byte a second would do.

    Whole, or as much of it as a buffer holds. What the headers have left over is given to the body, in halves.
    """
    steps = [timeout // part for part in (2, 4, 8)]
    return [
        "http-response set-var(txn.took) date(0,ms),sub(txn.now)",
        *(
            f"http-response wait-for-body time {time(step)} if {{ var(txn.took) -m int le {timeout - step} }}"
            for step in steps
        ),
        f"http-response wait-for-body time {time(_answer_times(timeout)[1])}",
    ]


def _check(hop: Outbound, checked: bool) -> list[str]:
    health = hop.hop.health
    if not checked or health is None or health.path is None or hop.hop.protocol == "tcp":
        return []
    host = f" hdr Host {hop.servers[0].host}" if not is_address(hop.servers[0].host) else ""
    return ["option httpchk", f"http-check send meth GET uri {health.path}{host}", "http-check expect status 200-399"]


def _host(hop: Outbound) -> list[str]:
    """The application asked for an address of its own machine; the server wants to hear its own name."""
    server = hop.servers[0]
    if is_address(server.host):
        return []
    usual = server.port == (443 if hop.hop.tls else 80)
    return [f"http-request set-header Host {server.host if usual else server}"]


def _servers(hop: Outbound, checked: bool) -> list[str]:
    each = -(-hop.hop.connections // len(hop.servers))
    return [_server(hop, f"s{i}", server, each, checked) for i, server in enumerate(hop.servers, 1)]


def _server(hop: Outbound, name: str, server: Server, most: int, checked: bool) -> str:
    h, words = hop.hop, [f"server {name} {server} maxconn {most}"]
    if not is_address(server.host):
        words.append(f"resolvers {RESOLVERS} resolve-prefer ipv4 init-addr none")
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


def _all(hop: Outbound) -> list[str]:
    if hop.hop.health is None:
        return []
    if hop.hop.protocol == "tcp":
        return [_tcp_back(hop, f"all.{hop.name}", checked=False)]
    return [_back(hop, f"all.{hop.name}", checked=False)]


def _tcp_front(hop: Outbound) -> str:
    """Nothing is known of requests: an idle connection may be a pool's, and only the application knows who waits."""
    h = hop.hop
    return section(
        f"frontend call.{hop.name}",
        [
            f"bind {hop.listen}",
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


def _tcp_back(hop: Outbound, name: str, *, checked: bool) -> str:
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
            *KEEP_ALIVE,
            # What was sent and is not acknowledged for as long as an answer may take will not be.
            *(f"{server} tcp-ut {time(hop.call.timeout)}" for server in _servers(hop, checked)),
        ],
    )
