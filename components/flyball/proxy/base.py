"""What one process needs whatever it proxies: its limits, its logs, its metrics, and what survives a reload."""

from flyball.guards.reading.address import is_address
from flyball.guards.workload import sidecar
from flyball.proxy import families
from flyball.proxy.inputs import Proxy
from flyball.proxy.words import section, text, time

PEERS = "local"
RESOLVERS = "dns"
LOG_LENGTH = 2048
"""Bytes of a log line; what is longer is cut."""
LEAVE = "/leave"
"""Asked for, beside the metrics, it has the process close each client's connection with the next answer over it."""
REFUSED = "X-Refused"
"""Header of an answer with which a proxy of ours refused a request, and the application has nothing to do."""
PATH_LENGTH = 200
"""Bytes of a request's path in a log line."""

HTTP_LOG = (
    '{"time":"%[date(0,ms)]","hop":"%f","backend":"%b","server":"%s","method":"%[var(txn.method),json(utf8s)]",'
    '"path":"%[var(txn.path),json(utf8s)]","status":%ST,"state":"%ts","retries":"%rc","bytes":%B,"queue":%Tw,'
    '"connect":%Tc,"answer":%Tr,"all":%Ta}'
)
TCP_LOG = (
    '{"time":"%[date(0,ms)]","hop":"%f","backend":"%b","server":"%s","state":"%ts","retries":"%rc","bytes":%B,'
    '"queue":%Tw,"connect":%Tc,"all":%Tt}'
)


def global_section(proxy: Proxy) -> str:
    """Limits of the process. No user, no chroot: the process is started as the user that it is."""
    socket = [f"stats socket {proxy.socket} mode 660 level admin"] if proxy.socket else []
    return section(
        "global",
        [
            f"log stdout len {LOG_LENGTH} format raw local0 info",
            f"localpeer {proxy.name}",
            f"maxconn {connections(proxy)}",
            f"nbthread {proxy.threads}",
            f"hard-stop-after {time(proxy.drain)}",
            f"tune.bufsize {sidecar.buffer(proxy.headers)}",
            f"tune.maxrewrite {sidecar.MAXIMUM_REWRITE}",
            *socket,
            *families.variables(proxy.families),
        ],
    )


def connections(proxy: Proxy) -> int:
    """Client connections of all parts together, and some for the metrics."""
    inbound = proxy.inbound.limits.connections if proxy.inbound else 0
    return inbound + sum(hop.hop.connections * 2 for hop in proxy.outbound) + METRICS_CONNECTIONS


METRICS_CONNECTIONS = 20


def defaults_section() -> str:
    """No time without a limit, also where a part should forget its own; parts state theirs nevertheless."""
    return section(
        "defaults",
        [
            "mode http",
            "log global",
            "timeout connect 1s",
            "timeout client 5s",
            "timeout server 5s",
            "timeout queue 1s",
            "timeout http-request 5s",
            "timeout http-keep-alive 5s",
            "timeout tunnel 60s",
            "timeout check 1s",
            "timeout tarpit 1s",
            "timeout client-fin 5s",
            "timeout server-fin 5s",
            "retries 0",
            "option dontlognull",
            # Who has left must not keep a place. Stated here because frontends have to know it too, and only learn it
            # from here: HAProxy 2.6 sees no client leave otherwise.
            "option abortonclose",
        ],
    )


def peers_section(proxy: Proxy) -> list[str]:
    """The process before a reload hands its tables to the one after it over this address."""
    return [section(f"peers {PEERS}", [f"peer {proxy.name} {proxy.peers}"])] if proxy.peers else []


def resolvers_section(proxy: Proxy) -> list[str]:
    """Names are resolved while it runs: addresses change, and a start must not wait for a name server."""
    if all(is_address(server.host) for hop in proxy.outbound for server in hop.servers):
        return []
    lines = [
        "parse-resolv-conf",
        "accepted_payload_size 8192",
        "resolve_retries 3",
        "timeout resolve 1s",
        "timeout retry 1s",
        "hold valid 10s",
        # A name server that is away changes nothing about who is where.
        *(f"hold {kind} 1h" for kind in ("other", "refused", "timeout")),
        "hold nx 30s",
    ]
    return [section(f"resolvers {RESOLVERS}", lines)]


def metrics_section(proxy: Proxy) -> list[str]:
    """HAProxy's own exporter, whether the process itself is well, and where it is told that it will leave."""
    if proxy.metrics is None:
        return []
    lines = [
        *families.binds(proxy.metrics, proxy.families),
        f"maxconn {METRICS_CONNECTIONS}",
        "option dontlog-normal",
        "timeout http-request 5s",
        "timeout client 10s",
        "http-request return status 200 content-type text/plain string ok if { path /healthz }",
        "http-request use-service prometheus-exporter if { path /metrics }",
        f"http-request set-var(proc.leaving) bool(true) if {{ path {LEAVE} }}",
        f"http-request return status 200 content-type text/plain string leaving if {{ path {LEAVE} }}",
        "http-request return status 404 content-type text/plain string unknown",
    ]
    return [section("frontend metrics", lines)]


STAYS = "{ var(txn.stays) -m bool }"


def staying_rules() -> list[str]:
    """Say in `txn.stays` that a request asks for a connection that stays: a WebSocket, or events as they happen.

    Neither is under way in the sense of Little's law, so they have places of their own.
    """
    return [
        "http-request set-var(txn.stays) bool(true) if { req.hdr(upgrade) -i websocket }",
        "http-request set-var(txn.stays) bool(true) if { req.hdr(accept) -i -m beg text/event-stream }",
    ]


def leaving_rules() -> list[str]:
    """Send those who keep a connection elsewhere while somebody still answers them. HTTP/2 knows no such header."""
    return ["http-after-response set-header Connection close if { var(proc.leaving) -m bool } !{ status 101 }"]


FORWARDED = "option forwardfor except 127.0.0.1"
"""Who asks: appended to what X-Forwarded-For says already. Of this machine's own programs nobody needs to know."""


def http_logging() -> list[str]:
    """One line of JSON for each request, its sizes bounded."""
    return [
        "http-request set-var(txn.method) method,bytes(0,16)",
        f"http-request set-var(txn.path) path,bytes(0,{PATH_LENGTH})",
        f"log-format '{HTTP_LOG}'",
    ]


def tcp_logging() -> list[str]:
    return [f"log-format '{TCP_LOG}'"]


DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE = 4, 8, 13, 14
"""Of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). Clients usually send again what was UNAVAILABLE,
so only what may be sent again is."""
_OWN_ERRORS = {500: INTERNAL, 502: UNAVAILABLE, 503: UNAVAILABLE, 504: DEADLINE_EXCEEDED}


def grpc_words(code: int, words: str) -> str:
    """The headers of an answer that has no message: what gRPC calls trailers only; its type: `grpc_status_rules`."""
    return f"hdr grpc-status {code} hdr grpc-message {text(words)}"


def answer(protocol: str, status: int, code: int, words: str, *headers: tuple[str, str]) -> str:
    """An answer of the proxy's own in the words of the protocol: an HTTP status, or a gRPC one with status 200."""
    if protocol != "grpc":
        return plain_answer(status, words, *headers)
    more = "".join(f" hdr {name} {text(value)}" for name, value in headers)
    return f"status 200 {grpc_words(code, words)}{more}"


def grpc_errors() -> list[str]:
    """What HAProxy itself answers with, as gRPC knows it: a client takes any 504 for UNAVAILABLE and sends it again."""
    return [f"http-error status {status} {grpc_words(code, 'proxy error')}" for status, code in _OWN_ERRORS.items()]


def grpc_status_rules() -> list[str]:
    """Last of all, and after it was counted: what has a gRPC status has the status 200, and gRPC's type.

    HAProxy gives no type to an answer without a body, and clients take what has none for no answer of gRPC's.
    """
    exhausted = f"http-after-response set-header grpc-status {RESOURCE_EXHAUSTED}"
    return [
        f"{exhausted} if {{ status 503 }} !{{ srv_id gt 0 }} {{ res.hdr(grpc-message) 'proxy error' }}",
        "http-after-response set-status 200 if { status 500:599 } { res.hdr(grpc-status) -m found }",
        "http-after-response set-header content-type application/grpc if { res.hdr(grpc-status) -m found }"
        " !{ res.hdr(content-type) -m found }",
    ]


def refused(why: str) -> tuple[str, str]:
    """The header that tells a caller's proxy that the application was not asked."""
    return REFUSED, why


def plain_answer(status: int, words: str, *headers: tuple[str, str]) -> str:
    """What `http-request return` takes for an answer of the proxy's own."""
    more = "".join(f" hdr {name} {text(value)}" for name, value in headers)
    return f"status {status} content-type text/plain string {text(words)}{more}"
