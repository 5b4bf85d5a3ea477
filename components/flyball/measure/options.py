"""Reads options of the command, and keeps what is wrong with them."""

from flyball.guards.reading import units
from flyball.guards.reading.problem import Broken, Problem
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, show_duration


def duration(
    option: str, text: str, shortest: Milliseconds, longest: Milliseconds, problems: list[Problem]
) -> Milliseconds:
    """What an option says, within limits; the shortest, and a problem, where it says something else."""
    try:
        found = units.duration(text)
    except Broken as error:
        problems.append(error.at((option,)))
        return shortest
    if not shortest <= found <= longest:
        limits = f"allowed is from {show_duration(shortest)} to {show_duration(longest)}"
        problems.append(Problem((option,), OUT_OF_RANGE, f"is {show_duration(found)}", limits))
        return shortest
    return found
