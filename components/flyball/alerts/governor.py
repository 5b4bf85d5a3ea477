"""Alerts on what the Governor refuses or lets pass, and on freezes: by the API server, and by kube-state-metrics."""

from flyball import wellknown
from flyball.alerts.counters import grown, span
from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import services

PAGE, WARNING = Severity.PAGE, Severity.WARNING
_CHECKS = "apiserver_validating_admission_policy_check_total"


def rules() -> list[Rule]:
    frozen = f'kube_configmap_created{{namespace="{wellknown.SYSTEM_NAMESPACE}",configmap="{wellknown.FREEZE}"}}'
    longest = span(services.FREEZE_LONGEST)
    uses = _counted('policy=~"flyball-.+-override",enforcement_action="audit"', services.OVERRIDE_WINDOW)
    denied = _counted('policy=~"flyball-.+",enforcement_action="deny"', services.DENIED_WINDOW)
    return [
        Rule(
            name="OverrideUsed",
            severity=PAGE,
            subject="override",
            expr=f"{uses} > 0",
            seconds=0,
            summary="somebody has overridden {{ $labels.policy }}",
            action="Read the audit log for who and what (validation_failure), and ask why.",
            guards=("may-not-govern", "freeze-reason"),
        ),
        Rule(
            name="WritesRefused",
            severity=WARNING,
            subject="refusals",
            expr=f"{denied} > {services.DENIED}",
            seconds=0,
            summary="{{ $labels.policy }} refuses the same again and again",
            action="Find the program that goes on trying, in the audit log, and stop it or change what it asks for.",
            guards=("writer-narrower-than-autoscaler", "limits", "step-too-large"),
        ),
        Rule(
            name="ClusterFrozen",
            severity=WARNING,
            subject="freeze",
            expr=f"{frozen} > 0",
            seconds=0,
            summary="the cluster is frozen: nothing takes pods away until people lift it",
            action="Run flyball frozen for why, since when and by whom.",
            guards=("freeze-reason",),
        ),
        Rule(
            name="ClusterFrozenLong",
            severity=PAGE,
            subject="freeze",
            expr=f"time() - {frozen} > {services.FREEZE_LONGEST}",
            seconds=0,
            summary=f"the cluster has been frozen for more than {longest}",
            action="Ask who set it (flyball frozen), and lift it (flyball unfreeze) once what it was for is over.",
            guards=("freeze-reason", "freeze-of-another"),
        ),
        Rule(
            name="GovernorUnwatched",
            severity=WARNING,
            subject="watcher-governor",
            expr=f"absent({_CHECKS})",
            seconds=services.UNKNOWN_FOR,
            summary="nobody knows what the Governor refuses, nor who overrides it",
            action="Have the API server's /metrics scraped; see that its admission policies are there.",
            guards=("no-governor", "unwatched"),
        ),
    ]


def _counted(labels: str, seconds: int) -> str:
    """How often within a time, by policy, on servers that were asked before."""
    return grown(f"{_CHECKS}{{{labels}}}", "policy", seconds, _CHECKS)
