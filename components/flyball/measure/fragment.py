"""What was measured as a part of a stack file, beside what that says today, and what the change comes to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flyball.guards.headroom.measured import Measured
from flyball.guards.reading.units import show_duration, show_number
from flyball.guards.workload.resolve import Service
from flyball.measure.collect import Report
from flyball.stack.plan import plan

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


def figures(service: Service, found: Measured) -> list[Figure]:
    """Those for which there were data enough."""
    spec, made = service.spec, list[Figure]()
    if found.peak:
        at = datetime.fromtimestamp(found.peak.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        made.append(_number(("load", "peak"), spec.peak, found.peak.value, f"at {at}"))
    if found.replica:
        about = "a lower bound" if found.bound else "the knee"
        made.append(_number(("load", "replica"), spec.replica, found.replica, about))
    if found.latency and spec.fronted:
        today, proposed = show_duration(spec.inbound.latency), show_duration(found.latency)
        made.append(Figure(("inbound", "latency"), today, proposed, proposed))
    seen = service.sizing.envelope.proven
    # That fewer ran in these days does not unprove what ran before.
    if found.proven and found.proven > seen:
        made.append(Figure(("proven",), str(seen), str(found.proven), found.proven))
    return made


def _number(key: tuple[str, ...], today: float, proposed: float, about: str) -> Figure:
    value = int(proposed) if proposed == int(proposed) else proposed
    return Figure(key, show_number(today), show_number(proposed, 6), value, about)


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
    """Sizes by name, today and as proposed; None where the proposal breaks a rule. `broken` are such rules."""

    sizes: Mapping[str, tuple[int, int] | None]
    broken: tuple[str, ...]


def changes(config: Mapping[str, Any], proposed: Mapping[str, Sequence[Figure]]) -> dict[str, Change]:
    """What the figures change, by service."""
    today, then = plan(config), plan(merged(config, proposed))
    after = {row.service: row for row in then.rows}
    found: dict[str, Change] = {}
    for row in today.rows:
        if row.service in proposed:
            later = after.get(row.service)
            sizes = {name: (getattr(row, name), getattr(later, name)) if later else None for name in SIZES}
            broken = [str(each) for each in then.findings if each.path[:2] == ("services", row.service)]
            found[row.service] = Change(sizes, tuple(broken))
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


def result(config: Mapping[str, Any], reports: Iterable[Report]) -> list[Proposal]:
    """The proposals for a configuration, which they leave as it is."""
    found = [(report, figures(report.service, report.measured)) for report in reports]
    changed = changes(config, {report.service.name: each for report, each in found if each})
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
    sizes = [
        f"{name} {was} -> {will}" if was != will else f"{name} {was} as today"
        for name, (was, will) in ((name, pair) for name, pair in change.sizes.items() if pair)
    ]
    return [", ".join(sizes)] if sizes else []
