"""Canary releases: what is asked of Prometheus in each step, and who is told of one that stands still."""

from flyball.alerts.rule import OF_SERIES, Rule, Severity
from flyball.alerts.workload import JOIN, METRIC, OF_SET, SUBJECT, by_workload
from flyball.guards.alerting import services
from flyball.guards.workload.canary import SUFFIX


def queries(namespace: str, name: str, protocol: str, seconds: int) -> tuple[str, str]:
    """The requests that reached a service's new version within so many seconds, and those that failed: as objectives
    count them, by the proxy in each of its pods."""
    pods = f'namespace="{namespace}",pod=~"{name}{SUFFIX}{OF_SET}"'

    def of(metric: str, which: str) -> str:
        return f"sum(increase({metric}{{{pods},{which}}}[{seconds}s]))"

    requests = of("haproxy_frontend_http_requests_total", 'proxy="inbound"')
    if protocol == "http":
        return requests, of("haproxy_frontend_http_responses_total", 'proxy="inbound",code="5xx"')
    broken = (of(f"haproxy_backend_{what}_errors_total", 'proxy="app"') for what in ("connection", "response"))
    refused = of("haproxy_frontend_intercepted_requests_total", 'proxy="inbound"')
    return requests, " + ".join((refused, *broken))


def rules() -> list[Rule]:
    """One on a release that nobody goes on with."""
    replicas = f'kube_deployment_spec_replicas{{deployment=~".+{SUFFIX}"}}'
    return [
        Rule(
            name="CanaryHalfway",
            severity=Severity.WARNING,
            subject="canary",
            expr=f"{by_workload(replicas, 'deployment', f'(.+){SUFFIX}')} > {JOIN} (0 * {METRIC}_need)",
            seconds=services.HALFWAY_FOR,
            summary=f"{{{{ $value }}}} replicas of a new version of {SUBJECT} stand beside the old one for long",
            action="Bring the stack up again, which begins anew, or take the new version away as the runbook says.",
            guards=("canary-steps", "canary-blind", "canary-too-small"),
            owner=OF_SERIES,
        )
    ]
