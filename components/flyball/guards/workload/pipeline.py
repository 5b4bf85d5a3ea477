"""Lesson 4 for a cluster's logs: they leave the node before the kubelet deletes them, by way of a bounded queue.

Figures were measured with the collector at 5,000 lines a second while files were rotated as the kubelet does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.clean_up.retention import MI
from flyball.guards.clean_up.rules import LOGS_IN_PLAIN_TEXT, LOGS_STAY
from flyball.guards.fail_fast.container import check_image, check_secret_name
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EITHER_OR, INVALID_ADDRESS, INVALID_TEXT, OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Millicores, show_size
from flyball.guards.workload import file_logs

VERSION = "0.165.0"
IMAGE = f"docker.io/otel/opentelemetry-collector-k8s:{VERSION}"
"""OpenTelemetry's own image with what reads the logs of Kubernetes (https://github.com/open-telemetry/opentelemetry-
collector-releases/tree/main/distributions/otelcol-k8s)."""
QUEUE: Bytes = 256 * MI
DISK_FACTOR = 2
"""A full queue of n bytes took up to 2 n on disk."""
LINE: Bytes = MI
"""The longest line; what is longer is split."""
BATCH = 1000
"""Lines that are sent at once. As many are on their way when the collector is killed, and arrive twice; and so do those
that were read since it last wrote down its places: at the most what the queue holds, where it was catching up."""
LEAST_QUEUE: Bytes = 4 * MI
"""Several batches of ordinary lines, and the longest line four times."""
MEMORY: Bytes = 512 * MI
LEAST_MEMORY: Bytes = 128 * MI
"""73 MiB were measured while 4 MiB waited in the queue."""
LIMIT_PERCENT, SOFT_PERCENT, GO_PERCENT = 75, 60, 80
"""Of the memory limit: where lines are refused, and so wait in their files; where that begins; where Go collects
its garbage harder (https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor/memorylimiterprocessor
advises GOMEMLIMIT at 80 % of the hard limit)."""
CPU: Millicores = 100
"""Enough for 3,000 lines a second: 33,000 were measured for one second of a processor."""
_LOOKS = re.compile(r"\(\?(?:[=!]|<[=!]|P=|\(|>)|\\[1-9]|[*+?}]\+")
"""What Python's patterns have, and those of RE2 have not (https://github.com/google/re2/wiki/Syntax)."""
_PLAIN = re.compile(r"\\[^1-9]|\[\^?\]?(?:\\.|[^]\\])*\]")
"""Characters that mean themselves, and sets of them."""


class LogTargetArgs(TypedDict):
    """Where logs go: `otlp` or `logstash`, one of them."""

    otlp: NotRequired[str]
    """URL of a server that takes OTLP over HTTP, without /v1/logs."""
    logstash: NotRequired[str]
    """URL of logstash's `http` input, which acknowledges what it was sent; the same lines as JSON."""
    secret: NotRequired[str]
    """Name of a Secret in the namespace flyball-logs, whose `token` is sent as a bearer token [none]."""


class PipelineArgs(TypedDict):
    """How the logs of a cluster's pods leave its nodes."""

    to: LogTargetArgs
    """Where they go."""
    queue: NotRequired[str]
    """What waits on each node while nobody takes it, in bytes; the disk may take twice that [256Mi]."""
    redact: NotRequired[list[str]]
    """Patterns (RE2) of what leaves no node: each match becomes [redacted] before it is written to the queue [none]."""
    memory: NotRequired[str]
    """Memory limit of each collector [512Mi]."""
    image: NotRequired[str]
    """Image of the collector [docker.io/otel/opentelemetry-collector-k8s:0.165.0]."""
    mender: NotRequired[str]
    """Image of what puts damaged files of the collector aside, with bash and od
    [docker.io/phusion/baseimage:noble-1.0.2]."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where logs go; `logstash` says that it is no OTLP, `secret` is empty where nobody asks for a token."""

    url: str
    logstash: bool = False
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A collector on each node, with its queue and its limits."""

    target: Target
    queue: Bytes = QUEUE
    redact: tuple[str, ...] = ()
    memory: Bytes = MEMORY
    image: str = IMAGE
    mender: str = file_logs.IMAGE

    @property
    def disk(self) -> Bytes:
        """The most that the queue takes of a node's disk."""
        return DISK_FACTOR * self.queue

    @property
    def go_memory(self) -> Bytes:
        """For GOMEMLIMIT."""
        return self.memory * GO_PERCENT // 100


def read(r: Reader) -> Pipeline:
    """The pipeline that is asked for; what is wrong with it is a problem of the reader's."""
    to = r.at("to")
    kinds = [kind for kind in ("otlp", "logstash") if to.has(kind)]
    if r.is_map("to") and len(kinds) != 1:
        said = " and ".join(kinds) if kinds else "neither otlp nor logstash"
        to.problem((), EITHER_OR, f"has {said}", "give one of them, as otlp: https://logs.example:4318")
    kind = kinds[0] if kinds else "otlp"
    target = Target(to.value(kind, str, ""), kind == "logstash", to.said("secret"))
    if len(kinds) == 1 and to.readable(kind):
        r.problems.extend(_check_target(target, kind, to.path))
    found = Pipeline(
        target=target,
        queue=r.size("queue", QUEUE),
        redact=tuple(r.words("redact")),
        memory=r.size("memory", MEMORY),
        image=r.value("image", str, IMAGE),
        mender=r.value("mender", str, file_logs.IMAGE),
    )
    for key, value, least in (("queue", found.queue, LEAST_QUEUE), ("memory", found.memory, LEAST_MEMORY)):
        if value < least:
            r.problem(key, OUT_OF_RANGE, f"is {show_size(value)}", f"allowed is at least {show_size(least)}")
    for key, image in (("image", found.image), ("mender", found.mender)):
        r.problems.extend(check_image(image, r.to(key)))
    for i, pattern in enumerate(found.redact):
        r.problems.extend(_check_pattern(pattern, (*r.path, "redact", i)))
    return found


def _check_target(target: Target, kind: str, path: Path) -> Iterator[Problem]:
    found = address.server(target.url)
    if address.has_user(target.url):
        hint = "put its token into a Secret, and name that as secret"
        yield Problem((*path, kind), INVALID_ADDRESS, "holds a user, which everybody could read", hint)
    elif not found:
        hint = "as https://logs.example:4318, without user, query and fragment"
        yield Problem((*path, kind), INVALID_ADDRESS, f"{target.url!r} is no URL of a server", hint)
    elif found.scheme == "http" and not address.in_cluster(found.host):
        hint = "take https, or a name within the cluster, as http://logs.monitoring.svc:4318"
        yield Problem((*path, kind), LOGS_IN_PLAIN_TEXT, f"{target.url!r} leaves the cluster in plain text", hint)
    if target.secret:
        yield from check_secret_name(target.secret, (*path, "secret"))


def _check_pattern(pattern: str, path: Path) -> Iterator[Problem]:
    """Refuse what no collector would start with, and what would take every line away."""
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        yield Problem(path, INVALID_TEXT, f"{pattern!r} is no pattern: {error}", "write it as RE2 has it")
        return
    if _LOOKS.search(_PLAIN.sub("x", pattern)):
        yield Problem(path, INVALID_TEXT, f"{pattern!r} looks around or back, which RE2 cannot", "write it without")
    elif compiled.search(""):
        hint = "let it need at least one character of what is secret"
        yield Problem(path, INVALID_TEXT, f"{pattern!r} matches where nothing is", hint)


def check_reason(reason: object, path: Path) -> Iterator[Problem]:
    """Refuse to leave logs on their nodes without saying why."""
    if not isinstance(reason, str) or not reason.strip():
        hint = "say who reads them where, or why nobody has to"
        yield Problem((*path, "reason"), LOGS_STAY, "is missing, and logs go with their pods and nodes", hint)


def check_shipped(services: int, shipped: bool, path: Path) -> Iterator[Problem]:
    """A warning where the logs of services go with their pods and nodes, and nobody has said that they may."""
    if services and not shipped:
        hint = "say where they go, as to: {otlp: https://logs.example:4318}, or to: none with a reason"
        yield Problem(path, LOGS_STAY, "is missing, and logs go with their pods and nodes", hint)
