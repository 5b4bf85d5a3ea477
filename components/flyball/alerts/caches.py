"""Alerts on caches in the cluster: whether their keys have a time to live, by the figures of the exporter beside each.

Whoever scrapes them names the pod and its namespace in `pod` and `namespace`.
"""

from collections.abc import Iterable

from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import hosts
from flyball.guards.reading.units import show_number
from flyball.guards.workload.caches import Cache


def rules(caches: Iterable[Cache]) -> dict[str, list[Rule]]:
    """The rules by the name of their group."""
    return {"flyball-caches": [_endless(cache) for cache in caches]}


def _endless(cache: Cache) -> Rule:
    """The audit of the role `redis`, for Valkey in a pod."""
    of = f'{{namespace="{cache.namespace}",pod=~"{cache.name}-[0-9]+"}}'
    keys, expiring = (f"sum by (pod) (redis_db_{what}{of})" for what in ("keys", "keys_expiring"))
    return Rule(
        name="ClusterCacheKeysWithoutTimeToLive",
        severity=Severity.WARNING,
        subject="cache",
        expr=f"{keys} - {expiring} > {show_number(cache.endless, 6)} * {keys}",
        seconds=hosts.KEYS_FOR,
        summary=f"{cache.namespace}/{{{{ $labels.pod }}}} holds keys that never expire",
        action="Find them (valkey-cli --scan, TTL of -1), give them the time to live that callers have as"
        f" {cache.name.upper().replace('-', '_')}_TTL, and mend who writes them.",
        labels={"namespace": cache.namespace, "cache": cache.name},
    )
