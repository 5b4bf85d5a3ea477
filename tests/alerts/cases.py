"""For each alert series that make it fire, and series that must not; by lesson in the modules beside this one."""

from tests.alerts import (
    clean_up_cases,
    governor_cases,
    headroom_cases,
    hop_series,
    objective_series,
    restart_cases,
)
from tests.alerts import service_series as made
from tests.alerts.case import Case, loud, quiet

from flyball.alerts import caches, certificates, hosts, jobs, logs, services, watch, watcher, zones
from flyball.alerts.rule import Record, Rule, rule_file
from flyball.guards.alerting.hosts import Size
from flyball.guards.workload.caches import GuardedCacheArgs
from flyball.guards.workload.caches import read as read_cache

SIZES = (Size("web", warn=3, ceiling=4),)
ON_HOSTS = {**hosts.rules(SIZES), **watcher.rules()}
"""Those that the role `prometheus` loads."""
CACHE, _ = read_cache({"memory": "1Gi", "ttl": "1h", "endless": 0.1}, "sessions", "shop", (), GuardedCacheArgs)
assert CACHE
ALL: dict[str, list[Rule] | list[Rule | Record]] = {
    **ON_HOSTS,
    **services.rules(made.THRESHOLDS, governed=True),
    **zones.rules(),
    **jobs.rules(hop_series.JOBS),
    **caches.rules([CACHE], hop_series.PLACE),
    **logs.rules(True),
    **watch.rules(),
}
# Of hosts and of a namespace, in groups of one name.
ALL["flyball-certificates"] = [*ALL["flyball-certificates"], *certificates.rules("shop")["flyball-certificates"]]
ENTRIES = [entry for group in ALL.values() for entry in group]
RULES = {entry.name: entry for entry in ENTRIES if isinstance(entry, Rule)}
CONTENT = rule_file(ALL)
_MADE = (made, hop_series, objective_series)

CASES: list[Case] = [
    *(case for lesson in (clean_up_cases, headroom_cases, restart_cases, governor_cases) for case in lesson.CASES),
    *(loud(*given) for series in _MADE for given in series.LOUD),
    *(quiet(alert, **given) for series in _MADE for alert, given in series.QUIET),
]
