"""What was measured as a part of a stack file, beside what that says today, and what the change comes to."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flyball.guards.headroom.measured import Measured
from flyball.guards.reading.units import show_duration, show_number
from flyball.guards.workload.resolve import Service
from flyball.measure.collect import Report
from flyball.stack.plan import plan

NOTHING = "not said"
SIZES = ("need", "floor", "ceiling")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a service: its key in the stack file, what that says today, and what is proposed."""

    key: tuple[str, ...]
    today: str
    proposed: str
    value: float | int | str
    about: str = ""

    @property
    def name(self) -> str:
        return ".".join(self.key)


def figures(service: Service, found: Measured, lacking: frozenset[str] = frozenset()) -> list[Figure]:
    """Those for which there were data enough; of the load the stack file lacks some."""
    spec, made = service.spec, list[Figure]()
    if found.peak:
        at = datetime.fromtimestamp(found.peak.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        made.append(_number("peak", None if "peak" in lacking else spec.peak, found.peak.value, f"at {at}"))
    if found.replica:
        about = "a lower bound" if found.bound else "the knee"
        made.append(_number("replica", None if "replica" in lacking else spec.replica, found.replica, about))
    if found.latency and spec.fronted:
        today, proposed = show_duration(spec.inbound.latency), show_duration(found.latency)
        made.append(Figure(("inbound", "latency"), today, proposed, proposed))
    return made


def proven(service: Service, found: Measured, floor: int | None) -> list[Figure]:
    """The size that is proven, where it is more than is said, or than the floor is taken to prove.

    That fewer ran in these days does not unprove what ran before.
    """
    said = service.spec.proven
    seen = floor if said is None else said
    if not found.proven or seen is None or found.proven <= seen:
        return []
    return [Figure(("proven",), NOTHING if said is None else str(said), str(found.proven), found.proven)]


def _number(key: str, today: float | None, proposed: float, about: str) -> Figure:
    value = int(proposed) if proposed == int(proposed) else proposed
    said = NOTHING if today is None else show_number(today)
    return Figure(("load", key), said, show_number(proposed, 6), value, about)


def merged(config: Mapping[str, Any], proposed: Mapping[str, Sequence[Figure]]) -> dict[str, Any]:
    """The configuration with the figures in it."""
    services = dict(config["services"])
    for name, found in proposed.items():
        services[name] = dict(services[name] or {})
        for figure in found:
            *above, last = figure.key
            inner = services[name]
            for step in above:
                inner[step] = dict(inner.get(step) or {})
                inner = inner[step]
            inner[last] = figure.value
    return {**config, "services": services}


@dataclass(frozen=True, slots=True)
class Change:
    """Sizes by name, today and as proposed; today's are None where the load is not said. `broken` are rules that the
    proposal breaks, which has no sizes then.
    """

    sizes: Mapping[str, tuple[int | None, int]]
    broken: tuple[str, ...]


def changes(
    config: Mapping[str, Any], proposed: Mapping[str, Sequence[Figure]], lacking: Collection[str] = ()
) -> dict[str, Change]:
    """What the figures change, by service; of those that lack their load nobody knows the sizes of today."""
    today, then = plan(config), plan(merged(config, proposed))
    after = {row.service: row for row in then.rows}
    found: dict[str, Change] = {}
    for row in today.rows:
        if row.service in proposed:
            later, known = after.get(row.service), row.service not in lacking
            sizes_ = {name: (getattr(row, name) if known else None, getattr(later, name)) for name in SIZES if later}
            broken = [str(each) for each in then.findings if each.path[:2] == ("services", row.service)]
            found[row.service] = Change(sizes_, tuple(broken))
    return found


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a service, what that changes, and out of what it was measured."""

    report: Report
    figures: Sequence[Figure]
    change: Change | None

    @property
    def name(self) -> str:
        return self.report.service.name


def result(
    config: Mapping[str, Any], reports: Iterable[Report], lacking: Mapping[str, frozenset[str]]
) -> list[Proposal]:
    """The proposals for a configuration, which they leave as it is."""
    nothing = frozenset[str]()
    found = [
        (report, figures(report.service, report.measured, lacking.get(report.service.name, nothing)))
        for report in reports
    ]
    then = plan(merged(config, {report.service.name: each for report, each in found}))
    floors = {row.service: row.floor for row in then.rows}
    for report, each in found:
        each += proven(report.service, report.measured, floors.get(report.service.name))
    changed = changes(config, {report.service.name: each for report, each in found if each}, lacking)
    return [Proposal(report, each, changed.get(report.service.name)) for report, each in found]


def text(proposals: Iterable[Proposal]) -> str:
    """YAML to paste, with all that is to be known of it in comments."""
    found = [*proposals]
    lines = ["config:", "  flyball:services:"] if any(each.figures for each in found) else ["# no figures to propose"]
    for each in found:
        lines += [f"    {each.name}:" if each.figures else f"    # {each.name}:", *_keys(each.figures)]
        lines += [f"      # {line}" for line in (*sizes(each.change), *each.report.measured.words)]
    return "\n".join([*lines, ""])


def _keys(found: Iterable[Figure]) -> Iterator[str]:
    by_parent: dict[str, list[Figure]] = {}
    for figure in found:
        by_parent.setdefault(figure.key[0], []).append(figure)
    for parent, inner in by_parent.items():
        if inner[0].key[1:]:
            value = "{" + ", ".join(f"{figure.key[1]}: {figure.proposed}" for figure in inner) + "}"
        else:
            value = inner[0].proposed
        yield f"      {parent}: {value}  # {'; '.join(_comment(figure) for figure in inner)}"


def _comment(figure: Figure) -> str:
    about = f", {figure.about}" if figure.about else ""
    name = f"{figure.key[-1]} " if len(figure.key) > 1 else ""
    return f"{name}is {figure.today} today{about}"


def sizes(change: Change | None) -> list[str]:
    """What a change comes to, in words."""
    if change is None:
        return []
    if change.broken:
        return [f"breaks a rule: {line}" for line in change.broken]
    said = [
        f"{name} {will}" if was is None else f"{name} {was} -> {will}" if was != will else f"{name} {was} as today"
        for name, (was, will) in change.sizes.items()
    ]
    return [", ".join(said)] if said else []
