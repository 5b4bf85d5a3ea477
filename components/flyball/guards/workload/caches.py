"""A cache of its own in the cluster: what is said of it, and what follows for its memory and for those who call it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

from flyball.guards.clean_up import caches, evictions
from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast.container import check_image, check_secret_name
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EITHER_OR, GIVEN_TWICE, OUT_OF_RANGE, UNKNOWN_VALUE
from flyball.guards.reading.strict import check
from flyball.guards.reading.units import Bytes, Millicores, show_number
from flyball.guards.timeouts.rules import NO_CALLERS
from flyball.guards.workload import local_cache, sidecar
from flyball.guards.workload.names import PEERS_SUFFIX, SPOT_SUFFIX, Caller, check_name, check_namespace, read_callers

PORT = 6379
"""At which clients reach it."""
IMAGE = "docker.io/valkey/valkey:8.1.1"
EXPORTER = "docker.io/oliver006/redis_exporter:v1.69.0"
NODE = "node"
"""The one loss that a cache may survive with what it holds."""
PASSWORD_KEY = "password"
PASSWORD_SUFFIX, FILES_SUFFIX = "-password", "-cache"
"""Of the Secret, and of the ConfigMap."""
MOST_CLIENTS = 60_000
OVERHEAD_CLIENTS = 32
"""Connections beyond those of clients: the exporter's, probes', the other one's."""


class GuardedCacheArgs(TypedDict):
    """A cache: Valkey, bounded by memory and by time to live. What it holds may go at any time."""

    memory: str
    """The most its container may use; keys have a share of it."""
    ttl: str
    """Time to live that clients are to give their keys, in whole seconds; callers have it as SESSIONS_TTL."""
    share: NotRequired[float]
    """Share of the memory for keys, at most 0.6, with a replica 0.3 [just that]."""
    clients: NotRequired[int]
    """The most connections of clients at one time [1000]."""
    idle: NotRequired[str]
    """How long an idle connection is kept, in whole seconds [5m]."""
    eviction: NotRequired[str]
    """What goes when memory is full: `allkeys-lru`, `allkeys-lfu` or `allkeys-random` [allkeys-lru]."""
    endless: NotRequired[float]
    """Share of the keys that may lack a time to live before an alert says so [0]."""
    survive: NotRequired[str]
    """`node`: a replica on another node takes over with what it has [nothing: it is filled anew]."""
    writes: NotRequired[str]
    """With a replica, what clients write in a second at the most [1Mi]."""
    secret: NotRequired[str]
    """Name of a Secret that exists, with the password under `password`: no spaces, quotes or backslashes
    [<name>-password]."""
    cpu: NotRequired[str]
    """Processor share requested; a replica is filled as fast as it allows [250m]."""
    image: NotRequired[str]
    """Image of Valkey 8 or newer, or Redis 7, with a shell, with a tag or digest [docker.io/valkey/valkey:8.1.1]."""
    exporter: NotRequired[str]
    """Image of the exporter beside it, with a tag or digest [docker.io/oliver006/redis_exporter:v1.69.0]."""
    router: NotRequired[str]
    """With a replica, image of HAProxy, which leads clients to the one that is written to
    [docker.io/library/haproxy:3.2.4-alpine]."""
    domain: NotRequired[str]
    """Domain of the cluster [cluster.local]."""
    scrape: NotRequired[str]
    """Namespace whose pods may read its metrics [monitoring]."""
    callers: NotRequired[list[str]]
    """Further workloads that may call it, as front, or of another namespace as trade/front [in a set of services,
    those that declare a call to it]."""


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache as it will run. Sizes in bytes, `ttl` and `idle` in seconds, `endless` as a share of all keys.

    `output` is the buffer of one client, `replica` that of a replica: None where there is none. `password` is None
    where it is in a Secret that exists; it may only be known while Pulumi runs. `callers` are those that are named.
    """

    name: str
    namespace: str
    memory: Bytes
    maxmemory: Bytes
    output: Bytes
    replica: Bytes | None
    ttl: int
    clients: int
    idle: int
    eviction: str
    endless: float
    secret: str
    password: object | None = field(repr=False)
    cpu: Millicores
    image: str
    exporter: str
    router: str
    domain: str
    scrape: str
    callers: tuple[Caller, ...]

    @property
    def paired(self) -> bool:
        """Whether a second one holds the same."""
        return self.replica is not None

    @property
    def replicas(self) -> int:
        return 2 if self.paired else 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What callers are told of a cache beside its address: its time to live [s], and the Secret with its password."""

    ttl: int
    secret: str


def variables(name: str) -> tuple[str, str]:
    """Of a cache's caller: those with the time to live, and with the password."""
    word = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return f"{word}_TTL", f"{word}_PASSWORD"


def read(args: object, name: str, namespace: str, path: Path, expected: Any) -> tuple[Cache | None, list[Problem]]:
    """The cache, or None, and what is wrong with it."""
    problems = list(check(args, expected, path))
    r = Reader(args, path, problems)
    problems.extend(check_name(name, path))
    memory, share = r.size("memory", 64 * MI), r.value("share", float, 0.0)
    paired = _survives(r)
    clients = r.whole("clients", 1000, 1, MOST_CLIENTS)
    eviction = r.value("eviction", str, evictions.EVICTION)
    problems.extend(evictions.check(eviction, r.to("eviction")))
    for key, default in _IMAGES.items():
        problems.extend(check_image(r.value(key, str, default), r.to(key)))
    endless = r.value("endless", float, 0.0)
    if not 0 <= endless <= 1:
        r.problem("endless", OUT_OF_RANGE, f"is {show_number(endless)}", "allowed is a share from 0 to 1")
    if r.has("password") and r.has("secret"):
        r.problem("secret", EITHER_OR, "is given beside password", "the password is kept in one place; remove one")
    secret = r.value("secret", str, name + PASSWORD_SUFFIX)
    problems.extend(check_secret_name(secret, r.to("secret")))
    domain, scrape = r.value("domain", str, sidecar.DOMAIN), r.value("scrape", str, sidecar.SCRAPE)
    problems.extend(sidecar.check_domain(domain, r.to("domain")))
    problems.extend(check_namespace(scrape, r.to("scrape")))
    writes = r.size("writes", MI)
    cpu = r.cpu("cpu", 250)
    bounds = _bounds(r, memory, share if r.has("share") else None, (writes, cpu), paired)
    found = Cache(
        name=name,
        namespace=namespace,
        memory=memory,
        maxmemory=bounds[0],
        output=caches.output_buffer(bounds[0]),
        replica=bounds[1],
        ttl=local_cache.read_ttl(r),
        clients=clients,
        idle=r.seconds("idle", 300, 86_400),
        eviction=eviction,
        endless=endless,
        secret=secret,
        password=r.values.get("password"),
        cpu=cpu,
        image=r.value("image", str, IMAGE),
        exporter=r.value("exporter", str, EXPORTER),
        router=r.value("router", str, sidecar.IMAGE),
        domain=domain,
        scrape=scrape,
        callers=tuple(read_callers(r, namespace)),
    )
    return None if problems else found, problems


_IMAGES = {"image": IMAGE, "exporter": EXPORTER, "router": sidecar.IMAGE}


def _survives(r: Reader) -> bool:
    word = r.value("survive", str, "")
    if r.has("survive") and word != NODE and r.readable("survive"):
        r.problem("survive", UNKNOWN_VALUE, f"is {word!r}", f"allowed is {NODE}; left out, it is filled anew")
    return word == NODE


def _bounds(
    r: Reader, memory: Bytes, share: float | None, load: tuple[Bytes, Millicores], paired: bool
) -> tuple[Bytes, Bytes | None]:
    """maxmemory, and the replica's buffer where there is a replica; `load` is what is written, and by which share."""
    most = caches.REPLICATED_SHARE if paired else caches.MAXMEMORY_SHARE
    least = caches.LEAST_MAXMEMORY, 0 if paired else None
    if any(map(r.reported, ("memory", "share", "writes", "cpu"))) or not r.has("memory"):
        return least
    try:
        bound = caches.maxmemory(memory, most if share is None else share, most)
    except Broken as error:
        hint = "raise it" if share is None else "leave the rest to buffers, and to what a replica takes"
        r.broken("memory" if share is None else "share", error, hint)
        return least
    try:
        return bound, caches.replica_buffer(memory, bound, *load) if paired else None
    except Broken as error:
        r.broken("memory", error, "raise it or cpu, or lower share or writes")
        return least


def check_alone(args: object, path: Path) -> Iterator[Problem]:
    """What a set of services would fill in."""
    if isinstance(args, Mapping) and "callers" not in args:
        hint = "name who may call it, as [front], or [] for nobody; Services finds out by itself"
        yield Problem((*path, "callers"), NO_CALLERS, "is missing, and nobody could call it", hint)


def check_names(names: Mapping[str, Any], others: Iterable[str], path: Path) -> Iterator[Problem]:
    """Refuse a cache whose objects would have the names of others'."""
    apart = {*others}
    taken = {*apart, *names}
    for name in names:
        if name.endswith(SPOT_SUFFIX) and name.removesuffix(SPOT_SUFFIX) in apart:
            hint = f"{name.removesuffix(SPOT_SUFFIX)} would run a spot part under that name; rename one of them"
            yield Problem((*path, name), GIVEN_TWICE, "has the name of a part of a service", hint)
        if name in apart:
            hint = "what selects the pods of one would select those of both; rename one of them"
            yield Problem((*path, name), GIVEN_TWICE, "is a service or job of this stack too", hint)
        if name + PEERS_SUFFIX in taken:
            hint = f"{name} gives each of a pair a name under that one; rename one of them"
            yield Problem((*path, name), GIVEN_TWICE, f"and {name + PEERS_SUFFIX} would have a Service in common", hint)
