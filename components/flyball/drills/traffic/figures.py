"""Figures that several drills have."""

from collections.abc import Sequence

from flyball.drills.traffic.sample import Request, percentile


def milliseconds(requests: Sequence[Request], percent: float) -> float:
    """A percentile of how long they took."""
    return round(percentile((request.took for request in requests), percent) * 1000, 1)


def latencies(name: str, before: Sequence[Request], during: Sequence[Request]) -> dict[str, float | int]:
    """Median and 99th percentile before and during, in milliseconds, and their ratios."""
    found: dict[str, float | int] = {}
    for percent in (50, 99):
        first, then = milliseconds(before, percent), milliseconds(during, percent)
        found[f"{name}_p{percent}_ms_before"], found[f"{name}_p{percent}_ms_during"] = first, then
        found[f"{name}_p{percent}_ratio"] = round(then / first, 2) if first else 0.0
    return found
