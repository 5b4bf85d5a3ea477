"""Alerts on who watches a cluster: a sign of life that must not stay away, and proxies and caches without figures.

The labels are those that the operator's PodMonitors give a target (`flyball.alerts.operator`).
"""

from flyball.alerts.routes import WATCHDOG
from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import watch
from flyball.guards.governor.rules import NOBODY_HEARS, UNWATCHED
from flyball.guards.reading.units import show_number


def rules() -> dict[str, list[Rule]]:
    """The rules by the name of their group."""
    return {"flyball-watch": [sign_of_life("ClusterWatchdog")], "flyball-targets": [_missing()]}


def sign_of_life(name: str) -> Rule:
    """Always there while Prometheus is, scrapes anything, and reaches Alertmanager, and this reaches people."""
    return Rule(
        name=name,
        severity=Severity.NONE,
        subject=WATCHDOG,
        expr="count(up == 1) > 0",
        seconds=0,
        summary="alerts are made and sent",
        action="Do something when this stays away: see whether Prometheus and Alertmanager run, and whether they reach"
        " each other and the receiver.",
        guards=(NOBODY_HEARS.id,),
    )


def _missing() -> Rule:
    by = "by (namespace, workload)"
    share = show_number(watch.MISSING_SHARE, 2)
    return Rule(
        name="WorkloadTargetsMissing",
        severity=Severity.WARNING,
        subject="watcher-targets",
        expr=f'count {by} (up{{workload!=""}} == 0) > {share} * count {by} (up{{workload!=""}})',
        seconds=watch.MISSING_FOR,
        summary="most proxies or exporters of {{ $labels.namespace }}/{{ $labels.workload }} give no figures",
        action="See whether its pods run, and whether the NetworkPolicy lets Prometheus in: `proxy.scrape` names the"
        " namespace that may. Until then alerts made from their figures are silent.",
        guards=(UNWATCHED.id,),
    )
