"""The guard in front of an application: what is wrong, too big, too slow or too much never reaches it."""

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
    plain_answer,
    refused,
    staying_rules,
    tcp_logging,
)
from flyball.proxy.bodies import server_timeout, whole_request
from flyball.proxy.deadline import deadline_rules
from flyball.proxy.inputs import Door
from flyball.proxy.words import section, time

CONNECT = 250
"""Milliseconds for a connection to the application on the same machine."""
UNTOLD_BODY = 15 * 1024
"""Bytes of a body whose length is not told beforehand: what a buffer holds, since only that can be counted. A client
that sends more hears that it has to tell (RFC 9110, 15.5.12)."""


def door_sections(door: Door) -> list[str]:
    return [_front(door), _application(door), *_staying(door)] if door.protocol != "tcp" else _tcp(door)


def _front(door: Door) -> str:
    inbound, grpc = door.inbound, door.protocol == "grpc"
    return section(
        "frontend door",
        [
            f"bind {door.listen}{' proto h2' if grpc else ''}",
            "mode http",
            # A reload must not close a connection on which the next request may be on its way.
            "option idle-close-on-response",
            FORWARDED,
            f"maxconn {inbound.connections}",
            f"timeout client {time(inbound.idle if grpc else inbound.slow)}",
            f"timeout http-request {time(inbound.slow)}",
            f"timeout http-keep-alive {time(inbound.idle)}",
            *http_logging(),
            *_methods(inbound.methods),
            *([] if grpc else _body(door)),
            *deadline_rules(door.deadline, door.protocol),
            *([*grpc_errors(), *grpc_status_rules()] if grpc else []),
            *_room(door),
            "default_backend app",
        ],
    )


def _room(door: Door) -> list[str]:
    """Refuse at once what would wait too long; what stays does not wait, and has places of its own."""
    queue, full = f"{{ queue(app) ge {door.inbound.waiting} }}", _full(door)
    if door.protocol == "grpc":
        return [f"http-request return {full} if {queue}"]
    return [
        *staying_rules(),
        f"http-request return {full} if {queue} !{STAYS}",
        f"http-request return {full} if {STAYS} {{ srv_conn(staying/app) ge {door.inbound.staying} }}",
        f"use_backend staying if {STAYS}",
    ]


def _methods(methods: tuple[str, ...]) -> list[str]:
    answer = plain_answer(405, "method not allowed", ("Allow", ", ".join(methods)))
    return [f"http-request return {answer} unless {{ method {' '.join(methods)} }}"]


def _body(door: Door) -> list[str]:
    """The body is awaited, as far as a buffer holds it, before the application is bothered with it."""
    too_large, told = plain_answer(413, "body too large"), "{ req.hdr(content-length) -m found }"
    most = min(UNTOLD_BODY, door.inbound.body)
    untold = (
        plain_answer(411, f"more than {most} bytes, and no Content-Length") if most < door.inbound.body else too_large
    )
    return [
        f"http-request return {too_large} if {{ req.hdr_val(content-length) gt {door.inbound.body} }}",
        *whole_request(door.inbound.slow),
        f"http-request return {untold} if !{told} {{ req.body_size gt {most} }}",
    ]


def _full(door: Door, *, error: bool = False) -> str:
    """Nothing was done, so it may be sent again. As HAProxy's own `error` it keeps its status until it was counted."""
    words, retry = "too much to do", max(1, -(-door.inbound.queue // 1000))
    if door.protocol == "grpc" and error:
        return f"status 503 {grpc_words(UNAVAILABLE, words)} hdr {REFUSED} full"
    return answer(door.protocol, 503, UNAVAILABLE, words, ("Retry-After", str(retry)), refused("full"))


def _application(door: Door) -> str:
    inbound, grpc = door.inbound, door.protocol == "grpc"
    return section(
        "backend app",
        [
            "mode http",
            f"timeout connect {time(CONNECT)}",
            f"timeout queue {time(inbound.queue)}",
            f"timeout server {time(door.deadline)}",
            f"timeout tunnel {time(inbound.idle)}",
            "retries 0",
            f"http-error {_full(door, error=True)}",
            *server_timeout(door.deadline, inbound.slow),
            f"server app {door.app} maxconn {inbound.concurrency} pool-purge-delay {time(inbound.idle)}"
            f"{' proto h2' if grpc else ''}",
        ],
    )


def _staying(door: Door) -> list[str]:
    """The application for connections that stay: nothing of them is late, only silent."""
    inbound = door.inbound
    if door.protocol == "grpc":
        return []
    lines = [
        "mode http",
        f"timeout connect {time(CONNECT)}",
        f"timeout queue {time(inbound.queue)}",
        f"timeout server {time(inbound.idle)}",
        f"timeout tunnel {time(inbound.idle)}",
        "retries 0",
        f"http-error {_full(door)}",
        f"server app {door.app} maxconn {inbound.staying}",
    ]
    return [section("backend staying", lines)]


def _tcp(door: Door) -> list[str]:
    """A guard for what is no HTTP: it counts connections, and knows no requests."""
    inbound = door.inbound
    front = section(
        "frontend door",
        [
            f"bind {door.listen}",
            "mode tcp",
            f"maxconn {inbound.connections}",
            f"timeout client {time(inbound.idle)}",
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
            f"timeout queue {time(inbound.queue)}",
            f"timeout server {time(inbound.idle)}",
            f"timeout tunnel {time(inbound.idle)}",
            "retries 0",
            # Who has said all that it has to say waits for the answer.
            "no option abortonclose",
            "option srvtcpka",
            f"server app {door.app} maxconn {inbound.connections}",
        ],
    )
    return [front, back]
