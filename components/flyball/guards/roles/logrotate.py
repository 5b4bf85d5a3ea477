"""Lesson 4 on a host: which of its logs are rotated, when, and who lets go of the old file.

`read` takes the variables of the Ansible role `logrotate`, and finds every problem in them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.clean_up import patterns
from flyball.guards.clean_up.retention import (
    HOST_LOGS,
    ROTATION_INTERVAL,
    FileLogs,
    check_file_logs,
    read_file_logs,
    rotation_interval,
)
from flyball.guards.clean_up.rules import (
    LOG_GROWTH,
    LOG_NOT_REOPENED,
    LOG_ROTATED_TWICE,
    LOG_VOLUME,
    LOG_WRITABLE_BY_OTHERS,
)
from flyball.guards.clean_up.signals import SIGNALS
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Broken, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    DOES_NOT_APPLY,
    GIVEN_TWICE,
    INVALID_PATH,
    INVALID_TEXT,
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN_VALUE,
)
from flyball.guards.reading.units import Milliseconds, show_duration, show_size
from flyball.guards.roles.variables import Role, Variable

SIGNAL = "HUP"
"""What a service is told to open its log anew with, unless its log says otherwise."""


class LogArgs(TypedDict):
    """One log: its paths, its limits, whose it is, and who is told after a rotation."""

    name: str
    paths: NotRequired[list[str]]
    preset: NotRequired[str]
    size: NotRequired[str]
    files: NotRequired[int]
    days: NotRequired[int]
    volume: NotRequired[str]
    rate: NotRequired[str]
    owner: NotRequired[str]
    group: NotRequired[str]
    folder_owner: NotRequired[str]
    mode: NotRequired[str]
    unit: NotRequired[str]
    signal: NotRequired[str]
    reopens: NotRequired[bool]
    copytruncate: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Log:
    """A log as logrotate is to treat it; `unit` gets `signal` after a rotation, if there is one.

    `folder_owner` is who may rename files in the log's folder, often another one than the file's `owner`.
    """

    name: str
    paths: tuple[str, ...]
    limits: FileLogs
    owner: str
    group: str
    folder_owner: str
    mode: str
    unit: str
    signal: str
    copytruncate: bool


@dataclass(frozen=True, slots=True)
class Rotation:
    """All logs, and how often somebody looks at them."""

    interval: Milliseconds
    logs: tuple[Log, ...]

    def as_variables(self) -> dict[str, Any]:
        """For a template: plain values, the interval in whole seconds."""
        return {"interval": self.interval // 1000, "logs": [asdict(log) for log in self.logs]}


PRESETS: dict[str, dict[str, Any]] = {
    "nginx": {
        "paths": ["/var/log/nginx/*.log"],
        "owner": "www-data",
        "folder_owner": "root",
        "group": "adm",
        "unit": "nginx.service",
        "signal": "USR1",
    },
    # HAProxy and most daemons write through rsyslog, which is who has the file open.
    "haproxy": {"paths": ["/var/log/haproxy.log"], "unit": "rsyslog.service", "signal": "HUP", "group": "adm"},
    "rsyslog": {
        "paths": ["/var/log/syslog", "/var/log/auth.log", "/var/log/rsyslog-stats.log"],
        "unit": "rsyslog.service",
        "signal": "HUP",
        "group": "adm",
    },
    # Redis opens its log for each line (https://github.com/redis/redis/blob/7.0/src/server.c, serverLogRaw).
    "redis-server": {"paths": ["/var/log/redis/*.log"], "owner": "redis", "group": "redis", "reopens": True},
}
"""Logs of well-known daemons, as Debian packages them; each is also the name of its file in /etc/logrotate.d."""
MODE = "0640"
ROLE = Role(
    "logrotate",
    "Logs rotated by size and age, looked at every hour, and a failed rotation that is noticed",
    (
        Variable(
            "logrotate_interval",
            str,
            show_duration(ROTATION_INTERVAL),
            f"How often the sizes of logs are looked at, from 1s to {show_duration(ROTATION_INTERVAL)}.",
            "duration",
        ),
        Variable(
            "logrotate_logs",
            list[LogArgs],
            [],
            "Logs, each with name (the file in /etc/logrotate.d), and preset or paths; size"
            f" [{show_size(HOST_LOGS.size)}], files [{HOST_LOGS.files}], days [{HOST_LOGS.days}], volume"
            f" [{show_size(HOST_LOGS.volume)}] and rate (bytes per second at most, such as 1Mi); owner, group and mode"
            f" [{MODE}] of the new file, folder_owner [owner] of its folder; unit and signal [{SIGNAL}] of the"
            " service that must open it anew, where its process catches the signal; or reopens for one that opens it"
            " for each line; or copytruncate for one that can do neither, which loses what it writes between the copy"
            f" and its truncation, and needs room for the copy. Presets are {', '.join(PRESETS)}.",
        ),
    ),
)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_PATH = re.compile(r"/[A-Za-z0-9._*/@+-]+")
_UNIT = re.compile(r"[A-Za-z0-9@._-]+\.service")
_MODE = re.compile(r"0?[0-7]{3}")


def read(variables: Mapping[str, object]) -> tuple[Rotation, list[Problem]]:
    """The rotation that the variables ask for, and what is wrong with them."""
    reader = ROLE.read(variables)
    problems = reader.problems
    logs = [_log(log) for log in reader.each("logrotate_logs")]
    interval = reader.time("logrotate_interval", least=1000)
    if interval > ROTATION_INTERVAL:
        reader.problem(
            "logrotate_interval", OUT_OF_RANGE, f"is {show_duration(interval)}", "look at least once an hour"
        )
    problems += _check_intervals(logs, interval, problems)
    problems += _check_twice([log for log, _ in logs])
    return Rotation(interval, tuple(log for log, _ in logs)), problems


def _log(given: Reader) -> tuple[Log, int]:
    """One log, and the most bytes a second that it grows by; 0 where that is not known."""
    preset = given.value("preset", str, "")
    if preset and preset not in PRESETS:
        given.problem("preset", UNKNOWN_VALUE, f"{preset!r} is no preset", strict.nearest(preset, PRESETS))
    log = Reader({**PRESETS.get(preset, {}), **given.values}, given.path, given.problems)
    limits = read_file_logs(log, HOST_LOGS)
    log.problems += check_file_logs(limits, log.path)
    paths = tuple(log.words("paths"))
    if not paths:
        log.problem("paths", MISSING, "is missing", "name at least one file, or a preset")
    for number, name in enumerate(paths):
        if not _PATH.fullmatch(name) or ".." in name.split("/"):
            log.problem(
                ("paths", number), INVALID_PATH, f"{name!r} is no path", "give an absolute one without spaces or .."
            )
    owner = _word(log, "owner", "root", _ACCOUNT, "the name of a user")
    result = Log(
        name=_word(log, "name", "", _NAME, "lower-case letters, digits, - and _"),
        paths=paths,
        limits=limits,
        owner=owner,
        folder_owner=_word(log, "folder_owner", owner, _ACCOUNT, "the name of a user"),
        group=_word(log, "group", "root", _ACCOUNT, "the name of a group"),
        mode=_word(log, "mode", MODE, _MODE, "three octal digits, quoted"),
        unit=_word(log, "unit", "", _UNIT, "the name of a systemd service, with .service"),
        signal=log.value("signal", str, SIGNAL),
        copytruncate=log.value("copytruncate", bool, False),
    )
    if int(result.mode, 8) & 0o022:
        log.problem(
            "mode",
            LOG_WRITABLE_BY_OTHERS,
            f"{result.mode} lets others write",
            f"logrotate would follow what they put there; take {MODE}",
        )
    if result.signal not in SIGNALS:
        log.problem("signal", UNKNOWN_VALUE, f"{result.signal!r} is not allowed", f"known are {', '.join(SIGNALS)}")
    log.problems += _check_reopened(result, log)
    return result, log.size("rate", 1) if log.has("rate") else 0


def _check_reopened(log: Log, given: Reader) -> Iterator[Problem]:
    """One way, and only one, in which whoever writes the log gets to write to the new file."""
    where = (*given.path, "unit")
    if log.copytruncate:
        if log.unit or given.value("reopens", bool, False):
            hint = "leave out unit and reopens, or copytruncate, which loses lines"
            yield Problem(
                (*given.path, "copytruncate"), DOES_NOT_APPLY, "is for a service that opens no log anew", hint
            )
        room = log.limits.held + log.limits.size
        if room > log.limits.volume >= log.limits.held:
            message = f"{show_size(log.limits.volume)} has no room for a copy as well ({show_size(room)})"
            yield Problem((*given.path, "volume"), LOG_VOLUME, message, "raise the volume, or lower size or files")
    elif not log.unit and not given.reported("unit") and not given.value("reopens", bool, False):
        hint = "name the unit to signal, or reopens: true if it opens the file for each line"
        message = "is missing: whoever has the file open would go on writing to the old one"
        yield Problem(where, LOG_NOT_REOPENED, message, hint)


def _word(log: Reader, key: str, default: str, allowed: re.Pattern[str], hint: str) -> str:
    word = log.value(key, str, default)
    # No unit is to say that there is none.
    if (word or key != "unit") and not allowed.fullmatch(word):
        if log.has(key):
            log.problem(key, INVALID_TEXT, f"{word!r} is not allowed", f"give {hint}")
        return default
    return word


def _check_intervals(
    logs: Iterable[tuple[Log, int]], interval: Milliseconds, problems: list[Problem]
) -> Iterator[Problem]:
    """Logs that outgrow their volume between two looks; only where the limits themselves are sound."""
    for i, (log, rate) in enumerate(logs):
        if not rate or any(problem.path[:2] == ("logrotate_logs", i) for problem in problems):
            continue
        try:
            longest = rotation_interval(log.limits, rate)
        except Broken as error:
            yield error.at(("logrotate_logs", i, "rate"), "raise the volume, or lower size or files")
            continue
        if interval > longest:
            yield Problem(
                ("logrotate_interval",),
                LOG_GROWTH,
                f"in {show_duration(interval)} each file of {log.name} may grow by"
                f" {show_size(rate * interval // 1000)}, more than its volume of {show_size(log.limits.volume)} has"
                " left",
                f"allowed is at most {show_duration(longest)}",
            )


def _check_twice(logs: Iterable[Log]) -> Iterator[Problem]:
    """Names and paths given twice: logrotate leaves out the second, and fails."""
    names: dict[str, int] = {}
    before: list[tuple[str, int, int]] = []
    for i, log in enumerate(logs):
        if log.name and log.name in names:
            yield Problem(
                ("logrotate_logs", i, "name"),
                GIVEN_TWICE,
                f"{log.name!r} is also that of logrotate_logs[{names[log.name]}]",
            )
        names.setdefault(log.name, i)
        for number, path in enumerate(log.paths):
            where = ("logrotate_logs", i, "paths", number)
            yield from patterns.check_own(path, log.limits.files, where)
            for other, j, files in before:
                if _share(path, log.limits.files, other, files):
                    message = f"{path} and {other} of logrotate_logs[{j}] name the same files"
                    hint = "logrotate leaves one of them out: name each file once"
                    yield Problem(where, LOG_ROTATED_TWICE, message, hint)
                    break
            before.append((path, i, log.limits.files))


def _share(one: str, files: int, other: str, others: int) -> bool:
    """Whether two patterns match the same files, or one what the other's become."""
    return (
        patterns.share(one, other)
        or any(patterns.share(one, name) for name in patterns.rotated(other, others))
        or any(patterns.share(name, other) for name in patterns.rotated(one, files))
    )
