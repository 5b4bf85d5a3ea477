"""Dashboards of a stack, of a workload in it, and of its calls: thresholds beside what is."""

from flyball.alerts.hops import LOAD
from flyball.alerts.workload import HOP_TIMEOUT, METRIC, ON, PART, by_workload, pods
from flyball.alerts.zones import LEFT
from flyball.dashboards.board import Board, Panel, Series, Unit

_STACK = 'namespace="$namespace"'
_ONE = f'{_STACK},workload="$workload"'
_HOP = f'{_ONE},hop="$hop"'
_PODS = pods("$namespace", "$workload")
_WINDOW = "5m"
_NAMESPACES = f"label_values({METRIC}_need, namespace)"
_WORKLOADS = f"label_values({METRIC}_need{{{_STACK}}}, workload)"


def stack() -> Board:
    """All services of a namespace, one line each."""
    of = {name: f"{METRIC}_{name}{{{_STACK}}}" for name in ("ready", "replicas", "need", "floor", "ceiling")}
    carries = f"{METRIC}_replica{{{_STACK}}} * {ON} {METRIC}_utilization"
    return Board(
        "stack",
        "flyball: a stack",
        (
            Panel(
                "Ready pods above the floor",
                "Below 0 a service cannot spare one more: see its own dashboard, then kubectl get events.",
                Unit.COUNT,
                (Series(f"{of['ready']} - {ON} {of['floor']}", "{{workload}}"),),
            ),
            Panel(
                "Ready pods above the need",
                "Below 0 a service cannot carry its load: stop changes under way.",
                Unit.COUNT,
                (Series(f"{of['ready']} - {ON} {of['need']}", "{{workload}}"),),
            ),
            Panel(
                "Load",
                "Requests a second that reach each service, by the proxies.",
                Unit.REQUESTS,
                (Series(f"{LOAD}{{{_STACK}}}", "{{workload}}"),),
            ),
            Panel(
                "Load by what can be carried after the next loss",
                "Above 100 % the next loss is felt. See why it does not grow: autoscaler, room on nodes, cap.",
                Unit.SHARE,
                (
                    Series(
                        f"{LOAD}{{{_STACK}}} / {ON} (({of['ready']} - {ON} ({of['floor']} - {ON} {of['need']}))"
                        f" * {ON} {carries})",
                        "{{workload}}",
                    ),
                    Series("vector(1)", "all", limit=True),
                ),
            ),
            Panel(
                "Share of the cap",
                "People are told at 80 %, and called at 100 % where more is asked for.",
                Unit.SHARE,
                (
                    Series(f"{of['replicas']} / {ON} {of['ceiling']}", "{{workload}}"),
                    Series("vector(1)", "the cap", limit=True),
                ),
            ),
            Panel(
                "Alerts",
                "What people are told of, and what waits to be told.",
                Unit.COUNT,
                (Series(f"count by (alertname, alertstate) (ALERTS{{{_STACK}}})", "{{alertname}} {{alertstate}}"),),
            ),
        ),
        {"namespace": _NAMESPACES},
    )


def workload() -> Board:
    """One service: its pods, its load, its answers and its way out."""
    sizes = ("need", "floor", "warn", "ceiling")
    condition = "kube_horizontalpodautoscaler_status_condition"
    autoscaler = f'namespace="$namespace",horizontalpodautoscaler=~"(?:keda-hpa-)?$workload{PART}"'
    refused, asked, broken = (
        by_workload(f"rate({name}[{_WINDOW}])")
        for name in (
            f'haproxy_frontend_intercepted_requests_total{{{_PODS},proxy="inbound"}}',
            f'haproxy_frontend_http_requests_total{{{_PODS},proxy="inbound"}}',
            f'haproxy_backend_response_errors_total{{{_PODS},proxy="app"}}',
        )
    )
    answers = f'haproxy_backend_response_time_average_seconds{{{_PODS},proxy="app"}}'
    budget = 'namespace="$namespace",poddisruptionbudget="$workload"'
    return Board(
        "workload",
        "flyball: a workload",
        (
            Panel(
                "Pods",
                "Ready and wanted, on demand and on spot, between what it needs and what it may have.",
                Unit.COUNT,
                (
                    Series(f"{METRIC}_ready{{{_ONE}}}", "ready"),
                    Series(f"{METRIC}_replicas{{{_ONE}}}", "wanted"),
                    *(Series(f"{METRIC}_{name}{{{_ONE}}}", name, limit=True) for name in sizes),
                ),
            ),
            Panel(
                "Load of each ready pod",
                "Beyond what one is to carry, answers slow down; beyond what it can do, requests are turned away.",
                Unit.REQUESTS,
                (
                    Series(f"{LOAD}{{{_ONE}}} / {ON} {METRIC}_ready", "load"),
                    Series(
                        f"{METRIC}_replica{{{_ONE}}} * {ON} {METRIC}_utilization", "what it is to carry", limit=True
                    ),
                    Series(f"{METRIC}_replica{{{_ONE}}}", "what it can do", limit=True),
                ),
            ),
            Panel(
                "Requests in vain",
                "Turned away at the door, and without a whole answer, of all that came.",
                Unit.SHARE,
                (
                    Series(f"{refused} / {asked}", "turned away"),
                    Series(f"{broken} / {asked}", "without an answer"),
                ),
            ),
            Panel(
                "Answers",
                "On average, beside what was promised. See the calls of the service first.",
                Unit.SECONDS,
                (
                    Series(f"avg({answers})", "average"),
                    Series(f"max({answers})", "slowest pod"),
                    Series(f"{METRIC}_deadline{{{_ONE}}}", "deadline", limit=True),
                ),
            ),
            Panel(
                "Evictions that the budget allows",
                "At 0 no node with one of its pods can be drained.",
                Unit.COUNT,
                (
                    Series(f"kube_poddisruptionbudget_status_pod_disruptions_allowed{{{budget}}}", "allowed"),
                    Series(f"{LEFT}{{{_ONE}}}", "left by the loss of the fullest zone"),
                ),
            ),
            Panel(
                "Autoscaler",
                "1 where it says so: without figures it scales nothing, and limited it wants more or less than it may.",
                Unit.COUNT,
                (
                    Series(f'max({condition}{{{autoscaler},condition="ScalingActive",status="true"}})', "has figures"),
                    Series(f'max({condition}{{{autoscaler},condition="ScalingLimited",status="true"}})', "is limited"),
                ),
            ),
            Panel(
                "Restarts of containers",
                "Within half an hour. See kubectl logs --previous.",
                Unit.COUNT,
                (
                    Series(
                        f"sum by (container) (increase(kube_pod_container_status_restarts_total{{{_PODS}}}[30m]))",
                        "{{container}}",
                    ),
                ),
            ),
        ),
        {"namespace": _NAMESPACES, "workload": _WORKLOADS},
    )


def hop() -> Board:
    """One call of a service: what goes out, what comes back, and what its circuit refuses."""
    proxies = f'{_PODS},proxy=~"(to|once|all)[.]$hop"'
    asked, broken = (
        f"sum(rate(haproxy_backend_{name}_total{{{proxies}}}[{_WINDOW}]))"
        for name in ("http_requests", "response_errors")
    )
    answers = f"haproxy_backend_response_time_average_seconds{{{proxies}}}"
    refused = f'sum(rate(haproxy_backend_http_requests_total{{{_PODS},proxy="open.$hop"}}[{_WINDOW}]))'
    return Board(
        "hop",
        "flyball: a call of a workload",
        (
            Panel("Requests", "That go out.", Unit.REQUESTS, (Series(asked, "requests"),)),
            Panel(
                "In vain",
                "Without a whole answer in time. Half of a window opens the circuit.",
                Unit.SHARE,
                (Series(f"{broken} / {asked}", "in vain"), Series("vector(0.5)", "the circuit opens", limit=True)),
            ),
            Panel(
                "Answers",
                "On average, beside the timeout. People are told at 80 % of it.",
                Unit.SECONDS,
                (
                    Series(f"avg({answers})", "average"),
                    Series(f"max({answers})", "slowest pod"),
                    Series(f"{HOP_TIMEOUT}{{{_HOP}}}", "timeout", limit=True),
                ),
            ),
            Panel(
                "Refused by the open circuit",
                "0 while it is closed. See the callee.",
                Unit.REQUESTS,
                (Series(refused, "refused"),),
            ),
        ),
        {
            "namespace": _NAMESPACES,
            "workload": _WORKLOADS,
            "hop": f"label_values({HOP_TIMEOUT}{{{_ONE}}}, hop)",
        },
    )
