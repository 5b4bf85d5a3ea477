"""Who hears of an alert, how soon, and how often again; a page silences the warnings about the same thing.

`read` takes the variables of the Ansible role `alertmanager`. A receiver's URL may hold a token: no problem repeats it.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.alerting import inhibition
from flyball.guards.alerting.inhibition import Inhibition
from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast import listening
from flyball.guards.governor.rules import NOBODY_HEARS, REPEAT_BELOW_INTERVAL
from flyball.guards.reading import address, paths
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import INVALID_ADDRESS, INVALID_NAME, INVALID_PATH, MISSING
from flyball.guards.reading.units import Bytes, Milliseconds, show_duration, show_size
from flyball.guards.roles.variables import Role, Variable, Variables

PORT = 9093
LONGEST_WAIT: Milliseconds = 600_000
LONGEST_GROUP_INTERVAL: Milliseconds = 3_600_000
LONGEST_REPEAT: Milliseconds = 5 * 86_400_000
"""What was sent is remembered for 120 h (`--data.retention`); later repeats would be sent as new."""
LEAST_MEMORY: Bytes = 64 * MI
MOST_MEMORY: Bytes = 4096 * MI
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class ReceiverArgs(TypedDict):
    """Who hears: URLs that get each message as JSON, and addresses of e-mail."""

    webhooks: NotRequired[list[str]]
    emails: NotRequired[list[str]]


SmtpArgs = TypedDict(
    "SmtpArgs",
    {
        "server": NotRequired[str],
        "from": NotRequired[str],
        "username": NotRequired[str],
        "password_file": NotRequired[str],
        "tls": NotRequired[bool],
    },
)
"""Who takes e-mail; the password is in a file on the host, never in a variable."""


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
            ReceiverArgs,
            {},
            "Who is called for pages; webhooks (URLs that get JSON) and emails, at least one.",
        ),
        Variable(
            "alertmanager_warning", ReceiverArgs, {}, "Who is told of warnings; webhooks and emails, at least one."
        ),
        Variable(
            "alertmanager_smtp",
            SmtpArgs,
            {},
            "Who takes e-mail, with server (host:port), from, username, password_file (on the host, readable by the"
            " user prometheus) and tls [true].",
        ),
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
class Receiver:
    name: str
    webhooks: tuple[str, ...]
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Smtp:
    server: str
    sender: str
    username: str
    password_file: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Notifying:
    """Times as Alertmanager writes them."""

    listen: str
    receivers: tuple[Receiver, ...]
    smtp: Smtp
    group_by: tuple[str, ...]
    group_wait: str
    group_interval: str
    repeat_interval: str
    memory: Bytes
    inhibitions: tuple[Inhibition, ...] = inhibition.ALL

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object], password: bool = True) -> tuple[Notifying, list[Problem]]:
    """What the variables ask for, and what is wrong with them; `password` is whether its file is on the host."""
    reader = ROLE.read(variables)
    listen = reader.text("alertmanager_address")
    listening.check_listen(reader, "alertmanager_address", listen)
    receivers = tuple(_receiver(reader, name) for name in ("page", "warning"))
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
        receivers=receivers,
        smtp=_smtp(reader, any(receiver.emails for receiver in receivers), password),
        group_by=group_by,
        group_wait=show_duration(wait),
        group_interval=show_duration(interval),
        repeat_interval=show_duration(repeat),
        memory=reader.amount("alertmanager_memory", LEAST_MEMORY, MOST_MEMORY),
    ), reader.problems


def _receiver(reader: Variables, severity: str) -> Receiver:
    """Who hears of alerts of a severity; nobody is nobody's choice."""
    key = f"alertmanager_{severity}"
    receiver = reader.at(key)
    webhooks, emails = tuple(receiver.words("webhooks")), tuple(receiver.words("emails"))
    if not webhooks and not emails and reader.is_map(key):
        hint = "name webhooks or emails, such as {emails: [oncall@example.com]}"
        reader.problem(key, NOBODY_HEARS, f"names nobody who would hear of a {severity}", hint)
    for i, url in enumerate(webhooks):
        if address.url(url) is None:
            receiver.problem(
                ("webhooks", i), INVALID_ADDRESS, "is no URL", "begin it with http:// or https://, without a user"
            )
    for i, email in enumerate(emails):
        if not address.is_email(email):
            receiver.problem(("emails", i), INVALID_ADDRESS, f"{email!r} is no address", "give one as name@example.com")
    return Receiver(severity, webhooks, emails)


def _smtp(reader: Variables, needed: bool, password: bool) -> Smtp:
    """Who takes e-mail, needed where anybody gets any."""
    smtp = reader.at("alertmanager_smtp")
    for key, what in (("server", "host:port that takes e-mail"), ("from", "the address that it comes from")):
        if needed and not smtp.has(key):
            smtp.problem(key, MISSING, "is missing", f"name {what}")
    server = smtp.value("server", str, "")
    if smtp.has("server"):
        address.check_target(smtp, "server", server)
    sender = smtp.value("from", str, "")
    if smtp.has("from") and not address.is_email(sender):
        smtp.problem("from", INVALID_ADDRESS, f"{sender!r} is no address", "give one as name@example.com")
    username, password_file = smtp.value("username", str, ""), smtp.value("password_file", str, "")
    if password_file and not paths.is_file(password_file):
        smtp.problem(
            "password_file", INVALID_PATH, f"{password_file!r} is no path", "give an absolute one without spaces"
        )
    elif password_file and not password:
        smtp.problem(
            "password_file", MISSING, f"{password_file} is not on the host", "put it there; the first page needs it"
        )
    if bool(username) != bool(password_file):
        missing = "password_file" if username else "username"
        smtp.problem(missing, MISSING, "is missing", "a login takes both, the password in a file on the host")
    return Smtp(server, sender, username, password_file, smtp.value("tls", bool, True))
