"""Alerts on the monitoring itself: an alert that cannot be made or sent is silent, which looks like all is well."""

from flyball.alerts import certificates
from flyball.alerts.counters import span
from flyball.alerts.rule import Rule, Severity
from flyball.alerts.watch import sign_of_life
from flyball.guards.alerting import hosts


def rules() -> dict[str, list[Rule]]:
    """The rules by the name of their group."""
    window = span(hosts.WATCHER_WINDOW)
    return {
        **certificates.on_hosts(),
        "flyball-watcher": [
            sign_of_life("Watchdog"),
            _rule(
                "TargetMissing",
                'up{job!="node"} == 0',
                "{{ $labels.job }} at {{ $labels.instance }} gives no figures",
                "See why it does not answer; alerts made from its figures are silent until it does.",
                seconds=hosts.TARGET_MISSING_FOR,
                severity=Severity.WARNING,
                guards=("timeout-above-interval", "unwatched"),
            ),
            _rule(
                "RulesFailing",
                f"increase(prometheus_rule_evaluation_failures_total[{window}]) > 0",
                "Prometheus on {{ $labels.instance }} cannot evaluate {{ $labels.rule_group }}",
                "See journalctl -u prometheus; alerts of this group are silent until it is mended.",
                guards=("queries-beyond-memory",),
            ),
            _rule(
                "ConfigurationNotLoaded",
                "prometheus_config_last_reload_successful == 0",
                "Prometheus on {{ $labels.instance }} runs with an older configuration than it was given",
                "Run promtool check config /etc/prometheus/prometheus.yml there, mend it, and reload.",
                guards=("unwatched",),
            ),
            _rule(
                "AlertmanagerUnreachable",
                f"increase(prometheus_notifications_errors_total[{window}]) > 0"
                " or prometheus_notifications_alertmanagers_discovered < 1",
                "Prometheus on {{ $labels.instance }} cannot hand alerts to Alertmanager",
                "See systemctl status prometheus-alertmanager; watch Prometheus' own page of alerts until then.",
                guards=("nobody-hears",),
            ),
            _rule(
                "AlertsNotDelivered",
                f"increase(alertmanager_notifications_failed_total[{window}]) > 0",
                "Alertmanager cannot deliver alerts by {{ $labels.integration }}",
                "See journalctl -u prometheus-alertmanager, and whether the receiver answers.",
                guards=("nobody-hears", "repeat-below-interval"),
            ),
        ],
    }


def _rule(
    name: str,
    expr: str,
    summary: str,
    action: str,
    seconds: int = hosts.WATCHER_FOR,
    severity: Severity = Severity.PAGE,
    guards: tuple[str, ...] = (),
) -> Rule:
    return Rule(name, severity, f"watcher-{name}", expr, seconds, summary, action, guards=guards)
