"""Who is watched, how often, and how much of the watching host that may take.

`read` takes the variables of the Ansible role `prometheus`. Prometheus as packaged has no limit on the size of what it
stores or on its memory, and lets 20 queries of 50 million samples each run at one time.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.alerting import hosts, objectives
from flyball.guards.alerting.hosts import Size, SizeArgs
from flyball.guards.clean_up.retention import MI
from flyball.guards.clean_up.rules import MEMORY_BEYOND_HOST, QUERIES_BEYOND_MEMORY, STORAGE_BEYOND_DISK
from flyball.guards.fail_fast import listening
from flyball.guards.governor.rules import NOBODY_HEARS, UNWATCHED
from flyball.guards.reading import address, strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, GIVEN_TWICE, INVALID_NAME, INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds, exact, show_duration, show_number, show_size
from flyball.guards.roles import node_exporter
from flyball.guards.roles.variables import Role, Variable, Variables
from flyball.guards.timeouts.rules import TIMEOUT_ABOVE_INTERVAL

PORT = 9090
LONGEST_INTERVAL: Milliseconds = 120_000
"""A value counts for five minutes (`--query.lookback-delta`); one scrape that fails must leave another within them."""
LEAST_STORAGE: Bytes = 512 * MI
STORAGE_SHARE = 0.8
"""Of the disk: the limit holds for finished blocks, the log of what comes in and blocks being made lie beside them
(https://prometheus.io/docs/prometheus/latest/storage/ advises 80 to 85 %)."""
LEAST_MEMORY: Bytes = 128 * MI
MEMORY_SHARE = 0.8
"""Of the host; a host that swaps or runs out of memory watches nobody."""
GARBAGE_SHARE = 0.9
"""Of the memory limit: from here on garbage is collected harder (GOMEMLIMIT), instead of being killed for it."""
LONGEST_QUERY: Milliseconds = 120_000
SAMPLE: Bytes = 16
"""In memory: a time and a value of 8 bytes each."""
LEAST_SAMPLES = 2 * objectives.SLOW[-1].long // objectives.MINUTE
"""Twice what the longest window of a burn rate holds of one series: Prometheus has one in memory at a time, and forgets
it for its sum (of 172,800 samples of 40 series, 10,000 at a time suffice)."""
QUERY_SHARE = 0.5
"""Of the memory limit, for all queries at one time; the rest is for what is being scraped."""
PATH = "/metrics"
OWN_JOBS = ("node", "prometheus", "alertmanager")
_JOB = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_RULE_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml")
_URL_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


class TargetArgs(TypedDict):
    job: str
    targets: list[str]
    path: NotRequired[str]


ROLE = Role(
    "prometheus",
    "Prometheus with bounded storage, memory and queries, and alerts that come from the rules",
    (
        Variable(
            "prometheus_address",
            str,
            "127.0.0.1",
            "Address of the host to listen on; never all of them. It answers questions there and takes no orders: its"
            " lifecycle and admin APIs are off.",
        ),
        Variable("prometheus_port", int, PORT, "Port to listen on."),
        Variable(
            "prometheus_groups",
            list[str],
            ["all"],
            "Groups of the inventory whose hosts are watched, each where its node_exporter_addresses and"
            " node_exporter_port say.",
        ),
        Variable(
            "prometheus_targets",
            list[TargetArgs],
            [],
            f"More to watch, each with job, targets (host:port) and path [{PATH}].",
        ),
        Variable(
            "prometheus_sizes",
            list[SizeArgs],
            [],
            "Caps of groups, each with group, proven (hosts that have been seen to run well) and ceiling [half as many"
            " again]; a warning at 80 % of the ceiling, a page at it.",
        ),
        Variable(
            "prometheus_rule_files",
            list[str],
            [],
            "Files with more rules, on the machine that runs Ansible; their names must differ.",
        ),
        Variable(
            "prometheus_alertmanagers",
            list[str],
            ["127.0.0.1:9093"],
            "Alertmanagers that get the alerts, as host:port.",
        ),
        Variable(
            "prometheus_interval",
            str,
            "30s",
            f"How often everything is scraped and every rule evaluated, from 1s to {show_duration(LONGEST_INTERVAL)}.",
            "duration",
        ),
        Variable("prometheus_timeout", str, "10s", "How long a scrape may take, at most the interval.", "duration"),
        Variable(
            "prometheus_storage_size",
            str,
            "8Gi",
            f"The most that stored figures may take, from {show_size(LEAST_STORAGE)} to {100 * STORAGE_SHARE:.0f} % of"
            " the disk.",
            "size",
        ),
        Variable("prometheus_storage_days", int, 15, "Days after which figures are deleted.", "days"),
        Variable(
            "prometheus_memory",
            str,
            "1Gi",
            f"The most memory that it may take, from {show_size(LEAST_MEMORY)} to {100 * MEMORY_SHARE:.0f} % of the"
            " host's.",
            "size",
        ),
        Variable(
            "prometheus_query_timeout",
            str,
            "30s",
            f"How long a query may take, from 1s to {show_duration(LONGEST_QUERY)}.",
            "duration",
        ),
        Variable("prometheus_query_concurrency", int, 8, "Queries at one time.", "queries"),
        Variable(
            "prometheus_query_samples",
            int,
            4_000_000,
            f"Samples that one query may load, at least {LEAST_SAMPLES} (what burn rates sum); of {SAMPLE} bytes each,"
            " all queries together at most half of the memory.",
            "samples",
        ),
    ),
)


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
    reader = ROLE.read(variables)
    listen = reader.text("prometheus_address")
    listening.check_listen(reader, "prometheus_address", listen)
    interval = reader.whole_seconds("prometheus_interval", 1000, LONGEST_INTERVAL)
    timeout = reader.whole_seconds("prometheus_timeout", 1000, LONGEST_INTERVAL)
    if timeout > interval:
        message = f"{show_duration(timeout)} is more than the interval of {show_duration(interval)}"
        reader.problem(
            "prometheus_timeout", TIMEOUT_ABOVE_INTERVAL, message, "a scrape must end before the next one begins"
        )
    memory = _memory(reader, found["memory"])
    concurrency, samples = _queries(reader, memory)
    alertmanagers = address.targets(reader, "prometheus_alertmanagers")
    if not alertmanagers and isinstance(reader.values.get("prometheus_alertmanagers"), list):
        reader.problem(
            "prometheus_alertmanagers", NOBODY_HEARS, "is empty: nobody would hear of an alert", "name at least one"
        )
    return Scraping(
        listen=address.join(listen, reader.count("prometheus_port", most=address.LAST_PORT)),
        nodes=_nodes(reader, found),
        jobs=_jobs(reader),
        sizes=hosts.sizes(reader, "prometheus_sizes", found["groups"]),
        rule_files=_rule_files(reader),
        alertmanagers=alertmanagers,
        interval=show_duration(interval),
        timeout=show_duration(timeout),
        storage=_storage(reader, found["disk"]),
        days=reader.count("prometheus_storage_days", most=3650),
        memory=memory,
        garbage=int(memory * exact(GARBAGE_SHARE)),
        query_timeout=show_duration(reader.whole_seconds("prometheus_query_timeout", 1000, LONGEST_QUERY)),
        query_concurrency=concurrency,
        query_samples=samples,
    ), reader.problems


def _nodes(reader: Reader, found: Found) -> tuple[Node, ...]:
    """The hosts of the groups, each where the watching host can reach it."""
    nodes: dict[str, Node] = {}
    for i, group in enumerate(reader.words("prometheus_groups")):
        if group not in found["groups"]:
            known = strict.nearest(group, found["groups"])
            reader.problem(("prometheus_groups", i), UNKNOWN_VALUE, f"{group!r} is no group of the inventory", known)
        for name in found["groups"].get(group, []):
            listens = found["addresses"].get(name) or node_exporter.ROLE.defaults["node_exporter_addresses"]
            own = name == found["host"]
            reached = [text for text in listens if own or not address.is_loopback(text)]
            if not reached:
                message = f"{name} shows its figures to nobody but itself"
                hint = f"let node_exporter_addresses of {name} name an address that {found['host']} reaches"
                reader.problem(("prometheus_groups", i), UNWATCHED, message, hint)
                continue
            groups = sorted(g for g, names in found["groups"].items() if name in names and g != "all")
            target = address.join(reached[0], found["ports"].get(name) or node_exporter.PORT)
            nodes[name] = Node(name, target, f",{','.join(groups)},")
    return tuple(nodes.values())


def _jobs(reader: Variables) -> tuple[Job, ...]:
    """The targets that are stated, each job once and none of those that are there anyway."""
    jobs: dict[str, Job] = {}
    for job in reader.each("prometheus_targets"):
        name, path = job.value("job", str, ""), job.value("path", str, PATH)
        if job.has("job") and not _JOB.fullmatch(name):
            job.problem("job", INVALID_NAME, f"{name!r} is not allowed", "give lower-case letters, digits, - and _")
        elif name in jobs or name in OWN_JOBS:
            job.problem("job", GIVEN_TWICE, f"{name!r} is there already", "give another name")
        if not _URL_PATH.fullmatch(path):
            job.problem("path", INVALID_PATH, f"{path!r} is no path of a URL", "begin it with /")
        targets = address.targets(job, "targets")
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


def _memory(reader: Variables, host: Bytes) -> Bytes:
    most = int(host * exact(MEMORY_SHARE))
    memory = reader.amount("prometheus_memory", least=LEAST_MEMORY)
    if memory > most:
        message = f"{show_size(memory)} is more than {_percent(MEMORY_SHARE)} of the host's {_mebibytes(host)}"
        reader.problem("prometheus_memory", MEMORY_BEYOND_HOST, message, "lower it, or take a larger host")
    return memory


def _storage(reader: Variables, disk: Bytes) -> Bytes:
    storage = reader.amount("prometheus_storage_size", least=LEAST_STORAGE)
    if storage > disk * exact(STORAGE_SHARE):
        message = f"{show_size(storage)} is more than {_percent(STORAGE_SHARE)} of the {_mebibytes(disk)} there are"
        reader.problem(
            "prometheus_storage_size", STORAGE_BEYOND_DISK, message, "what comes in lies beside the limit; lower it"
        )
    return storage


def _queries(reader: Variables, memory: Bytes) -> tuple[int, int]:
    """How many queries at one time, and how many samples each may load: together at most half of the memory."""
    concurrency = reader.count("prometheus_query_concurrency", most=100)
    samples = reader.count("prometheus_query_samples", least=LEAST_SAMPLES)
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
