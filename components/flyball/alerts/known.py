"""Every alert that there is, once, as it is of some stack and some hosts: for the docs, and to find those of a rule."""

from collections.abc import Mapping

from flyball.alerts import caches, certificates, hosts, jobs, logs, services, watch, watcher, zones
from flyball.alerts.rule import Rule
from flyball.guards.alerting.hosts import Size
from flyball.guards.alerting.objectives import Objective
from flyball.guards.alerting.services import Thresholds
from flyball.guards.headroom.members import Members

_OBJECTIVE = Objective(99.9, 1000)
_SOME = Thresholds(
    "namespace", "workload", "owner", "environment", need=1, floor=2, warn=2, ceiling=3, objective=_OBJECTIVE
)
_MEMBERS = Thresholds(
    "namespace", "members", "owner", "environment", need=2, floor=3, warn=3, ceiling=None, members=Members(3, 2)
)
_GROUPS = {
    **services.rules([_SOME, _MEMBERS], governed=True),
    **zones.rules(),
    "flyball-jobs": jobs.alerts(),
    "flyball-caches": caches.alerts(),
    **logs.rules(True),
    **watch.rules(),
    **hosts.rules([Size("<group>", warn=1, ceiling=2)]),
    **watcher.rules(),
    "flyball-certificates": [
        *certificates.rules("namespace")["flyball-certificates"],
        *certificates.on_hosts()["flyball-certificates"],
    ],
}
GROUPS: Mapping[str, tuple[Rule, ...]] = {
    name: found for name, rules in _GROUPS.items() if (found := tuple(rule for rule in rules if isinstance(rule, Rule)))
}
"""By the name of their group."""
ALERTS: Mapping[str, Rule] = {rule.name: rule for rules in GROUPS.values() for rule in rules}


def of(guard: str) -> list[Rule]:
    """The alerts that watch at run time what a rule of the catalogue asks beforehand."""
    return [rule for rule in ALERTS.values() if guard in rule.guards]
