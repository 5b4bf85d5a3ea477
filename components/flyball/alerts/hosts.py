"""Alerts on hosts: what their disks, units, logs, caches, clocks, memory and freezes tell, and how many there are.

The figures come from node_exporter (job `node`) and from the files that the roles of the Ansible collection leave for
it. The label `groups` of a host lists the groups of the inventory that it is in, as `,web,zone_a,`.
"""

from collections.abc import Iterable

from flyball.alerts.counters import span
from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import hosts
from flyball.guards.alerting.hosts import Size
from flyball.guards.reading.units import show_count

PAGE, WARNING = Severity.PAGE, Severity.WARNING
_DISK = 'fstype!~"tmpfs|ramfs"'
"""What lies in memory has limits of its own."""
_COLLECTORS = "filesystem|textfile|vmstat"
"""Those that alerts are made from. Without timex: a container has no clock of its own, and there it always fails."""


def rules(sizes: Iterable[Size] = ()) -> dict[str, list[Rule]]:
    """All rules for hosts by the name of their group, with those for the sizes of groups that are given."""
    return {
        "flyball-disks": _disks(),
        "flyball-units": _units(),
        "flyball-logs": _logs(),
        "flyball-hosts": _hosts(),
        "flyball-governor": [*_freezes(), *(rule for size in sizes for rule in _size(size))],
    }


def _used(percent: int) -> str:
    """Where more than that share of a disk is used; what is reserved for root counts as used."""
    left = 100 - percent
    sizes = f"node_filesystem_size_bytes{{{_DISK}}}"
    return f"100 * node_filesystem_avail_bytes{{{_DISK}}} < {left} * {sizes} and node_filesystem_readonly == 0"


def _disks() -> list[Rule]:
    trend = f"predict_linear(node_filesystem_avail_bytes{{{_DISK}}}[{span(hosts.DISK_TREND)}]"
    soon = trend.replace(span(hosts.DISK_TREND), span(hosts.DISK_SOON_TREND))
    # Of a disk that has not been known for long a single tooth is all there is to see.
    free, ago = f"node_filesystem_avail_bytes{{{_DISK}}}", span(hosts.DISK_SOON_TREND)
    known = f"{free} offset {span(hosts.DISK_TREND)}"
    # A tooth may be as steep, and comes no lower than the one before.
    lower = f"{free} < {hosts.DISK_LOWER} * min_over_time({free}[{span(hosts.DISK_TREND)}] offset {ago})"
    lasting = f"{trend}, {hosts.DISK_AHEAD}) < 0 and {_used(hosts.DISK_TREND_USED_PERCENT)} and {known}"
    where = "{{ $labels.mountpoint }} of {{ $labels.instance }}"
    inodes = f"node_filesystem_files_free{{{_DISK}}} < {100 - hosts.DISK_FULL_PERCENT} * node_filesystem_files"
    return [
        Rule(
            name="DiskFullSoon",
            severity=WARNING,
            subject="disk",
            expr=lasting,
            seconds=hosts.DISK_TREND_FOR,
            summary=f"{where} will be full within {span(hosts.DISK_AHEAD)} if it goes on like this",
            action="Find what grows (du -x), bound it (logrotate_logs, journal, cache), or enlarge the disk.",
            guards=("log-volume", "unbounded-log", "storage-beyond-disk", "node-logs-beyond-disk", "log-not-reopened"),
        ),
        Rule(
            name="DiskFullWithinHours",
            severity=PAGE,
            subject="disk",
            expr=f"{soon}, {hosts.DISK_SOON}) < 0 and {_used(hosts.DISK_TREND_USED_PERCENT)} and {lower}",
            seconds=hosts.DISK_SOON_FOR,
            summary=f"{where} will be full within {span(hosts.DISK_SOON)} if it goes on like this",
            action="Find what grows now (du -x), and stop or bound it: everything that writes there is about to fail.",
            guards=("log-volume", "log-growth"),
        ),
        Rule(
            name="DiskNearlyFull",
            severity=PAGE,
            subject="disk",
            expr=_used(hosts.DISK_FULL_PERCENT),
            seconds=hosts.DISK_FULL_FOR,
            summary=f"{where} is more than {hosts.DISK_FULL_PERCENT} % full",
            action="Make room now: everything that writes there is about to fail. Then bound what grew.",
            guards=("log-volume", "clean-up-after-eviction", "kubelet-too-slow", "kubelet-differs"),
        ),
        Rule(
            name="InodesNearlyUsedUp",
            severity=PAGE,
            subject="disk",
            expr=f"100 * {inodes} and node_filesystem_readonly == 0",
            seconds=hosts.DISK_FULL_FOR,
            summary=f"{where} has hardly any inodes left",
            action="Remove small files now, such as sessions or caches: no new file can be made when none is left.",
            guards=("unbounded-log",),
        ),
    ]


def _units() -> list[Rule]:
    starting = span(hosts.UNIT_STARTING_WINDOW)
    return [
        Rule(
            name="UnitRunFailed",
            severity=WARNING,
            subject="unit",
            expr="flyball_unit_failed == 1",
            # The result of a run that has ended: it heals with the next run, and never by waiting.
            seconds=0,
            summary="the last run of {{ $labels.unit }} on {{ $labels.instance }} failed",
            action="See journalctl -u {{ $labels.unit }}. A log that is not rotated fills the disk.",
            guards=("log-growth", "log-writable-by-others", "log-folder-shared", "log-rotated-twice"),
        ),
        Rule(
            name="UnitFailed",
            severity=WARNING,
            subject="unit",
            expr='node_systemd_unit_state{state="failed"} == 1',
            seconds=hosts.UNIT_FAILED_FOR,
            summary="{{ $labels.name }} on {{ $labels.instance }} has failed and is not coming back by itself",
            action="See systemctl status {{ $labels.name }}; mend it, or remove the unit if nobody needs it.",
            guards=("unit-people-need",),
        ),
        Rule(
            name="UnitKeepsStarting",
            severity=WARNING,
            subject="unit",
            # A run of a oneshot unit counts as its start.
            expr=f'avg_over_time(node_systemd_unit_state{{state="activating",type!="oneshot"}}[{starting}]) > 0.5',
            seconds=hosts.UNIT_FAILED_FOR,
            summary="{{ $labels.name }} on {{ $labels.instance }} tries to start, and does not come up",
            action="See journalctl -u {{ $labels.name }}: an address, a name or a port that it waits for is not there.",
            guards=("port-taken", "listens-everywhere"),
        ),
        Rule(
            name="UnitInactive",
            severity=WARNING,
            subject="unit",
            # What has ended well, and what nothing refers to any more, has no state of its own; what was stopped for a
            # reason is left out.
            expr=(
                "max by (instance, unit) (flyball_unit_kept) unless on (instance, unit) label_replace("
                'node_systemd_unit_state{state!="inactive"} == 1, "unit", "$1", "name", "(.+)")'
                ' and on (instance) node_scrape_collector_success{collector="systemd"} == 1'
                " unless on (instance) (flyball_frozen == 1 or flyball_spot_notice == 1)"
            ),
            seconds=hosts.UNIT_INACTIVE_FOR,
            summary="{{ $labels.unit }} on {{ $labels.instance }} does not run, though nobody froze the host",
            action="See journalctl -u {{ $labels.unit }} for what ended it, and start it.",
            guards=("log-signal-fatal",),
        ),
        Rule(
            name="PlannedRestartFailed",
            severity=WARNING,
            subject="restart",
            expr="flyball_planned_restart_failed == 1",
            seconds=0,  # as above
            summary="a planned restart of {{ $labels.instance }} failed, and the host serves nobody",
            action="Mend the host, then let it serve again; until then no other host of its group restarts.",
            guards=("lease-below-run",),
        ),
        Rule(
            name="FiguresUnreadable",
            severity=WARNING,
            subject="figures",
            expr=f'node_textfile_scrape_error == 1 or node_scrape_collector_success{{collector=~"{_COLLECTORS}"}} == 0',
            seconds=hosts.WATCHER_FOR,
            summary="figures of {{ $labels.instance }} cannot be read, so alerts made from them are silent",
            action="See journalctl -u prometheus-node-exporter for the file, and remove it or mend who writes it.",
            guards=("unwatched",),
        ),
    ]


def _logs() -> list[Rule]:
    window, lost = span(hosts.SHIPPING_WINDOW), span(hosts.SHIPPING_LOST)
    return [
        Rule(
            name="LogShippingStalled",
            severity=WARNING,
            subject="logs",
            # A queue that a restart left on disk drains without counting as sent: then it gets shorter.
            expr=(
                "flyball_log_shipping_waiting > 0"
                f" and increase(flyball_log_shipping_sent_total[{window}]) == 0"
                f" and delta(flyball_log_shipping_waiting[{window}]) >= 0"
            ),
            seconds=hosts.SHIPPING_STALLED_FOR,
            summary="nobody takes the logs of {{ $labels.instance }}",
            action="See whether the log server runs and is reached. Lines wait on disk until log_shipping_queue_disk.",
            guards=("queue-beyond-disk",),
        ),
        Rule(
            name="LogLinesLost",
            severity=PAGE,
            subject="logs",
            expr=f"increase(flyball_log_shipping_lost_total[{lost}]) > 0",
            seconds=0,
            summary="{{ $labels.instance }} drops log lines: its queue is full",
            action="Bring the log server back, or raise log_shipping_queue_disk; /var/log/syslog still has the lines.",
            guards=("queue-beyond-disk",),
        ),
        Rule(
            name="CacheKeysWithoutTimeToLive",
            severity=WARNING,
            subject="cache",
            expr=("flyball_redis_keys_without_ttl > flyball_redis_keys_without_ttl_allowed * flyball_redis_keys"),
            seconds=hosts.KEYS_FOR,
            summary="Redis on {{ $labels.instance }} holds keys that never expire",
            action="Find them (redis-cli --scan, TTL of -1), give them a time to live, and mend who writes them.",
            guards=("cache-eviction",),
        ),
    ]


def _hosts() -> list[Rule]:
    window = span(hosts.OOM_WINDOW)
    return [
        Rule(
            name="HostDown",
            severity=WARNING,
            subject="host",
            expr='up{job="node"} == 0',
            seconds=hosts.HOST_DOWN_FOR,
            summary="{{ $labels.instance }} does not answer",
            action="The others carry its load by their headroom. See its console; restart or replace it today.",
            guards=("nothing-to-spare",),
        ),
        Rule(
            name="HostsDown",
            severity=PAGE,
            subject="host",
            expr=f'count by (groups) (up{{job="node"}} == 0) > {hosts.HOSTS_DOWN}',
            seconds=hosts.HOSTS_DOWN_FOR,
            summary="several hosts of {{ $labels.groups }} do not answer: more than their headroom is for",
            action="Stop changes under way, bring hosts back first, and look for what they have in common.",
            guards=("nothing-to-spare",),
        ),
        Rule(
            name="SpotNotices",
            severity=PAGE,
            subject="host",
            expr=f'count by (groups) (flyball_spot_notice * on (instance) group_left (groups) up{{job="node"}} == 1)'
            f" > {hosts.SPOT_NOTICES}",
            seconds=0,
            summary="several hosts of {{ $labels.groups }} are about to be taken away: more than their headroom is for",
            action="Start hosts of another type or on demand, and stop changes under way.",
            guards=("way-out-too-long", "notice-unseen"),
        ),
        Rule(
            name="SpotMetadataUnreadable",
            severity=WARNING,
            subject="spot",
            expr="flyball_spot_metadata_up == 0"
            f" or time() - flyball_spot_looked_timestamp_seconds > {hosts.SPOT_LOOKED}",
            seconds=hosts.METADATA_FOR,
            summary="{{ $labels.instance }} cannot see a notice that it will be taken away",
            action="See journalctl -u flyball-spot-drain: the metadata service, its hop limit, or a proxy before it.",
            guards=("notice-unseen",),
        ),
        Rule(
            name="NoHostWatched",
            severity=PAGE,
            subject="host",
            expr='absent(up{job="node"})',
            seconds=hosts.TARGET_MISSING_FOR,
            summary="no host is watched at all",
            action="See prometheus_groups and the targets of Prometheus: every other alert on hosts is silent.",
            guards=("unwatched",),
        ),
        Rule(
            name="ClockSkewed",
            severity=WARNING,
            subject="clock",
            expr=f"abs(node_timex_offset_seconds) > {hosts.CLOCK_SKEW} or node_timex_sync_status == 0",
            seconds=hosts.CLOCK_FOR,
            summary="the clock of {{ $labels.instance }} is wrong, or nobody keeps it",
            action="See timedatectl and base_time_servers; times in its logs are not to be trusted.",
            guards=("cron", "start-window"),
        ),
        Rule(
            name="OutOfMemory",
            severity=WARNING,
            subject="memory",
            expr=f"increase(node_vmstat_oom_kill[{window}]) > 0",
            seconds=0,
            summary="{{ $labels.instance }} ran out of memory, and a process was killed for it",
            action="See journalctl -k for which; lower its limits or its load, or give the host more memory.",
            guards=("cache-share", "replica-buffer", "memory-beyond-host", "queries-beyond-memory"),
        ),
    ]


def _freezes() -> list[Rule]:
    longest = span(hosts.FREEZE_LONGEST)
    return [
        Rule(
            name="DrainForgotten",
            severity=WARNING,
            subject="drain",
            expr=f"time() - flyball_drained_since_seconds > {hosts.DRAIN_LONGEST}",
            seconds=0,
            summary=f"{{{{ $labels.instance }}}} has been out of service for more than {span(hosts.DRAIN_LONGEST)}",
            action="Read /var/lib/flyball/drain for who has it out and why; let it serve again with drain.yml.",
            guards=("drain-below-deadline",),
        ),
        Rule(
            name="FreezeForgotten",
            severity=WARNING,
            subject="freeze",
            expr=f"time() - flyball_frozen_since_seconds > {hosts.FREEZE_LONGEST} and flyball_frozen == 1",
            seconds=0,
            summary=f"{{{{ $labels.instance }}}} has been frozen for more than {longest}",
            action="Read /etc/flyball/freeze.json; thaw it with freeze.yml, since it gets no upgrades until then.",
            guards=("freeze-reason",),
        ),
    ]


def _size(size: Size) -> list[Rule]:
    """Near the cap of a group, and at it: automation has gone about as far as people have seen run well."""
    count = f'count(up{{job="node",groups=~".*,{size.group},.*"}})'
    labels = {"group": size.group}
    return [
        Rule(
            name="GroupNearCap",
            severity=WARNING,
            subject="size",
            expr=f"{count} >= {size.warn}",
            seconds=hosts.NEAR_CAP_FOR,
            summary=f"{size.group} has {show_count(size.warn, 'host')} or more, and may have {size.ceiling}",
            action="See why it grows. Prove a larger size before it is needed, or lower the load.",
            labels=labels,
            guards=("ceiling-beyond-envelope",),
        ),
        Rule(
            name="GroupAtCap",
            severity=PAGE,
            subject="size",
            expr=f"{count} >= {size.ceiling}",
            seconds=hosts.AT_CAP_FOR,
            summary=f"{size.group} is at its cap of {show_count(size.ceiling, 'host')} and cannot grow any more",
            action="Shed load now; raise the ceiling only by a person's decision, since nobody has seen more run.",
            labels=labels,
            guards=("ceiling-beyond-envelope",),
        ),
    ]
