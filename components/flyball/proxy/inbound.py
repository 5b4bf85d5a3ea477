"""The guard in front of an application: what is wrong, too big, too slow or too much never reaches it."""

from flyball.guards.reading.units import Milliseconds, ceil_div
from flyball.proxy.base import (
    FORWARDED,
    REFUSED,
    STAYS,
    UNAVAILABLE,
    answer,
    grpc_errors,
    grpc_status_rules,
    grpc_words,
    http_logging,
    leaving_rules,
    plain_answer,
    refused,
    staying_rules,
    tcp_logging,
)
from flyball.proxy.bodies import PART, server_timeout, whole_request
from flyball.proxy.deadline import deadline_rules
from flyball.proxy.families import application, binds
from flyball.proxy.inputs import Families, InboundHop
from flyball.proxy.near import near_promised
from flyball.proxy.words import section, time

CONNECT = 250
"""Milliseconds for a connection to the application on the same machine."""


def inbound_sections(hop: InboundHop, families: Families, window: Milliseconds) -> list[str]:
    if hop.protocol == "tcp":
        return _tcp(hop, families)
    app = application(hop.app, families)
    return [_front(hop, families, window), _application(hop, app), *_staying(hop, app)]


def _front(hop: InboundHop, families: Families, window: Milliseconds) -> str:
    limits, grpc = hop.limits, hop.protocol == "grpc"
    return section(
        "frontend inbound",
        [
            *binds(hop.listen, families, " proto h2" if grpc else ""),
            "mode http",
            # A reload must not close a connection on which the next request may be on its way.
            "option idle-close-on-response",
            FORWARDED,
            f"maxconn {limits.connections}",
            f"timeout client {time(limits.idle if grpc else limits.slow)}",
            f"timeout http-request {time(limits.slow)}",
            f"timeout http-keep-alive {time(limits.idle)}",
            *http_logging(),
            *_methods(limits.methods),
            *([] if grpc else _body(hop)),
            *deadline_rules(hop.deadline, hop.protocol),
            *near_promised(hop, window),
            *([*grpc_errors(), *grpc_status_rules()] if grpc else []),
            *([] if grpc else leaving_rules()),
            *_room(hop),
            "default_backend app",
        ],
    )


def _room(hop: InboundHop) -> list[str]:
    """Refuse at once what would wait too long; what stays does not wait, and has places of its own."""
    queue, full = f"{{ queue(app) ge {hop.limits.waiting} }}", _full(hop)
    if hop.protocol == "grpc":
        return [f"http-request return {full} if {queue}"]
    return [
        *staying_rules(),
        f"http-request return {full} if {queue} !{STAYS}",
        f"http-request return {full} if {STAYS} {{ srv_conn(staying/app) ge {hop.limits.staying} }}",
        f"use_backend staying if {STAYS}",
    ]


def _methods(methods: tuple[str, ...]) -> list[str]:
    answer = plain_answer(405, "method not allowed", ("Allow", ", ".join(methods)))
    return [f"http-request return {answer} unless {{ method {' '.join(methods)} }}"]


def _body(hop: InboundHop) -> list[str]:
    """The body is awaited, as far as a buffer holds it, before the application is bothered with it.

    One whose length is not told beforehand can only be counted as long as a buffer holds it. A client that sends more
    hears that it has to tell (RFC 9110, 15.5.12).
    """
    too_large, untold = plain_answer(413, "body too large"), "!{ req.hdr(content-length) -m found }"
    to_be_told = plain_answer(411, "so large a body needs a Content-Length")
    return [
        f"http-request return {too_large} if {{ req.hdr_val(content-length) gt {hop.limits.body} }}",
        *whole_request(hop.limits.slow),
        f"http-request return {too_large} if {untold} {{ req.body_size gt {hop.limits.body} }}",
        f"http-request return {to_be_told} if {PART} {untold}",
    ]


def _full(hop: InboundHop, *, error: bool = False) -> str:
    """Nothing was done, so it may be sent again. As HAProxy's own `error` it keeps its status until it was counted."""
    words, retry = "too much to do", max(1, ceil_div(hop.limits.queue, 1000))
    if hop.protocol == "grpc" and error:
        return f"status 503 {grpc_words(UNAVAILABLE, words)} hdr {REFUSED} full"
    return answer(hop.protocol, 503, UNAVAILABLE, words, ("Retry-After", str(retry)), refused("full"))


def _application(hop: InboundHop, app: str) -> str:
    limits, grpc = hop.limits, hop.protocol == "grpc"
    return section(
        "backend app",
        [
            "mode http",
            f"timeout connect {time(CONNECT)}",
            f"timeout queue {time(limits.queue)}",
            f"timeout server {time(hop.deadline)}",
            f"timeout tunnel {time(limits.idle)}",
            "retries 0",
            f"http-error {_full(hop, error=True)}",
            *server_timeout(hop.deadline, limits.slow),
            f"server app {app} maxconn {limits.concurrency} pool-purge-delay {time(limits.idle)}"
            f"{' proto h2' if grpc else ''}",
        ],
    )


def _staying(hop: InboundHop, app: str) -> list[str]:
    """The application for connections that stay: nothing of them is late, only silent."""
    limits = hop.limits
    if hop.protocol == "grpc":
        return []
    lines = [
        "mode http",
        f"timeout connect {time(CONNECT)}",
        f"timeout queue {time(limits.queue)}",
        f"timeout server {time(limits.idle)}",
        f"timeout tunnel {time(limits.idle)}",
        "retries 0",
        f"http-error {_full(hop)}",
        f"server app {app} maxconn {limits.staying}",
    ]
    return [section("backend staying", lines)]


def _tcp(hop: InboundHop, families: Families) -> list[str]:
    """A guard for what is no HTTP: it counts connections, and knows no requests."""
    limits = hop.limits
    front = section(
        "frontend inbound",
        [
            *binds(hop.listen, families),
            "mode tcp",
            f"maxconn {limits.connections}",
            f"timeout client {time(limits.idle)}",
            "option clitcpka",
            *tcp_logging(),
            "default_backend app",
        ],
    )
    back = section(
        "backend app",
        [
            "mode tcp",
            f"timeout connect {time(CONNECT)}",
            f"timeout queue {time(limits.queue)}",
            f"timeout server {time(limits.idle)}",
            f"timeout tunnel {time(limits.idle)}",
            "retries 0",
            # Who has said all that it has to say waits for the answer.
            "no option abortonclose",
            "option srvtcpka",
            f"server app {application(hop.app, families)} maxconn {limits.connections}",
        ],
    )
    return [front, back]
