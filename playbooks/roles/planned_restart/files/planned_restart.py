"""Restarts the units of a host, or the host, while the rest of its group can spare it; one host at a time.

Arguments: [--check | --resume | --ended] and the file of the settings, as the role planned_restart writes it: --resume
is for the start of the host, --ended for the end of a run, however it ended. Ends with 0 when all is done, 75 where it
was skipped (EX_TEMPFAIL of sysexits.h), 1 where it failed. What it came to, and why, is in the journal, in the metrics,
and for programs in /var/lib/flyball/planned-restart.json.
"""

import json
import signal
import sys
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flyball_host as host
import holds
from lease import Lease

STATE = Path("/var/lib/flyball/planned-restart.json")
RESUME = Path("/var/lib/flyball/planned-restart.resume")
"""Between going down and being up again: the token of the lease."""
REASON = "planned restart"
CALLER = "restart.yml"
"""Has the group while it starts this program on one host after the other."""
WELL_IN_A_ROW = 3
"""Answers that must be good one after the other: a unit that starts and dies gives one or two."""
BETWEEN = 0.5
"""Seconds between two of them."""
SKIPPED = 75


class Skipped(Exception):
    """Nothing was restarted, and why."""


class Failed(Exception):
    """Something was begun, and did not end well."""


@dataclass(frozen=True)
class Settings:
    """Seconds. `step` is for the restart of each unit, or the reboot; `peers` are URLs of the others' health."""

    name: str
    group: str
    units: tuple[str, ...]
    reboot: bool
    prestop: float
    drain: float
    step: float
    well: float
    health: str
    peers: tuple[str, ...]
    need: int
    alerts: str
    request: float
    lease: dict[str, Any]

    @classmethod
    def load(cls, path: str) -> "Settings":
        values: dict[str, Any] = json.loads(Path(path).read_text())
        units, peers = tuple(values.pop("units")), tuple(values.pop("peers"))
        return cls(**values, units=units, peers=peers)

    def new_lease(self, token: str = "") -> Lease:
        return Lease(**self.lease, seconds=self.request, owner=self.name, token=token)


def is_well(url: str, seconds: float) -> bool:
    try:
        return host.request(url, seconds).status == 200
    except OSError:
        return False


def check_peers(settings: Settings) -> None:
    """Skip where too few others could carry the load."""
    well = [url for url in settings.peers if is_well(url, settings.request)]
    if len(well) < settings.need:
        unwell = ", ".join(urllib.parse.urlsplit(url).hostname or url for url in settings.peers if url not in well)
        raise Skipped(f"{settings.need} others must be well, and {len(well)} are; not well: {unwell or 'nobody'}")


def check_alerts(settings: Settings) -> None:
    """Skip while an alert fires that nobody has silenced, and where nobody can say whether one does."""
    if not settings.alerts:
        return
    url = f"{settings.alerts}/api/v2/alerts?active=true&silenced=false&inhibited=false"
    try:
        answer = host.request(url, settings.request)
        found = json.loads(answer.body) if answer.status == 200 else None
    except (OSError, ValueError) as error:
        raise Skipped(f"Alertmanager cannot be asked: {error}") from error
    if not isinstance(found, list):
        raise Skipped(f"Alertmanager answered {answer.status}, and no list of alerts")
    if found:
        names = {str(alert.get("labels", {}).get("alertname", "?")) for alert in found if isinstance(alert, dict)}
        raise Skipped(f"an alert fires: {', '.join(sorted(names)) or '?'}")


def check_quiet(settings: Settings) -> None:
    """Skip in a freeze, and where the host is drained or unwell: then somebody, or something, is at work on it."""
    if host.FREEZE.exists():
        raise Skipped("the host is frozen")
    check_undrained(host.marked())
    if not is_well(settings.health, settings.request):
        raise Skipped(f"the host is not well itself: {settings.health} does not answer 200")


def check_undrained(holders: Sequence[holds.Holder]) -> None:
    if holders:
        raise Skipped(f"the host is drained already: {', '.join(map(str, holders))}")


def take(settings: Settings, lease: Lease) -> None:
    """The group, here and by its lease; skip where somebody else has it, or nobody can say who does."""
    mine = holds.Holder(REASON, settings.name, run=host.this_run())
    others, _ = holds.hold(
        holds.group_lock(settings.group),
        mine,
        over=lambda it: it.program == REASON,
        beside=lambda it: it.program == CALLER,
    )
    if others:
        raise Skipped(f"the group is being changed {', '.join(map(str, others))}")
    try:
        other = lease.take()
    except OSError as error:
        free_group(settings)
        raise Skipped(f"the lock cannot be had: {error}") from error
    if other:
        free_group(settings)
        raise Skipped(f"{other} has the lock of the group")


def free_group(settings: Settings) -> None:
    """What this host says of it; the lease is the other hosts'."""
    holds.free(holds.group_lock(settings.group), lambda it: it.program == REASON)


def leave(settings: Settings, lease: Lease) -> None:
    """Out of the balancer, and look again: two hosts that leave at once, lock or no lock, see each other drained."""
    check_undrained(host.mark(REASON, "under way"))
    host.pause(settings.prestop)
    try:
        if host.FREEZE.exists():
            raise Skipped("the host was frozen meanwhile")
        check_peers(settings)
        check_alerts(settings)
        try:
            mine = lease.holder() == lease.token
        except OSError as error:
            raise Skipped(f"the lock cannot be had: {error}") from error
        if not mine:
            raise Skipped("the lock was lost meanwhile")
    except Skipped:
        host.unmark(REASON)
        raise
    host.pause(settings.drain)


def wait_well(settings: Settings) -> None:
    """Wait until the host answers well, some times in a row."""
    deadline, good = time.monotonic() + settings.well, 0
    while good < WELL_IN_A_ROW:
        if time.monotonic() > deadline:
            raise Failed(f"{settings.health} did not answer 200 within {settings.well:.0f} s")
        good = good + 1 if is_well(settings.health, settings.request) else 0
        host.pause(BETWEEN)


def restart(settings: Settings) -> None:
    """Every unit, in order, each within its time."""
    for unit in settings.units:
        if wrong := host.systemctl(settings.step, "restart", unit):
            raise Failed(f"{unit} did not restart: {wrong}")
        host.say(f"restarted {unit}")


def reboot(lease: Lease) -> None:
    """Go down; what is left to do is done by --resume after the boot."""
    RESUME.write_text(lease.token)
    # What systemd ends from now on is meant to end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # By its target: nothing but the right to start a unit is needed for it.
    if wrong := host.systemctl(10, "--no-block", "start", "reboot.target"):
        RESUME.unlink(missing_ok=True)
        raise Failed(f"the host did not reboot: {wrong}")


def come_back(settings: Settings, lease: Lease) -> None:
    """Wait until all is well, serve again, and only when balancers know it let the next host go."""
    wait_well(settings)
    host.unmark(REASON)
    host.pause(settings.prestop)
    release(settings, lease)


def release(settings: Settings, lease: Lease) -> None:
    free_group(settings)
    try:
        lease.release()
    except OSError as error:
        host.say(f"the lock could not be given back, and ends by itself: {error}", host.WARNING)


def carry_out(settings: Settings) -> str:
    """All of it. Raises `Skipped` and `Failed`; after `Failed` the host stays drained, and the lock taken."""
    check_quiet(settings)
    check_alerts(settings)
    check_peers(settings)
    lease = settings.new_lease()
    take(settings, lease)
    try:
        leave(settings, lease)
    except Skipped:
        release(settings, lease)
        raise
    if settings.reboot:
        reboot(lease)
        return "rebooting"
    restart(settings)
    come_back(settings, lease)
    return "done"


def resume(settings: Settings) -> str:
    """What is left to do after a reboot, or after a loss of power, which leaves nothing but to give the group back."""
    if not RESUME.exists():
        here = host.this_run()
        name = here.split()[0]
        give_up(settings, lambda run: run != here and run.split()[:1] == [name], "the host went down")
        return ""
    lease = settings.new_lease(RESUME.read_text())
    RESUME.unlink(missing_ok=True)
    come_back(settings, lease)
    return "done"


def ended(settings: Settings) -> str:
    """What a run of this program has left that could not say what it came to; nothing where the host reboots."""
    if not RESUME.exists():
        here = host.this_run()
        give_up(settings, lambda run: run == here, "the program was killed")
    return ""


def give_up(settings: Settings, whose: Callable[[str], bool], why: str) -> None:
    """Give back the group where a run of those still has it. A host that is half changed stays out of service."""
    if not holds.free(holds.group_lock(settings.group), lambda it: it.program == REASON and whose(it.run)):
        return
    if is_marked():
        fail(f"{why} in the midst of it")
    else:
        record("skipped", f"{why} before anything was restarted")


def is_marked() -> bool:
    """Whether a planned restart has the host out of service."""
    return any(holder.program == REASON for holder in host.marked())


def fail(reason: str) -> None:
    """Say that it failed. A host that it had out of service stays so, with the reason."""
    kept = ""
    if is_marked():
        kept = "; the host stays drained, and keeps the lock until its time is over"
        host.mark(REASON, reason, beside=True)
    record("failed", f"{reason}{kept}")


def record(outcome: str, reason: str = "") -> None:
    """Say what it came to. A failure stays one in the metrics until a restart is done."""
    try:
        before: dict[str, Any] = json.loads(STATE.read_text())
    except (OSError, ValueError):
        before = {}
    now = time.time()
    done = now if outcome == "done" else float(before.get("done_at", 0))
    failed = outcome == "failed" or (outcome != "done" and bool(before.get("failing")))
    state = {"outcome": outcome, "reason": reason, "at": now, "done_at": done, "failing": failed}
    part = STATE.with_suffix(".part")
    part.write_text(json.dumps(state))
    part.rename(STATE)
    host.write_metrics(
        "planned-restart",
        {
            "flyball_planned_restart_failed": int(failed),
            "flyball_planned_restart_skipped": int(outcome == "skipped"),
            "flyball_planned_restart_run_timestamp_seconds": int(now),
            "flyball_planned_restart_done_timestamp_seconds": int(done),
        },
    )
    priority = {"failed": host.ALERT, "skipped": host.NOTICE}.get(outcome, host.INFO)
    host.say(f"{REASON} {outcome}{f': {reason}' if reason else ''}", priority)


def told_to_end(*_: object) -> None:
    """By systemd, when the time for all of it is over."""
    raise Failed("it took too long, or was told to end")


def main(settings: Settings, part: str = "") -> int:
    """Carry it out, or a part of it, and say what it came to."""
    try:
        if outcome := {"--resume": resume, "--ended": ended}.get(part, carry_out)(settings):
            record(outcome)
    except Skipped as skipped:
        record("skipped", str(skipped))
        return SKIPPED
    except Failed as failed:
        free_group(settings)
        fail(str(failed))
        return 1
    return 0


if __name__ == "__main__":
    read = Settings.load(sys.argv[-1])
    if sys.argv[1] != "--check":
        signal.signal(signal.SIGTERM, told_to_end)
        sys.exit(main(read, sys.argv[1] if len(sys.argv) > 2 else ""))
