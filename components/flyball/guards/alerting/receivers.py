"""Who hears of an alert, and by which way: pages, warnings, the sign of life, and what is one owner's.

A way in needs a secret: a URL with a token in it, or a key. None is ever a value: each is in a file where Alertmanager
runs, which on a host is that file, and in a cluster the key of that name of one Secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NotRequired, TypedDict

from flyball.guards.governor.rules import NOBODY_HEARS
from flyball.guards.reading import address, paths
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    GIVEN_TWICE,
    INVALID_ADDRESS,
    INVALID_PATH,
    INVALID_TEXT,
    MISSING,
    OUT_OF_RANGE,
    SECRET_IN_PLAIN_TEXT,
)
from flyball.guards.reading.units import Milliseconds, show_duration

EVERY: Milliseconds = 300_000
LEAST_EVERY: Milliseconds = 1_000
MOST_EVERY: Milliseconds = 3_600_000
"""Alertmanager forgets an alert that was not renewed, and an hour without alerts is as long as anybody should be."""
EARLIER = 0.9
"""Of the interval, after which the sign of life may be said again. Alertmanager looks once in each interval, and takes
a message that is younger than its repetition by a moment for one that need not be repeated: it would be said every
other time."""
NOBODY = "nobody"
PLATFORM = "platform"
"""Owner of what belongs to no workload: hosts, the cluster, and the monitoring itself."""
_HEARS = {"page": "hear of a page", "warning": "hear of a warning", "watchdog": "miss a sign of life"}


class SlackArgs(TypedDict):
    """A channel of Slack."""

    webhook_file: str
    """File with the URL of an incoming webhook."""
    channel: NotRequired[str]
    """Channel or person [that of the webhook]."""


class KeyArgs(TypedDict):
    """A service of PagerDuty or Opsgenie."""

    key_file: str
    """File with the integration's key."""
    url: NotRequired[str]
    """Where its API is, as https://api.eu.opsgenie.com/ [the vendor's own]."""


class ReceiverArgs(TypedDict):
    """Who hears; at least one of them."""

    webhook_file: NotRequired[str]
    """File with a URL that gets each message as JSON."""
    emails: NotRequired[list[str]]
    """Addresses of e-mail."""
    slack: NotRequired[SlackArgs]
    """A channel of Slack."""
    pagerduty: NotRequired[KeyArgs]
    """A service of PagerDuty, by its Events API v2."""
    opsgenie: NotRequired[KeyArgs]
    """An integration of Opsgenie."""


class WatchdogArgs(ReceiverArgs):
    """Who misses a sign of life that stays away."""

    every: NotRequired[str]
    """How often it is given, from 1s to 1h [5m]."""


class OwnerArgs(TypedDict):
    """Who hears of what is one owner's, instead of everybody."""

    page: NotRequired[ReceiverArgs]
    """Who is called [as for all]."""
    warning: NotRequired[ReceiverArgs]
    """Who is told [as for all]."""


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
"""Who takes e-mail: `server` (host:port), `from`, `username`, `password_file` and `tls` [true]."""


@dataclass(frozen=True, slots=True)
class Slack:
    file: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A key in a file, and the URL of the API, empty for the vendor's own."""

    file: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Receiver:
    """`webhooks` are URLs in plain text, which only a host's variables may have: they can be encrypted as a whole."""

    name: str
    webhooks: tuple[str, ...] = ()
    webhook_file: str = ""
    emails: tuple[str, ...] = ()
    slack: Slack | None = None
    pagerduty: Key | None = None
    opsgenie: Key | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files with its secrets."""
        keyed = (self.slack, self.pagerduty, self.opsgenie)
        return tuple(filter(None, (self.webhook_file, *(way.file for way in keyed if way))))

    @property
    def ways(self) -> tuple[str, ...]:
        """In words, without any secret."""
        slack = f"Slack {self.slack.channel}".rstrip() if self.slack else ""
        webhook = "webhook" if self.webhook_file or self.webhooks else ""
        keyed = ("PagerDuty" if self.pagerduty else "", "Opsgenie" if self.opsgenie else "")
        return tuple(filter(None, (webhook, *self.emails, slack, *keyed)))


@dataclass(frozen=True, slots=True)
class Smtp:
    server: str = ""
    sender: str = ""
    username: str = ""
    password_file: str = ""
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Watchdog:
    receiver: Receiver
    every: Milliseconds = EVERY


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who hears; `owners` has for each owner the receivers of its own, by severity."""

    page: Receiver
    warning: Receiver
    watchdog: Watchdog | None = None
    owners: Mapping[str, Mapping[str, Receiver]] = field(default_factory=dict[str, Mapping[str, Receiver]])
    smtp: Smtp = field(default_factory=Smtp)

    def hears_ends(self, receiver: Receiver) -> bool:
        """Whether somebody is told of an alert's end too: everybody but who gets the sign of life."""
        return not (self.watchdog and receiver is self.watchdog.receiver)

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        own = (receiver for each in self.owners.values() for receiver in each.values())
        return (self.page, self.warning, *((self.watchdog.receiver,) if self.watchdog else ()), *own)

    @property
    def files(self) -> tuple[str, ...]:
        """The files with secrets, each once."""
        found = [file for receiver in self.receivers for file in receiver.files]
        return tuple(dict.fromkeys([*found, *filter(None, [self.smtp.password_file])]))


_PLAIN = {
    "webhook": "webhook_file",
    "webhooks": "webhook_file",
    "url": "webhook_file",
    "webhook_url": "webhook_file",
    "api_url": "webhook_file",
    "key": "key_file",
    "api_key": "key_file",
    "routing_key": "key_file",
    "service_key": "key_file",
    "token": "key_file",
    "password": "password_file",
}
"""Keys under which people write secrets, and where these belong."""


_STANDS_IN = "/secret"


def without_secrets(values: Any, path: Path, problems: list[Problem], known: tuple[str, ...] = ()) -> Any:
    """The same with a file in the place of each secret in plain text, at any depth, so that nothing else is said of it;
    what is `known` is none there. No problem repeats a secret."""
    if not isinstance(values, Mapping):
        return values
    found: dict[Any, Any] = {}
    for key, value in values.items():
        into = _PLAIN.get(key, "") if key not in known else ""
        is_url = str(key).endswith("_file") and isinstance(value, str) and "://" in value
        if into or is_url:
            named = f" as {into}" if into else ""
            hint = f"put it into a file where Alertmanager runs, and name that{named}"
            problems.append(Problem((*path, str(key)), SECRET_IN_PLAIN_TEXT, "is a secret in plain text", hint))
            found.setdefault(into or key, f"{_STANDS_IN}/{'-'.join(map(str, path))}")
        else:
            own = ("url",) if key in ("pagerduty", "opsgenie") else ()
            found[key] = without_secrets(value, (*path, str(key)), problems, own)
    return found


def read_people(r: Reader) -> People:
    """Everybody who hears, by the keys page, warning, watchdog, owners and smtp; problems are the reader's."""
    page, warning = (read_receiver(r, severity) for severity in ("page", "warning"))
    return with_smtp(People(page, warning, read_watchdog(r, "watchdog"), read_owners(r, "owners")), r, "smtp")


def with_smtp(people: People, r: Reader, key: str) -> People:
    """The same, with who takes e-mail."""
    return replace(people, smtp=read_smtp(r, key, any(each.emails for each in people.receivers)))


def read_watchdog(r: Reader, key: str) -> Watchdog | None:
    """Who misses a sign of life, at a key; None where nobody is named."""
    if not r.has(key):
        return None
    inner = r.at(key)
    every = inner.duration("every", EVERY)
    if not LEAST_EVERY <= every <= MOST_EVERY or every % 1000:
        limits = f"whole seconds from {show_duration(LEAST_EVERY)} to {show_duration(MOST_EVERY)}"
        inner.problem("every", OUT_OF_RANGE, f"is {show_duration(every)}", f"allowed are {limits}")
        every = EVERY
    return Watchdog(read_receiver(r, key, "watchdog", of="watchdog"), every)


def read_owners(r: Reader, key: str) -> dict[str, dict[str, Receiver]]:
    """Who hears of what is one owner's, at a key."""
    owners: dict[str, dict[str, Receiver]] = {}
    for owner, own in sorted(r.maps(key).items()):
        given = [severity for severity in ("page", "warning") if own.has(severity)]
        owners[owner] = {severity: read_receiver(own, severity, f"{owner}-{severity}") for severity in given}
        if not given and r.at(key).is_map(owner):
            own.problem((), NOBODY_HEARS, "names nobody", "give page or warning, or leave it out")
    return owners


def files_in(values: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Where each file with a secret is named, and which it is."""
    for key, value in values.items() if isinstance(values, Mapping) else ():
        if str(key).endswith("_file") and isinstance(value, str):
            yield (*path, str(key)), value
        else:
            yield from files_in(value, (*path, str(key)))


def read_receiver(
    r: Reader, key: str, name: str = "", webhooks: tuple[str, ...] | None = None, of: str = ""
) -> Receiver:
    """Who hears, at a key, of what it says or else `of`; nobody is nobody's choice. `webhooks` are what else
    hears, None where there may be none."""
    at = r.at(key)
    emails = tuple(at.words("emails"))
    for i, email in enumerate(emails):
        if not address.is_email(email):
            at.problem(("emails", i), INVALID_ADDRESS, f"{email!r} is no address", "give one as name@example.com")
    ways = ("webhook_file", "slack", "pagerduty", "opsgenie")
    if not emails and not webhooks and not any(at.has(way) for way in ways) and (r.is_map(key) or not r.has(key)):
        first = "webhook_file" if webhooks is None else "webhooks, webhook_file"
        hint = f"name {first}, emails, slack, pagerduty or opsgenie, such as {{emails: [oncall@example.com]}}"
        at.problem((), NOBODY_HEARS, f"names nobody who would {_HEARS[of or key]}", hint)
    slack = at.at("slack")
    channel = slack.value("channel", str, "")
    if slack.has("channel") and (not channel.strip() or " " in channel or not channel.isprintable()):
        slack.problem("channel", INVALID_TEXT, f"{channel!r} is no channel", "give it as #alerts or @name")
    return Receiver(
        name or key,
        webhooks or (),
        _file(at, "webhook_file"),
        emails,
        Slack(_file(slack, "webhook_file"), channel) if at.has("slack") else None,
        _key(at, "pagerduty"),
        _key(at, "opsgenie"),
    )


def _key(r: Reader, kind: str) -> Key | None:
    if not r.has(kind):
        return None
    at = r.at(kind)
    url = at.value("url", str, "")
    if at.has("url") and (address.url(url) is None or not url.startswith("https://")):
        at.problem("url", INVALID_ADDRESS, "is no URL of an API", "begin it with https://, without a user")
    return Key(_file(at, "key_file"), url)


def _file(r: Reader, key: str) -> str:
    """The path of a file; what is none may be the secret itself, and is not repeated."""
    text = r.value(key, str, "")
    if r.has(key) and not paths.is_file(text) and not r.reported(key):
        r.problem(key, INVALID_PATH, "is no path", "give an absolute one without spaces, of the file with the secret")
    return text


def read_smtp(r: Reader, key: str, needed: bool) -> Smtp:
    """Who takes e-mail, needed where anybody gets any."""
    smtp = r.at(key)
    for name, what in (("server", "host:port that takes e-mail"), ("from", "the address that it comes from")):
        if needed and not smtp.has(name):
            smtp.problem(name, MISSING, "is missing", f"name {what}")
    server = smtp.value("server", str, "")
    if smtp.has("server"):
        address.check_target(smtp, "server", server)
    sender = smtp.value("from", str, "")
    if smtp.has("from") and not address.is_email(sender):
        smtp.problem("from", INVALID_ADDRESS, f"{sender!r} is no address", "give one as name@example.com")
    username, password_file = smtp.value("username", str, ""), _file(smtp, "password_file")
    if bool(username) != bool(password_file):
        missing = "password_file" if username else "username"
        smtp.problem(missing, MISSING, "is missing", "a login takes both, the password in a file")
    return Smtp(server, sender, username, password_file, smtp.value("tls", bool, True))


def key_of(file: str) -> str:
    """The key of a cluster's Secret that a file is."""
    return file.rpartition("/")[2]


def check_keys(files: tuple[str, ...], path: Path) -> Iterator[Problem]:
    """Refuse files that would be one and the same key of a Secret."""
    first: dict[str, str] = {}
    for file in files:
        other = first.setdefault(key_of(file), file)
        if other != file:
            message = f"{other} and {file} are both the key {key_of(file)} of the Secret in a cluster"
            yield Problem(path, GIVEN_TWICE, message, "let the files' names differ")
