"""Asks the rules in `flyball.guards`, so that a role never computes one itself."""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from flyball.alerts import hosts, watcher
from flyball.alerts.rule import rule_file
from flyball.guards.alerting.hosts import Size
from flyball.guards.governor.freeze import reason_problem
from flyball.guards.headroom.batches import batches
from flyball.guards.reading.problem import Refused
from flyball.guards.roles import (
    alertmanager,
    base,
    freeze,
    log_shipping,
    logrotate,
    logrotate_host,
    nginx,
    node_exporter,
    planned_restart,
    prometheus,
    redis,
    rollout,
    spot_drain,
)
from flyball.proxy import role

_READERS: dict[str, Callable[..., tuple[Any, list[Any]]]] = {
    "alertmanager": alertmanager.read,
    "base": base.read,
    "freeze": freeze.read,
    "log_shipping": log_shipping.read,
    "haproxy": role.read,
    "logrotate": logrotate.read,
    "nginx": nginx.read,
    "node_exporter": node_exporter.read,
    "planned_restart": planned_restart.read,
    "prometheus": prometheus.read,
    "redis": redis.read,
    "rollout": rollout.read,
    "spot_drain": spot_drain.read,
}
"""By role: takes its variables and what was found on the host, returns its settings and the problems."""


def problems(variables: Mapping[str, Any], role: str, *found: Any) -> list[str]:
    """Everything that is wrong with a role's variables, each with its path and how to mend it."""
    return [str(problem) for problem in dict.fromkeys(_read(variables, role, *found)[1])]


def settings(variables: Mapping[str, Any], role: str, *found: Any) -> dict[str, Any]:
    """What a role's variables come to, for its templates. They must have no problem."""
    result, wrong = _read(variables, role, *found)
    if wrong:
        raise AnsibleFilterError("\n".join(str(problem) for problem in dict.fromkeys(wrong)))
    return result.as_variables()


def rotation_conflicts(lines: list[str], variables: Mapping[str, Any]) -> list[str]:
    """What other logrotate files of the host stand in the way, from what was found in them."""
    return [str(problem) for problem in logrotate_host.check(lines, _read(variables, "logrotate")[0].logs)]


def spare(variables: Mapping[str, Any], hosts: int) -> int:
    """How many of that many hosts may be taken out at one time, after the canary."""
    return max(batches(hosts, rollout.read(variables, hosts)[0]))


def reason_problems(reason: str, path: str) -> list[str]:
    """What is wrong with a reason that a person gave."""
    return [str(problem) for problem in reason_problem(reason, (path,))]


def alert_rules(sizes: list[dict[str, Any]]) -> dict[str, Any]:
    """The content of Prometheus' rule file for hosts; `sizes` are the caps of groups, from the role's settings."""
    return rule_file({**hosts.rules([Size(**size) for size in sizes]), **watcher.rules()})


def haproxy_config(variables: Mapping[str, Any]) -> str:
    """The configuration of a host's HAProxy, by the renderer that serves pods too (`flyball.proxy.role`)."""
    try:
        return role.haproxy_config(variables)
    except Refused as refused:
        raise AnsibleFilterError(str(refused)) from None


def _read(variables: Mapping[str, Any], role: str, *found: Any) -> tuple[Any, list[Any]]:
    return _READERS[role](variables, *found)


class FilterModule:
    """The filters, as `flyball.guards.<name>`."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "problems": problems,
            "settings": settings,
            "rotation_conflicts": rotation_conflicts,
            "spare": spare,
            "reason_problems": reason_problems,
            "alert_rules": alert_rules,
            "haproxy_config": haproxy_config,
        }
