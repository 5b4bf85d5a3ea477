"""Lesson 7 for the bill: what automation may cost at the worst is known before it runs.

Prices are the user's: they differ by region and agreement, and none is invented here. A budget of AWS tells people and
stops nothing; what holds the bill are the maxima, each of which is counted in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypedDict

from flyball.guards.aws.rules.pools import NOBODY_TOLD, PRICE_MISSING
from flyball.guards.reading.address import is_email
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE, INVALID_ADDRESS, OUT_OF_RANGE
from flyball.guards.reading.units import exact, show_number

HOURS = 730
"""Hours of a month, as AWS's calculator counts them: 8760 / 12."""
NAT = "nat"
"""The key of `prices` for a NAT gateway."""
LARGEST_PRICE = 1_000
"""USD an hour; more is a slip of the pen."""


MOST_TOLD = 10
"""Mail addresses of one alert (https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html)."""


class SpendArgs(TypedDict):
    """What may be spent, and who hears of it."""

    budget: float
    """USD a month."""
    prices: dict[str, float]
    """USD an hour of each type of instance, and of a NAT gateway under the key nat."""
    notify: list[str]
    """Mail addresses."""


@dataclass(frozen=True, slots=True)
class Spend:
    budget: float
    prices: Mapping[str, float]
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What runs at most `maximum` times, each as any one of `types`."""

    name: str
    types: Sequence[str]
    maximum: int


@dataclass(frozen=True, slots=True)
class Line:
    """Of the bill: USD a month for `count` at `price` USD an hour."""

    name: str
    type: str
    count: int
    price: Fraction

    @property
    def month(self) -> Fraction:
        return self.count * self.price * HOURS


@dataclass(frozen=True, slots=True)
class Bill:
    """The worst case: everything at its maximum for a whole month, as the dearest of its types."""

    lines: tuple[Line, ...]

    @property
    def month(self) -> Fraction:
        """USD."""
        return sum((line.month for line in self.lines), Fraction(0))

    def describe(self, budget: float) -> str:
        """One line for people."""
        total = show_number(self.month, 2)
        beyond = self.month > exact(budget)
        told = f"beyond the budget of {show_number(budget, 2)}, which only tells" if beyond else "within the budget of"
        return f"{total} USD a month at the worst, {told}" + ("" if beyond else f" {show_number(budget, 2)}")


def read(r: Reader) -> Spend:
    """The budget, the prices and whom to tell; each that cannot be so is a problem."""
    prices = r.at("prices")
    found = {key: prices.number(key, 1.0, LARGEST_PRICE) for key in prices.values if isinstance(key, str)}
    notify = tuple(r.words("notify"))
    for i, address in enumerate(notify):
        if not is_email(address):
            hint = "give one as oncall@example.com"
            r.problem(("notify", i), INVALID_ADDRESS, f"{address!r} is no mail address", hint)
        if address in notify[:i]:
            r.problem(("notify", i), GIVEN_TWICE, f"{address!r} is given twice", "name each address once")
    if (count := len(set(notify))) > MOST_TOLD:
        hint = f"an alert of a budget goes to at most {MOST_TOLD}, take a list's address"
        r.problem("notify", OUT_OF_RANGE, f"has {count}", hint)
    if r.values.get("notify") == []:
        r.problem("notify", NOBODY_TOLD, "is empty, and by itself a budget stops nothing", "name a mail address")
    return Spend(r.number("budget", 1.0), found, notify)


def bill(groups: Sequence[Group], spend: Spend, path: Path) -> tuple[Bill, list[Problem]]:
    """The worst case of all groups, and each type that has no price. `path` leads to `spend`."""
    lines = [_line(group, spend.prices) for group in groups]
    problems = [problem for group in groups for problem in _unpriced(group, spend.prices, path)]
    return Bill(tuple(line for line in lines if line)), problems


def wanted(groups: Sequence[Group]) -> str:
    """What to write where nothing is: every type that needs a price, and the units; no figure is ours to give."""
    names = dict.fromkeys(name for group in groups if group.maximum for name in group.types)
    prices = ", ".join(f"{name}: USD an hour" for name in names)
    return f"{{budget: USD a month, prices: {{{prices}}}, notify: [oncall@example.com]}}"


def _line(group: Group, prices: Mapping[str, float]) -> Line | None:
    """Of the dearest type, the first of several; None where there is nothing to reckon with."""
    known = [name for name in group.types if name in prices]
    if not known or not group.maximum:
        return None
    dearest = max(known, key=lambda name: exact(prices[name]))
    return Line(group.name, dearest, group.maximum, exact(prices[dearest]))


def _unpriced(group: Group, prices: Mapping[str, float], path: Path) -> Iterator[Problem]:
    for name in dict.fromkeys(group.types):
        if name not in prices and group.maximum:
            remedy = "state it, in USD an hour"
            yield Problem((*path, "prices", name), PRICE_MISSING, f"is missing, and {group.name} may run as it", remedy)
