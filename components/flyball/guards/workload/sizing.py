"""All rules applied to one workload: from what it is to how it runs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from flyball.guards.alerting import objectives
from flyball.guards.clean_up import retention
from flyball.guards.fail_fast import inbound
from flyball.guards.governor import envelope, scaling, steps
from flyball.guards.governor.envelope import Envelope
from flyball.guards.governor.rules import WRITER_NARROWER
from flyball.guards.governor.scaling import Floors
from flyball.guards.governor.steps import WriterSteps
from flyball.guards.headroom import headroom, schedule
from flyball.guards.headroom.headroom import Headroom, Loss, Survive
from flyball.guards.headroom.rules import FLOOR_TOO_LARGE, TOO_FEW_ZONES
from flyball.guards.interruptions import interruption
from flyball.guards.interruptions.interruption import SpotSplit
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.units import Bytes, exact, show_count
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.workload import file_logs, local_cache
from flyball.guards.workload.application import Application
from flyball.guards.workload.spec import Spec


@dataclass(frozen=True, slots=True)
class Period:
    """One peak of the day and what headroom makes of it; `window` is None for the time outside of all windows."""

    window: str | None
    peak: Fraction
    headroom: Headroom


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a workload runs, in replicas. `headroom` is that of the day's highest peak, which is `peak`.

    `floors` are those of the Deployment that is autoscaled: with spot on, without the on-demand base.
    """

    peak: Fraction
    loss: Loss
    headroom: Headroom
    target: int
    envelope: Envelope
    split: SpotSplit | None
    writer: WriterSteps
    ephemeral_storage: Bytes
    periods: tuple[Period, ...]
    floors: Floors

    @property
    def need(self) -> int:
        return self.headroom.need

    @property
    def floor(self) -> int:
        return self.headroom.floor

    @property
    def base(self) -> int:
        """Replicas on demand beside those on spot machines, which the autoscaler does not see; 0 without any."""
        return self.split.base if self.split else 0

    @property
    def least(self) -> int:
        """The lowest floor of the day, of all parts together."""
        return self.floors.least + self.base

    @property
    def ceiling(self) -> int:
        return self.envelope.ceiling

    @property
    def budget(self) -> int:
        """Replicas that may be disrupted at once: what the tightest period of the day can spare."""
        return min(period.headroom.budget for period in self.periods)

    @property
    def beside(self) -> Loss:
        """What a new version survives that answers a share alone: all that the budget lets go may be its pods."""
        return Loss(max(self.loss.lose, self.budget), self.loss.zones)


def promise(spec: Application, bad: frozenset[Path] = frozenset()) -> Promise:
    """What the workload's callers are promised; what could not be read makes no promise, rather than a default one."""
    calls = {callee: call.times for callee, call in spec.calls.items() if ("calls", callee) not in bad}
    return Promise(None if ("deadline",) in bad else spec.deadline, calls)


def unread_any(bad: frozenset[Path], *arguments: str) -> bool:
    """Whether one of these arguments could not be read."""
    return any((argument,) in bad for argument in arguments)


def size(spec: Spec, zones: int, path: Path, bad: frozenset[Path] = frozenset()) -> tuple[Sizing | None, list[Problem]]:
    """The sizing, or None and the reasons why there is none.

    `bad` names the arguments that could not be read. Rules that ask for one of them are left out, since what they
    would say of its default nobody has written.
    """
    problems = [*check_alone(spec, path, bad), *check_places(spec, zones, path, bad)]
    loss = Loss(spec.lose, zones_to_lose(spec, zones))
    if unread_any(bad, "load", "lose", "survive", "schedule"):
        return None, problems
    periods = _periods(spec, loss, path, problems)
    if not periods:
        return None, problems
    if not unread_any(bad, "writer", "behavior"):
        problems += steps.check_down(spec.behavior, spec.writer, min(p.headroom.floor for p in periods), path)
    highest = max(periods, key=lambda period: period.peak)
    cap = None if unread_any(bad, "proven", "ceiling") else _envelope(spec, highest.headroom.floor, path, problems)
    split = None if unread_any(bad, "spot") else _split(spec, highest.headroom, path, problems)
    writer = WriterSteps() if unread_any(bad, "writer", "behavior") else _writer(spec, cap, path, problems)
    target = _target(spec, cap, loss, periods, path, problems) if cap else None
    floors = None if problems or bad else _floors(spec, split, periods, path, problems)
    if problems or bad or cap is None or target is None or floors is None:
        return None, problems
    return Sizing(
        peak=highest.peak,
        loss=loss,
        headroom=highest.headroom,
        target=target,
        envelope=cap,
        split=split,
        writer=writer,
        ephemeral_storage=spec.ephemeral_storage,
        periods=periods,
        floors=floors,
    ), []


def zones_to_lose(spec: Spec, zones: int) -> int | None:
    """The zones of which one may be lost, where that is claimed."""
    return zones if Survive.ZONE in spec.survive and zones >= 2 else None


def check_alone(spec: Spec, path: Path, bad: frozenset[Path]) -> Iterator[Problem]:
    """The rules that need no replicas."""
    if not unread_any(bad, "shutdown", "deadline"):
        yield from interruption.check_shutdown(spec.shutdown, spec.deadline, (*path, "shutdown"))
        if not unread_any(bad, "sidecars"):
            yield from interruption.check_sidecars(spec.shutdown.total, spec.ways_out, (*path, "sidecars"), "shutdown")
    if spec.logs and not unread_any(bad, "logs"):
        yield from retention.check_file_logs(spec.logs.limits, (*path, "logs"))
        yield from file_logs.check(spec.logs, (*path, "logs"))
    if spec.cache and not unread_any(bad, "cache", "resources"):
        yield from local_cache.check(spec.cache, spec.resources.memory_limit, (*path, "cache"))
    if spec.schedule and not unread_any(bad, "schedule"):
        yield from schedule.check(spec.schedule, (*path, "schedule"))
    if spec.objective and not unread_any(bad, "objective", "protocol", "inbound", "proxy"):
        yield from objectives.check(spec.counted, (*path, "objective"))
    if not unread_any(bad, "inbound", "deadline"):
        tcp = spec.protocol == "tcp"
        yield from inbound.check(spec.inbound, spec.deadline, (*path, "inbound"), tcp=tcp)


def check_places(spec: Spec, zones: int, path: Path, bad: frozenset[Path]) -> Iterator[Problem]:
    """Losses that are claimed to be survived where there is no other place."""
    if Survive.ZONE in spec.survive and zones < 2:
        given = f"{zones} zone is given" if zones else "no zones are given"
        yield Problem(
            (*path, "survive"), TOO_FEW_ZONES, f"zone cannot be survived where {given}", "list at least two zones"
        )
    if spec.spot and not unread_any(bad, "spot") and zones < 1:
        yield Problem(
            (*path, "spot"), TOO_FEW_ZONES, "is on, and no zones are given", "list the zones that have spot machines"
        )


def _periods(spec: Spec, loss: Loss, path: Path, problems: list[Problem]) -> tuple[Period, ...]:
    """The stretches of the day with a peak of their own, `load.peak` first; none where one of them is too high."""
    peaks: list[tuple[str | None, Fraction, Path]] = [(None, exact(spec.peak), ("load",))]
    if spec.schedule:
        windows = enumerate(spec.schedule.windows)
        peaks += [(window.name, window.peak, ("schedule", "windows", i, "peak")) for i, window in windows]
    periods: list[Period] = []
    for name, peak, at in peaks:
        try:
            found = headroom.headroom(peak, spec.replica, spec.utilization, loss)
        except Broken as error:
            problems.append(error.at((*path, *at), "correct peak or replica"))
            continue
        periods.append(Period(name, peak, found))
        if found.floor > headroom.MAXIMUM_REPLICAS:
            message = (
                f"that takes a floor of {found.floor} replicas; at most {headroom.MAXIMUM_REPLICAS} fit into a cluster"
            )
            problems.append(
                Problem((*path, *at), FLOOR_TOO_LARGE, message, "lower the peak, or the loss to be survived")
            )
    return tuple(periods) if len(periods) == len(peaks) else ()


def _target(
    spec: Spec, cap: Envelope, loss: Loss, periods: Iterable[Period], path: Path, problems: list[Problem]
) -> int | None:
    """The lowest target of the day, since the autoscaler has but one."""
    try:
        return min(headroom.target(spec.utilization, p.headroom.floor, cap.ceiling, loss) for p in periods)
    except Broken as error:
        problems.append(error.at((*path, "lose"), "lower lose, or raise load.utilization"))
        return None


def _floors(
    spec: Spec, split: SpotSplit | None, periods: tuple[Period, ...], path: Path, problems: list[Problem]
) -> Floors:
    # The autoscaler cannot go below one replica, also where the on-demand base alone would do.
    otherwise, *within = [max(1, period.headroom.floor - (split.base if split else 0)) for period in periods]
    if spec.schedule is None:
        return Floors(otherwise)
    startup = spec.probes.startup.period * spec.probes.startup.failures
    found, more = scaling.floors(spec.schedule, otherwise, within, spec.behavior, startup, (*path, "schedule"))
    problems += more
    return found


def _envelope(spec: Spec, floor: int, path: Path, problems: list[Problem]) -> Envelope | None:
    try:
        return envelope.envelope(floor, spec.proven, spec.ceiling)
    except Broken as error:
        key = "ceiling" if spec.ceiling is not None else "proven"
        problems.append(error.at((*path, key), envelope.remedy(floor, spec.proven, spec.ceiling)))
        return None


def _split(spec: Spec, needed: Headroom, path: Path, problems: list[Problem]) -> SpotSplit | None:
    if not spec.spot:
        return None
    claimed = Survive.SPOT in spec.survive
    try:
        return interruption.spot_split(needed.need, needed.floor, spec.base, survive_spot=claimed)
    except Broken as error:
        least, most = needed.need if claimed else 1, needed.floor - 1
        hint = f"allowed is from {least} to {most}" if least < most else f"allowed is {most}"
        problems.append(error.at((*path, "spot", "base"), hint))
        return None


def _writer(spec: Spec, cap: Envelope | None, path: Path, problems: list[Problem]) -> WriterSteps:
    if spec.writer is None:
        return steps.widened(spec.behavior)
    at = steps.narrower_at(spec.writer, spec.behavior, cap.ceiling if cap else headroom.MINIMUM_FLOOR)
    if at is not None:
        message = f"at {show_count(at, 'replica')} a writer's step is narrower than the autoscaler's, which would stall"
        problems.append(Problem((*path, "writer"), WRITER_NARROWER, message, "widen writer, or narrow behavior"))
    return spec.writer
