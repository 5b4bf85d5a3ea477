"""The guard in front of an application: what is wrong, too big, too slow or too much never reaches it."""

from flyball.proxy.base import http_logging, plain_answer, tcp_logging
from flyball.proxy.deadline import deadline_rules, server_timeout
from flyball.proxy.inputs import Door
from flyball.proxy.words import section, time

CONNECT = 250
"""Milliseconds for a connection to the application on the same machine."""
UNTOLD_BODY = 15 * 1024
"""Bytes of a body whose length is not told beforehand: what a buffer holds, since only that can be counted."""


def door_sections(door: Door) -> list[str]:
    return [_front(door), _application(door)] if door.protocol != "tcp" else _tcp(door)


def _front(door: Door) -> str:
    inbound, grpc = door.inbound, door.protocol == "grpc"
    return section(
        "frontend door",
        [
            f"bind {door.listen}{' proto h2' if grpc else ''}",
            "mode http",
            f"maxconn {inbound.connections}",
            f"timeout client {time(inbound.idle if grpc else inbound.slow)}",
            f"timeout http-request {time(inbound.slow)}",
            f"timeout http-keep-alive {time(inbound.idle)}",
            *http_logging(),
            *_methods(inbound.methods),
            *([] if grpc else _body(door)),
            *deadline_rules(door.deadline),
            f"http-request return {_full(door)} if {{ queue(app) ge {inbound.waiting} }}",
            "default_backend app",
        ],
    )


def _methods(methods: tuple[str, ...]) -> list[str]:
    answer = plain_answer(405, "method not allowed", ("Allow", ", ".join(methods)))
    return [f"http-request return {answer} unless {{ method {' '.join(methods)} }}"]


def _body(door: Door) -> list[str]:
    """The body is awaited, as far as a buffer holds it, before the application is bothered with it."""
    answer, told = plain_answer(413, "body too large"), "{ req.hdr(content-length) -m found }"
    return [
        f"http-request return {answer} if {{ req.hdr_val(content-length) gt {door.inbound.body} }}",
        f"http-request wait-for-body time {time(door.inbound.slow)} unless {{ method GET HEAD OPTIONS }}",
        f"http-request return {answer} if !{told} {{ req.body_size gt {min(UNTOLD_BODY, door.inbound.body)} }}",
    ]


def _full(door: Door) -> str:
    retry = max(1, -(-door.inbound.queue // 1000))
    return plain_answer(503, "too much to do", ("Retry-After", str(retry)))


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
            # Who has left must not keep a place in the queue.
            "option abortonclose",
            f"http-error {_full(door)}",
            *server_timeout(door.deadline),
            f"server app {door.app} maxconn {inbound.concurrency} pool-purge-delay {time(inbound.idle)}"
            f"{' proto h2' if grpc else ''}",
        ],
    )


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
            "option srvtcpka",
            f"server app {door.app} maxconn {inbound.connections}",
        ],
    )
    return [front, back]
