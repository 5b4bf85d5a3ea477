"""Lesson 4, clean up: disks, logs, log pipelines and caches."""

from tests.alerts.case import GIB, SAMPLES, Case, after, always, loud, quiet
from tests.alerts.host_series import HOST, ON

DISK = {"instance": "app1", "mountpoint": "/"}
_AT = '{instance="app1",mountpoint="/"}'


def _disk(free: str, size: float = 100 * GIB, readonly: int = 0, what: str = "avail_bytes") -> dict[str, str]:
    total = "files" if what == "files_free" else "size_bytes"
    return {
        f"node_filesystem_{what}{_AT}": free,
        f"node_filesystem_{total}{_AT}": always(size),
        f"node_filesystem_readonly{_AT}": always(readonly),
    }


def _shipping(waiting: str, sent: str, lost: str = "0x2880") -> dict[str, str]:
    return {
        f"flyball_log_shipping_waiting{ON}": waiting,
        f"flyball_log_shipping_sent_total{ON}": sent,
        f"flyball_log_shipping_lost_total{ON}": lost,
    }


def _keys(without: str, allowed: float) -> dict[str, str]:
    return {
        f"flyball_redis_keys{ON}": always(100),
        f"flyball_redis_keys_without_ttl{ON}": without,
        f"flyball_redis_keys_without_ttl_allowed{ON}": always(allowed),
    }


IN_POD = {"namespace": "shop", "cache": "sessions", "pod": "sessions-0", "owner": "team", "environment": "prod"}


def _in_pod(expiring: str, pod: str = "sessions-0") -> dict[str, str]:
    where = f'{{namespace="shop",pod="{pod}",db="db0"}}'
    return {f"redis_db_keys{where}": always(100), f"redis_db_keys_expiring{where}": expiring}


def _logs(*, waiting: str = "0x600", lost: str = "", what: str = "send", seen: int = 0) -> dict[str, str]:
    """A collector whose queue holds 100; `lost` is what it has counted, a counter that begins with the first loss.

    It is `seen` from that minute on.
    """
    of = '{instance="n1",exporter="otlp_http"}'
    holds = f"_x{seen} 100x{SAMPLES}" if seen else always(100)
    found = {f"otelcol_exporter_queue_size{of}": waiting, f"otelcol_exporter_queue_capacity{of}": holds}
    return {**found, **({f"otelcol_exporter_{what}_failed_log_records{of}": lost} if lost else {})}


_COLLECTOR = {"namespace": "flyball-logs", "pod": "flyball-logs-x7k2p", "container": "collector"}
_ENDED = (
    'kube_pod_container_status_restarts_total{namespace="flyball-logs",pod="flyball-logs-x7k2p",container="collector"}'
)

CASES: list[Case] = [
    loud("LogQueueFilling", 600, {"instance": "n1", "exporter": "otlp_http"}, _logs(waiting=after(600, 50, 51))),
    loud("LogQueueFull", 600, {"instance": "n1", "exporter": "otlp_http"}, _logs(waiting=after(600, 80, 81))),
    quiet("LogQueueFull", **_logs(waiting=always(80))),
    quiet("LogQueueFilling", **_logs(waiting=always(50))),
    # Filled and empty again before anybody has to get up.
    quiet("LogQueueFilling", **_logs(waiting=f"0x4 100x3 0x{SAMPLES}")),
    loud("LogsRefused", 1200, {"instance": "n1"}, _logs(lost=f"_x20 7x{SAMPLES}")),
    loud("LogsRefused", 1200, {"instance": "n1"}, _logs(lost=after(1200, 7, 8), what="enqueue")),
    quiet("LogsRefused", **_logs(lost=f"_x20 0x{SAMPLES}")),
    quiet("LogsRefused", **_logs()),
    # Of a collector that nobody asked before, nobody knows when it lost them.
    quiet("LogsRefused", **_logs(waiting=f"_x20 0x{SAMPLES}", lost=f"_x20 7x{SAMPLES}", seen=20)),
    loud("LogCollectorEnds", 1200, _COLLECTOR, {_ENDED: after(1200, 0, 4)}),
    quiet("LogCollectorEnds", **{_ENDED: after(1200, 0, 1)}),
    quiet("LogCollectorEnds", **{_ENDED.replace('"collector"', '"mender"'): after(1200, 0, 4)}),
    loud("LogsUnwatched", 0, {}, {"up": always(1)}),
    quiet("LogsUnwatched", **_logs()),
    # 1 % of the disk fills in 15 min: full in 11 h, and below 40 % free after 75 min; known for six hours by then.
    loud("DiskFullSoon", 360 * 60, DISK, _disk(f"{45 * GIB}-{GIB // 15}x{SAMPLES}")),
    # A steep line that ends with more than 40 % free; a full disk that stays as it is; one that fills in a week.
    quiet("DiskFullSoon", **_disk(f"{90 * GIB}-{GIB}x45 {45 * GIB}x{SAMPLES}")),
    quiet("DiskFullSoon", **_disk(always(30 * GIB))),
    quiet("DiskFullSoon", **_disk(f"{35 * GIB}-{35 * GIB // 10_080}x{SAMPLES}")),
    # After six hours 1 % of the disk fills in 3 min: full in 2 h, and below 40 % free after 15 min.
    loud(
        "DiskFullWithinHours", 389 * 60, DISK, _disk(f"{45 * GIB}x359 {45 * GIB}-{GIB // 3}x100 {10 * GIB}x{SAMPLES}")
    ),
    # An hour's logs, which are then rotated away.
    quiet("DiskFullWithinHours", **_disk(" ".join([f"{35 * GIB}-{GIB // 4}x59"] * 10))),
    quiet("DiskFullWithinHours", **_disk(f"{35 * GIB}-{35 * GIB // 300}x10 {34 * GIB}x{SAMPLES}")),
    quiet("DiskFullWithinHours", **_disk(always(30 * GIB))),
    loud("DiskNearlyFull", 600, DISK, _disk(after(600, 6 * GIB, 4 * GIB))),
    quiet("DiskNearlyFull", **_disk(always(6 * GIB))),
    quiet("DiskNearlyFull", **_disk(always(0), readonly=1)),
    quiet("DiskNearlyFull", **{k.replace('"/"', '"/run",fstype="tmpfs"'): v for k, v in _disk(always(0)).items()}),
    loud("InodesNearlyUsedUp", 600, DISK, _disk(after(600, 6000, 4000), 100_000, what="files_free")),
    quiet("InodesNearlyUsedUp", **_disk(always(0), 0, what="files_free")),
    # Sent until minute 10, then nothing, while ever more wait.
    loud("LogShippingStalled", 900, HOST, _shipping(f"0x9 5+1x{SAMPLES}", f"0+10x9 100x{SAMPLES}")),
    quiet("LogShippingStalled", **_shipping(always(0), always(100))),
    quiet("LogShippingStalled", **_shipping(always(50), f"0+10x{SAMPLES}")),
    quiet("LogShippingStalled", **_shipping(f"{10 * SAMPLES}-10x{SAMPLES}", always(0))),
    loud("LogLinesLost", 660, HOST, _shipping(always(0), always(0), f"0x10 1x{SAMPLES}")),
    quiet("LogLinesLost", **_shipping(always(0), always(0))),
    loud("CacheKeysWithoutTimeToLive", 600, HOST, _keys(after(600, 0, 11), 0.1)),
    quiet("CacheKeysWithoutTimeToLive", **_keys(always(10), 0.1)),
    loud("ClusterCacheKeysWithoutTimeToLive", 600, IN_POD, _in_pod(after(600, 100, 89))),
    quiet("ClusterCacheKeysWithoutTimeToLive", **_in_pod(always(90)), **_in_pod(always(0), "carts-0")),
]
