"""The cap: at most half as many again as people have seen run well."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.governor import envelope
from flyball.guards.governor.envelope import Envelope


@pytest.mark.parametrize(
    ("floor", "proven", "ceiling", "expected"),
    [
        (2, None, None, Envelope(proven=2, ceiling=3, warn=3)),
        (14, None, None, Envelope(proven=14, ceiling=21, warn=17)),
        (4, 10, None, Envelope(proven=10, ceiling=15, warn=12)),
        (4, 10, 12, Envelope(proven=10, ceiling=12, warn=10)),
        (4, 10, 4, Envelope(proven=10, ceiling=4, warn=4)),
        (4, 3, None, Envelope(proven=3, ceiling=4, warn=4)),
        (5, 7, 10, Envelope(proven=7, ceiling=10, warn=8)),
    ],
)
def test_worked_by_hand(floor: int, proven: int | None, ceiling: int | None, expected: Envelope) -> None:
    assert envelope.envelope(floor, proven, ceiling) == expected


@given(st.integers(1, 10**30))
def test_the_highest_ceiling_is_half_as_many_again(proven: int) -> None:
    assert (
        Fraction(envelope.highest_ceiling(proven), proven)
        <= Fraction(3, 2)
        < Fraction(envelope.highest_ceiling(proven) + 1, proven)
    )


@given(st.integers(2, 10**30))
def test_the_least_that_is_proven_for_a_ceiling(ceiling: int) -> None:
    least = envelope.least_proven(ceiling)
    assert envelope.highest_ceiling(least - 1) < ceiling <= envelope.highest_ceiling(least)


@given(st.integers(1, 10**30))
def test_the_warning_comes_at_eighty_percent_and_not_after_the_cap(ceiling: int) -> None:
    warn = envelope.warn_at(ceiling)
    assert warn - 1 < Fraction(ceiling * 80, 100) <= warn <= ceiling


@given(st.integers(2, 1000), st.none() | st.integers(-5, 1000), st.none() | st.integers(-5, 2000))
def test_floor_and_proven_bound_the_ceiling(floor: int, proven: int | None, ceiling: int | None) -> None:
    seen = floor if proven is None else proven
    fits = seen >= 1 and floor <= (seen * 3 // 2 if ceiling is None else ceiling) <= seen * 3 // 2
    try:
        found = envelope.envelope(floor, proven, ceiling)
    except ValueError:
        assert not fits
        return
    assert fits
    assert floor <= found.ceiling <= found.proven * 3 // 2
    assert found.ceiling == (seen * 3 // 2 if ceiling is None else ceiling)


class TestRefused:
    @pytest.mark.parametrize(
        ("floor", "proven", "ceiling", "text"),
        [
            (4, 10, 16, "a ceiling of 16 is beyond the envelope: 10 replicas are proven, which allows 15"),
            (14, None, 22, "a ceiling of 22 is beyond the envelope: 14 replicas are proven, which allows 21"),
            (4, 10, 3, "a ceiling of 3 is below the floor of 4"),
            (5, 3, None, "3 replicas are proven, which allows a ceiling of 4, below the floor of 5"),
            (5, 3, 5, "a ceiling of 5 is beyond the envelope: 3 replicas are proven, which allows 4"),
            (4, 0, None, "proven is 0; it counts replicas that have run well, at least 1"),
            (4, -1, 5, "proven is -1; it counts replicas that have run well, at least 1"),
        ],
    )
    def test_beyond_the_envelope(self, floor: int, proven: int | None, ceiling: int | None, text: str) -> None:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is asserted in full
            envelope.envelope(floor, proven, ceiling)
        assert str(error.value) == text

    @pytest.mark.parametrize(
        ("floor", "proven", "ceiling", "text"),
        [
            (4, 10, 16, "lower the ceiling or the peak, or prove a larger size in a load test and raise proven"),
            (4, 10, 3, "raise the ceiling or lower the peak"),
            (5, 3, None, "lower the peak, or prove a larger size in a load test and raise proven"),
            (5, 3, 5, "lower the peak, or prove a larger size in a load test and raise proven"),
            (3, 1, 2, "lower the peak, or prove a larger size in a load test and raise proven and the ceiling"),
        ],
    )
    def test_the_remedy_mends_it(self, floor: int, proven: int | None, ceiling: int | None, text: str) -> None:
        assert envelope.remedy(floor, proven, ceiling) == text
