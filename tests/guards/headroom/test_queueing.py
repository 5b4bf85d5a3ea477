"""Erlang C against its closed form in fractions, and against a recursion in fifty digits where that is out of reach."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flyball.guards.headroom.queueing import erlang_c
from flyball.guards.reading.units import exact

ROUNDING = Fraction(1, 10**12)
"""Each of the recursion's steps rounds three times, by 1e-16 each."""


def closed_form(servers: int, load: Fraction) -> Fraction:
    """`(a^n/n! * n/(n-a)) / (sum of a^k/k! for k < n, plus the same)`, exactly."""
    term, total = Fraction(1), Fraction(0)
    for k in range(servers):
        total += term
        term = term * load / (k + 1)
    waiting = term * servers / (servers - load)
    return waiting / (total + waiting)


def in_fifty_digits(servers: int, load: int) -> Decimal:
    """Through the inverse of Erlang B: `1/B(n) = 1 + n/a * 1/B(n-1)`, which only grows."""
    with localcontext() as context:
        context.prec = 50
        context.Emax = 10**9
        a, inverse = Decimal(load), Decimal(1)
        for k in range(1, servers + 1):
            inverse = 1 + k / a * inverse
        blocked = 1 / inverse
        return blocked / (1 - a / servers * (1 - blocked))


@pytest.mark.parametrize(
    ("servers", "load", "waiting"),
    [(1, 0.5, 0.5), (1, 0.25, 0.25), (2, 1, 1 / 3), (3, 2, 4 / 9), (4, 3, 27 / 53), (2, 0, 0.0), (5, 5, 1.0)],
)
def test_worked_by_hand(servers: int, load: float, waiting: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(waiting, rel=1e-15, abs=0)


@given(st.integers(1, 60), st.floats(0, 1, exclude_min=True, exclude_max=True))
@example(60, 5e-324)
def test_equals_the_closed_form(servers: int, occupied: float) -> None:
    load = exact(occupied) * servers
    expected, found = closed_form(servers, load), Fraction(erlang_c(servers, load))
    nothing = Fraction(5e-324)  # below it floating point knows only zero
    # Near full occupation the loss of digits in 1 - a/n is the input's own.
    assert abs(found - expected) <= expected * ROUNDING / (1 - exact(occupied)) + nothing


@pytest.mark.parametrize(("servers", "load"), [(1_000, 950), (100_000, 99_000), (100_000, 99_684), (100_000, 99_999)])
def test_stable_at_sizes_where_the_closed_form_overflows(servers: int, load: int) -> None:
    expected = in_fifty_digits(servers, load)
    assert abs(Decimal(erlang_c(servers, load)) - expected) <= expected * Decimal("1e-9")


@given(st.integers(0, 300), st.floats(min_value=0, allow_infinity=False) | st.floats(0, 300) | st.integers(0, 10**40))
@example(0, 0.0)
@example(100_000, 1e-300)
def test_is_a_probability(servers: int, load: float) -> None:
    found = erlang_c(servers, load)
    assert 0 <= found <= 1
    assert (found == 1) >= (load >= servers)


@given(st.integers(1, 200), st.floats(0, 200), st.floats(0, 200))
def test_more_load_waits_more(servers: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert erlang_c(servers, low) <= erlang_c(servers, high) * (1 + 1e-12)


@given(st.integers(0, 200), st.floats(0, 200))
def test_more_servers_wait_less(servers: int, load: float) -> None:
    assert erlang_c(servers + 1, load) <= erlang_c(servers, load) * (1 + 1e-12)


class TestRefused:
    @pytest.mark.parametrize(
        ("servers", "load", "text"),
        [
            (-1, 1, "neither servers (-1) nor load (1) can be negative"),
            (3, -0.5, "neither servers (3) nor load (-0.5) can be negative"),
            (3, -(10**400), "neither servers (3) nor load (less than -1e+308) can be negative"),
            (3, math.nan, "nan is not a finite number"),
            (3, math.inf, "inf is not a finite number"),
        ],
        ids=str,
    )
    def test_what_is_no_load(self, servers: int, load: float, text: str) -> None:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is asserted in full
            erlang_c(servers, load)
        assert str(error.value) == text
