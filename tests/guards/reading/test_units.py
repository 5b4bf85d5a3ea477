"""Durations, sizes, processor shares and numbers: read exactly, shown as people write them."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.reading import units

DAY = 86_400_000


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "milliseconds"),
        [
            ("0ms", 0),
            ("250ms", 250),
            ("2s", 2_000),
            ("1.5s", 1_500),
            ("0.001s", 1),
            ("0.1s", 100),
            ("1m30s", 90_000),
            ("1m30.25s", 90_250),
            ("2h", 7_200_000),
            ("0.5d", DAY // 2),
            ("1d1h1m1s1ms", 90_061_001),
            ("24d", 24 * DAY),
        ],
    )
    def test_reads(self, text: str, milliseconds: int) -> None:
        assert units.duration(text) == milliseconds

    def test_tenths_add_up_exactly(self) -> None:
        assert units.duration("0.1s") + units.duration("0.2s") == units.duration("0.3s")

    @given(st.integers(0, units.LONGEST_DURATION))
    def test_what_is_shown_reads_back(self, milliseconds: int) -> None:
        assert units.duration(units.show_duration(milliseconds)) == milliseconds

    @given(st.decimals(0, 2_000_000, places=3))
    def test_decimals_of_a_second_are_exact(self, seconds: Decimal) -> None:
        assert units.duration(f"{seconds:f}s") == int(seconds * 1000)

    @given(st.text(max_size=20) | st.text("0123456789.msh", max_size=8))
    def test_any_text_is_read_or_refused_by_its_name(self, text: str) -> None:
        try:
            says, found = "", units.duration(text)
        except ValueError as error:
            says, found = str(error), 0
        assert 0 <= found <= units.LONGEST_DURATION
        assert not says or says.startswith(repr(text))


class TestDurationRefused:
    @pytest.mark.parametrize(
        "text", ["", "5", "1.s", ".5s", "-1s", "+1s", "1 s", "1S", "1sec", "s", "1e3s", "٣s", "1s\n", "inf", "1" * 200]
    )
    def test_not_a_duration(self, text: str) -> None:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is asserted in full
            units.duration(text)
        assert str(error.value) == (f"{text!r} is not a duration: write a number with its unit, as in 250ms, 2s, 1m30s")

    @pytest.mark.parametrize("text", ["0.5ms", "0.0001s", "1.0000000001s"])
    def test_too_fine(self, text: str) -> None:
        with pytest.raises(ValueError, match=rf"^'{text}' is finer than a millisecond$"):
            units.duration(text)

    def test_longer_ones_where_it_is_said(self) -> None:
        assert units.duration("365d", longest=365 * DAY) == 365 * DAY
        with pytest.raises(ValueError, match=r"^'366d' is too long: at most 365d$"):
            units.duration("366d", longest=365 * DAY)

    @pytest.mark.parametrize("text", ["25d", "24d1ms", "99999999999999999999s"])
    def test_too_long(self, text: str) -> None:
        with pytest.raises(ValueError, match=rf"^'{text}' is too long: at most 24d$"):
            units.duration(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0ms"),
        (999, "999ms"),
        (1_000, "1s"),
        (1_500, "1.5s"),
        (1_005, "1.005s"),
        (60_000, "1m"),
        (90_000, "1m30s"),
        (110_000, "1m50s"),
        (3_600_000, "1h"),
        (3_600_001, "1h0.001s"),
        (DAY, "1d"),
        (DAY + 3_661_000, "1d1h1m1s"),
    ],
)
def test_durations_are_shown_short(milliseconds: int, text: str) -> None:
    assert units.show_duration(milliseconds) == text


class TestSize:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("0", 0),
            ("1", 1),
            ("1k", 1_000),
            ("1Ki", 1_024),
            ("64Mi", 67_108_864),
            ("500M", 500_000_000),
            ("1.5Gi", 1_610_612_736),
            ("0.5Ki", 512),
            ("2T", 2 * 10**12),
            ("1024Ti", 2**50),
        ],
    )
    def test_reads(self, text: str, count: int) -> None:
        assert units.size(text) == count

    @given(st.integers(0, units.LARGEST_SIZE))
    def test_what_is_shown_reads_back(self, count: int) -> None:
        assert units.size(units.show_size(count)) == count

    @pytest.mark.parametrize(
        ("count", "text"),
        [(0, "0"), (1, "1"), (1000, "1000"), (1024, "1Ki"), (3 * 2**19, "1536Ki"), (2**30, "1Gi"), (5 * 2**40, "5Ti")],
    )
    def test_shown_in_the_largest_unit_that_divides_it(self, count: int, text: str) -> None:
        assert units.show_size(count) == text


class TestSizeRefused:
    @pytest.mark.parametrize("text", ["", "Mi", "1 Mi", "-1Mi", "1MB", "1mi", "1Pi", "1e3", "١Mi", "1.Mi", "9" * 200])
    def test_not_a_size(self, text: str) -> None:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is asserted in full
            units.size(text)
        assert str(error.value) == f"{text!r} is not a size: write a number with its unit, as in 64Mi, 1Gi, 500M"

    @pytest.mark.parametrize("text", ["0.5", "0.3Ki", "1.0000001k"])
    def test_parts_of_a_byte(self, text: str) -> None:
        with pytest.raises(ValueError, match=rf"^'{text}' is not a whole number of bytes$"):
            units.size(text)

    @pytest.mark.parametrize("text", ["1025Ti", "1125899906842625"])
    def test_too_much(self, text: str) -> None:
        with pytest.raises(ValueError, match=rf"^'{text}' is too much: at most 1024Ti$"):
            units.size(text)


class TestCpu:
    @pytest.mark.parametrize(
        ("text", "millicores"),
        [
            ("0", 0),
            ("1m", 1),
            ("100m", 100),
            ("0.5", 500),
            ("0.001", 1),
            ("2", 2_000),
            ("1.25", 1_250),
            ("1000", 10**6),
        ],
    )
    def test_reads(self, text: str, millicores: int) -> None:
        assert units.cpu(text) == millicores

    @pytest.mark.parametrize("text", ["", "m", "0.5m", "0.0001", "-1", "1 m", "1k", "٣", "9" * 200])
    def test_refuses(self, text: str) -> None:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is asserted in full
            units.cpu(text)
        assert str(error.value) == f"{text!r} is not a share of a processor: write 100m, 0.5 or 2"

    @pytest.mark.parametrize("text", ["1001", "1000001m"])
    def test_refuses_more_than_a_machine_has(self, text: str) -> None:
        with pytest.raises(ValueError, match=rf"^'{text}' is too much: at most 1000$"):
            units.cpu(text)


class TestExact:
    @pytest.mark.parametrize(
        ("value", "fraction"),
        [
            (0.8, Fraction(4, 5)),
            (0.1, Fraction(1, 10)),
            (1e-7, Fraction(1, 10**7)),
            (1e308, Fraction(10**308)),
            (5e-324, Fraction(5, 10**324)),
            (-0.0, Fraction(0)),
            (3, Fraction(3)),
            (Fraction(2, 7), Fraction(2, 7)),
            (10**400, Fraction(10**400)),
        ],
    )
    def test_the_number_as_it_was_written(self, value: float, fraction: Fraction) -> None:
        assert units.exact(value) == fraction

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_is_what_repr_says_and_leads_back(self, value: float) -> None:
        assert units.exact(value) == Fraction(Decimal(repr(value)))
        assert float(units.exact(value)) == value

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_refuses_what_no_rule_can_reckon_with(self, value: float) -> None:
        with pytest.raises(ValueError, match=rf"^{value} is not a finite number$"):
            units.exact(value)


class TestShowNumber:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (0, "0"),
            (-0.0, "0"),
            (3.0, "3"),
            (100, "100"),
            (1.5, "1.5"),
            (0.8, "0.8"),
            (-2.25, "-2.25"),
            (1.9999, "2"),
            (0.1234, "0.123"),
            (0.0001, "0.0001"),
            (-0.0001, "-0.0001"),
            (Fraction(1, 3), "0.333"),
            (10**12, "1000000000000"),
            (1e15, "1e+15"),
            (5e-324, "4.94e-324"),
            (1e308, "1e+308"),
            pytest.param(10**5000, "more than 1e+308", id="huge"),
            pytest.param(-(10**5000), "less than -1e+308", id="minus huge"),
            (math.nan, "nan"),
            (math.inf, "inf"),
            (-math.inf, "-inf"),
        ],
    )
    def test_as_its_user_wrote_it(self, value: float | Fraction, text: str) -> None:
        assert units.show_number(value) == text

    def test_without_digits_no_zero_is_lost(self) -> None:
        assert units.show_number(100.4, digits=0) == "100"

    @given(st.floats() | st.integers() | st.fractions())
    def test_nothing_but_nothing_is_shown_as_zero(self, value: float | Fraction) -> None:
        assert (units.show_number(value) == "0") == (value == 0)
