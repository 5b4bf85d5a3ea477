"""Counters that come into being: what an event that has never happened before comes to."""

from flyball.guards.reading.units import show_duration


def span(seconds: int) -> str:
    """A time as Prometheus writes it."""
    return show_duration(seconds * 1000)


def grown(series: str, by: str, seconds: int, known: str) -> str:
    """By how much counters have grown within a time, summed by labels.

    `increase` takes the first value of a counter for its beginning, and so misses the event that brought it into being:
    here it counts from 0, and so does one that began anew. That holds for a server that was `known` before, by a series
    that it shows whatever happens; of one that was never asked nobody knows what happened when.
    """
    ago = f"offset {span(seconds)}"
    before = f"({series} {ago} <= {series} or 0 * {series})"
    return f"sum by ({by}) ({series} - {before} and on (instance) {known} {ago})"
