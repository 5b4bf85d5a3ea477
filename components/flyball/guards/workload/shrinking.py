"""What a change of the arguments takes away, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from flyball.guards.governor.steps import descent
from flyball.guards.reading.units import show_duration
from flyball.guards.workload.resolve import Service


@dataclass(frozen=True, slots=True)
class Size:
    """How a service is sized, all of its parts together, in replicas; how many run, where that is known."""

    floor: int
    ceiling: int
    running: int | None = None


def size_of(service: Service) -> Size:
    """The lowest floor of the day, and the ceiling."""
    return Size(service.sizing.least, service.sizing.ceiling)


def words(service: Service, before: Size, *, governed: bool) -> str | None:
    """What shrinks, and how fast; None where nothing does.

    An autoscaler jumps to a lowered maximum: a Governor holds it to a writer's step, once per the autoscaler's own
    period; without one nothing does. Down to a lowered floor it goes by its behaviour, as the load lets it.
    """
    after = size_of(service)
    pairs = (("floor", before.floor, after.floor), ("ceiling", before.ceiling, after.ceiling))
    lower = [f"{what} {old} -> {new}" for what, old, new in pairs if new < old]
    if not lower:
        return None
    highest = before.ceiling if before.running is None else before.running
    text = f"{service.name}: {', '.join(lower)}"
    step, rate = service.sizing.writer.down, service.spec.behavior.down
    period = show_duration(rate.period * 1000)
    if highest > after.ceiling:
        sizes = descent(highest, after.ceiling, step)
        run = f"up to {highest} run" if before.running is None else f"{highest} run"
        how = (
            f"by at most {highest - sizes[0]} at once, every {period}: {', '.join(map(str, sizes))}"
            if governed
            else "at once, since no Governor holds it to steps"
        )
        text += f"; {run}, and go down to {after.ceiling} {how}"
    return (
        f"{text}; down to the floor as the load lets it, by at most max({rate.pods}, {rate.percent} %) every {period}"
    )


def all_words(services: Mapping[str, Service], before: Mapping[str, Size], *, governed: bool) -> list[str]:
    """A line for each service that shrinks."""
    lines = [words(service, before[name], governed=governed) for name, service in services.items() if name in before]
    return [line for line in lines if line]
