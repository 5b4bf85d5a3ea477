"""What is seen once the cause of an alert has gone, and how long the alert may stay then; and what a thing that is well
shows when a scrape fails, and when it begins anew, of which nobody is told.

By default a gauge goes back to what it was at first, and a counter stays as it is. Where a series shows the cause from
the first moment on, it is said here what it shows without.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.alerts import governor_cases
from tests.alerts import service_series as made
from tests.alerts.case import DAY, SAMPLES, STEP, Case
from tests.alerts.host_series import ON, UP
from tests.alerts.service_series import Series

from flyball.alerts.rule import Severity
from flyball.guards.alerting import objectives
from flyball.guards.reading.units import duration

NEVER_ENDS = {Severity.NONE}
"""A sign of life ends with who gives it."""
RESTART = 30
"""The minute at which what is well begins anew."""
LONGER = 3
"""Minutes for which the cause goes on once the alert is there."""
_NUMBER = r"[0-9]+(?:[.][0-9]+)?(?:e[+-]?[0-9]+)?"
_TOKEN = re.compile(rf"(stale|_|-?{_NUMBER})(?:([+-]{_NUMBER})?x([0-9]+))?")
_COUNTER = re.compile(r"_total\b|^node_vmstat_oom_kill\b|_failed_log_records\b")
_TRAFFIC = re.compile(r'_http_requests_total{.*proxy="(?!open)')
"""What goes on while none of it fails any more."""
_NOTHING = ("_", "stale")
_RANGE = re.compile(r"(?:\[|\boffset )([0-9]+[a-z][0-9a-z]*)")


@dataclass(frozen=True)
class Well:
    """`series` are what differs from the default: a value, `stale` for nothing, `NOW` or `FLAT`; `seconds` is how long
    the alert may stay, by default as long as its expression looks back."""

    series: Series = field(default_factory=dict[str, str])
    seconds: int | None = None


NOW, FLAT = "now", "flat"
"""The time, and a counter that grows no more."""
_LOAD = made.load(0).keys()
_POD_MORE = 'namespace="shop",pod="web-spot-5d9f-10003"'
_FROZEN = 'kube_configmap_created{namespace="flyball-system",configmap="freeze"}'
WELL: Mapping[str, Well] = {
    # The load falls; else it goes on as it was.
    "HeadroomLost": Well(dict.fromkeys(_LOAD, FLAT)),
    "ZoneHeadroomLost": Well(dict.fromkeys(_LOAD, FLAT)),
    # One more in the second zone.
    "ZoneTooFull": Well(
        {
            f'kube_pod_info{{{_POD_MORE},node="n1",created_by_kind="ReplicaSet",created_by_name="web-spot-5d9f"}}': "1",
            f'kube_pod_status_ready{{{_POD_MORE},condition="true"}}': "1",
        }
    ),
    "ZonesUnknown": Well({'kube_node_labels{node="n0",label_topology_kubernetes_io_zone="a"}': "1"}),
    **{
        name: Well(
            {
                f"{governor_cases.PROBED}": str(90 * DAY),
                f"{governor_cases.PLANNED}{governor_cases.IN_SHOP}": str(60 * DAY),
                f"{governor_cases.ENDS}{governor_cases.IN_SHOP}": str(90 * DAY),
            }
        )
        for name in ("CertificateEndsSoon", "CertificateEnds", "ServedCertificateEndsSoon", "ServedCertificateEnds")
    },
    "WorkloadUncounted": Well(dict.fromkeys(_LOAD, "0")),
    "CacheUnknown": Well({'redis_memory_used_rss_bytes{namespace="shop",pod="sessions-0"}': "1"}),
    "LogsUnwatched": Well({'otelcol_exporter_queue_capacity{instance="n1",exporter="otlp_http"}': "100"}),
    "GovernorUnwatched": Well(
        {'apiserver_validating_admission_policy_check_total{policy="flyball-pods",enforcement_action="allow"}': "0"}
    ),
    "NoHostWatched": Well({UP % 1: "1"}),
    "JobNotRun": Well({'kube_cronjob_next_schedule_time{namespace="shop",cronjob="report"}': str(DAY)}),
    "JobNotSucceeded": Well({'kube_cronjob_status_last_successful_time{namespace="shop",cronjob="report"}': NOW}),
    "SpotMetadataUnreadable": Well({f"flyball_spot_looked_timestamp_seconds{ON}": NOW}),
    # Who thaws takes its figures away.
    "FreezeForgotten": Well({f"flyball_frozen{ON}": "stale", f"flyball_frozen_since_seconds{ON}": "stale"}),
    "ClusterFrozenLong": Well({_FROZEN: "stale"}),
    "DrainForgotten": Well({f"flyball_drained_since_seconds{ON}": "stale"}),
    # Both windows have to be above the rate: it ends with the short one.
    "ObjectiveBurnsFast": Well(seconds=max(burn.short for burn in objectives.FAST) + STEP),
    "ObjectiveBurns": Well(seconds=max(burn.short for burn in objectives.SLOW) + STEP),
}


def expanded(text: str, count: int) -> list[str]:
    """The samples of promtool's notation, `_` where there is none."""
    found: list[str] = []
    for token in text.split():
        match = _TOKEN.fullmatch(token)
        assert match, token
        value, step, times = match.groups()
        if value in _NOTHING:
            found += [value] * int(times or 1)
        else:
            found += [f"{float(value) + float(step or 0) * i:.12g}" for i in range(int(times or 0) + 1)]
        if len(found) >= count:
            break
    return (found + ["_"] * count)[:count]


def recovered(case: Case, fires: int) -> tuple[Series, int]:
    """The series of a loud case that fires at a second, and the one at which what they show has gone."""
    until = fires // STEP + 1 + LONGER
    found: Series = {}
    for name, well in healthy(case).items():
        seen = expanded(case.series.get(name, "_"), until)
        own = name in WELL.get(case.alert, Well()).series
        known = [float(value) for value in seen if value not in _NOTHING]
        if known and _COUNTER.search(name) and (not own or well == FLAT):
            goes_on = _TRAFFIC.search(name) and not own and len(known) > 1
            after = f"{known[-1]:.12g}+{known[-1] - known[-2] if goes_on else 0:.12g}x{SAMPLES}"
        elif well == "_" and known:
            after = _steady("stale", until)
        else:
            after = _steady(well, until)
        found[name] = " ".join([*seen, after])
    return found, until * STEP


def disturbed(case: Case) -> Series:
    """What is well, a scrape that fails after ten minutes, and a restart after thirty, from which counters begin anew;
    of both one sample is missing, which to `up` is a zero."""
    found: Series = {}
    for name, well in healthy(case).items():
        value = {"stale": "_", FLAT: "0"}.get(well, well)
        is_up = name.startswith("up{") and value != "_"
        restart = "0" if is_up else "_" if value == "_" else "stale"
        anew = "0" if _COUNTER.search(name) and value != "_" else value
        parts = [
            _steady(value, 0, 9),
            "0" if is_up else "_",
            _steady(value, 11, RESTART - 12),
            restart,
            _steady(anew, RESTART + 1),
        ]
        found[name] = " ".join(parts)
    return found


def within(case: Case, expressions: Iterable[str]) -> int:
    """Seconds for which the alert may stay: as long as its expressions look back, and one evaluation."""
    own = WELL.get(case.alert, Well()).seconds
    spans = (span for expr in expressions for span in _RANGE.findall(expr))
    return own if own is not None else max((duration(span) // 1000 + STEP for span in spans), default=0)


def healthy(case: Case) -> Series:
    """What each series shows where the cause is not; `_` is nothing."""
    return {name: expanded(values, 1)[0] for name, values in case.series.items()} | WELL.get(case.alert, Well()).series


def _steady(value: str, since: int, more: int = SAMPLES) -> str:
    """A value from that sample on, and `more` of it."""
    if value == "stale":
        return f"stale _x{more}"
    if value == NOW:
        return f"{since * STEP}+{STEP}x{more}"
    return f"_x{more + 1}" if value == "_" else f"{value}x{more}"
