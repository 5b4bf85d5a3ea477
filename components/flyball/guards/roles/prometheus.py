"""Who is watched, how often, and how much of the watching host that may take.

`read` takes the variables of the Ansible role `prometheus`. Prometheus as packaged has no limit on the size of what it
stores or on its memory, and lets 20 queries of 50 million samples each run at one time.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.alerting import hosts
from flyball.guards.alerting.hosts import Size, SizeArgs
from flyball.guards.clean_up.retention import MI
from flyball.guards.clean_up.rules import MEMORY_BEYOND_HOST, QUERIES_BEYOND_MEMORY, STORAGE_BEYOND_DISK
from flyball.guards.governor.rules import NOBODY_HEARS, UNWATCHED
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, GIVEN_TWICE, INVALID_NAME, INVALID_PATH, OUT_OF_RANGE, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds, exact, show_duration, show_number, show_size
from flyball.guards.roles import daemons
from flyball.guards.timeouts.rules import TIMEOUT_ABOVE_INTERVAL

PORT = 9090
INTERVAL: Milliseconds = 30_000
LONGEST_INTERVAL: Milliseconds = 120_000
"""A value counts for five minutes (`--query.lookback-delta`); one scrape that fails must leave another within them."""
TIMEOUT: Milliseconds = 10_000
STORAGE: Bytes = 8192 * MI
LEAST_STORAGE: Bytes = 512 * MI
STORAGE_SHARE = 0.8
"""Of the disk: the limit holds for finished blocks, the log of what comes in and blocks being made lie beside them
(https://prometheus.io/docs/prometheus/latest/storage/ advises 80 to 85 %)."""
STORAGE_DAYS = 15
MEMORY: Bytes = 1024 * MI
LEAST_MEMORY: Bytes = 128 * MI
MEMORY_SHARE = 0.8
"""Of the host; a host that swaps or runs out of memory watches nobody."""
GARBAGE_SHARE = 0.9
"""Of the memory limit: from here on garbage is collected harder (GOMEMLIMIT), instead of being killed for it."""
QUERY_TIMEOUT: Milliseconds = 30_000
QUERY_CONCURRENCY = 8
QUERY_SAMPLES = 4_000_000
SAMPLE: Bytes = 16
"""In memory: a time and a value of 8 bytes each."""
QUERY_SHARE = 0.5
"""Of the memory limit, for all queries at one time; the rest is for what is being scraped."""
OWN_JOBS = ("node", "prometheus", "alertmanager")
_JOB = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_RULE_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml")
_URL_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


class TargetArgs(TypedDict):
    job: str
    targets: list[str]
    path: NotRequired[str]


class ScrapingArgs(TypedDict):
    prometheus_address: str
    prometheus_port: int
    prometheus_groups: list[str]
    prometheus_targets: list[TargetArgs]
    prometheus_sizes: list[SizeArgs]
    prometheus_rule_files: list[str]
    prometheus_alertmanagers: list[str]
    prometheus_interval: str
    prometheus_timeout: str
    prometheus_storage_size: str
    prometheus_storage_days: int
    prometheus_memory: str
    prometheus_query_timeout: str
    prometheus_query_concurrency: int
    prometheus_query_samples: int


class Found(TypedDict):
    """What the role found: the host's name, memory and disk [bytes], the inventory's groups, and where hosts listen."""

    host: str
    memory: int
    disk: int
    groups: Mapping[str, list[str]]
    addresses: Mapping[str, list[str]]
    ports: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Node:
    """A host that is watched; `groups` as `,web,zone_a,`, so that a rule can ask for one of them."""

    name: str
    target: str
    groups: str


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    targets: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Scraping:
    """Times as Prometheus writes them."""

    listen: str
    nodes: tuple[Node, ...]
    jobs: tuple[Job, ...]
    sizes: tuple[Size, ...]
    rule_files: tuple[str, ...]
    alertmanagers: tuple[str, ...]
    interval: str
    timeout: str
    storage: Bytes
    days: int
    memory: Bytes
    garbage: Bytes
    query_timeout: str
    query_concurrency: int
    query_samples: int

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object], found: Found) -> tuple[Scraping, list[Problem]]:
    """What the variables ask for on such a host, and what is wrong with them."""
    problems = list(strict.check(dict(variables), ScrapingArgs, ()))
    reader = Reader(variables, (), problems)
    address = reader.value("prometheus_address", str, "127.0.0.1")
    daemons.address(reader, "prometheus_address", address)
    interval = daemons.seconds(reader, "prometheus_interval", INTERVAL, 1000, LONGEST_INTERVAL)
    timeout = daemons.seconds(reader, "prometheus_timeout", min(TIMEOUT, interval), 1000, LONGEST_INTERVAL)
    if timeout > interval:
        message = f"{show_duration(timeout)} is more than the interval of {show_duration(interval)}"
        reader.problem(
            "prometheus_timeout", TIMEOUT_ABOVE_INTERVAL, message, "a scrape must end before the next one begins"
        )
    memory = _memory(reader, found["memory"])
    concurrency, samples = _queries(reader, memory)
    alertmanagers = daemons.targets(reader, "prometheus_alertmanagers")
    if not alertmanagers and isinstance(reader.values.get("prometheus_alertmanagers"), list):
        reader.problem(
            "prometheus_alertmanagers", NOBODY_HEARS, "is empty: nobody would hear of an alert", "name at least one"
        )
    return Scraping(
        listen=daemons.join(address, reader.whole("prometheus_port", PORT, most=65535)),
        nodes=_nodes(reader, found),
        jobs=_jobs(reader),
        sizes=hosts.sizes(reader, "prometheus_sizes", found["groups"]),
        rule_files=_rule_files(reader),
        alertmanagers=alertmanagers,
        interval=show_duration(interval),
        timeout=show_duration(timeout),
        storage=_storage(reader, found["disk"]),
        days=reader.whole("prometheus_storage_days", STORAGE_DAYS, most=3650),
        memory=memory,
        garbage=int(memory * exact(GARBAGE_SHARE)),
        query_timeout=show_duration(daemons.seconds(reader, "prometheus_query_timeout", QUERY_TIMEOUT, 1000, 120_000)),
        query_concurrency=concurrency,
        query_samples=samples,
    ), problems


def _nodes(reader: Reader, found: Found) -> tuple[Node, ...]:
    """The hosts of the groups, each where the watching host can reach it."""
    nodes: dict[str, Node] = {}
    for i, group in enumerate(reader.words("prometheus_groups")):
        if group not in found["groups"]:
            known = strict.nearest(group, found["groups"])
            reader.problem(("prometheus_groups", i), UNKNOWN_VALUE, f"{group!r} is no group of the inventory", known)
        for name in found["groups"].get(group, []):
            listens = found["addresses"].get(name) or ["127.0.0.1"]
            own = name == found["host"]
            reached = [text for text in listens if own or not daemons.is_loopback(text)]
            if not reached:
                message = f"{name} shows its figures to nobody but itself"
                hint = f"let node_exporter_addresses of {name} name an address that {found['host']} reaches"
                reader.problem(("prometheus_groups", i), UNWATCHED, message, hint)
                continue
            groups = sorted(g for g, names in found["groups"].items() if name in names and g != "all")
            target = daemons.join(reached[0], found["ports"].get(name, 9100))
            nodes[name] = Node(name, target, f",{','.join(groups)},")
    return tuple(nodes.values())


def _jobs(reader: Reader) -> tuple[Job, ...]:
    """The targets that are stated, each job once and none of those that are there anyway."""
    jobs: dict[str, Job] = {}
    for job in reader.each("prometheus_targets"):
        name, path = job.value("job", str, ""), job.value("path", str, "/metrics")
        if job.has("job") and not _JOB.fullmatch(name):
            job.problem("job", INVALID_NAME, f"{name!r} is not allowed", "give lower-case letters, digits, - and _")
        elif name in jobs or name in OWN_JOBS:
            job.problem("job", GIVEN_TWICE, f"{name!r} is there already", "give another name")
        if not _URL_PATH.fullmatch(path):
            job.problem("path", INVALID_PATH, f"{path!r} is no path of a URL", "begin it with /")
        targets = daemons.targets(job, "targets")
        if not targets and isinstance(job.values.get("targets"), list):
            job.problem("targets", EMPTY, "is empty", "name at least one, as host:port")
        jobs[name] = Job(name, targets, path)
    return tuple(jobs.values())


def _rule_files(reader: Reader) -> tuple[str, ...]:
    """Files with more rules; each keeps its name on the host."""
    paths = tuple(reader.words("prometheus_rule_files"))
    names: set[str] = {"flyball.yml"}
    for i, path in enumerate(paths):
        name = path.rpartition("/")[2]
        if not _RULE_FILE.fullmatch(name):
            reader.problem(
                ("prometheus_rule_files", i), INVALID_NAME, f"{name!r} is no name of a rule file", "let it end in .yml"
            )
        elif name in names:
            reader.problem(
                ("prometheus_rule_files", i), GIVEN_TWICE, f"{name} is there already", "give it another name"
            )
        names.add(name)
    return paths


def _memory(reader: Reader, host: Bytes) -> Bytes:
    most = int(host * exact(MEMORY_SHARE))
    memory = reader.size("prometheus_memory", MEMORY)
    if memory < LEAST_MEMORY:
        reader.problem(
            "prometheus_memory",
            OUT_OF_RANGE,
            f"is {show_size(memory)}",
            f"allowed is at least {show_size(LEAST_MEMORY)}",
        )
    elif memory > most:
        message = f"{show_size(memory)} is more than {_percent(MEMORY_SHARE)} of the host's {_mebibytes(host)}"
        reader.problem("prometheus_memory", MEMORY_BEYOND_HOST, message, "lower it, or take a larger host")
    return memory


def _storage(reader: Reader, disk: Bytes) -> Bytes:
    storage = reader.size("prometheus_storage_size", STORAGE)
    if storage < LEAST_STORAGE:
        message, hint = f"is {show_size(storage)}", f"allowed is at least {show_size(LEAST_STORAGE)}"
        reader.problem("prometheus_storage_size", OUT_OF_RANGE, message, hint)
    elif storage > disk * exact(STORAGE_SHARE):
        message = f"{show_size(storage)} is more than {_percent(STORAGE_SHARE)} of the {_mebibytes(disk)} there are"
        reader.problem(
            "prometheus_storage_size", STORAGE_BEYOND_DISK, message, "what comes in lies beside the limit; lower it"
        )
    return storage


def _queries(reader: Reader, memory: Bytes) -> tuple[int, int]:
    """How many queries at one time, and how many samples each may load: together at most half of the memory."""
    concurrency = reader.whole("prometheus_query_concurrency", QUERY_CONCURRENCY, most=100)
    samples = reader.whole("prometheus_query_samples", QUERY_SAMPLES, least=1000)
    most = int(memory * exact(QUERY_SHARE)) // (SAMPLE * concurrency)
    if samples > most:
        message = f"{concurrency} queries of {samples} samples take {_mebibytes(concurrency * samples * SAMPLE)}"
        limit = f"more than {_percent(QUERY_SHARE)} of {show_size(memory)}"
        reader.problem(
            "prometheus_query_samples", QUERIES_BEYOND_MEMORY, f"{message}, {limit}", f"allowed are at most {most}"
        )
    return concurrency, samples


def _percent(share: float) -> str:
    return f"{show_number(100 * share)} %"


def _mebibytes(count: Bytes) -> str:
    return f"{show_number(count / MI, 0)}Mi"
