"""Dashboards of what belongs to no workload: the Governor, and hosts."""

from flyball import wellknown
from flyball.dashboards.board import Board, Panel, Series, Unit

_CHECKS = "apiserver_validating_admission_policy_check"
_OURS = 'policy=~"flyball-.+"'
_FREEZE = f'kube_configmap_created{{namespace="{wellknown.SYSTEM_NAMESPACE}",configmap="{wellknown.FREEZE}"}}'
_DISK = 'fstype!~"tmpfs|ramfs"'
_HOST = 'instance=~"$instance"'


def governor() -> Board:
    """What automation is refused, who overrides it, whether there is a freeze, and what asking costs."""
    checks, window = f"{_CHECKS}_total", "5m"
    took = f"{_CHECKS}_duration_seconds"
    return Board(
        "governor",
        "flyball: the Governor",
        (
            Panel(
                "Refused",
                "Writes within five minutes. A program that is refused goes on trying: find it in the audit log.",
                Unit.COUNT,
                (
                    Series(
                        f'sum by (policy) (increase({checks}{{{_OURS},enforcement_action="deny"}}[{window}]))',
                        "{{policy}}",
                    ),
                ),
            ),
            Panel(
                "Overrides",
                "Uses of the right to override, since the API server runs. Each is a page.",
                Unit.COUNT,
                (
                    Series(
                        f'sum by (policy) ({checks}{{policy=~"flyball-.+-override",enforcement_action="audit"}})',
                        "{{policy}}",
                    ),
                ),
            ),
            Panel(
                "Frozen for",
                "Nothing while there is no freeze. See flyball frozen for why and by whom.",
                Unit.SECONDS,
                (Series(f"time() - {_FREEZE}", "frozen"),),
            ),
            Panel(
                "What a check takes",
                "Of each policy, on average. Writes wait as long.",
                Unit.SECONDS,
                (
                    Series(
                        f"sum by (policy) (rate({took}_sum{{{_OURS}}}[{window}]))"
                        f" / sum by (policy) (rate({took}_count{{{_OURS}}}[{window}]))",
                        "{{policy}}",
                    ),
                ),
            ),
        ),
    )


def hosts() -> Board:
    """Hosts of the Ansible collection."""
    return Board(
        "hosts",
        "flyball: hosts",
        (
            Panel(
                "Disk used",
                "With what is reserved for root. Find what grows (du -x), and bound it.",
                Unit.SHARE,
                (
                    Series(
                        f"1 - node_filesystem_avail_bytes{{{_HOST},{_DISK}}} / node_filesystem_size_bytes",
                        "{{instance}} {{mountpoint}}",
                    ),
                ),
            ),
            Panel(
                "Memory available",
                "Of what the host has.",
                Unit.BYTES,
                (Series(f"node_memory_MemAvailable_bytes{{{_HOST}}}", "{{instance}}"),),
            ),
            Panel(
                "Load by processor",
                "Over five minutes; beyond 1 work waits.",
                Unit.COUNT,
                (
                    Series(
                        f"node_load5{{{_HOST}}} / on (instance) count by (instance)"
                        f' (node_cpu_seconds_total{{{_HOST},mode="idle"}})',
                        "{{instance}}",
                    ),
                    Series("vector(1)", "all busy", limit=True),
                ),
            ),
            Panel(
                "Units that have failed",
                "See systemctl status.",
                Unit.COUNT,
                (Series(f'sum by (instance) (node_systemd_unit_state{{{_HOST},state="failed"}})', "{{instance}}"),),
            ),
            Panel(
                "Answering",
                "Hosts whose exporter answers.",
                Unit.COUNT,
                (Series('sum by (groups) (up{job="node"})', "{{groups}}"),),
            ),
        ),
        {"instance": 'label_values(up{job="node"}, instance)'},
    )
