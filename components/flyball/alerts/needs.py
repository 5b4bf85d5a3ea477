"""Which figures rules are made from: names of metrics in their queries, without those that rules record themselves."""

import re
from collections.abc import Mapping, Sequence

from flyball.alerts import certificates
from flyball.alerts.rule import Record, Rule

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_ASIDE = re.compile(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
"""Selectors, spans, and lists of labels; without texts in them, none of these holds its own end."""
_NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
_WORDS = frozenset(("and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "inf", "nan"))
OWN = "flyball_"
"""How the names of all series begin that the rules of a stack record."""
_OF_CLUSTER = "kube_pod_info"
ON_EVENT: Mapping[str, str] = {
    "apiserver_validating_admission_policy_check_total": "apiserver_request_total",
    "kube_pod_container_status_last_terminated_reason": _OF_CLUSTER,
    "kube_cronjob_status_last_successful_time": _OF_CLUSTER,
    "kube_job_failed": _OF_CLUSTER,
    "kube_job_status_start_time": _OF_CLUSTER,
    # A proxy with neither guard nor a call that is counted has no table.
    "haproxy_sticktable_used": "haproxy_backend_http_requests_total",
    "otelcol_exporter_enqueue_failed_log_records": "otelcol_exporter_queue_size",
    "otelcol_exporter_send_failed_log_records": "otelcol_exporter_queue_size",
}
"""Figures that are there once something has happened, and others of the same target that always are."""


def names(query: str) -> set[str]:
    """The metrics that a query names; one that is named by a pattern is left out."""
    plain = _ASIDE.sub(" ", _TEXT.sub('""', query))
    return {name for name in _NAME.findall(plain) if name.lower() not in _WORDS}


def figures(groups: Mapping[str, Sequence[Rule | Record]]) -> dict[str, tuple[str, ...]]:
    """What has to be there for the rules of a stack, by name, each with the alerts and records that need it."""
    entries = [entry for found in groups.values() for entry in found]
    recorded = {entry.name for entry in entries if isinstance(entry, Record)}
    needed: dict[str, dict[str, None]] = {}
    for entry in entries:
        for name in names(entry.expr) - recorded - {*certificates.OPTIONAL}:
            # A threshold that no workload has is no figure: the rule is for those that have one.
            if not name.startswith(OWN):
                needed.setdefault(ON_EVENT.get(name, name), {})[entry.name] = None
    return {name: tuple(needed[name]) for name in sorted(needed)}
