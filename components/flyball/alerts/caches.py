"""Alerts on caches in the cluster, by the figures of the exporter beside each.

Whoever scrapes them names the pod and its namespace in `pod` and `namespace`. A cache that is full is well; one that
evicts a part of its keys every few minutes holds nothing for long enough. Clients that are closed for their buffers are
not counted by every exporter, so what is told is that they are about to be.
"""

from collections.abc import Iterable

from flyball.alerts.counters import span
from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import WHOSE
from flyball.guards.alerting import caches as limits
from flyball.guards.alerting import hosts
from flyball.guards.clean_up.caches import CLIENTS_PERCENT
from flyball.guards.reading.units import show_number
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache

METRIC = "flyball_cache"
_ON = "on (namespace, cache)"
_JOIN = f"{_ON} {WHOSE}"
_POD = "{{ $labels.namespace }}/{{ $labels.pod }}"


def rules(caches: Iterable[Cache], place: Place) -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group; without caches none. `place` says whose they are."""
    each = list(caches)
    if not each:
        return {}
    return {"flyball-caches": [*(record for cache in each for record in _constants(cache, place)), *alerts()]}


def alerts() -> list[Rule]:
    return [_memory(), _buffers(), _evicting(), _endless(), _unknown()]


def _constants(cache: Cache, place: Place) -> list[Record]:
    labels = {"namespace": cache.namespace, "cache": cache.name}
    labels |= {"owner": place.owner, "environment": place.environment}
    values = {"memory_bytes": cache.memory, "endless": cache.endless}
    return [Record(f"{METRIC}_{name}", f"vector({show_number(value, 6)})", labels) for name, value in values.items()]


def _by_pod(series: str) -> str:
    """The series of each pod of a StatefulSet, whose name is that of the cache."""
    return f'sum by (namespace, cache, pod) (label_replace({series}, "cache", "$1", "pod", "(.+)-[0-9]+"))'


def _rule(name: str, subject: str, expr: str, seconds: int, summary: str, action: str, guard: str) -> Rule:
    return Rule(name, Severity.WARNING, subject, expr, seconds, summary, action, guards=(guard,), owner=OF_SERIES)


def _memory() -> Rule:
    share = show_number(limits.MEMORY_PERCENT / 100)
    return _rule(
        "CacheMemoryHigh",
        "cache-memory",
        f"{_by_pod('redis_memory_used_rss_bytes')} > {_JOIN} {share} * {METRIC}_memory_bytes",
        limits.MEMORY_FOR,
        f"{_POD} has used more than {limits.MEMORY_PERCENT} % of its memory, and is ended with all keys at its limit",
        "See INFO memory: fragments (activedefrag), clients that do not read, or a replica being filled; give it more.",
        "cache-share",
    )


def _buffers() -> Rule:
    share = show_number(limits.BUFFERS_PERCENT * CLIENTS_PERCENT / 10_000)
    return _rule(
        "CacheClientsUnread",
        "cache-clients",
        f"{_by_pod('redis_mem_clients_normal')} > {share} * {_by_pod('redis_memory_max_bytes')}"
        f" > {_JOIN} (0 * {METRIC}_memory_bytes)",
        limits.BUFFERS_FOR,
        f"clients of {_POD} leave unread what nearly fills their buffers; the largest is closed next",
        "Find them by CLIENT LIST (omem, qbuf): who asks for much at once, or subscribes and does not read.",
        "replica-buffer",
    )


def _evicting() -> Rule:
    keys = _by_pod("redis_db_keys")
    share, window = show_number(limits.EVICTED_PERCENT / 100), span(limits.EVICTED_WINDOW)
    return _rule(
        "CacheEvicting",
        "cache-evictions",
        f"{_by_pod(f'increase(redis_evicted_keys_total[{window}])')} > {share} * {keys}"
        f" > {_JOIN} (0 * {METRIC}_memory_bytes)",
        limits.EVICTED_FOR,
        f"{_POD} evicts more than {limits.EVICTED_PERCENT} % of its keys in {window}: what it holds goes unused",
        "See who writes so much (the number of keys, MEMORY USAGE); shorten times to live, or give it memory.",
        "cache-eviction",
    )


def _endless() -> Rule:
    """The audit of the role `redis`, for Valkey in a pod."""
    keys, expiring = _by_pod("redis_db_keys"), _by_pod("redis_db_keys_expiring")
    return _rule(
        "ClusterCacheKeysWithoutTimeToLive",
        "cache",
        f"({keys} - {expiring}) / {keys} > {_JOIN} {METRIC}_endless",
        hosts.KEYS_FOR,
        f"{_POD} holds keys that never expire",
        "Find them (valkey-cli --scan, TTL of -1), give them the time to live that callers have in the variable"
        " <CACHE>_TTL, and mend who writes them.",
        "cache-eviction",
    )


def _unknown() -> Rule:
    held = 'label_replace(redis_memory_used_rss_bytes, "cache", "$1", "pod", "(.+)-[0-9]+")'
    return _rule(
        "CacheUnknown",
        "watcher-caches",
        f"{METRIC}_memory_bytes unless {_ON} {held}",
        limits.UNKNOWN_FOR,
        "nobody knows what the cache {{ $labels.namespace }}/{{ $labels.cache }} holds",
        "See whether the exporter in its pods is scraped, and whether the pods are there.",
        "unwatched",
    )
