"""Watches the metadata of an EC2 instance, and takes the host out of service within a spot notice.

Argument: the file of its settings, as the role spot_drain writes it; with --check before it they are read, and no more.
Asks by IMDSv2, every request with a token:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
"""

import datetime
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flyball_host as host

ACTION = "/latest/meta-data/spot/instance-action"
REBALANCE = "/latest/meta-data/events/recommendations/rebalance"
LIFECYCLE = "/latest/meta-data/autoscaling/target-lifecycle-state"
INSTANCE = "/latest/meta-data/instance-id"
TOKEN = "/latest/api/token"
TOKEN_HEADER = "X-aws-ec2-metadata-token"
NOTICE, RECOMMENDATION, TERMINATION = "spot notice", "rebalance recommendation", "termination"
"""By which the host is held out of service."""
TERMINATED = "Terminated"
"""What an instance is about to be that its group takes out; all else is no reason to go."""
KILL_SECONDS = 1.0
"""Of each unit's share, kept for ending what does not stop by itself."""
COMPLETE_SECONDS = 20.0
"""For the AWS command line to say that the host is ready to go."""


@dataclass(frozen=True)
class Settings:
    """Seconds. `units` are stopped in this order, each within its own share.

    `group` is the Auto Scaling group that the host is of, empty where of none; `hook` keeps it until it is ready to go.
    """

    endpoint: str
    poll: float
    request: float
    token_ttl: int
    rebalance: bool
    prestop: float
    drain: float
    units: tuple[tuple[str, float], ...]
    group: str = ""
    hook: str = ""
    region: str = ""

    @classmethod
    def load(cls, path: str) -> "Settings":
        values: dict[str, Any] = json.loads(Path(path).read_text())
        units = tuple((unit["name"], float(unit["stop"])) for unit in values.pop("units"))
        return cls(**values, units=units)

    @property
    def total(self) -> float:
        return self.prestop + self.drain + sum(share for _, share in self.units)


@dataclass(frozen=True)
class Notice:
    """What EC2 is about to do, and in how many seconds; None where it gave no time that can be."""

    action: str
    left: float | None


def read_notice(body: bytes, now: float) -> Notice:
    """A notice from its JSON. Raises ValueError for what is none, such as a web page of something in between."""
    found = json.loads(body)
    action = found.get("action") if isinstance(found, dict) else None
    if not isinstance(action, str) or not action.isalpha():
        raise ValueError(f"{body[:100]!r} names no action")
    try:
        at = datetime.datetime.strptime(found["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    except (KeyError, TypeError, ValueError):
        return Notice(action, None)
    left = at.timestamp() - now
    # What has passed already is a clock that is wrong, or too late for any plan: neither is a reason to hurry.
    return Notice(action, left if left > 0 else None)


@dataclass
class Metadata:
    """The metadata server, and the token that it gave."""

    settings: Settings
    token: str = ""

    def get(self, path: str) -> bytes | None:
        """What there is at a path, None for nothing, by at most three requests. Raises OSError without an answer."""
        answer = self._ask(path)
        if answer.status == 401:
            self.token = ""
            answer = self._ask(path)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise OSError(f"{path}: answered {answer.status}")
        return answer.body

    def _ask(self, path: str) -> host.Answer:
        if not self.token:
            self.token = self._new_token()
        headers = {TOKEN_HEADER: self.token}
        return host.request(self.settings.endpoint + path, self.settings.request, headers=headers)

    def _new_token(self) -> str:
        headers = {f"{TOKEN_HEADER}-ttl-seconds": str(self.settings.token_ttl)}
        answer = host.request(self.settings.endpoint + TOKEN, self.settings.request, "PUT", headers)
        text = answer.body.decode("ascii", errors="replace").strip()
        if answer.status != 200 or not text.isprintable() or not text.isascii() or not 0 < len(text) < 1024:
            raise OSError(f"{TOKEN}: answered {answer.status}, and no token")
        return text


@dataclass
class Watcher:
    """Looks, and acts on what it sees: on a notice once, with the mark kept up from then on.

    `holder` is by which of them it is on its way out, and `completed` whether its group was told that it may go.
    """

    settings: Settings
    metadata: Metadata
    holder: str = ""
    action: str = ""
    completed: bool = False
    untold: str = ""
    rebalanced: bool = False
    trouble: str = ""
    killed: list[str] = field(default_factory=list[str])

    def look(self) -> None:
        """One look at the metadata; never raises for what the server does."""
        trouble = ""
        try:
            body = self.metadata.get(ACTION)
            if body is not None:
                self._leave(read_notice(body, time.time()), NOTICE)
            body = None if self.holder else self.metadata.get(REBALANCE)
            if body is not None:
                self._rebalance(body)
            body = self.metadata.get(LIFECYCLE) if self.settings.group and not self.completed else None
            if body is not None and body.decode("ascii", errors="replace").strip() == TERMINATED:
                self._leave(Notice("of its group", None), TERMINATION)
                self._complete()
        except (OSError, ValueError) as error:
            trouble = str(error) or repr(error)
        if bool(trouble) != bool(self.trouble):
            if trouble:
                host.say(f"the metadata server does not answer as it should: {trouble}", host.WARNING)
            else:
                host.say("the metadata server answers again")
        self.trouble = trouble
        if self.holder:
            # Whoever undrains the host now would send requests to a machine that is about to go.
            host.mark(self.holder, self.action, beside=True)
        elif not trouble:
            self._forget()
        self.report()

    def report(self) -> None:
        host.write_metrics(
            "spot-drain",
            {
                "flyball_spot_notice": int(self.holder == NOTICE),
                "flyball_spot_termination": int(self.holder == TERMINATION),
                "flyball_spot_rebalance": int(self.rebalanced),
                "flyball_spot_metadata_up": int(not self.trouble),
                "flyball_spot_units_killed": len(self.killed),
                "flyball_spot_looked_timestamp_seconds": int(time.time()),
            },
        )

    def _leave(self, notice: Notice, holder: str) -> None:
        """Out of the balancer, wait for what is under way, stop the units: in less time than the notice leaves."""
        if self.holder:
            return
        self.holder = holder
        total = self.settings.total
        shrink = 1.0 if notice.left is None or total == 0 else min(1.0, notice.left / total)
        self.action = notice.action
        # Beside whatever else has the host out of service: a machine that goes does not wait for it.
        host.mark(holder, notice.action, beside=True)
        when = "at a time unknown" if notice.left is None else f"in {notice.left:.0f} s"
        host.say(f"{holder}: {notice.action} {when}; draining, {total * shrink:.0f} s in all", host.NOTICE)
        self.report()
        host.pause((self.settings.prestop + self.settings.drain) * shrink - host.marked_for())
        for unit, share in self.settings.units:
            self._stop(unit, share * shrink)
        host.say("drained, and every unit is stopped", host.NOTICE)

    def _complete(self) -> None:
        """Tell the group that the host may go. Tried again with the next look; the hook's own end comes without it."""
        settings, instance = self.settings, self.metadata.get(INSTANCE)
        if instance is None:
            raise OSError(f"{INSTANCE}: there is none")
        words = {
            "--region": settings.region,
            "--auto-scaling-group-name": settings.group,
            "--lifecycle-hook-name": settings.hook,
            "--instance-id": instance.decode("ascii", errors="replace").strip(),
            "--lifecycle-action-result": "CONTINUE",
        }
        told = [word for pair in words.items() for word in pair]
        try:
            wrong = host.command(COMPLETE_SECONDS, "aws", "autoscaling", "complete-lifecycle-action", *told)
        except OSError as error:  # there is no such program
            wrong = str(error)
        self.completed = not wrong
        if self.completed:
            host.say("the group was told that the host may go", host.NOTICE)
        elif wrong != self.untold:
            host.say(f"the group was not told that the host may go: {wrong}", host.WARNING)
        self.untold = wrong

    def _stop(self, unit: str, seconds: float) -> None:
        wrong = host.systemctl(max(seconds - KILL_SECONDS, 0.1), "stop", unit)
        if wrong:
            host.say(f"{unit} did not stop: {wrong}; killed", host.WARNING)
            host.systemctl(KILL_SECONDS, "kill", "--signal=SIGKILL", unit)
            self.killed.append(unit)
        else:
            host.say(f"stopped {unit}")

    def _rebalance(self, body: bytes) -> None:
        """Drain, and no more: a recommendation is no notice, and nothing is stopped on its account."""
        found = json.loads(body)
        if not isinstance(found, dict) or "noticeTime" not in found:
            raise ValueError(f"{body[:100]!r} is no recommendation")
        first, self.rebalanced = not self.rebalanced, True
        if not self.settings.rebalance or host.FREEZE.exists():
            if first:
                why = "the host is frozen" if self.settings.rebalance else "as is set"
                host.say(f"rebalance recommendation of {found['noticeTime']}: left alone, {why}", host.NOTICE)
            return
        if first:
            host.say(f"rebalance recommendation of {found['noticeTime']}: draining", host.NOTICE)
        host.mark(RECOMMENDATION)

    def _forget(self) -> None:
        """What was said of this machine before it was started is over: it was stopped, and is needed again."""
        for holder in host.marked():
            if holder.program in (NOTICE, RECOMMENDATION, TERMINATION) and holder.run != host.this_run():
                host.unmark(holder.program)
                host.say(f"serving again after a start of the machine; was drained {holder}", host.NOTICE)


def main(path: str) -> None:
    """Watch until somebody ends this."""
    settings = Settings.load(path)
    watcher = Watcher(settings, Metadata(settings))
    host.notify("READY=1")
    while True:
        begun = time.monotonic()
        host.notify("WATCHDOG=1")
        watcher.look()
        host.pause(settings.poll - (time.monotonic() - begun))


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        Settings.load(sys.argv[2])
    else:
        main(sys.argv[1])
