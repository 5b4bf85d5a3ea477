"""What the alert rules cost a Prometheus that holds the figures of many workloads, beside the same one without rules.

The figures are those that the rules join, of three pods for each workload, which calls one other. All groups are
evaluated at each turn, also those that usually come each minute or five; windows are as long as the part has run.
Nothing is asserted: the figures are those of the machine.
"""

import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.bench.figures import Report, Table

from flyball.alerts import services, zones
from flyball.alerts.rule import rule_file
from flyball.guards.alerting.objectives import Objective
from flyball.guards.alerting.services import Thresholds
from flyball.lab.monitoring import alone, figures, programs

TITLE = "what the alert rules cost Prometheus"
WORKLOADS, INTERVAL, TURNS = (200, 1000), 30, 4
SCRAPED = 60
"""Seconds that Prometheus, once it runs, has to scrape for the first time."""


def measure(small: bool, report: Report) -> Sequence[Table]:
    program = programs.ensure(report) / "usr/bin/prometheus"
    sizes, interval, turns = ((5,), 1, 2) if small else (WORKLOADS, INTERVAL, TURNS)
    rows = [_row(count, interval, turns, report) for count in sizes]
    about = (
        f"Processor time of Prometheus {_version(program)} by its own count, over {turns} evaluations, one each"
        f" {interval} s, less what it takes without rules. Series are those that the rules record; of three pods a"
        " workload."
    )
    head = ("workloads", "series scraped", "ms an evaluation", "ms a workload", "series recorded a workload", "missed")
    return [Table(about, head, tuple(rows))]


def _row(count: int, interval: int, turns: int, report: Report) -> tuple[str, ...]:
    report(f"{count} workloads, without rules and with them")
    bare, scraped, _, _ = _run(report, count, interval, turns, with_rules=False)
    full, _, recorded, missed = _run(report, count, interval, turns, with_rules=True)
    each = 1000 * (full - bare) / turns
    return (
        f"{count}",
        f"{scraped:.0f}",
        f"{each:.0f}",
        f"{each / count:.2f}",
        f"{recorded / count:.1f}",
        f"{missed:.0f}",
    )


def _run(
    report: Report, count: int, interval: int, turns: int, *, with_rules: bool
) -> tuple[float, float, float, float]:
    """Processor seconds over so many evaluations; series scraped and recorded; and evaluations that were missed."""
    text = "\n".join(line for number in range(count) for line in _figures(number)) + "\n"
    with tempfile.TemporaryDirectory() as folder, figures.served({"figures": lambda: text}) as port:
        rules = Path(folder, "rules.yml")
        rules.write_text(json.dumps(_rules(count) if with_rules else {"groups": []}))
        with alone.prometheus(Path(folder), _configuration(port, interval), report) as url:
            _until(url, "up == 1")
            time.sleep(2 * interval)
            before = _own(url, "process_cpu_seconds_total")
            time.sleep(turns * interval)
            spent = _own(url, "process_cpu_seconds_total") - before
            scraped = _first(url, 'scrape_samples_scraped{job="figures"}')
            recorded = _first(url, 'count({__name__=~"flyball_.+"})')
            return spent, scraped, recorded, _own(url, "prometheus_rule_group_iterations_missed_total")


def _configuration(port: int, interval: int) -> dict[str, Any]:
    """Of a Prometheus that scrapes the port and evaluates the rules of its folder."""
    job = {"job_name": "figures", "metrics_path": "/figures", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    every = f"{interval}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": ["rules.yml"],
        "scrape_configs": [job],
    }


def _rules(count: int) -> dict[str, object]:
    """Those of so many services, none of which is evaluated less often than the others."""
    made = [_thresholds(number) for number in range(count)]
    found = rule_file({**services.rules(made, governed=True), **zones.rules()})
    return {"groups": [{key: group[key] for key in ("name", "rules")} for group in found["groups"]]}


def _thresholds(number: int) -> Thresholds:
    return Thresholds(
        namespace=f"shop-{number // 20}",
        name=f"web-{number}",
        owner="team",
        environment="prod",
        need=2,
        floor=3,
        warn=8,
        ceiling=10,
        replica=100,
        utilization=0.8,
        deadline=2.0,
        zones=3,
        hops={"pay": 0.5},
        objective=Objective(99.9, 1000),
    )


def _figures(number: int) -> Iterator[str]:
    """Of a workload that is well."""
    of = f'namespace="shop-{number // 20}"'
    name = f"web-{number}"
    yield f'kube_deployment_status_replicas_ready{{{of},deployment="{name}"}} 3'
    yield f'kube_deployment_spec_replicas{{{of},deployment="{name}"}} 3'
    for condition in ("AbleToScale", "ScalingActive", "ScalingLimited"):
        for status in ("true", "false", "unknown"):
            labels = f'{of},horizontalpodautoscaler="{name}",condition="{condition}",status="{status}"'
            yield f"kube_horizontalpodautoscaler_status_condition{{{labels}}} {int(status == 'true')}"
    for what, value in (("pod_disruptions_allowed", 1), ("expected_pods", 3)):
        yield f'kube_poddisruptionbudget_status_{what}{{{of},poddisruptionbudget="{name}"}} {value}'
    yield f'kube_node_labels{{node="n-{number}",label_topology_kubernetes_io_zone="{"abc"[number % 3]}"}} 1'
    for pod in ("a2k8p", "b7xq9", "c4m2z"):
        yield from _pod(f'{of},pod="{name}-7f9c-{pod}"', f"n-{number}")


def _pod(of: str, node: str) -> Iterator[str]:
    yield f'kube_pod_info{{{of},node="{node}",created_by_kind="ReplicaSet"}} 1'
    for condition in ("true", "false", "unknown"):
        yield f'kube_pod_status_ready{{{of},condition="{condition}"}} {int(condition == "true")}'
    for reason in ("Evicted", "NodeAffinity", "NodeLost", "Shutdown", "UnexpectedAdmissionError"):
        yield f'kube_pod_status_reason{{{of},reason="{reason}"}} 0'
    for container in ("web", "proxy"):
        yield f'kube_pod_container_status_restarts_total{{{of},container="{container}"}} 0'
    yield f'haproxy_frontend_http_requests_total{{{of},proxy="inbound"}} {time.time():.0f}'
    yield f'haproxy_frontend_intercepted_requests_total{{{of},proxy="inbound"}} 0'
    for code in ("1xx", "2xx", "3xx", "4xx", "5xx", "other"):
        yield f'haproxy_frontend_http_responses_total{{{of},proxy="inbound",code="{code}"}} 1'
    for backend in ("app", "to.pay", "once.pay", "all.pay", "open.pay"):
        yield f'haproxy_backend_http_requests_total{{{of},proxy="{backend}"}} 1'
        yield f'haproxy_backend_response_errors_total{{{of},proxy="{backend}"}} 0'
        yield f'haproxy_backend_connection_errors_total{{{of},proxy="{backend}"}} 0'
        yield f'haproxy_backend_response_time_average_seconds{{{of},proxy="{backend}"}} 0.01'


def _until(url: str, query: str) -> None:
    """Wait until there is a result."""
    deadline = time.monotonic() + SCRAPED
    while time.monotonic() < deadline:
        if _ask(url, query):
            return
        time.sleep(0.2)
    raise TimeoutError(f"{query} came to nothing within {SCRAPED} s")


def _ask(url: str, query: str) -> list[dict[str, list[str]]]:
    with urllib.request.urlopen(f"{url}/api/v1/query?{urlencode({'query': query})}", timeout=60) as answer:
        return json.load(answer)["data"]["result"]


def _first(url: str, query: str) -> float:
    return float(next(iter(_ask(url, query)), {"value": ["0", "0"]})["value"][1])


def _own(url: str, metric: str) -> float:
    """The sum of a metric of Prometheus itself."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{metric} ", f"{metric}{{")))


def _version(program: Path) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).split("version ", 1)[1].partition("+")[0]
