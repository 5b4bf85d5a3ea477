"""A day of a shop on which nothing is wrong that asks for anybody, for promtool: no alert fires.

Load comes and goes by the hour; the autoscaler is at its lowest at night, near its highest for some minutes at noon.
There is a release, a node is drained, a pod restarts, a spot machine goes; a scrape fails, a proxy begins anew, a
host is restarted, logs are rotated each hour, and one request in five thousand fails.
"""

import math
from collections.abc import Callable
from typing import Any

from tests.alerts.service_series import Series

STEP = 120
"""Seconds between two samples, and between two evaluations."""
DAY = 86_400
COUNT = DAY // STEP + 1
NOON, RELEASE, DRAIN, RESTART, SCRAPE = 12, 10, 15, 4, 17
"""Hours at which something happens."""
_WEB, _POD = 'namespace="shop"', 'namespace="shop",pod="web-7f9c-x2k8p"'
_FULL = 9 * 80 - 160
"""Requests a second that the floor of web carries after the next loss."""


def _values(at: Callable[[float], float | None]) -> str:
    """What a series shows, by the hour; None is a scrape that failed."""
    found = (at(second / 3600) for second in range(0, DAY + 1, STEP))
    return " ".join("_" if value is None else f"{value:.10g}" for value in found)


def _within(hour: float, since: float, minutes: float) -> bool:
    return since <= hour < since + minutes / 60


def _load(hour: float) -> float:
    """A fifth of the peak at four in the morning, all of it in the afternoon."""
    return _FULL * (0.45 - 0.35 * math.cos((hour - 4) / 12 * math.pi))


def _sum(rate: Callable[[float], float], restart: float | None = None) -> str:
    """A counter of so much a second, which begins anew at an hour."""
    total, found = 0.0, list[str]()
    for second in range(0, DAY + 1, STEP):
        hour = second / 3600
        total = 0.0 if restart is not None and _within(hour, restart, STEP / 60) else total + rate(hour) * STEP
        found.append("_" if _within(hour, SCRAPE, 4) else f"{total:.10g}")
    return " ".join(found)


def _pods(hour: float) -> float:
    """Of the part on spot machines: one is drained, one machine goes."""
    return 5 - _within(hour, DRAIN, 8) - _within(hour, RESTART, 4)


def _always(value: float) -> str:
    return f"{value:.10g}x{COUNT}"


def _services() -> Series:
    autoscaler = f'{_WEB},horizontalpodautoscaler="web-spot"'
    budget = f'{_WEB},poddisruptionbudget="web"'
    found = {
        f'kube_deployment_status_replicas_ready{{{_WEB},deployment="web"}}': _always(4),
        f'kube_deployment_status_replicas_ready{{{_WEB},deployment="web-spot"}}': _values(_pods),
        f'kube_deployment_spec_replicas{{{_WEB},deployment="web"}}': _always(4),
        # Near its cap for eight minutes.
        f'kube_deployment_spec_replicas{{{_WEB},deployment="web-spot"}}': _values(
            lambda hour: 8 if _within(hour, NOON, 8) else 5
        ),
        f"kube_poddisruptionbudget_status_pod_disruptions_allowed{{{budget}}}": _values(
            lambda hour: 0 if _within(hour, RELEASE, 30) else 2
        ),
        f"kube_poddisruptionbudget_status_expected_pods{{{budget}}}": _always(9),
        # At its lowest for most of the day, and without figures while metrics-server restarts.
        _condition(autoscaler, "ScalingLimited"): _always(1),
        _condition(autoscaler, "ScalingActive", "false"): _values(lambda hour: float(_within(hour, RESTART, 6))),
        f'kube_pod_container_status_restarts_total{{{_POD},container="web"}}': _values(lambda hour: hour // RESTART),
    }
    for name in ("still", "cart"):
        found[f'kube_deployment_status_replicas_ready{{{_WEB},deployment="{name}"}}'] = _always(3)
        found[f'kube_deployment_spec_replicas{{{_WEB},deployment="{name}"}}'] = _always(3)
    for name, members in (("orders", 5), ("till", 1)):
        found[f'kube_statefulset_status_replicas_ready{{{_WEB},statefulset="{name}"}}'] = _always(members)
    for zone in "abc":
        found[f'kube_node_labels{{node="n-{zone}",label_topology_kubernetes_io_zone="{zone}"}}'] = _always(1)
        for number in range(4):
            pod = f'{_WEB},pod="web-7f9c-{zone}{number}k8p"'
            found[f'kube_pod_info{{{pod},node="n-{zone}"}}'] = _always(1)
            found[f'kube_pod_status_ready{{{pod},condition="true"}}'] = _values(
                lambda hour, number=number: float(not (number == 0 and _within(hour, DRAIN, 8)))
            )
    return found


def _condition(of: str, which: str, status: str = "true") -> str:
    return f'kube_horizontalpodautoscaler_status_condition{{{of},condition="{which}",status="{status}"}}'


def _proxies() -> Series:
    def series(what: str, proxy: str, values: str, more: str = "") -> Series:
        return {f'haproxy_{what}{{{_POD},proxy="{proxy}"{more}}}': values}

    def rare(hour: float) -> float:
        return _load(hour) / 5000

    def answer(hour: float) -> float:
        return 0.45 if _within(hour, RELEASE, 4) else 0.2

    # The release opens the circuit for a moment, and refuses a few.
    opened = _sum(lambda hour: 0.2 * _within(hour, RELEASE, 2))
    cart = 'namespace="shop",pod="cart-7f9c-x2k8p",proxy='
    return {
        **series("frontend_http_requests_total", "inbound", _sum(_load, RELEASE)),
        **series("frontend_http_responses_total", "inbound", _sum(rare, RELEASE), ',code="5xx"'),
        **series("frontend_intercepted_requests_total", "inbound", _sum(rare, RELEASE)),
        **series("backend_connection_errors_total", "app", _sum(rare, RELEASE)),
        **series("backend_response_errors_total", "app", _sum(rare, RELEASE)),
        **series("backend_http_requests_total", "app", _sum(_load, RELEASE)),
        **series("backend_response_time_average_seconds", "app", _values(answer)),
        **series("backend_http_requests_total", "to.pay", _sum(_load, RELEASE)),
        **series("backend_response_errors_total", "to.pay", _sum(rare, RELEASE)),
        **series("backend_response_time_average_seconds", "to.pay", _values(answer)),
        **series("backend_http_requests_total", "open.pay", opened),
        f'haproxy_frontend_http_requests_total{{{cart}"inbound"}}': _sum(lambda hour: _load(hour) / 10),
        f'haproxy_frontend_intercepted_requests_total{{{cart}"inbound"}}': _sum(lambda hour: rare(hour) / 10),
        f'haproxy_backend_connection_errors_total{{{cart}"app"}}': _always(0),
        f'haproxy_backend_response_errors_total{{{cart}"app"}}': _always(0),
    }


def _beside() -> Series:
    """A cache, a job, the log collectors, the Governor, and Prometheus itself."""
    cache = 'namespace="shop",pod="sessions-0"'
    run = 'namespace="shop",job_name="report-29012345"'
    cron = 'namespace="shop",cronjob="report"'
    queue = 'instance="n1",exporter="otlp_http"'
    checks = "apiserver_validating_admission_policy_check_total"
    three = 3 * 3600
    return {
        f"redis_memory_used_rss_bytes{{{cache}}}": _always(0.7 * 2**30),
        f"redis_memory_max_bytes{{{cache}}}": _always(0.6 * 2**30),
        f"redis_mem_clients_normal{{{cache}}}": _always(2**20),
        f'redis_db_keys{{{cache},db="db0"}}': _always(100_000),
        f'redis_db_keys_expiring{{{cache},db="db0"}}': _always(99_000),
        f"redis_evicted_keys_total{{{cache}}}": _sum(lambda _: 5),
        # The first try of a run fails; the run does not.
        f"kube_job_status_start_time{{{run}}}": _values(lambda hour: three if hour >= 3 else None),
        f'kube_job_failed{{{run},condition="true"}}': _values(lambda hour: 0 if hour >= 3 else None),
        f"kube_cronjob_next_schedule_time{{{cron}}}": _values(lambda hour: three + DAY * (hour >= 3.05)),
        f"kube_cronjob_status_last_successful_time{{{cron}}}": _values(lambda hour: three + 600 - DAY * (hour < 3.2)),
        f"kube_cronjob_created{{{cron}}}": _always(-9 * DAY),
        f"kube_cronjob_spec_suspend{{{cron}}}": _always(0),
        f"otelcol_exporter_queue_size{{{queue}}}": _values(lambda hour: 90 if _within(hour, RELEASE, 4) else 3),
        f"otelcol_exporter_queue_capacity{{{queue}}}": _always(100),
        f'{checks}{{instance="api",policy="flyball-budgets",enforcement_action="allow"}}': _sum(lambda _: 1),
        f'{checks}{{instance="api",policy="flyball-pods",enforcement_action="deny"}}': _values(lambda h: h // 6),
        'up{namespace="shop",workload="web",pod="web-7f9c-x2k8p",instance="10.0.0.1:21001",job="shop/web"}': _values(
            lambda hour: float(not _within(hour, SCRAPE, 4))
        ),
        "prometheus_config_last_reload_successful": _always(1),
        "prometheus_notifications_alertmanagers_discovered": _always(1),
    }


def _hosts() -> Series:
    """Two of a group, of which one is restarted; logs grow until they are rotated at the full hour."""
    found: Series = {}
    for host in ("app1", "app2"):
        of, disk = f'instance="{host}"', f'instance="{host}",mountpoint="/"'
        found |= {
            f'up{{job="node",{of},groups=",web,"}}': _values(
                lambda hour, host=host: float(not (host == "app1" and _within(hour, RESTART, 4)))
            ),
            f"node_filesystem_avail_bytes{{{disk}}}": _values(lambda hour: (35 - 5 * (hour % 1)) * 2**30),
            f"node_filesystem_size_bytes{{{disk}}}": _always(100 * 2**30),
            f"node_filesystem_readonly{{{disk}}}": _always(0),
            f"node_filesystem_files_free{{{disk}}}": _always(900_000),
            f"node_filesystem_files{{{disk}}}": _always(1_000_000),
            f"node_timex_offset_seconds{{{of}}}": _values(lambda hour: 0.4 * _within(hour, RESTART, 6)),
            f"node_timex_sync_status{{{of}}}": _always(1),
            f"node_vmstat_oom_kill{{{of}}}": _always(2),
            f"node_textfile_scrape_error{{{of}}}": _always(0),
            f"flyball_log_shipping_waiting{{{of}}}": _values(lambda hour: 50 * _within(hour, NOON, 6)),
            f"flyball_log_shipping_sent_total{{{of}}}": _sum(lambda _: 10),
            f"flyball_log_shipping_lost_total{{{of}}}": _always(0),
            f"flyball_spot_notice{{{of}}}": _values(lambda hour, host=host: float(host == "app2" and hour >= 23.9)),
            f"flyball_spot_metadata_up{{{of}}}": _always(1),
        }
    return found


def files(groups: dict[str, Any], rules: str) -> dict[str, dict[str, Any]]:
    """A test file by its name, against all rules in order."""
    calm = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing",severity!="none"}[1d]))'
    series = {**_services(), **_proxies(), **_beside(), **_hosts()}
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": calm, "eval_time": f"{DAY}s", "exp_samples": []},
            # The day has been seen: each of its things is pending for a while.
            {
                "expr": 'count(count by (alertname) (count_over_time(ALERTS{alertstate="pending"}[1d]))) > bool 5',
                "eval_time": f"{DAY}s",
                "exp_samples": [{"labels": "{}", "value": 1}],
            },
        ],
    }
    order = [group["name"] for group in groups["groups"]]
    head = {"rule_files": [rules], "evaluation_interval": f"{STEP}s", "group_eval_order": order}
    return {"test-calm-day.json": {**head, "tests": [test]}}
