"""All rules applied to one fleet of VMs: from what it must carry to an Auto Scaling group."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from flyball import wellknown
from flyball.guards.aws import fleet_refresh, fleet_schedule, fleet_steps, types
from flyball.guards.aws.fleet_refresh import Refresh, read_refresh
from flyball.guards.aws.fleet_schedule import Actions
from flyball.guards.aws.fleet_steps import Steps, Thresholds
from flyball.guards.aws.network import PARTITION, Instances
from flyball.guards.aws.rules.fleets import HOOK_BELOW_WAY_OUT, HOOK_BEYOND_NOTICE, TWO_ARCHITECTURES
from flyball.guards.governor import envelope
from flyball.guards.governor.envelope import Envelope
from flyball.guards.headroom import headroom, schedule
from flyball.guards.headroom.headroom import Headroom, Loss, Survive
from flyball.guards.headroom.rules import TOO_FEW_ZONES
from flyball.guards.headroom.schedule import Schedule
from flyball.guards.interruptions import interruption
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN, Shutdown, SpotSplit
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    DOES_NOT_APPLY,
    INVALID_NAME,
    INVALID_PATH,
    INVALID_TEXT,
    OUT_OF_RANGE,
    UNKNOWN_VALUE,
)
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div, exact, show_duration, show_size
from flyball.guards.timeouts.deadlines import DEFAULT_DEADLINE

DAY: Milliseconds = 86_400_000
SHORTEST_LIFETIME, LONGEST_LIFETIME, DEFAULT_LIFETIME = DAY, 365 * DAY, 7 * DAY
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html"""
SHORTEST_HOOK, LONGEST_HOOK = 30, 7200
"""Seconds of a hook's heartbeat (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
API_PutLifecycleHook.html)."""
DEFAULT_BOOT = 600
LONGEST_IDLE = 4000
"""Seconds that an application load balancer waits at most (https://docs.aws.amazon.com/elasticloadbalancing/latest/
application/application-load-balancers.html#load-balancer-attributes)."""
LEAST_DISK, DEFAULT_DISK = 8 * 2**30, 30 * 2**30
LONGEST_NAME = 23
"""Of a load balancer 32, less 9 for what Pulumi appends."""
_TAKEN = ("internal-", "sg-")
"""How no name of a load balancer or of a security group begins (https://docs.aws.amazon.com/elasticloadbalancing/
latest/APIReference/API_CreateLoadBalancer.html, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
API_CreateSecurityGroup.html)."""
REFRESH, ROLL = CHANGES = (wellknown.CHANGES_REFRESH, wellknown.CHANGES_ROLL)
_IMAGE = re.compile(r"ami-[0-9a-f]{8,17}")
_CERTIFICATE = re.compile(
    r"arn:(?P<partition>aws(?:-[a-z]+)*):acm:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):certificate/[0-9a-f-]{36}"
)
_ARCHIVE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.'()/-]+\.tar\.gz")
"""Without a star, which in a right would be any."""
_PATH = re.compile(r"/[A-Za-z0-9._~/%-]*")
_DEVICE = re.compile(r"/dev/(?:xvd|sd)a1?")
_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Fleet:
    """One fleet as it will run. Times in milliseconds; `boot`, `warmup` and `hook`, which AWS counts, in seconds.

    `headroom` is that of the week's highest peak. `split` is None where all run on demand.
    """

    name: str
    image: str
    types: tuple[str, ...]
    certificate: str
    playbook: str
    health: str
    port: int
    public: bool
    headroom: Headroom
    target: int
    envelope: Envelope
    split: SpotSplit | None
    actions: Actions
    steps: Steps
    thresholds: Thresholds
    deadline: Milliseconds
    shutdown: Shutdown
    boot: int
    warmup: int
    hook: int
    lifetime: Milliseconds
    refresh: Refresh | None
    version: int | None
    disk: Bytes
    device: str

    @property
    def deregistration(self) -> int:
        """Seconds for which the load balancer lets what is under way end: `drain`, rounded up."""
        return ceil_div(self.shutdown.drain, 1000)

    @property
    def idle(self) -> int:
        """Seconds after which the load balancer gives an instance up that does not answer: the promised deadline."""
        return ceil_div(self.deadline, 1000)

    @property
    def ceiling(self) -> int:
        return self.envelope.ceiling

    @property
    def most(self) -> int:
        """Instances that may run at one time: the ceiling, and those that an update adds, of which there is always
        one (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html)."""
        return self.ceiling + max(1, self.ceiling * (fleet_refresh.MOST - fleet_refresh.FULL) // 100)

    @property
    def instances(self) -> Instances:
        """The most that may be there at one time; each takes one address."""
        return Instances(f"instances of {self.name}", self.most)

    def minimum(self, now: datetime) -> int:
        """The group's minimum at a moment: what the schedule has set by then."""
        return self.actions.minimum(now)


def read(r: Reader, name: str, zones: int) -> Fleet | None:
    """The fleet in so many zones, or None; what is wrong with it is a problem of the reader's.

    Types and unknown keys are held against `FleetArgs` by whoever reads the whole.
    """
    before = len(r.problems)
    r.problems.extend(_check_name(name, r.path))
    _check_texts(r)
    has_spot = r.has("spot") and r.at("spot").value("enabled", bool, True)
    if isinstance(r.values.get("types"), list | tuple):
        names = r.words("types")
        r.problems.extend(types.check_types(names, r.to("types"), spot=has_spot))
        r.problems.extend(_check_architecture(names, r.to("types")))
    times = _times(r, has_spot)
    steps = fleet_steps.read(r.at("steps"), times.warmup)
    refresh = _refresh(r)
    sizes = _sizes(r, zones, has_spot, steps, times)
    disk = r.size("disk", DEFAULT_DISK)
    if disk < LEAST_DISK or disk % 2**30:
        r.problem(
            "disk", OUT_OF_RANGE, f"is {show_size(disk)}", f"allowed is at least {show_size(LEAST_DISK)}, in whole Gi"
        )
    version = r.whole("version", 1) if r.has("version") else None
    port, public = r.whole("port", 8080, 1, 65_535), r.value("public", bool, False)
    if sizes is None or len(r.problems) > before:
        return None
    return Fleet(
        name=name,
        image=r.value("image", str, ""),
        types=tuple(r.words("types")),
        certificate=r.value("certificate", str, ""),
        playbook=r.value("playbook", str, ""),
        health=r.value("health", str, "/"),
        port=port,
        public=public,
        headroom=sizes.headroom,
        target=sizes.target,
        envelope=sizes.envelope,
        split=sizes.split,
        actions=sizes.actions,
        steps=steps,
        thresholds=sizes.thresholds,
        deadline=times.deadline,
        shutdown=times.shutdown,
        boot=times.boot,
        warmup=times.warmup,
        hook=times.hook,
        lifetime=times.lifetime,
        refresh=refresh,
        version=version,
        disk=disk,
        device=r.value("device", str, "/dev/xvda"),
    )


def _check_name(name: str, path: Path) -> Iterator[Problem]:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        hint = f"small letters, digits and inner dashes, at most {LONGEST_NAME} in all"
        yield Problem(path, INVALID_NAME, f"{name!r} is no name of a fleet", hint)
    elif taken := next((each for each in _TAKEN if f"{name}-".startswith(each)), None):
        message = f"its load balancer and groups would be called {name}-…, and AWS takes no name that begins so"
        yield Problem(path, INVALID_NAME, message, f"give it another name, without {taken} at its beginning")


def _check_texts(r: Reader) -> None:
    """What is only handed on, by its form."""
    forms = (
        ("image", _IMAGE, INVALID_TEXT, "give an image of the region by its id, as ami-0a1b2c3d4e5f60718"),
        ("certificate", _CERTIFICATE, INVALID_TEXT, "give the ARN of a certificate of ACM, in the region"),
        ("playbook", _ARCHIVE, INVALID_TEXT, "give an archive in S3, as s3://bucket/web.tar.gz"),
        ("health", _PATH, INVALID_PATH, "give a path, as /healthz"),
        ("device", _DEVICE, INVALID_PATH, "give the image's root device, as /dev/xvda"),
    )
    for key, form, rule, hint in forms:
        value = r.values.get(key)
        if isinstance(value, str) and not form.fullmatch(value):
            r.problem(key, rule, f"is {value!r}", hint)


def check_certificate(fleet: Fleet, region: str, account: str, path: Path) -> Iterator[Problem]:
    """Refuse a certificate of another partition or region, as CloudFront's are, and of another account."""
    match = _CERTIFICATE.fullmatch(fleet.certificate)
    if not match:
        return
    wanted = (("partition", "the partition ", PARTITION), ("region", "", region), ("account", "the account ", account))
    for what, word, own in wanted:
        if match[what] != own:
            hint = f"a load balancer takes one of its own {what}, {own}"
            yield Problem((*path, "certificate"), INVALID_TEXT, f"is of {word}{match[what]}", hint)


def _check_architecture(names: list[str], path: Path) -> Iterator[Problem]:
    arm = [name for name in names if types.is_arm(name)]
    if arm and len(arm) < len(names):
        message = f"are of two architectures: {', '.join(arm)} of Arm, and the others of x86"
        yield Problem(path, TWO_ARCHITECTURES, message, "keep to one, that of the image")


@dataclass(frozen=True, slots=True)
class _Times:
    deadline: Milliseconds
    shutdown: Shutdown
    boot: int
    warmup: int
    hook: int
    lifetime: Milliseconds


def _times(r: Reader, spot: bool) -> _Times:
    usual = Shutdown()
    deadline = r.duration("deadline", DEFAULT_DEADLINE)
    if deadline > LONGEST_IDLE * 1000:
        message = f"is {show_duration(deadline)}"
        r.problem("deadline", OUT_OF_RANGE, message, f"a load balancer waits at most {LONGEST_IDLE} seconds")
    shutdown = Shutdown(
        prestop=r.duration("prestop", usual.prestop),
        drain=r.duration("drain", max(usual.drain, deadline)),
        stop=r.duration("stop", usual.stop),
    )
    r.problems.extend(_check_shutdown(shutdown, deadline, r.path))
    boot = _seconds(r, "boot", DEFAULT_BOOT, SHORTEST_HOOK, LONGEST_HOOK)
    warmup = _seconds(r, "warmup", fleet_steps.DEFAULT_WARMUP, 1, fleet_steps.LONGEST_WARMUP)
    way_out = max(2 * ceil_div(shutdown.drain, 1000), shutdown.grace_seconds, SHORTEST_HOOK)
    hook = _seconds(r, "hook", way_out, SHORTEST_HOOK, LONGEST_HOOK)
    if not r.reported("hook"):
        r.problems.extend(_check_hook(hook, way_out, spot, r.to("hook")))
    lifetime = r.duration("lifetime", DEFAULT_LIFETIME, longest=LONGEST_LIFETIME)
    if lifetime < SHORTEST_LIFETIME or lifetime % 1000:
        hint = f"allowed are whole seconds from {show_duration(SHORTEST_LIFETIME)} to {show_duration(LONGEST_LIFETIME)}"
        r.problem("lifetime", OUT_OF_RANGE, f"is {show_duration(lifetime)}", hint)
    return _Times(deadline, shutdown, boot, warmup, hook, lifetime)


def _seconds(r: Reader, key: str, default: int, least: int, most: int) -> int:
    """A duration of whole seconds within limits of AWS."""
    found = r.duration(key, default * 1000)
    if found % 1000 or not least <= found // 1000 <= most:
        limits = f"{show_duration(least * 1000)} to {show_duration(most * 1000)}"
        r.problem(key, OUT_OF_RANGE, f"is {show_duration(found)}", f"allowed are whole seconds from {limits}")
        return default
    return found // 1000


def _check_shutdown(shutdown: Shutdown, deadline: Milliseconds, path: Path) -> Iterator[Problem]:
    for problem in interruption.check_shutdown(shutdown, deadline, (*path, "shutdown")):
        # A fleet has the parts of its way out beside each other.
        at = (*path, "drain")
        yield Problem(at, problem.rule, problem.message, problem.remedy)


def _check_hook(hook: int, way_out: int, spot: bool, path: Path) -> Iterator[Problem]:
    if hook < way_out:
        takes = show_duration(way_out * 1000)
        message = f"{show_duration(hook * 1000)} is less than the {takes} of drain and deregistration"
        yield Problem(path, HOOK_BELOW_WAY_OUT, message, "raise it, or shorten drain")
    longest = LONGEST_SHUTDOWN // 1000
    if spot and hook > longest:
        message = f"{show_duration(hook * 1000)} are more than the {longest} s that a spot notice leaves"
        yield Problem(path, HOOK_BEYOND_NOTICE, message, "shorten drain and hook, or turn spot off")


def _refresh(r: Reader) -> Refresh | None:
    changes = r.value("changes", str, REFRESH)
    if changes not in CHANGES:
        r.problem("changes", UNKNOWN_VALUE, f"is {changes!r}", f"allowed are {', '.join(CHANGES)}")
    if changes == ROLL:
        if r.has("refresh"):
            r.problem("refresh", DOES_NOT_APPLY, "is given with changes: roll", "remove it, or take changes: refresh")
        return None
    return read_refresh(r.at("refresh"))


@dataclass(frozen=True, slots=True)
class _Sizes:
    headroom: Headroom
    target: int
    envelope: Envelope
    split: SpotSplit | None
    actions: Actions
    thresholds: Thresholds


def _sizes(r: Reader, zones: int, spot: bool, steps: Steps, times: _Times) -> _Sizes | None:
    """What the peaks come to; None where a rule says why they come to nothing."""
    before, load = len(r.problems), r.at("load")
    peak, replica = load.number("peak", 1.0), load.number("replica", 1.0)
    utilization = load.number("utilization", headroom.DEFAULT_UTILIZATION, most=1)
    lose = r.whole("lose", headroom.DEFAULT_LOSE, 1, headroom.MAXIMUM_REPLICAS)
    survive = headroom.read_survive(r)
    if Survive.ZONE in survive and zones < 2:
        r.problem("survive", TOO_FEW_ZONES, f"zone cannot be survived in {zones} zone", "give the network two zones")
    plan = schedule.read(r.at("schedule")) if r.has("schedule") else None
    if plan:
        r.problems.extend(schedule.check(plan, r.to("schedule")) or fleet_schedule.check_weekly(plan, r.to("schedule")))
    if len(r.problems) > before or any(load.reported(key) for key in ("peak", "replica")):
        return None
    loss = Loss(lose, zones if Survive.ZONE in survive else None)
    found = _periods(r, exact(peak), plan, replica, utilization, loss)
    if found is None:
        return None
    highest = found[max(found)]
    cap = _envelope(r, highest.floor)
    split = _split(r, highest, spot, survive)
    if cap is None:
        return None
    try:
        target = min(headroom.target(utilization, each.floor, cap.ceiling, loss) for each in found.values())
    except Broken as error:
        r.broken("lose", error, "lower lose, or raise load.utilization")
        return None
    floors = {key: each.floor for key, each in found.items()}
    actions = Actions("UTC", highest.floor)
    if plan:
        at = r.to("schedule")
        actions, problems = fleet_schedule.lay_out(plan, exact(peak), floors, steps.up, times.boot, at)
        r.problems.extend(problems)
    alarms = fleet_steps.thresholds(replica, target, steps, min(floors.values()), cap.ceiling)
    return _Sizes(highest, target, cap, split, actions, alarms)


def _periods(
    r: Reader, peak: Fraction, plan: Schedule | None, replica: float, utilization: float, loss: Loss
) -> dict[Fraction, Headroom] | None:
    """The headroom of each peak, or None where one is too high."""
    peaks: list[tuple[Fraction, Path]] = [(peak, ("load",))]
    if plan:
        peaks += [(w.peak, ("schedule", "windows", i, "peak")) for i, w in enumerate(plan.windows)]
    found: dict[Fraction, Headroom] = {}
    for each, at in peaks:
        try:
            found[each] = headroom.headroom(each, replica, utilization, loss)
        except Broken as error:
            r.broken(at, error, "correct peak or replica")
    return found if len(found) == len({each for each, _ in peaks}) else None


def _envelope(r: Reader, floor: int) -> Envelope | None:
    proven = r.whole("proven", 1, 1, headroom.MAXIMUM_REPLICAS) if r.has("proven") else None
    ceiling = r.whole("ceiling", 1, 1, headroom.MAXIMUM_REPLICAS) if r.has("ceiling") else None
    if r.reported("proven") or r.reported("ceiling"):
        return None
    try:
        return envelope.envelope(floor, proven, ceiling)
    except Broken as error:
        r.broken("proven" if ceiling is None else "ceiling", error, envelope.remedy(floor, proven, ceiling))
        return None


def _split(r: Reader, needed: Headroom, spot: bool, survive: frozenset[Survive]) -> SpotSplit | None:
    """On demand at least what the peak needs, and spot only above: whatever is survived beside it."""
    if not spot:
        if Survive.SPOT in survive and not r.has("spot"):
            r.problem("survive", DOES_NOT_APPLY, "names spot, and all run on demand", "give spot: {}, or leave it out")
        return None
    given = r.at("spot")
    base = given.whole("base", 1, 1, headroom.MAXIMUM_REPLICAS) if given.has("base") else None
    if given.reported("base"):
        return None
    try:
        return interruption.spot_split(needed.need, needed.floor, base, survive_spot=True)
    except Broken as error:
        hint = f"allowed is from {needed.need} to {needed.floor - 1}"
        r.broken(("spot", "base"), error, hint)
        return None
