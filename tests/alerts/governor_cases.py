"""Lesson 7, automation has a governor: caps of groups, freezes, certificates, and who watches."""

from tests.alerts.case import DAY, SAMPLES, Case, after, always, loud, quiet
from tests.alerts.host_series import HOST, ON, of_hosts

WEB = {"namespace": "shop", "workload": "web"}


def _targets(*states: str) -> dict[str, str]:
    return {f'up{{namespace="shop",workload="web",pod="web-{i}"}}': state for i, state in enumerate(states)}


PROBED = 'probe_ssl_earliest_cert_expiry{namespace="shop",instance="web:443"}'
IN_SHOP = '{namespace="cert-manager",exported_namespace="shop",name="web"}'
_ELSEWHERE = '{namespace="cert-manager",exported_namespace="other",name="web"}'
ENDS = "certmanager_certificate_expiration_timestamp_seconds"
PLANNED = "certmanager_certificate_renewal_timestamp_seconds"
_SERVED = {"instance": "web:443"}

CASES: list[Case] = [
    *(
        case
        for name in ("Watchdog", "ClusterWatchdog")
        for case in (loud(name, 600, {}, {"up": after(600, 0, 1)}), quiet(name, up=always(0)), quiet(name))
    ),
    loud("WorkloadTargetsMissing", 600, WEB, _targets(after(600, 1, 0), always(0), always(1))),
    quiet("WorkloadTargetsMissing", **_targets(always(1), always(0))),
    quiet("WorkloadTargetsMissing", up=always(0)),
    # Ten minutes later it is a second less than two weeks, and than a day.
    *(
        loud(name, 660, _SERVED, {PROBED: always(left + 600)})
        for name, left in (
            ("CertificateEndsSoon", 14 * DAY),
            ("ServedCertificateEndsSoon", 14 * DAY),
            ("CertificateEnds", DAY),
            ("ServedCertificateEnds", DAY),
        )
    ),
    *(
        quiet(name, **{PROBED: always(left + 10 * 3600)})
        for name, left in (
            ("CertificateEndsSoon", 14 * DAY),
            ("ServedCertificateEndsSoon", 14 * DAY),
            ("CertificateEnds", DAY),
            ("ServedCertificateEnds", DAY),
        )
    ),
    loud("CertificateEndsSoon", 660, {"name": "web"}, {PLANNED + IN_SHOP: always(600 - DAY)}),
    loud("CertificateEnds", 660, {"name": "web"}, {ENDS + IN_SHOP: always(DAY + 600)}),
    quiet("CertificateEndsSoon", **{PLANNED + _ELSEWHERE: always(-2 * DAY)}),
    quiet("CertificateEnds", **{ENDS + _ELSEWHERE: always(0)}),
    loud("FiguresUnreadable", 600, HOST, {f"node_textfile_scrape_error{ON}": after(600, 0, 1)}),
    loud(
        "FiguresUnreadable",
        600,
        {**HOST, "collector": "textfile"},
        {'node_scrape_collector_success{instance="app1",collector="textfile"}': after(600, 1, 0)},
    ),
    quiet("FiguresUnreadable", **{f"node_textfile_scrape_error{ON}": always(0)}),
    loud("NoHostWatched", 0, {"job": "node"}, {'up{job="prometheus"}': always(1)}),
    quiet("NoHostWatched", **of_hosts(always(0))),
    loud(
        "ClockSkewed",
        600,
        HOST,
        {f"node_timex_offset_seconds{ON}": after(600, 0.2, -0.3), f"node_timex_sync_status{ON}": always(1)},
    ),
    loud(
        "ClockSkewed",
        600,
        HOST,
        {f"node_timex_offset_seconds{ON}": always(0), f"node_timex_sync_status{ON}": after(600, 1, 0)},
    ),
    quiet("ClockSkewed", **{f"node_timex_offset_seconds{ON}": always(-0.2), f"node_timex_sync_status{ON}": always(1)}),
    loud(
        "FreezeForgotten",
        660,
        HOST,
        {f"flyball_frozen{ON}": always(1), f"flyball_frozen_since_seconds{ON}": always(600 - 86_400)},
    ),
    quiet(
        "FreezeForgotten",
        **{f"flyball_frozen{ON}": f"1x1439 _x{SAMPLES}", f"flyball_frozen_since_seconds{ON}": f"0x1439 _x{SAMPLES}"},
    ),
    loud("GroupNearCap", 600, {"group": "web"}, of_hosts(always(1), always(1), f"_x10 1x{SAMPLES}")),
    quiet("GroupNearCap", **of_hosts(always(1), always(1))),
    quiet("GroupNearCap", **{k.replace(",web,", ",webs,"): v for k, v in of_hosts(*[always(1)] * 4).items()}),
    loud("GroupAtCap", 600, {"group": "web"}, of_hosts(*[always(1)] * 3, f"_x10 1x{SAMPLES}")),
    quiet("GroupAtCap", **of_hosts(*[always(1)] * 3)),
    loud(
        "TargetMissing",
        600,
        {"job": "shop", "instance": "app1:80"},
        {'up{job="shop",instance="app1:80"}': after(600, 1, 0)},
    ),
    quiet("TargetMissing", **of_hosts(always(0))),
    loud(
        "RulesFailing",
        660,
        {"rule_group": "a"},
        {'prometheus_rule_evaluation_failures_total{rule_group="a"}': f"0x10 1+1x{SAMPLES}"},
    ),
    quiet("RulesFailing", **{'prometheus_rule_evaluation_failures_total{rule_group="a"}': always(3)}),
    loud("ConfigurationNotLoaded", 600, {}, {"prometheus_config_last_reload_successful": after(600, 1, 0)}),
    quiet("ConfigurationNotLoaded", prometheus_config_last_reload_successful=always(1)),
    loud(
        "AlertmanagerUnreachable",
        660,
        {"alertmanager": "a"},
        {'prometheus_notifications_errors_total{alertmanager="a"}': f"0x10 1+1x{SAMPLES}"},
    ),
    loud("AlertmanagerUnreachable", 600, {}, {"prometheus_notifications_alertmanagers_discovered": after(600, 1, 0)}),
    quiet("AlertmanagerUnreachable", prometheus_notifications_alertmanagers_discovered=always(1)),
    loud(
        "AlertsNotDelivered",
        660,
        {"integration": "webhook"},
        {'alertmanager_notifications_failed_total{integration="webhook"}': f"0x10 1+1x{SAMPLES}"},
    ),
    quiet("AlertsNotDelivered", **{'alertmanager_notifications_failed_total{integration="webhook"}': always(9)}),
]
