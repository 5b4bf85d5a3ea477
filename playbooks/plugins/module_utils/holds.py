"""Who has a host out of service, and who is changing its group: files on the host itself, each with an owner.

Shared by the collection's modules and the programs that roles put on hosts; standard library only. As a program it
prints what is held.

A file holds a list, since a spot notice does not wait for the roll that is at work on the host: who lets go takes only
their own entry away, and the file goes with the last. It is on disk before anybody acts on it, so that it outlives a
loss of power; a host that went down half changed comes back as one that serves nobody.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FOLDER = Path("/var/lib/flyball")
DRAIN = FOLDER / "drain"
"""While it exists the host answers 503 to balancers that ask for /flyball/health."""
SOMEBODY = "somebody"


@dataclass(frozen=True)
class Holder:
    """What holds it, for whom, why, and since when (seconds since 1970). `run` names one run of a program."""

    program: str
    who: str = ""
    why: str = ""
    run: str = ""
    since: float = 0.0

    def __str__(self) -> str:
        of = f" of {self.who}" if self.who else ""
        why = f": {self.why}" if self.why else ""
        return f"by {self.program}{of} since {time.strftime('%Y-%m-%d %H:%M', time.gmtime(self.since))} UTC{why}"


def started(process: int) -> str:
    """When a process was started, in ticks since the machine was (proc_pid_stat(5)); empty where there is none."""
    try:
        # Counted from behind the name, which may hold anything.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def group_lock(group: str) -> Path:
    """Of a host: who is changing the group of hosts that it is one of."""
    return FOLDER / f"group-{group}"


def holders(path: Path) -> list[Holder]:
    """Who holds it, in the order in which they came. What is no list of ours was made by a person, by hand."""
    try:
        text, made = path.read_text(errors="replace"), path.stat().st_mtime
    except FileNotFoundError:
        return []
    try:
        found = json.loads(text)["holders"]
        return [Holder(**{**entry, "since": float(entry["since"])}) for entry in found]
    except (ValueError, KeyError, TypeError):
        return [Holder(SOMEBODY, why=" ".join(text.split()), since=made)]


def hold(
    path: Path,
    holder: Holder,
    over: Callable[[Holder], bool] = lambda _: False,
    beside: Callable[[Holder], bool] = lambda _: False,
) -> tuple[list[Holder], list[Holder]]:
    """Hold it, unless others do: returns those that are in the way, where it stays as it is, and those put aside.

    `over` says whose place is taken, `beside` who may hold it too. Held once more, it is still as old as it was.
    """
    with _alone(path):
        before = holders(path)
        mine = [other for other in before if _same(other, holder)]
        others = [other for other in before if not _same(other, holder)]
        aside = [other for other in others if over(other)]
        stay = [other for other in others if not over(other)]
        if in_the_way := [other for other in stay if not beside(other)]:
            return in_the_way, []
        since = min((other.since for other in mine + aside), default=time.time())
        _write(path, before, [*stay, replace(holder, since=since)])
        return [], aside


def free(path: Path, whose: Callable[[Holder], bool]) -> list[Holder]:
    """Take away the entries that are `whose`, and return them."""
    with _alone(path):
        before = holders(path)
        gone = [holder for holder in before if whose(holder)]
        if gone:
            _write(path, before, [holder for holder in before if not whose(holder)])
        return gone


def _same(one: Holder, other: Holder) -> bool:
    return (one.program, one.run) == (other.program, other.run)


def _write(path: Path, before: list[Holder], after: list[Holder]) -> None:
    if after == before:
        return
    if after:
        part = path.with_name(f"{path.name}.part")
        with part.open("w") as file:
            os.fchmod(file.fileno(), 0o644)
            json.dump({"holders": [asdict(holder) for holder in after]}, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    else:
        path.unlink()
    if path == DRAIN:
        _leave_figure(after)
    with _opened(path.parent) as folder:
        os.fsync(folder)


def _leave_figure(held: list[Holder]) -> None:
    """Since when the host is out of service, for the alert on drains that were forgotten."""
    file = FOLDER / "metrics/drain.prom"
    if held and file.parent.is_dir():
        part = file.with_suffix(".part")
        part.write_text(f"flyball_drained_since_seconds {min(holder.since for holder in held):.0f}\n")
        part.chmod(0o644)
        part.rename(file)
    else:
        file.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time reads and writes."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _opened(path.parent) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def main() -> None:
    for path in (DRAIN, *sorted(FOLDER.glob("group-*"))):
        for holder in holders(path):
            what = "drained" if path == DRAIN else f"{path.name.removeprefix('group-')} is being changed"
            print(f"{what} {holder}")


if __name__ == "__main__":
    main()
