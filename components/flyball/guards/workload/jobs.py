"""Jobs: what begins, does its work and ends, once or by the clock. Each run has an end, each failure a last attempt,
and nothing is left of what ended long ago.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.guards.fail_fast import inbound
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.governor.envelope import highest_ceiling
from flyball.guards.governor.rules import CEILING_BEYOND_ENVELOPE
from flyball.guards.headroom import schedule
from flyball.guards.headroom.cron import longest_by_clock, normal
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN, check_sidecars
from flyball.guards.interruptions.rules import START_WINDOW, WAY_OUT_TOO_LONG
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY
from flyball.guards.reading.units import Milliseconds, show_count, show_duration
from flyball.guards.timeouts.rules import ATTEMPTS_BEYOND_DEADLINE, RUN_BEYOND_INTERVAL
from flyball.guards.workload import init_containers, patch_args, resources, sidecar
from flyball.guards.workload.application import Placed, choice, read_common, read_scratch, unread
from flyball.guards.workload.extended import Extended
from flyball.guards.workload.names import check_name
from flyball.guards.workload.patch_job_fields import JOB_KINDS

FORBID, REPLACE, ALLOW = CONCURRENCY = ("forbid", "replace", "allow")
DEFAULT_DEADLINE: Milliseconds = 3_600_000
DEFAULT_RETRIES = 2
MOST_RETRIES = 20
DEFAULT_TTL = 86_400
DEFAULT_STOP: Milliseconds = 30_000
DEFAULT_HISTORY, MOST_HISTORY = 3, 100
DEFAULT_PROVEN = LEAST_PROVEN = 2
MOST_PROVEN = 1_000
FIRST_WAIT: Milliseconds = 10_000
LONGEST_WAIT: Milliseconds = 600_000
LEAST_START = 10
"""Seconds: the controller looks every ten, and might never see a time in between
(https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#starting-deadline)."""
MOST_MISSED = 100
"""Missed starts that its controller counts before it complains, or gives a schedule up (the same page)."""
_OF_A_SCHEDULE = ("timezone", "concurrency", "proven", "start", "history", "frozen")


@dataclass(frozen=True, slots=True)
class Clock:
    """When a job runs by itself. `interval` is the shortest time between two runs, `start` how late one may be [s];
    `proven` counts runs at one time."""

    schedule: str
    timezone: str
    concurrency: str
    proven: int
    interval: Milliseconds
    start: int
    history: int
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec(Extended):
    """What a job is, apart from what only Pulumi may know: image, environment, secrets.

    `deadline`, `attempt` and `stop` are in milliseconds and whole seconds, `ttl` in seconds, and None where what ended
    stays until another takes its place. `serves` is the service whose migration it is.
    """

    clock: Clock | None
    attempt: Milliseconds | None
    retries: int
    ttl: int | None
    stop: Milliseconds
    spot: bool
    serves: str | None = None

    @property
    def account(self) -> str:
        """Of a migration its service's: what a cloud or a database lets in is known by it."""
        return self.serves or self.name

    @property
    def grace_seconds(self) -> int:
        """`terminationGracePeriodSeconds`: its own way out, and then that of its own sidecars."""
        return (self.stop + self.ways_out) // 1000

    @property
    def at_once(self) -> int:
        """The most runs at one time, each until its pod has ended: one, or as many as its concurrency lets overlap. One
        that starts late, as after a freeze, may be one more."""
        clock, way_out = self.clock, self.grace_seconds * 1000
        if clock is None or clock.concurrency == FORBID:
            return 1
        overlapping = schedule.at_once(clock.schedule, clock.timezone, self.deadline + way_out)
        if clock.concurrency == ALLOW:
            return overlapping
        return min(overlapping, 1 + schedule.at_once(clock.schedule, clock.timezone, way_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Placed):
    """One job as it will run."""

    spec: JobSpec


def waits(retries: int) -> Milliseconds:
    """All waiting between the attempts: 10 s after the first failure, twice as long after each further one, at most
    10 min (`DefaultJobPodFailureBackOff`, `MaxJobPodFailureBackOff` in Kubernetes' pkg/controller/job)."""
    return sum(min(FIRST_WAIT * 2**n, LONGEST_WAIT) for n in range(retries))


def no_guard() -> Inbound:
    """What stands in front of a job: nothing, since nobody calls it."""
    return inbound.read(Reader({"enabled": False}, (), []), sidecar.FIRST_PORT, "http", 1.0, DEFAULT_DEADLINE)


def read(r: Reader, name: str, namespace: str) -> JobSpec:
    """The job's arguments with defaults; every value that is out of range or breaks a rule is a problem.

    Its calls are read by themselves, once all callees are known (`calls.read`).
    """
    r.problems.extend(check_name(name, r.path))
    clock = _clock(r) if r.has("schedule") else None
    if clock is None:
        for key in _OF_A_SCHEDULE:
            if r.has(key) and not r.has("schedule"):
                r.problem(key, DOES_NOT_APPLY, "is given without schedule", "give a schedule, or leave it out")
    longest = min(DEFAULT_DEADLINE, clock.interval) if clock else DEFAULT_DEADLINE
    deadline = r.seconds("deadline", longest // 1000) * 1000
    attempt = r.seconds("attempt", 1) * 1000 if r.has("attempt") else None
    own = init_containers.read_sidecars(r)
    ways = init_containers.ways_out(own)
    fitting = max((n for n in range(DEFAULT_RETRIES + 1) if _fits(n, attempt, deadline, ways)), default=0)
    spec = JobSpec(
        name=name,
        namespace=namespace,
        deadline=deadline,
        calls={},
        resources=resources.read(r.at("resources")),
        scratch=read_scratch(r),
        sidecar=sidecar.read(r.at("proxy"), no_guard(), len(r.maps("calls")), 0),
        **read_common(r),
        clock=clock,
        attempt=attempt,
        retries=r.whole("retries", fitting, 0, MOST_RETRIES),
        ttl=r.seconds("ttl", DEFAULT_TTL),
        stop=r.seconds("stop", DEFAULT_STOP // 1000) * 1000,
        spot=r.value("spot", bool, False),
        init=init_containers.read_init(r),
        sidecars=own,
        patches=patch_args.read(r, JOB_KINDS),
    )
    r.problems.extend(_check(spec, r))
    return spec


def _clock(r: Reader) -> Clock | None:
    """The schedule; None where it cannot be read, which is a problem."""
    expression, zone = r.value("schedule", str, "0 0 * * *"), r.value("timezone", str, "UTC")
    problems = [*schedule.check_zone(zone, r.to("timezone")), *schedule.check_expression(expression, r.to("schedule"))]
    problems = problems or list(schedule.check_job(expression, zone, r.to("schedule")))
    r.problems.extend(problems)
    if problems:
        return None
    interval = schedule.shortest(expression, zone)
    concurrency = choice(r, "concurrency", FORBID, CONCURRENCY)
    if r.has("proven") and concurrency != ALLOW:
        r.problem("proven", DOES_NOT_APPLY, f"is given with concurrency: {concurrency}", "leave it out")
    latest = max(LEAST_START, min(DEFAULT_DEADLINE, interval) // 1000)
    return Clock(
        schedule=normal(expression),
        timezone=zone,
        concurrency=concurrency,
        proven=r.whole("proven", DEFAULT_PROVEN, LEAST_PROVEN, MOST_PROVEN),
        interval=interval,
        start=r.seconds("start", latest),
        history=r.whole("history", DEFAULT_HISTORY, 1, MOST_HISTORY),
        frozen=r.value("frozen", bool, False),
    )


def _check(spec: JobSpec, r: Reader) -> Iterator[Problem]:
    """The rules between the values that could be read."""
    if r.readable("stop") and spec.stop > LONGEST_SHUTDOWN:
        message = f"{show_duration(spec.stop)} is more than the {show_duration(LONGEST_SHUTDOWN)} of a way out"
        yield Problem(r.to("stop"), WAY_OUT_TOO_LONG, message, "shorten it; what takes longer must bear being cut off")
    if r.readable("stop") and ("sidecars",) not in unread(r):
        yield from check_sidecars(spec.stop, spec.ways_out, r.to("sidecars"), "the job's")
    if r.readable("deadline"):
        yield from _check_attempts(spec, r)
    if spec.clock:
        yield from _check_clock(spec, spec.clock, r)


def _fits(retries: int, attempt: Milliseconds | None, deadline: Milliseconds, ways: Milliseconds) -> bool:
    """Whether the last attempt still begins within the deadline; with a limit of each, whether it can end, too.

    Of an attempt are the `ways` out of its sidecars: the next one begins when its pod has ended.
    """
    waiting, count = waits(retries), retries + 1
    return waiting + ways * count < deadline if attempt is None else waiting + attempt * count <= deadline


def _check_attempts(spec: JobSpec, r: Reader) -> Iterator[Problem]:
    if r.reported("retries") or not r.readable("attempt") or ("sidecars",) in unread(r):
        return
    limit, ways = spec.deadline if spec.attempt is None else spec.attempt, spec.ways_out
    if ways >= limit:
        which = "deadline" if spec.attempt is None else "attempt"
        message = f"take {show_duration(ways)} to end after the job, and its {which} is {show_duration(limit)}"
        yield Problem(r.to("sidecars"), ATTEMPTS_BEYOND_DEADLINE, message, f"shorten their stop, or raise the {which}")
        return
    if _fits(spec.retries, spec.attempt, spec.deadline, ways):
        return
    waiting, deadline = waits(spec.retries), show_duration(spec.deadline)
    count = show_count(spec.retries + 1, "attempt")
    if spec.attempt is None:
        ending = f" and {show_duration(ways * (spec.retries + 1))} for their sidecars" if ways else ""
        message = f"{count} wait {show_duration(waiting)} in all for each other{ending}, and the deadline is {deadline}"
        yield Problem(r.to("retries"), ATTEMPTS_BEYOND_DEADLINE, message, "lower it, or raise the deadline")
        return
    taken = show_duration(waiting + spec.attempt * (spec.retries + 1))
    between = f", with {show_duration(waiting)} between them," if waiting else ""
    message = f"{count} of {show_duration(spec.attempt)}{between} may take {taken}, and the deadline is {deadline}"
    yield Problem(r.to("attempt"), ATTEMPTS_BEYOND_DEADLINE, message, "lower it or retries, or raise the deadline")


def _check_interval(spec: JobSpec, clock: Clock, r: Reader) -> Iterator[Problem]:
    """Where two runs may not be under way at once, each ends before the next one, or at least before the most distant
    one that takes its place: on a day of 24 hours, since what clocks repeat comes once a year."""
    given, longest = show_duration(spec.deadline), longest_by_clock(clock.schedule) * 60_000
    either = "let both run by concurrency: allow"
    if clock.concurrency == FORBID and spec.deadline > clock.interval:
        message = f"{given} is more than the {show_duration(clock.interval)} until the next run, which would not start"
        instead = either if spec.deadline > longest else "let the next run take its place by concurrency: replace"
        yield Problem(r.to("deadline"), RUN_BEYOND_INTERVAL, message, f"lower it, run less often, or {instead}")
    if clock.concurrency == REPLACE and spec.deadline > longest:
        until = f"{show_duration(longest)} until the next run takes its place, at the most"
        message = f"{given} is more than the {until}, and none might ever end"
        yield Problem(r.to("deadline"), RUN_BEYOND_INTERVAL, message, f"lower it, run less often, or {either}")


def _check_clock(spec: JobSpec, clock: Clock, r: Reader) -> Iterator[Problem]:
    interval = show_duration(clock.interval)
    if r.readable("deadline"):
        yield from _check_interval(spec, clock, r)
    most = highest_ceiling(clock.proven)
    if clock.concurrency == ALLOW and r.readable("deadline") and not r.reported("proven") and spec.at_once > most:
        message = f"lets {spec.at_once} runs be under way at once, and {clock.proven} are proven, which allows {most}"
        hint = "lower it, run less often, or prove more at once and raise proven"
        yield Problem(r.to("deadline"), CEILING_BEYOND_ENVELOPE, message, hint)
    if not r.readable("start"):
        return
    if clock.start < LEAST_START:
        message = f"is {show_duration(clock.start * 1000)}, and a start is looked for every {LEAST_START}s"
        yield Problem(r.to("start"), START_WINDOW, message, f"allowed is at least {LEAST_START}s")
    elif clock.start * 1000 > MOST_MISSED * clock.interval:
        message = (
            f"in {show_duration(clock.start * 1000)} more than {MOST_MISSED} starts can be missed, one each {interval}"
        )
        most = show_duration(MOST_MISSED * clock.interval)
        yield Problem(r.to("start"), START_WINDOW, message, f"allowed is at most {most}")


def digest_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of a job's arguments those that make it another run: all but how long it is kept and what it is labelled
    with, and patches of other fields than those of the run."""
    found = {key: value for key, value in given.items() if key not in ("ttl", "labels", "annotations", "patch")}
    patch = given.get("patch", {}).get("job", {}).get("spec")
    found |= {"patch": patch} if patch else {}
    registry = found.get("platform", {}).get("registry", {})
    if not {"digests", "pinned"} & registry.keys():
        return found
    # They are of all images at once, and those of others do not make it another run.
    rest = {key: value for key, value in registry.items() if key not in ("digests", "pinned")}
    platform = {**found.pop("platform"), "registry": rest}
    platform = {key: value for key, value in platform.items() if key != "registry" or value}
    return {**found, **({"platform": platform} if platform else {})}
