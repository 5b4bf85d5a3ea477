"""A case of an alert: series that make it fire, or must not; and how they are written."""

from dataclasses import dataclass

STEP = 60
"""Seconds between two samples."""
SAMPLES = 10 * 60
"""Of each series, at the most; promtool stops at the last moment that it is asked about."""
DAY = 86_400
GIB = 2**30


@dataclass(frozen=True)
class Case:
    """Series by their name, as promtool writes their values, and the labels of the alert that is due.

    `due` is the second at which the expression first holds; without labels the alert must never fire.
    """

    alert: str
    series: dict[str, str]
    due: int = 0
    labels: dict[str, str] | None = None
    value: str = ""
    """That the alert's texts tell."""


def quiet(alert: str, **series: str) -> Case:
    """Series that do not make the alert fire."""
    return Case(alert, series)


def always(value: float) -> str:
    return f"{value:.12g}x{SAMPLES}"


def after(seconds: int, before: float, after: float) -> str:
    """`before` until that second, `after` from it on."""
    return f"{before:.12g}x{seconds // STEP - 1} {after:.12g}x{SAMPLES}"


def loud(alert: str, due: int, labels: dict[str, str], series: dict[str, str], value: str = "") -> Case:
    """Series that make it fire."""
    return Case(alert, series, due, labels, value)
