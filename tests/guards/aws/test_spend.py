"""The bill at the worst: everything at its maximum, as the dearest of its types, at prices that people stated."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.aws import spend
from flyball.guards.aws.spend import Bill, Group, Line, Spend
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader

GIVEN = {"budget": 4000, "prices": {"m7i.large": 0.115, "nat": 0.052}, "notify": ["oncall@example.com"]}


def read(**changed: Any) -> tuple[Spend, list[Problem]]:
    problems: list[Problem] = []
    return spend.read(Reader({**GIVEN, **changed}, ("aws", "spend"), problems)), problems


def of(prices: Mapping[str, float], *groups: Group) -> tuple[Bill, list[Problem]]:
    return spend.bill(groups, Spend(100, prices, ()), ("aws", "spend"))


def test_worked_by_hand() -> None:
    found, problems = of(
        {"m7i.large": 0.1, "m6i.large": 0.125, "nat": 0.05},
        Group("base", ["m7i.large", "m6i.large"], 4),
        Group("gateways", [spend.NAT], 3),
    )
    assert not problems
    assert found.lines == (
        Line("base", "m6i.large", 4, Fraction(1, 8)),
        Line("gateways", "nat", 3, Fraction(1, 20)),
    )
    assert found.month == 730 * (Fraction(1, 2) + Fraction(3, 20)) == Fraction("474.5")
    assert found.describe(4000) == "474.5 USD a month at the worst, within the budget of 4000"
    assert found.describe(400) == "474.5 USD a month at the worst, beyond the budget of 400, which only tells"


PRICES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**6).map(lambda n: n / 1000), min_size=1)
GROUPS = st.lists(st.tuples(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4), st.integers(0, 1000)))


@given(PRICES, GROUPS)
def test_no_choice_of_types_costs_more(prices: dict[str, float], groups: list[tuple[list[str], int]]) -> None:
    found, problems = of(prices, *(Group(str(i), types, most) for i, (types, most) in enumerate(groups)))
    missing = {(i, name) for i, (types, most) in enumerate(groups) for name in types if most and name not in prices}
    assert len(problems) == len(missing)
    assert {problem.path[-1] for problem in problems} == {name for _, name in missing}
    if missing:
        return
    dearest = [max(Fraction(str(prices[name])) for name in types) * most for types, most in groups if most]
    assert found.month == sum(dearest, Fraction(0)) * 730


def test_each_type_without_a_price_is_refused() -> None:
    _, problems = of({"m7i.large": 0.1}, Group("base", ["m7i.large", "m7i.larg", "c7i.xlarge"], 3))
    assert [str(problem) for problem in problems] == [
        "aws.spend.prices.m7i.larg: is missing, and base may run as it; state it, in USD an hour",
        "aws.spend.prices.c7i.xlarge: is missing, and base may run as it; state it, in USD an hour",
    ]
    assert {problem.rule.id for problem in problems} == {"price-missing"}


def test_what_never_runs_needs_no_price() -> None:
    assert of({}, Group("none", ["m7i.large"], 0)) == (Bill(()), [])


def test_reads() -> None:
    assert read() == (Spend(4000, GIVEN["prices"], ("oncall@example.com",)), [])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"budget": 0}, "budget: is 0; allowed is a number above 0"),
        ({"prices": {"nat": 0}}, "prices.nat: is 0; allowed is above 0 and at most 1000"),
        ({"prices": {"nat": 1001.5}}, "prices.nat: is 1001.5; allowed is above 0 and at most 1000"),
        ({"notify": []}, "notify: is empty, and by itself a budget stops nothing; name a mail address"),
        ({"notify": ["oncall"]}, "notify[0]: 'oncall' is no mail address; give one as oncall@example.com"),
    ],
)
def test_refused(changed: dict[str, Any], expected: str) -> None:
    assert [str(problem) for problem in read(**changed)[1]] == [f"aws.spend.{expected}"]
