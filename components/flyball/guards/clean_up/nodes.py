"""Lesson 4 for nodes: what the logs of their containers may hold, and what goes first when a disk fills.

The kubelet looks at the size of each container's log once in an interval, and a pass over all of them is done by a few
workers. One that finds a log too large removes the oldest, compresses the one before, and only then renames the log
(https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-rotation, and rotateLog in the kubelet's
container_log_manager.go). Until then it grows; as it comes, with one worker and a look each 10 s, far beyond its limit
(kubernetes#110630, #114301).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import NotRequired, TypedDict

from flyball.guards.clean_up.retention import (
    CONTAINER_LOG_FILES,
    CONTAINER_LOG_SIZE,
    CONTAINER_STORAGE,
    GI,
    GZIP_BYTES,
    MI,
)
from flyball.guards.clean_up.rules import (
    CLEAN_UP_AFTER_EVICTION,
    KUBELET_TOO_SLOW,
    NODE_LOGS_BEYOND_DISK,
    NODE_LOGS_BEYOND_POD,
)
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div, show_count, show_size

LEAST_SIZE: Bytes = MI
"""Of a log; what is smaller is a slip of the pen, and keeps a second of what a busy container says."""
LEAST_INTERVAL: Milliseconds = 3_000
"""The kubelet's own (ValidateKubeletConfiguration)."""
LEAST_AGE: Milliseconds = 3_600_000
"""Of an image; an hour later a pod of the same release may come back. The kubelet keeps each for two minutes."""


class NodeLogsArgs(TypedDict):
    """How the kubelet rotates what containers write to stdout."""

    size: NotRequired[str]
    """Where it rotates a log, at least 1Mi [50Mi]."""
    files: NotRequired[int]
    """How many it keeps of each container, with the one being written, at least 2 [3]."""
    interval: NotRequired[str]
    """Time between two looks, at least 3s [5s]."""
    workers: NotRequired[int]
    """How many it rotates and compresses at one time, at most one for each processor [4]."""
    rate: NotRequired[str]
    """What a busy container writes in a second [1Mi]."""
    busy: NotRequired[int]
    """Containers of one node that write so much at the same time [8]."""


class NodeImagesArgs(TypedDict):
    """When images that nobody uses are removed."""

    enabled: NotRequired[bool]
    """Whether kubelets are told and asked; false where the platform sets this itself and lets nobody else [true]."""
    size: NotRequired[str]
    """What those in use take on one node, at the most [16Gi]."""
    high: NotRequired[int]
    """Percent of the disk in use at which it begins [75]."""
    low: NotRequired[int]
    """Percent at which it has removed enough [65]."""
    age: NotRequired[str]
    """After so long without use they go in any case [14d]."""


class EvictionArgs(TypedDict):
    """What must be left of a node's disk."""

    enabled: NotRequired[bool]
    """Whether kubelets are told and asked; false where the platform sets this itself and lets nobody else [true]."""
    soft: NotRequired[int]
    """Percent; with less for two minutes pods are evicted, and get their time to end [15]."""
    hard: NotRequired[int]
    """Percent; with less they are killed at once [10]."""


class NodesArgs(TypedDict):
    """The nodes that services run on."""

    count: NotRequired[int]
    """How many, for `plan` to say what the loss of one takes; at least one for each member of a group, for both of a
    cache that survives one, and for each zone whose loss is to be survived [one for each replica]."""
    disk: NotRequired[str]
    """Size of the file system with logs, images and volumes [not known]."""
    containers: NotRequired[int]
    """The most containers on one node [220, two in each of the 110 pods that a kubelet takes]."""
    logs: NotRequired[NodeLogsArgs]
    """Rotation of the containers' logs."""
    images: NotRequired[NodeImagesArgs]
    """Removal of images."""
    eviction: NotRequired[EvictionArgs]
    """Eviction of pods."""


@dataclass(frozen=True, slots=True)
class NodeLogs:
    """Limits of the kubelet for each container's log, and what is written at the worst."""

    size: Bytes = CONTAINER_LOG_SIZE
    files: int = CONTAINER_LOG_FILES
    interval: Milliseconds = 5_000
    workers: int = 4
    rate: Bytes = MI
    busy: int = 8

    @property
    def growth(self) -> Bytes:
        """What a log grows by beyond `size` before it is renamed.

        `g = rate * (interval + rounds * (size + g) / gzip)` with `rounds = ceil(busy / workers)`: it was just below
        `size` at one look, and at the next one waits until those before it are compressed, and its own last one, each
        of which had grown as far. Raises `Broken` where compressing takes longer than writing: then nothing ends it.
        """
        rounds = ceil_div(self.busy, self.workers)
        share = Fraction(rounds * self.rate, GZIP_BYTES)
        if share >= 1:
            message = (
                f"containers that write {show_size(self.rate)}/s, {self.busy} at a time, are more than"
                f" {show_count(self.workers, 'worker')} of {show_size(GZIP_BYTES)}/s compress"
            )
            raise Broken(KUBELET_TOO_SLOW, message)
        seconds = Fraction(self.interval, 1000) + Fraction(rounds * self.size, GZIP_BYTES)
        return ceil(self.rate * seconds / (1 - share))

    @property
    def held(self) -> Bytes:
        """The most that all files of one container hold; lines that cannot be compressed are kept as they are."""
        return self.files * (self.size + self.growth)


@dataclass(frozen=True, slots=True)
class NodeImages:
    """When images that nobody uses are removed, in percent of the disk in use and by age; `size` those in use take."""

    size: Bytes = 16 * GI
    high: int = 75
    low: int = 65
    age: Milliseconds = 14 * 86_400_000
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Eviction:
    """What must be left of the disk, in percent."""

    soft: int = 15
    hard: int = 10
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Nodes:
    """What is known of the nodes, None what is not, and how their kubelets are to be set."""

    count: int | None = None
    disk: Bytes | None = None
    containers: int = 220
    logs: NodeLogs = field(default_factory=NodeLogs)
    images: NodeImages = field(default_factory=NodeImages)
    eviction: Eviction = field(default_factory=Eviction)

    @property
    def least_disk(self) -> Bytes:
        """The smallest disk on which images are cleaned up to some end; of limits that `check` takes.

        `(containers * held + images) / low`: what the clean-up cannot remove stays below where it stops.
        """
        return ceil_div((self.containers * self.logs.held + self.images.size) * 100, self.images.low)


def examine(args: object, path: Path) -> tuple[Nodes, list[Problem]]:
    """The nodes that are described, with the defaults for what is not said, and what is wrong with them.

    Values of a wrong type read as their default: `strict.check` reports them. Rules between values are asked where each
    of these can be read.
    """
    problems: list[Problem] = []
    nodes = _read(Reader(args, path, problems))
    return nodes, problems or list(check(nodes, path))


def _read(r: Reader) -> Nodes:
    logs, images, eviction, default = r.at("logs"), r.at("images"), r.at("eviction"), Nodes()
    size = logs.size("size", default.logs.size)
    if size < LEAST_SIZE:
        logs.problem("size", OUT_OF_RANGE, f"is {show_size(size)}", f"allowed is at least {show_size(LEAST_SIZE)}")
    return Nodes(
        count=r.whole("count", 1) if r.has("count") else None,
        disk=r.size("disk", 1) if r.has("disk") and r.readable("disk") else None,
        containers=r.whole("containers", default.containers, most=10_000),
        logs=NodeLogs(
            size=size,
            files=logs.whole("files", default.logs.files, least=2, most=1000),
            interval=logs.duration("interval", default.logs.interval, least=LEAST_INTERVAL),
            workers=logs.whole("workers", default.logs.workers, most=1000),
            rate=logs.size("rate", default.logs.rate),
            busy=logs.whole("busy", default.logs.busy, most=10_000),
        ),
        images=NodeImages(
            size=images.size("size", default.images.size),
            high=images.whole("high", default.images.high, most=99),
            low=images.whole("low", default.images.low, most=99),
            age=images.duration("age", default.images.age, least=LEAST_AGE),
            enabled=images.value("enabled", bool, True),
        ),
        eviction=Eviction(
            soft=eviction.whole("soft", default.eviction.soft, most=99),
            hard=eviction.whole("hard", default.eviction.hard, most=99),
            enabled=eviction.value("enabled", bool, True),
        ),
    )


def check(nodes: Nodes, path: Path) -> Iterator[Problem]:
    """Refuse logs that outgrow what pods and disks have for them, and a disk that evicts before it cleans up."""
    yield from _check_order(nodes, path)
    logs, at = nodes.logs, (*path, "logs")
    try:
        held = logs.held
    except Broken as error:
        yield error.at((*at, "workers"), "give it more workers, or let containers write less")
        return
    grown = f"{show_count(logs.files, 'file')} of {show_size(logs.size)}, each {show_size(ceil_mi(logs.growth))} beyond"
    grown += " that between two looks,"
    if held > CONTAINER_STORAGE:
        message = (
            f"{grown} hold {show_size(ceil_mi(held))}, and pods count on {show_size(CONTAINER_STORAGE)} for each"
            " container"
        )
        yield Problem(at, NODE_LOGS_BEYOND_POD, message, "lower size or files, look more often, or give more workers")
    elif nodes.disk is not None and nodes.disk < nodes.least_disk:
        message = (
            f"is {show_size(nodes.disk)}: {show_count(nodes.containers, 'container')} of {grown} and images of"
            f" {show_size(nodes.images.size)} are above {nodes.images.low} % of it"
        )
        remedy = f"take at least {show_size(ceil_gi(nodes.least_disk))}, or lower containers, logs or images.size"
        yield Problem((*path, "disk"), NODE_LOGS_BEYOND_DISK, message, remedy)


def _check_order(nodes: Nodes, path: Path) -> Iterator[Problem]:
    """Of values that are the platform's nobody here knows whether they are so."""
    images, eviction = nodes.images, nodes.eviction
    if images.enabled and images.low >= images.high:
        message = f"is {images.low}, and the clean-up begins at {images.high}"
        yield Problem((*path, "images", "low"), CLEAN_UP_AFTER_EVICTION, message, f"give less than {images.high}")
    if images.enabled and eviction.enabled and images.high >= 100 - eviction.soft:
        message = f"is {images.high}, and with {eviction.soft} % left, at {100 - eviction.soft}, pods are evicted"
        remedy = f"give less than {100 - eviction.soft}, so that images go first"
        yield Problem((*path, "images", "high"), CLEAN_UP_AFTER_EVICTION, message, remedy)
    if eviction.enabled and eviction.hard >= eviction.soft:
        message = f"is {eviction.hard}, and pods get their time to end from {eviction.soft} on"
        yield Problem((*path, "eviction", "hard"), CLEAN_UP_AFTER_EVICTION, message, f"give less than {eviction.soft}")


def ceil_mi(count: Bytes) -> Bytes:
    """The next whole mebibyte, for people."""
    return ceil_div(count, MI) * MI


def ceil_gi(count: Bytes) -> Bytes:
    """The next whole gibibyte, for people."""
    return ceil_div(count, GI) * GI
