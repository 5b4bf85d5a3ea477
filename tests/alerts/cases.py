"""For each alert series that make it fire, and series that must not; and from them a test file for promtool."""

import re
from dataclasses import dataclass
from typing import Any

from tests.alerts import calm_day, hop_series, objective_series
from tests.alerts import service_series as made

from flyball.alerts import caches, certificates, hosts, jobs, logs, services, watch, watcher, zones
from flyball.alerts.rule import Record, Rule, Severity, rule_file
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
_RECORDED = re.compile(r"flyball_(?:workload|hop|job|cache)_\w+")
STEP = 60
"""Seconds between two samples."""
SAMPLES = 10 * 60
"""Of each series, at the most; promtool stops at the last moment that it is asked about."""
WATCHED = 1800
"""Seconds that an alert which must not fire is watched for, beyond the time it takes."""


@dataclass(frozen=True)
class Case:
    """Series by their name, as promtool writes their values, and the labels of the alert that is due.

    `due` is the second at which the expression first holds; without labels the alert must never fire.
    """

    alert: str
    series: dict[str, str]
    due: int = 0
    labels: dict[str, str] | None = None
    value: str = ""
    """That the alert's texts tell."""


def quiet(alert: str, **series: str) -> Case:
    """Series that do not make the alert fire."""
    return Case(alert, series)


def _always(value: float) -> str:
    return f"{value}x{SAMPLES}"


def _after(seconds: int, before: float, after: float) -> str:
    """`before` until that second, `after` from it on."""
    return f"{before}x{seconds // STEP - 1} {after}x{SAMPLES}"


HOST = {"instance": "app1"}
DISK = {"instance": "app1", "mountpoint": "/"}
_AT = '{instance="app1",mountpoint="/"}'
_UNIT = '{instance="app1",unit="logrotate.service"}'
_STATE = '{instance="app1",name="shop.service",state="failed"}'
KEPT = {**HOST, "unit": "shop.service"}
_KEPT = '{instance="app1",unit="shop.service",for="log shop"}'
_STARTS = '{instance="app1",name="shop.service",state="activating",type="notify"}'
_ON = '{instance="app1"}'
_UP = 'up{job="node",instance="app%d",groups=",web,"}'
GIB = 2**30


def _disk(free: str, size: float = 100 * GIB, readonly: int = 0, what: str = "avail_bytes") -> dict[str, str]:
    total = "files" if what == "files_free" else "size_bytes"
    return {
        f"node_filesystem_{what}{_AT}": free,
        f"node_filesystem_{total}{_AT}": _always(size),
        f"node_filesystem_readonly{_AT}": _always(readonly),
    }


def _shipping(waiting: str, sent: str, lost: str = "0x2880") -> dict[str, str]:
    return {
        f"flyball_log_shipping_waiting{_ON}": waiting,
        f"flyball_log_shipping_sent_total{_ON}": sent,
        f"flyball_log_shipping_lost_total{_ON}": lost,
    }


def _keys(without: str, allowed: float) -> dict[str, str]:
    return {
        f"flyball_redis_keys{_ON}": _always(100),
        f"flyball_redis_keys_without_ttl{_ON}": without,
        f"flyball_redis_keys_without_ttl_allowed{_ON}": _always(allowed),
    }


IN_POD = {"namespace": "shop", "cache": "sessions", "pod": "sessions-0", "owner": "team", "environment": "prod"}


def _in_pod(expiring: str, pod: str = "sessions-0") -> dict[str, str]:
    where = f'{{namespace="shop",pod="{pod}",db="db0"}}'
    return {f"redis_db_keys{where}": _always(100), f"redis_db_keys_expiring{where}": expiring}


def _kept(active: str, inactive: str) -> dict[str, str]:
    return {
        f"flyball_unit_kept{_KEPT}": _always(1),
        f"node_systemd_unit_state{_STATE.replace('failed', 'active')}": active,
        f"node_systemd_unit_state{_STATE.replace('failed', 'inactive')}": inactive,
        'node_scrape_collector_success{instance="app1",collector="systemd"}': _always(1),
    }


def _hosts(*values: str) -> dict[str, str]:
    return {_UP % (i + 1): value for i, value in enumerate(values)}


def _notices(*values: str) -> dict[str, str]:
    return {f'flyball_spot_notice{{instance="app{i + 1}"}}': value for i, value in enumerate(values)}


def _case(alert: str, due: int, labels: dict[str, str], series: dict[str, str], value: str = "") -> Case:
    return Case(alert, series, due, labels, value)


def _zones(*pods: str) -> dict[str, str]:
    """Ready pods of shop/web, a string for each zone: `r` is ready, `-` is not, `o` a ready one of another service."""
    zone = "label_topology_kubernetes_io_zone"
    series: dict[str, str] = {}
    for i, kinds in enumerate(pods):
        series[f'kube_node_labels{{node="n{i}",{zone}="{"abc"[i]}"}}'] = _always(1)
        for j, kind in enumerate(kinds):
            owner = "web-api-6c8b" if kind == "o" else "web-spot-5d9f" if j % 2 else "web-7f9c"
            pod = f'namespace="shop",pod="{owner}-{i}{j:04}"'
            placed = f'{pod},node="n{i}",created_by_kind="ReplicaSet",created_by_name="{owner}"'
            series[f"kube_pod_info{{{placed}}}"] = _always(1)
            series[f'kube_pod_status_ready{{{pod},condition="true"}}'] = _always(int(kind != "-"))
    return series


def _logs(*, waiting: str = "0x600", lost: str = "", what: str = "send", seen: int = 0) -> dict[str, str]:
    """A collector whose queue holds 100; `lost` is what it has counted, a counter that begins with the first loss.

    It is `seen` from that minute on.
    """
    of = '{instance="n1",exporter="otlp_http"}'
    holds = f"_x{seen} 100x{SAMPLES}" if seen else _always(100)
    found = {f"otelcol_exporter_queue_size{of}": waiting, f"otelcol_exporter_queue_capacity{of}": holds}
    return {**found, **({f"otelcol_exporter_{what}_failed_log_records{of}": lost} if lost else {})}


WEB = {"namespace": "shop", "workload": "web"}


def _targets(*states: str) -> dict[str, str]:
    return {f'up{{namespace="shop",workload="web",pod="web-{i}"}}': state for i, state in enumerate(states)}


_DAY = 86_400
_PROBED = 'probe_ssl_earliest_cert_expiry{namespace="shop",instance="web:443"}'
_IN_SHOP = '{namespace="cert-manager",exported_namespace="shop",name="web"}'
_ELSEWHERE = '{namespace="cert-manager",exported_namespace="other",name="web"}'
_ENDS = "certmanager_certificate_expiration_timestamp_seconds"
_PLANNED = "certmanager_certificate_renewal_timestamp_seconds"
_SERVED = {"instance": "web:443"}
_MADE = (made, hop_series, objective_series)
_COLLECTOR = {"namespace": "flyball-logs", "pod": "flyball-logs-x7k2p", "container": "collector"}
_ENDED = (
    'kube_pod_container_status_restarts_total{namespace="flyball-logs",pod="flyball-logs-x7k2p",container="collector"}'
)

CASES = [
    *(
        case
        for name in ("Watchdog", "ClusterWatchdog")
        for case in (_case(name, 600, {}, {"up": _after(600, 0, 1)}), quiet(name, up=_always(0)), quiet(name))
    ),
    _case("WorkloadTargetsMissing", 600, WEB, _targets(_after(600, 1, 0), _always(0), _always(1))),
    quiet("WorkloadTargetsMissing", **_targets(_always(1), _always(0))),
    quiet("WorkloadTargetsMissing", up=_always(0)),
    # Ten minutes later it is a second less than two weeks, and than a day.
    *(
        _case(name, 660, _SERVED, {_PROBED: _always(left + 600)})
        for name, left in (
            ("CertificateEndsSoon", 14 * _DAY),
            ("ServedCertificateEndsSoon", 14 * _DAY),
            ("CertificateEnds", _DAY),
            ("ServedCertificateEnds", _DAY),
        )
    ),
    *(
        quiet(name, **{_PROBED: _always(left + 10 * 3600)})
        for name, left in (
            ("CertificateEndsSoon", 14 * _DAY),
            ("ServedCertificateEndsSoon", 14 * _DAY),
            ("CertificateEnds", _DAY),
            ("ServedCertificateEnds", _DAY),
        )
    ),
    _case("CertificateEndsSoon", 660, {"name": "web"}, {_PLANNED + _IN_SHOP: _always(600 - _DAY)}),
    _case("CertificateEnds", 660, {"name": "web"}, {_ENDS + _IN_SHOP: _always(_DAY + 600)}),
    quiet("CertificateEndsSoon", **{_PLANNED + _ELSEWHERE: _always(-2 * _DAY)}),
    quiet("CertificateEnds", **{_ENDS + _ELSEWHERE: _always(0)}),
    _case("LogQueueFilling", 600, {"instance": "n1", "exporter": "otlp_http"}, _logs(waiting=_after(600, 50, 51))),
    _case("LogQueueFull", 600, {"instance": "n1", "exporter": "otlp_http"}, _logs(waiting=_after(600, 80, 81))),
    quiet("LogQueueFull", **_logs(waiting=_always(80))),
    quiet("LogQueueFilling", **_logs(waiting=_always(50))),
    # Filled and empty again before anybody has to get up.
    quiet("LogQueueFilling", **_logs(waiting=f"0x4 100x3 0x{SAMPLES}")),
    _case("LogsRefused", 1200, {"instance": "n1"}, _logs(lost=f"_x20 7x{SAMPLES}")),
    _case("LogsRefused", 1200, {"instance": "n1"}, _logs(lost=_after(1200, 7, 8), what="enqueue")),
    quiet("LogsRefused", **_logs(lost=f"_x20 0x{SAMPLES}")),
    quiet("LogsRefused", **_logs()),
    # Of a collector that nobody asked before, nobody knows when it lost them.
    quiet("LogsRefused", **_logs(waiting=f"_x20 0x{SAMPLES}", lost=f"_x20 7x{SAMPLES}", seen=20)),
    _case("LogCollectorEnds", 1200, _COLLECTOR, {_ENDED: _after(1200, 0, 4)}),
    quiet("LogCollectorEnds", **{_ENDED: _after(1200, 0, 1)}),
    quiet("LogCollectorEnds", **{_ENDED.replace('"collector"', '"mender"'): _after(1200, 0, 4)}),
    _case("LogsUnwatched", 0, {}, {"up": _always(1)}),
    quiet("LogsUnwatched", **_logs()),
    # Of 6, 3 and 3 the loss of the fullest leaves 6 of 7; so it does of 10 of which one is not ready, beside others'.
    _case("ZoneTooFull", 0, made.OF_WEB, _zones("r" * 6, "r" * 3, "r" * 3), "6"),
    _case("ZoneTooFull", 0, made.OF_WEB, _zones("r" * 4, "r" * 3, "rrr-" + "o" * 9), "6"),
    quiet("ZoneTooFull", **_zones("r" * 4, "r" * 4, "r" * 3)),
    quiet("ZoneTooFull", **_zones("r" * 4, "r" * 4, "r" * 4)),
    # 100 requests a second of each pod at the most, and 80 with none above its utilization.
    _case("ZoneHeadroomLost", 300, made.OF_WEB, _zones("rrr", "rrr", "rrr") | made.load(500), "500"),
    quiet("ZoneHeadroomLost", **_zones("rrr", "rrr", "rrr"), **made.load(479)),
    _case("ZonesUnknown", 0, {}, {'kube_node_labels{node="n0"}': _always(1)}),
    quiet("ZonesUnknown", **_zones("r")),
    # 1 % of the disk fills in 15 min: full in 11 h, and below 40 % free after 75 min; known for six hours by then.
    _case("DiskFullSoon", 360 * 60, DISK, _disk(f"{45 * GIB}-{GIB // 15}x{SAMPLES}")),
    # A steep line that ends with more than 40 % free; a full disk that stays as it is; one that fills in a week.
    quiet("DiskFullSoon", **_disk(f"{90 * GIB}-{GIB}x45 {45 * GIB}x{SAMPLES}")),
    quiet("DiskFullSoon", **_disk(_always(30 * GIB))),
    quiet("DiskFullSoon", **_disk(f"{35 * GIB}-{35 * GIB // 10_080}x{SAMPLES}")),
    # After six hours 1 % of the disk fills in 3 min: full in 2 h, and below 40 % free after 15 min.
    _case(
        "DiskFullWithinHours", 389 * 60, DISK, _disk(f"{45 * GIB}x359 {45 * GIB}-{GIB // 3}x100 {10 * GIB}x{SAMPLES}")
    ),
    # An hour's logs, which are then rotated away.
    quiet("DiskFullWithinHours", **_disk(" ".join([f"{35 * GIB}-{GIB // 4}x59"] * 10))),
    quiet("DiskFullWithinHours", **_disk(f"{35 * GIB}-{35 * GIB // 300}x10 {34 * GIB}x{SAMPLES}")),
    quiet("DiskFullWithinHours", **_disk(_always(30 * GIB))),
    _case("DiskNearlyFull", 600, DISK, _disk(_after(600, 6 * GIB, 4 * GIB))),
    quiet("DiskNearlyFull", **_disk(_always(6 * GIB))),
    quiet("DiskNearlyFull", **_disk(_always(0), readonly=1)),
    quiet("DiskNearlyFull", **{k.replace('"/"', '"/run",fstype="tmpfs"'): v for k, v in _disk(_always(0)).items()}),
    _case("InodesNearlyUsedUp", 600, DISK, _disk(_after(600, 6000, 4000), 100_000, what="files_free")),
    quiet("InodesNearlyUsedUp", **_disk(_always(0), 0, what="files_free")),
    _case(
        "UnitRunFailed", 600, {**HOST, "unit": "logrotate.service"}, {f"flyball_unit_failed{_UNIT}": _after(600, 0, 1)}
    ),
    quiet("UnitRunFailed", **{f"flyball_unit_failed{_UNIT}": _always(0)}),
    _case(
        "UnitFailed",
        600,
        {**HOST, "name": "shop.service", "state": "failed"},
        {f"node_systemd_unit_state{_STATE}": _after(600, 0, 1)},
    ),
    quiet("UnitFailed", **{f"node_systemd_unit_state{_STATE.replace('failed', 'active')}": _always(1)}),
    quiet("UnitFailed", **{f"node_systemd_unit_state{_STATE}": " ".join(["1x3 0x3"] * 300)}),
    _case("UnitInactive", 600, KEPT, _kept(active=_after(600, 1, 0), inactive=_after(600, 0, 1))),
    _case("UnitInactive", 600, KEPT, _kept(active="1x9 stale", inactive="0x9 stale")),  # and forgotten
    quiet("UnitInactive", **_kept(active=_always(1), inactive=_always(0))),
    quiet("UnitInactive", **_kept(active=_always(0), inactive=_always(1)), **{f"flyball_frozen{_ON}": _always(1)}),
    quiet("UnitInactive", **_kept(active=_always(0), inactive=_always(1)), **{f"flyball_spot_notice{_ON}": _always(1)}),
    quiet("UnitInactive", **{f"flyball_unit_kept{_KEPT}": _always(1)}),  # nobody looks at units there
    # In half of the window and one sample more.
    _case(
        "UnitKeepsStarting",
        900,
        {**HOST, "name": "shop.service", "state": "activating", "type": "notify"},
        {f"node_systemd_unit_state{_STARTS}": _after(600, 0, 1)},
    ),
    quiet("UnitKeepsStarting", **{f"node_systemd_unit_state{_STARTS}": " ".join(["1x3 0x5"] * 300)}),
    quiet("UnitKeepsStarting", **{f"node_systemd_unit_state{_STARTS.replace('notify', 'oneshot')}": _always(1)}),
    _case("PlannedRestartFailed", 600, HOST, {f"flyball_planned_restart_failed{_ON}": _after(600, 0, 1)}),
    quiet("PlannedRestartFailed", **{f"flyball_planned_restart_failed{_ON}": _always(0)}),
    _case("FiguresUnreadable", 600, HOST, {f"node_textfile_scrape_error{_ON}": _after(600, 0, 1)}),
    _case(
        "FiguresUnreadable",
        600,
        {**HOST, "collector": "textfile"},
        {'node_scrape_collector_success{instance="app1",collector="textfile"}': _after(600, 1, 0)},
    ),
    quiet("FiguresUnreadable", **{f"node_textfile_scrape_error{_ON}": _always(0)}),
    # Sent until minute 10, then nothing, while ever more wait.
    _case("LogShippingStalled", 900, HOST, _shipping(f"0x9 5+1x{SAMPLES}", f"0+10x9 100x{SAMPLES}")),
    quiet("LogShippingStalled", **_shipping(_always(0), _always(100))),
    quiet("LogShippingStalled", **_shipping(_always(50), f"0+10x{SAMPLES}")),
    quiet("LogShippingStalled", **_shipping(f"{10 * SAMPLES}-10x{SAMPLES}", _always(0))),
    _case("LogLinesLost", 660, HOST, _shipping(_always(0), _always(0), f"0x10 1x{SAMPLES}")),
    quiet("LogLinesLost", **_shipping(_always(0), _always(0))),
    _case("CacheKeysWithoutTimeToLive", 600, HOST, _keys(_after(600, 0, 11), 0.1)),
    quiet("CacheKeysWithoutTimeToLive", **_keys(_always(10), 0.1)),
    _case("ClusterCacheKeysWithoutTimeToLive", 600, IN_POD, _in_pod(_after(600, 100, 89))),
    quiet("ClusterCacheKeysWithoutTimeToLive", **_in_pod(_always(90)), **_in_pod(_always(0), "carts-0")),
    _case("HostDown", 600, {"instance": "app1", "job": "node", "groups": ",web,"}, _hosts(_after(600, 1, 0))),
    quiet("HostDown", **_hosts(" ".join(["0x3 1x3"] * 300))),
    _case("HostsDown", 600, {"groups": ",web,"}, _hosts(_after(600, 1, 0), _after(300, 1, 0), _always(1))),
    quiet("HostsDown", **_hosts(_always(0), _always(1), _always(1))),
    quiet("HostsDown", **{_UP % 1: _always(0), (_UP % 2).replace("web", "cache"): _always(0)}),
    _case("SpotNotices", 600, {"groups": ",web,"}, _hosts(*[_always(1)] * 3) | _notices(_after(600, 0, 1), _always(1))),
    quiet("SpotNotices", **_hosts(*[_always(1)] * 3), **_notices(_always(1), _always(0))),
    quiet(
        "SpotNotices", **{_UP % 1: _always(1), (_UP % 2).replace("web", "api"): _always(1)}, **_notices(*["1x600"] * 2)
    ),
    _case("SpotMetadataUnreadable", 600, HOST, {f"flyball_spot_metadata_up{_ON}": _after(600, 1, 0)}),
    # Nobody looks any more.
    _case("SpotMetadataUnreadable", 180, HOST, {f"flyball_spot_looked_timestamp_seconds{_ON}": _always(30)}),
    quiet("SpotMetadataUnreadable", **{f"flyball_spot_looked_timestamp_seconds{_ON}": f"0+{STEP}x{SAMPLES}"}),
    quiet("SpotMetadataUnreadable", **{f"flyball_spot_metadata_up{_ON}": " ".join(["0x1 1x3"] * 150)}),
    _case("NoHostWatched", 0, {"job": "node"}, {'up{job="prometheus"}': _always(1)}),
    quiet("NoHostWatched", **_hosts(_always(0))),
    _case(
        "ClockSkewed",
        600,
        HOST,
        {f"node_timex_offset_seconds{_ON}": _after(600, 0.2, -0.3), f"node_timex_sync_status{_ON}": _always(1)},
    ),
    _case(
        "ClockSkewed",
        600,
        HOST,
        {f"node_timex_offset_seconds{_ON}": _always(0), f"node_timex_sync_status{_ON}": _after(600, 1, 0)},
    ),
    quiet(
        "ClockSkewed", **{f"node_timex_offset_seconds{_ON}": _always(-0.2), f"node_timex_sync_status{_ON}": _always(1)}
    ),
    _case("OutOfMemory", 660, HOST, {f"node_vmstat_oom_kill{_ON}": f"7x10 8x{SAMPLES}"}),
    quiet("OutOfMemory", **{f"node_vmstat_oom_kill{_ON}": _always(7)}),
    _case(
        "FreezeForgotten",
        660,
        HOST,
        {f"flyball_frozen{_ON}": _always(1), f"flyball_frozen_since_seconds{_ON}": _always(600 - 86_400)},
    ),
    quiet(
        "FreezeForgotten",
        **{f"flyball_frozen{_ON}": f"1x1439 _x{SAMPLES}", f"flyball_frozen_since_seconds{_ON}": f"0x1439 _x{SAMPLES}"},
    ),
    _case("DrainForgotten", 660, HOST, {f"flyball_drained_since_seconds{_ON}": _always(600 - 3600)}),
    quiet("DrainForgotten", **{f"flyball_drained_since_seconds{_ON}": f"0x59 _x{SAMPLES}"}),
    _case("GroupNearCap", 600, {"group": "web"}, _hosts(_always(1), _always(1), f"_x10 1x{SAMPLES}")),
    quiet("GroupNearCap", **_hosts(_always(1), _always(1))),
    quiet("GroupNearCap", **{k.replace(",web,", ",webs,"): v for k, v in _hosts(*[_always(1)] * 4).items()}),
    _case("GroupAtCap", 600, {"group": "web"}, _hosts(*[_always(1)] * 3, f"_x10 1x{SAMPLES}")),
    quiet("GroupAtCap", **_hosts(*[_always(1)] * 3)),
    _case(
        "TargetMissing",
        600,
        {"job": "shop", "instance": "app1:80"},
        {'up{job="shop",instance="app1:80"}': _after(600, 1, 0)},
    ),
    quiet("TargetMissing", **_hosts(_always(0))),
    _case(
        "RulesFailing",
        660,
        {"rule_group": "a"},
        {'prometheus_rule_evaluation_failures_total{rule_group="a"}': f"0x10 1+1x{SAMPLES}"},
    ),
    quiet("RulesFailing", **{'prometheus_rule_evaluation_failures_total{rule_group="a"}': _always(3)}),
    _case("ConfigurationNotLoaded", 600, {}, {"prometheus_config_last_reload_successful": _after(600, 1, 0)}),
    quiet("ConfigurationNotLoaded", prometheus_config_last_reload_successful=_always(1)),
    _case(
        "AlertmanagerUnreachable",
        660,
        {"alertmanager": "a"},
        {'prometheus_notifications_errors_total{alertmanager="a"}': f"0x10 1+1x{SAMPLES}"},
    ),
    _case("AlertmanagerUnreachable", 600, {}, {"prometheus_notifications_alertmanagers_discovered": _after(600, 1, 0)}),
    quiet("AlertmanagerUnreachable", prometheus_notifications_alertmanagers_discovered=_always(1)),
    _case(
        "AlertsNotDelivered",
        660,
        {"integration": "webhook"},
        {'alertmanager_notifications_failed_total{integration="webhook"}': f"0x10 1+1x{SAMPLES}"},
    ),
    quiet("AlertsNotDelivered", **{'alertmanager_notifications_failed_total{integration="webhook"}': _always(9)}),
    *(_case(*given) for series in _MADE for given in series.LOUD),
    *(quiet(alert, **given) for series in _MADE for alert, given in series.QUIET),
]


def promtool_files() -> dict[str, dict[str, Any]]:
    """By name the files for one `promtool test rules test-*.json`: each alert fires once it is due and its time is up,
    and not before. Each is held against a file of its own rule and of what is recorded for it: promtool evaluates all
    that it is given at every step, which is most of its time."""
    found = {"rules.json": CONTENT, **calm_day.files(CONTENT, "rules.json")}
    for name, rule in RULES.items():
        rules = [*(record.as_prometheus() for record in _recorded_for(rule.expr)), rule.as_prometheus()]
        found[f"rule-{name}.json"] = {"groups": [{"name": name, "rules": rules}]}
        found[f"test-{name}.json"] = {
            "rule_files": [f"rule-{name}.json"],
            "evaluation_interval": f"{STEP}s",
            "tests": [_test(case) for case in CASES if case.alert == name],
        }
    return found


def _recorded_for(expr: str) -> list[Record]:
    """What is recorded of the series in an expression, and for that, in order."""
    names = set(_RECORDED.findall(expr))
    while True:
        found = [entry for entry in ENTRIES if isinstance(entry, Record) and entry.name in names]
        more = {name for record in found for name in _RECORDED.findall(record.expr)}
        if more <= names:
            return found
        names |= more


def _test(case: Case) -> dict[str, Any]:
    rule = RULES[case.alert]
    checks: list[dict[str, Any]] = []
    if case.labels is None:
        checks += [_check(rule, seconds, None) for seconds in range(0, rule.seconds + WATCHED + 1, 900)]
    else:
        fires = case.due + rule.seconds
        if fires >= STEP:
            checks.append(_check(rule, fires - STEP, None))
        checks.append(_check(rule, fires, case.labels, case.value))
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    return {"interval": f"{STEP}s", "input_series": series, "alert_rule_test": checks}


def _check(rule: Rule, seconds: int, labels: dict[str, str] | None, value: str = "") -> dict[str, Any]:
    check: dict[str, Any] = {"eval_time": f"{seconds}s", "alertname": rule.name}
    if labels is not None:
        found = rule.as_prometheus()
        texts = {
            name: re.sub(r"{{ \$value[^}]*}}", value, _rendered(text, labels))
            for name, text in found["annotations"].items()
        }
        check["exp_alerts"] = [{"exp_labels": {**labels, **found["labels"]}, "exp_annotations": texts}]
    return check


def _rendered(text: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", value)
    # What is no label of the alert renders as nothing.
    while "{{ $labels." in text:
        before, _, after = text.partition("{{ $labels.")
        text = before + after.partition(" }}")[2]
    return text


def all_pairs() -> tuple[list[dict[str, str]], list[dict[str, str]], set[tuple[str, ...]]]:
    """Every alert for two things: the pages about the first, the warnings about both, and which of these are silenced.

    A page silences the warnings with the same subject that have every other label of its own.
    """

    def alerts(severity: Severity, thing: str) -> list[dict[str, str]]:
        firing = {case.alert: case.labels for case in CASES if case.labels is not None}
        of_things = {name: {k: f"{v}{thing}" for k, v in labels.items()} for name, labels in firing.items()}
        return [
            {"alertname": name, "severity": severity.value, "subject": RULES[name].subject, **labels, **more}
            for name, labels in of_things.items()
            if RULES[name].severity is severity
            for more in [{k: f"{v}{thing}" for k, v in RULES[name].labels.items()}]
        ]

    pages = alerts(Severity.PAGE, "1")
    warnings = [warning for thing in ("1", "2") for warning in alerts(Severity.WARNING, thing)]
    return pages, warnings, {identity(warning) for warning in warnings if any(_silences(p, warning) for p in pages)}


def identity(labels: dict[str, str]) -> tuple[str, ...]:
    """An alert, to tell it from the others."""
    return tuple(f"{name}={value}" for name, value in sorted(labels.items()))


def _silences(page: dict[str, str], warning: dict[str, str]) -> bool:
    own = {name: value for name, value in page.items() if name not in ("alertname", "severity")}
    return len(own) > 1 and own.items() <= warning.items()
