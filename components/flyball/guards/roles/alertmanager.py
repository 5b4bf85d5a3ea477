"""Who hears of an alert, how soon, and how often again; a page silences the warnings about the same thing.

`read` takes the variables of the Ansible role `alertmanager`. A receiver's URL may hold a token: no problem repeats it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired

from flyball.guards.alerting import inhibition, receivers
from flyball.guards.alerting.inhibition import Inhibition
from flyball.guards.alerting.receivers import OwnerArgs, People, Receiver, ReceiverArgs, SmtpArgs, WatchdogArgs
from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast import listening
from flyball.guards.governor.rules import REPEAT_BELOW_INTERVAL
from flyball.guards.reading import address, paths
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import INVALID_ADDRESS, INVALID_NAME, MISSING
from flyball.guards.reading.units import Bytes, Milliseconds, show_duration, show_size
from flyball.guards.roles.variables import Role, Variable, Variables

PORT, CLUSTER_PORT = 9093, 9094
LONGEST_WAIT: Milliseconds = 600_000
LONGEST_GROUP_INTERVAL: Milliseconds = 3_600_000
LONGEST_REPEAT: Milliseconds = 5 * 86_400_000
"""What was sent is remembered for 120 h (`--data.retention`); later repeats would be sent as new."""
LEAST_MEMORY: Bytes = 64 * MI
MOST_MEMORY: Bytes = 4096 * MI
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class HostReceiverArgs(ReceiverArgs):
    """Who hears, on a host also by URLs in plain text, since variables can be encrypted as a whole."""

    webhooks: NotRequired[list[str]]
    """URLs that get each message as JSON."""


ROLE = Role(
    "alertmanager",
    "Alertmanager that calls people for pages, tells them of warnings, and says each thing once",
    (
        Variable(
            "alertmanager_address",
            str,
            "127.0.0.1",
            "Address of the host to listen on; never all of them. Whoever reaches it may silence alerts: beyond"
            " loopback let the network admit nobody but Prometheus and hosts with planned restarts.",
        ),
        Variable("alertmanager_port", int, PORT, "Port to listen on."),
        Variable(
            "alertmanager_page",
            HostReceiverArgs,
            {},
            "Who is called for pages: webhooks (URLs that get JSON), webhook_file (with such a URL, read when the role"
            " runs), emails, slack (webhook_file, channel), pagerduty (key_file) and opsgenie (key_file, url), at least"
            " one. Files are on the host, readable by the user prometheus.",
        ),
        Variable("alertmanager_warning", HostReceiverArgs, {}, "Who is told of warnings, as alertmanager_page."),
        Variable(
            "alertmanager_watchdog",
            WatchdogArgs,
            {},
            "Who gets a sign of life and calls people when it stays away, as alertmanager_page without webhooks, and"
            " every [5m].",
        ),
        Variable(
            "alertmanager_owners",
            dict[str, OwnerArgs],
            {},
            "Who hears of what is one owner's instead, by owner: page and warning, as alertmanager_page without"
            " webhooks. Hosts are the owner platform's.",
        ),
        Variable(
            "alertmanager_smtp",
            SmtpArgs,
            {},
            "Who takes e-mail, with server (host:port), from, username, password_file (on the host, readable by the"
            " user prometheus) and tls [true].",
        ),
        Variable(
            "alertmanager_peers",
            list[str],
            [],
            "Other Alertmanagers, as host:port of their cluster port: together they say each thing once, and either"
            " alone says it all. Name all of them in prometheus_alertmanagers.",
        ),
        Variable(
            "alertmanager_cluster_address",
            str,
            "",
            "Address of the host at which its peers reach it; they trust whoever speaks to them there, so let the"
            " network admit nobody else.",
        ),
        Variable("alertmanager_cluster_port", int, CLUSTER_PORT, "Port for its peers, by TCP and UDP."),
        # Forty hosts with one fault are one message.
        Variable("alertmanager_group_by", list[str], ["alertname"], "Labels by which alerts are put into one message."),
        # For alerts that begin together: a fault is seen on all hosts within one scrape interval.
        Variable(
            "alertmanager_group_wait",
            str,
            "30s",
            f"How long a new group waits for more of its alerts, from 1s to {show_duration(LONGEST_WAIT)}.",
            "duration",
        ),
        Variable(
            "alertmanager_group_interval",
            str,
            "5m",
            "How long until a message about what is new in a group, from 1s to"
            f" {show_duration(LONGEST_GROUP_INTERVAL)}.",
            "duration",
        ),
        # Twice in a shift.
        Variable(
            "alertmanager_repeat_interval",
            str,
            "4h",
            "How long until something is said again, at least the group interval and at most"
            f" {show_duration(LONGEST_REPEAT)}.",
            "duration",
        ),
        Variable(
            "alertmanager_memory",
            str,
            "256Mi",
            f"The most memory that it may take, from {show_size(LEAST_MEMORY)} to {show_size(MOST_MEMORY)}.",
            "size",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Notifying:
    """Times as Alertmanager writes them."""

    listen: str
    people: People
    group_by: tuple[str, ...]
    group_wait: str
    group_interval: str
    repeat_interval: str
    memory: Bytes
    cluster: str = ""
    peers: tuple[str, ...] = ()
    inhibitions: tuple[Inhibition, ...] = inhibition.ALL

    def as_variables(self) -> dict[str, Any]:
        """What the role needs beside the configuration; `files` are those that Alertmanager itself reads."""
        webhooks = {receiver.webhook_file for receiver in self.people.receivers}
        files = [file for file in self.people.files if file not in webhooks]
        words = {"listen": self.listen, "memory": self.memory, "cluster": self.cluster, "peers": [*self.peers]}
        return {**words, "files": files}


def read(variables: Mapping[str, object], found: Mapping[str, str] | None = None) -> tuple[Notifying, list[Problem]]:
    """What the variables ask for, and what is wrong with them.

    `found` are the files with secrets that are on the host; those with the URL of a webhook have it as their content.
    """
    reader = ROLE.read(variables)
    listen = reader.text("alertmanager_address")
    listening.check_listen(reader, "alertmanager_address", listen)
    people = _people(reader, variables)
    if found is not None:
        reader.problems.extend(_check_files(reader.values, found))
    interval = reader.whole_seconds("alertmanager_group_interval", 1000, LONGEST_GROUP_INTERVAL)
    repeat = reader.whole_seconds("alertmanager_repeat_interval", 1000, LONGEST_REPEAT)
    if repeat < interval:
        message = f"{show_duration(repeat)} is less than the group interval of {show_duration(interval)}"
        reader.problem(
            "alertmanager_repeat_interval",
            REPEAT_BELOW_INTERVAL,
            message,
            "a group is looked at no more often; raise it",
        )
    group_by = tuple(reader.words("alertmanager_group_by"))
    for i, label in enumerate(group_by):
        if not _LABEL.fullmatch(label):
            reader.problem(
                ("alertmanager_group_by", i), INVALID_NAME, f"{label!r} is no label", "give letters, digits and _"
            )
    wait = reader.whole_seconds("alertmanager_group_wait", 1000, LONGEST_WAIT)
    return Notifying(
        listen=address.join(listen, reader.count("alertmanager_port", most=address.LAST_PORT)),
        people=people,
        group_by=group_by,
        group_wait=show_duration(wait),
        group_interval=show_duration(interval),
        repeat_interval=show_duration(repeat),
        memory=reader.amount("alertmanager_memory", LEAST_MEMORY, MOST_MEMORY),
        cluster=_cluster(reader),
        peers=address.targets(reader, "alertmanager_peers"),
    ), reader.problems


def _people(reader: Variables, given: Mapping[str, object]) -> People:
    """Everybody who hears; of a sign of life nobody, where nobody is named."""
    page, warning = (_receiver(reader, severity) for severity in ("page", "warning"))
    watchdog = receivers.read_watchdog(reader, "alertmanager_watchdog") if given.get("alertmanager_watchdog") else None
    owners = receivers.read_owners(reader, "alertmanager_owners")
    return receivers.with_smtp(People(page, warning, watchdog, owners), reader, "alertmanager_smtp")


def _receiver(reader: Variables, severity: str) -> Receiver:
    key = f"alertmanager_{severity}"
    receiver = reader.at(key)
    webhooks = tuple(receiver.words("webhooks"))
    for i, url in enumerate(webhooks):
        if address.url(url) is None:
            hint = "begin it with http:// or https://, without a user"
            receiver.problem(("webhooks", i), INVALID_ADDRESS, "is no URL", hint)
    return receivers.read_receiver(reader, key, severity, webhooks, severity)


def _check_files(values: Mapping[str, object], found: Mapping[str, str]) -> Iterator[Problem]:
    """Files have to be there before the first page needs them; no problem repeats what is in one."""
    for at, file in receivers.files_in(values, ()):
        if paths.is_file(file) and file not in found:
            yield Problem(at, MISSING, f"{file} is not on the host", "put it there; the first page needs it")
        elif found.get(file) and address.url(found[file].strip()) is None:
            hint = "let it be one line that begins with http:// or https://"
            yield Problem(at, INVALID_ADDRESS, f"{file} on the host holds no URL", hint)


def _cluster(reader: Variables) -> str:
    """Where its peers reach it; empty where it has none."""
    key = "alertmanager_cluster_address"
    listen, peers = reader.text(key), reader.words("alertmanager_peers")
    if listen:
        listening.check_listen(reader, key, listen)
    elif peers:
        reader.problem(key, MISSING, "is missing", "give the address of the host at which its peers reach it")
    port = reader.count("alertmanager_cluster_port", most=address.LAST_PORT)
    return address.join(listen, port) if listen and peers else ""
