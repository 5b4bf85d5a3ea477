"""What a stack file says of its alerts: who hears, where rules go, and where it is written what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

from flyball.guards.alerting import receivers
from flyball.guards.alerting.receivers import PLATFORM, OwnerArgs, People, ReceiverArgs, SmtpArgs, WatchdogArgs
from flyball.guards.fail_fast.container import check_labels, check_secret_name
from flyball.guards.governor.rules import NOBODY_HEARS
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS, UNKNOWN_VALUE
from flyball.guards.reading.strict import check, nearest

SECRET = "flyball-alerts"


class RulesArgs(TypedDict):
    """How rules get to Prometheus."""

    labels: NotRequired[dict[str, str]]
    """Labels by which Prometheus' operator selects the objects that it loads; without them it ignores all of them
    [none]."""


class GuardedAlertsArgs(TypedDict):
    """Who hears of what."""

    page: NotRequired[ReceiverArgs]
    """Who is called for what cannot wait; required."""
    warning: NotRequired[ReceiverArgs]
    """Who is told of what can wait until morning; required."""
    watchdog: NotRequired[WatchdogArgs]
    """Who gets a sign of life all the time, and calls people when it stays away [nobody, and `plan` warns of it]."""
    owners: NotRequired[dict[str, OwnerArgs]]
    """Who hears of what is one owner's [everybody]."""
    smtp: NotRequired[SmtpArgs]
    """Who takes e-mail; needed where anybody gets any."""
    rules: NotRequired[RulesArgs]
    """How rules get to Prometheus."""
    runbooks: NotRequired[str]
    """URL below which each alert has a page by its name [docs/runbooks of this repository]."""
    secret: NotRequired[str]
    """Secret in the stack's namespace, whose keys are the names of the files [flyball-alerts]."""
    objects: NotRequired[bool]
    """Whether the cluster has Prometheus' operator, whose objects the stack then makes; else the rules are the files
    that `flyball alerts -o` writes [true]."""


class UnheardArgs(TypedDict):
    """Alerts that nobody gets."""

    to: str
    """`none`."""
    reason: str
    """Who watches instead, or why nobody has to."""


@dataclass(frozen=True, slots=True)
class Alerting:
    people: People
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    runbooks: str = ""
    """Empty for the pages that come with flyball."""
    secret: str = SECRET
    objects: bool = True


def read(given: object, owner: str, path: Path) -> tuple[Alerting | None, list[Problem]]:
    """What is said at a path, of a stack that is `owner`'s; None where alerts go to nobody, or nothing can be read."""
    if isinstance(given, Mapping) and given.get("to") == "none":
        return None, [*_check_reason(given.get("reason"), path), *check({"reason": "", **given}, UnheardArgs, path)]
    problems: list[Problem] = []
    values = receivers.without_secrets(given, path, problems)
    problems += check(values, GuardedAlertsArgs, path)
    if not isinstance(given, Mapping):
        return None, problems
    said, found = {problem.path for problem in problems}, list[Problem]()
    alerting = _read(Reader(values, path, found), owner)
    return alerting, [*problems, *(problem for problem in found if not any(_covers(problem.path, at) for at in said))]


def _covers(path: Path, said: Path) -> bool:
    """Whether something was said of a place already, or of a part of it."""
    return said[: len(path)] == path


def _read(r: Reader, owner: str) -> Alerting:
    people = receivers.read_people(r)
    r.problems.extend(receivers.check_keys(people.files, r.path))
    for name in people.owners:
        if owner and name not in (owner, PLATFORM):
            hint = nearest(name, [owner, PLATFORM])
            r.problem(("owners", name), UNKNOWN_VALUE, "owns nothing of this stack", hint)
    labels = dict(sorted(r.at("rules").texts("labels").items()))
    r.problems.extend(check_labels(labels, r.to(("rules", "labels"))))
    runbooks = r.value("runbooks", str, "")
    if r.has("runbooks") and address.server(runbooks) is None:
        hint = "as https://wiki.example/runbooks, without user, query and fragment"
        r.problem("runbooks", INVALID_ADDRESS, "is no URL of a folder", hint)
    secret = r.value("secret", str, SECRET)
    r.problems.extend(check_secret_name(secret, r.to("secret")))
    return Alerting(people, labels, runbooks.rstrip("/"), secret, r.value("objects", bool, True))


def _check_reason(reason: object, path: Path) -> Iterator[Problem]:
    if not isinstance(reason, str) or not reason.strip():
        hint = "say who watches instead, or why nobody has to"
        yield Problem((*path, "reason"), NOBODY_HEARS, "is missing, and nobody hears of any alert", hint)


def check_paged(config: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """A warning where a governed stack pages nobody: automation is held to limits, and people do not hear of it."""
    if "governor" in config and "alerts" not in config:
        hint = "say who is called, as page: {emails: [oncall@example.com]}, or to: none with a reason"
        yield Problem(path, NOBODY_HEARS, "is missing, and nobody is called when a limit is met", hint)


def check_watched(alerting: Alerting | None, path: Path) -> Iterator[Problem]:
    """A warning where nobody would miss alerts that cannot be sent."""
    if alerting and not alerting.people.watchdog:
        hint = "name who misses a sign of life, as watchdog: {webhook_file: /etc/alertmanager/secrets/watchdog}"
        yield Problem(
            (*path, "watchdog"), NOBODY_HEARS, "is missing, and alerts that cannot be sent look like none", hint
        )
