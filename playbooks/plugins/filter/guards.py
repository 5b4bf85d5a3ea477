"""Asks the rules in `flyball.guards`, so that a role never computes one itself."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from flyball.alerts import hosts, watcher
from flyball.alerts.alertmanager import configuration
from flyball.alerts.routes import Times
from flyball.alerts.rule import rule_file
from flyball.guards.alerting import receivers
from flyball.guards.alerting.hosts import Size
from flyball.guards.governor.freeze import reason_problem
from flyball.guards.reading import address, paths
from flyball.guards.reading.problem import Refused
from flyball.guards.roles import (
    alertmanager,
    aws_fleets,
    base,
    freeze,
    log_shipping,
    logrotate,
    logrotate_host,
    nginx,
    node_exporter,
    planned_restart,
    playbooks,
    prometheus,
    redis,
    spot_drain,
)
from flyball.proxy import role

READERS: dict[str, Callable[..., tuple[Any, list[Any]]]] = {
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
    "roll": playbooks.read_roll,
    "restart": playbooks.read_restart,
    "drain": playbooks.read_drain,
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


def drain_seconds(variables: Mapping[str, Any]) -> int:
    """How long a host with nginx waits when it leaves; what is wrong with its variables keeps none from leaving."""
    return _read(variables, "nginx")[0].drain_seconds


def longest_request(web: Mapping[str, Any], proxy: Mapping[str, Any]) -> int:
    """The longest that a request to a host may take [ms], by its variables of the roles nginx and haproxy."""
    return max(nginx.longest(web), role.longest(proxy))


def rotation_conflicts(lines: list[str], variables: Mapping[str, Any]) -> list[str]:
    """What other logrotate files of the host stand in the way, from what was found in them."""
    return [str(problem) for problem in logrotate_host.check(lines, _read(variables, "logrotate")[0].logs)]


def group_problems(name: Any, groups: Mapping[str, Sequence[str]], key: str) -> list[str]:
    """What is wrong with the name of a group."""
    return [str(problem) for problem in playbooks.check_group(name, groups, key)]


def taking_problems(
    took: Iterable[Mapping[str, Any]], looked: Iterable[Mapping[str, Any]], hosts: int, chosen: Sequence[str], kind: str
) -> list[str]:
    """Who is in the way of a run, from what came of taking each host of its group, and of a look at it before."""
    others = {result["item"]: None if result.get("unreachable") else result.get("others", ()) for result in took}
    drained = {result["item"]: result.get("drained", ()) for result in looked if result["item"] in chosen}
    program = f"{kind}.yml"
    return [
        *playbooks.check_taken(others, hosts, f"{kind}_override"),
        *(playbooks.check_drained(drained, program) if kind == "roll" else ()),
    ]


def changing_problems(answers: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Who else changes instances of fleets, from Auto Scaling's answers: of each group, and then of its refreshes."""
    said = [json.loads(answer["stdout"]) for answer in answers]
    pairs = zip(said[::2], said[1::2], strict=True)
    return [problem for group, refreshes in pairs for problem in aws_fleets.check_changing(group, refreshes, kind)]


def leaving_problems(seen: Iterable[Mapping[str, Any]], leaving: Sequence[str], need: int) -> list[str]:
    """Whether some hosts may be taken out, from a look at each host of their group."""
    found = {result["item"]: _out(result) for result in seen}
    return [str(problem) for problem in playbooks.check_leaving(found, leaving, need)]


def _out(result: Mapping[str, Any]) -> str:
    """Why a host does not serve; empty where it does."""
    if result.get("unreachable"):
        return "does not answer"
    if drained := result.get("drained"):
        return ", ".join(f"drained {holder['text']}" for holder in drained)
    return str(result.get("unwell", ""))


def reason_problems(reason: str, path: str) -> list[str]:
    """What is wrong with a reason that a person gave."""
    return [str(problem) for problem in reason_problem(reason, (path,))]


def alert_rules(sizes: list[dict[str, Any]]) -> dict[str, Any]:
    """The content of Prometheus' rule file for hosts; `sizes` are the caps of groups, from the role's settings."""
    return rule_file({**hosts.rules([Size(**size) for size in sizes]), **watcher.rules()})


def alertmanager_files(variables: Mapping[str, Any]) -> list[str]:
    """The files with secrets that the variables name, each once."""
    return list(dict.fromkeys(file for _, file in receivers.files_in(variables, ()) if paths.is_file(file)))


def alertmanager_found(stats: Iterable[Mapping[str, Any]], read: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The files of these that are on the host, with the content of those that were read."""
    contents = {each["item"]: b64decode(each["content"]).decode(errors="replace") for each in read if "content" in each}
    return {each["item"]: contents.get(each["item"], "") for each in stats if each["stat"]["exists"]}


def alertmanager_webhooks(variables: Mapping[str, Any]) -> list[str]:
    """Of these files those that hold the URL of a webhook."""
    people = alertmanager.read(variables)[0].people
    return list(dict.fromkeys(each.webhook_file for each in people.receivers if paths.is_file(each.webhook_file)))


def alertmanager_config(variables: Mapping[str, Any], found: Mapping[str, str]) -> dict[str, Any]:
    """The configuration of Alertmanager, by the renderer that serves stacks too; `found` has the URLs of webhooks."""
    said = _read(variables, "alertmanager")[0]
    times = Times(said.group_by, said.group_wait, said.group_interval, said.repeat_interval)
    urls = {file: found[file] for file in alertmanager_webhooks(variables) if file in found}
    return configuration(said.people, times, said.inhibitions, urls)


def with_port(host: str, port: int) -> str:
    """A host and a port as they stand in a URL: an IPv6 address in its brackets."""
    return address.join(host, int(port))


def haproxy_config(variables: Mapping[str, Any]) -> str:
    """The configuration of a host's HAProxy, by the renderer that serves pods too (`flyball.proxy.role`)."""
    try:
        return role.haproxy_config(variables)
    except Refused as refused:
        raise AnsibleFilterError(str(refused)) from None


def _read(variables: Mapping[str, Any], role: str, *found: Any) -> tuple[Any, list[Any]]:
    return READERS[role](variables, *found)


class FilterModule:
    """The filters, as `flyball.guards.<name>`."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "problems": problems,
            "settings": settings,
            "drain_seconds": drain_seconds,
            "longest_request": longest_request,
            "rotation_conflicts": rotation_conflicts,
            "group_problems": group_problems,
            "taking_problems": taking_problems,
            "changing_problems": changing_problems,
            "leaving_problems": leaving_problems,
            "reason_problems": reason_problems,
            "alert_rules": alert_rules,
            "alertmanager_config": alertmanager_config,
            "alertmanager_files": alertmanager_files,
            "alertmanager_found": alertmanager_found,
            "alertmanager_webhooks": alertmanager_webhooks,
            "haproxy_config": haproxy_config,
            "with_port": with_port,
        }
