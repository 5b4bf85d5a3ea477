"""What a host has already that stands in the way of rotating its logs: other entries, folders, accounts."""

from collections.abc import Iterable, Iterator

from flyball.guards.clean_up import patterns
from flyball.guards.clean_up.rules import (
    LOG_FOLDER_SHARED,
    LOG_ROTATED_TWICE,
    LOG_SIGNAL_FATAL,
    LOG_WRITABLE_BY_OTHERS,
)
from flyball.guards.clean_up.signals import SIGNALS
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import MISSING
from flyball.guards.roles.logrotate import Log

_GROUP_WRITES, _ALL_WRITE, _OWNER_WRITES = 0o020, 0o002, 0o200


def check(found: Iterable[str], logs: Iterable[Log]) -> Iterator[Problem]:
    """What is in the way, from lines that say what was found.

    They are those of `find -printf '%m %p\\n'` and `grep -H` in /etc/logrotate.d (`644 /etc/logrotate.d/apt` and
    `/etc/logrotate.d/apt:/var/log/apt/term.log {`), and `folder 755 root adm /var/log/nginx`, `no user shop` and
    `no group shop`, and `catches shop.service 0000000180004a02`, the mask of the signals that its process catches
    (proc_pid_status(5)). Logrotate ignores files that group or others may write, with exit code 0, and fails where two
    entries name one path.
    """
    logs = list(logs)
    for line in found:
        first, _, rest = line.partition(" ")
        if first == "no":
            hint = "create it before its log is rotated"
            yield Problem(("logrotate_logs",), MISSING, f"there is no {rest}", hint)
        elif first == "folder":
            mode, owner, group, folder = rest.split(" ", 3)
            for log in logs:
                if any(patterns.share(path.rpartition("/")[0], folder) for path in log.paths):
                    yield from _check_folder(log, folder, int(mode, 8), owner, group)
        elif first == "catches":
            yield from _check_caught(rest, logs)
        elif first.isdecimal():
            if int(first, 8) & (_GROUP_WRITES | _ALL_WRITE):
                message = f"has mode {first}, so logrotate ignores it"
                yield Problem((rest,), LOG_WRITABLE_BY_OTHERS, message, "chmod 0644")
        else:
            yield from _check_entry(line, logs)


def _check_entry(line: str, logs: Iterable[Log]) -> Iterator[Problem]:
    """Another entry that rotates what one of ours does."""
    file, _, paths = line.partition(":")
    for path in paths.replace("{", " ").replace('"', " ").split():
        for log in logs:
            taken = any(patterns.share(patterns.simplified(path), own) for own in log.paths)
            if taken and file != f"/etc/logrotate.d/{log.name}":
                hint = f"give {log.name!r} the name {file.rpartition('/')[2]!r}, or remove it"
                yield Problem((file,), LOG_ROTATED_TWICE, f"already rotates {path}", hint)


def _check_caught(line: str, logs: Iterable[Log]) -> Iterator[Problem]:
    """A unit whose process the signal would end, since it does not catch it, or that would not hear it."""
    unit, _, mask = line.partition(" ")
    for i, log in enumerate(logs):
        if log.unit == unit and not int(mask or "0", 16) >> (SIGNALS[log.signal] - 1) & 1:
            yield Problem(
                ("logrotate_logs", i, "signal"),
                LOG_SIGNAL_FATAL,
                f"the process of {unit} does not catch {log.signal}, which would end it",
                "name the signal on which it opens its log anew, or reopens: true if it opens the file for each line,"
                " or copytruncate: true, which loses what it writes meanwhile",
            )


def _check_folder(log: Log, folder: str, mode: int, owner: str, group: str) -> Iterator[Problem]:
    """A folder in which somebody else may put links, or in which whoever renames the log cannot write."""
    who = log.folder_owner
    shown = f"{mode & 0o777:o} {owner}:{group}"
    if mode & _ALL_WRITE:
        message, hint = "anybody may write there", "whoever rotates a log there follows their links; chmod o-w"
        yield Problem((folder,), LOG_FOLDER_SHARED, message, hint)
    elif who == "root":
        others = [owner] if owner != "root" else []
        others += [f"the group {group}"] if mode & _GROUP_WRITES and group != "root" else []
        if others:
            message = f"{' and '.join(others)} may write there, and root would follow their links"
            hint = f"name who writes there as folder_owner of {log.name}, or take the right away"
            yield Problem((folder,), LOG_FOLDER_SHARED, message, hint)
    elif not (who == owner and mode & _OWNER_WRITES) and not (log.group == group and mode & _GROUP_WRITES):
        message = f"{who} cannot write there ({shown}), so it cannot rename the log"
        yield Problem((folder,), LOG_FOLDER_SHARED, message, f"name who can as folder_owner of {log.name}")
