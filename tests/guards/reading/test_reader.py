"""Values read with their defaults, and every one out of range reported at its path."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
HUGE = 10**5000


def reading(values: object) -> tuple[Reader, list[Problem]]:
    problems: list[Problem] = []
    return Reader(values, ("web",), problems), problems


def texts(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


class TestValues:
    def test_defaults_where_nothing_is_given(self) -> None:
        reader, problems = reading({})
        assert reader.value("a", str, "x") == "x"
        assert reader.whole("a", 7, 1, 9) == 7
        assert reader.number("a", 0.8) == 0.8
        assert reader.duration("a", 250) == 250
        assert reader.seconds("a", 5) == 5
        assert reader.size("a", 64) == 64
        assert reader.cpu("a", 100) == 100
        assert reader.words("a") == []
        assert reader.at("a").at("b").values == {}
        assert reader.maps("a") == {}
        assert not reader.has("a")
        assert problems == []

    def test_what_is_given(self) -> None:
        reader, problems = reading(
            {"whole": 3.0, "number": 2, "time": "1.5s", "seconds": "2m", "size": "1Gi", "cpu": "0.5", "list": ["a", 1]}
        )
        assert reader.whole("whole", 7) == 3
        assert isinstance(reader.whole("whole", 7), int)
        assert reader.number("number", 0.8) == 2
        assert reader.duration("time", 250) == 1_500
        assert reader.seconds("seconds", 5) == 120
        assert reader.size("size", 64) == 2**30
        assert reader.cpu("cpu", 100) == 500
        assert reader.words("list") == ["a"]
        assert reader.has("list")
        assert problems == []

    def test_maps_within_maps(self) -> None:
        reader, problems = reading({"calls": {"cart": {"port": 0}, 5: {"port": 0}, "db": None}})
        calls = reader.maps("calls")
        assert list(calls) == ["cart", "db"]
        assert calls["cart"].whole("port", 80, 1, 65_535) == 80
        assert calls["db"].whole("port", 80, 1, 65_535) == 80
        assert texts(problems) == ["web.calls.cart.port: is 0; allowed is from 1 to 65535"]

    @given(ANYTHING)
    def test_the_wrong_type_reads_as_the_default_and_nothing_raises(self, value: object) -> None:
        """Types are reported by `strict.check`; a second problem for the same value would only be noise."""
        reader, problems = reading({"a": value})
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            assert reader.whole("a", 7) == 7
        if isinstance(value, bool) or not isinstance(value, int | float):
            assert reader.number("a", 0.8) == 0.8
        if not isinstance(value, str):
            assert (reader.duration("a", 1), reader.size("a", 2), reader.cpu("a", 3)) == (1, 2, 3)
            assert reader.seconds("a", 4) == 4
            assert reader.value("a", str, "x") == "x"
        assert reader.value("a", bool, True) == (value if isinstance(value, bool) else True)
        assert problems == []

    @given(ANYTHING)
    def test_what_is_not_in_range_reads_as_the_default_with_one_problem(self, value: object) -> None:
        for read, fits in (
            (lambda r: r.whole("a", 7, 2, 10), lambda found: 2 <= found <= 10),
            (lambda r: r.whole("a", 7), lambda found: 1 <= found < 2**31),
            (lambda r: r.number("a", 0.5, most=1), lambda found: 0 < found <= 1),
            (lambda r: r.number("a", 0.5), lambda found: 0 < found <= 10**12),
            (lambda r: r.duration("a", 250), lambda found: 1 <= found <= 24 * 86_400_000),
            (lambda r: r.size("a", 64), lambda found: 1 <= found <= 2**50),
            (lambda r: r.cpu("a", 100), lambda found: 1 <= found <= 10**6),
        ):
            reader, problems = reading({"a": value})
            assert fits(read(reader))
            assert [problem.where for problem in problems] in ([], ["web.a"])

    @given(ANYTHING)
    def test_arguments_that_are_no_map_read_as_an_empty_one(self, value: object) -> None:
        reader, _ = reading(value)
        if not isinstance(value, dict):
            assert reader.values == {}


class TestRefused:
    @pytest.mark.parametrize(
        ("value", "limits", "text"),
        [
            (0, (), "is 0; allowed is at least 1"),
            (-3.0, (), "is -3; allowed is at least 1"),
            (2**31, (), "is 2147483648; allowed is from 1 to 2147483647"),
            (-HUGE, (), "is less than -1e+308; allowed is at least 1"),
            (0, (1, 9), "is 0; allowed is from 1 to 9"),
            (10, (1, 9), "is 10; allowed is from 1 to 9"),
            (1e308, (1, 9), "is 1e+308; allowed is from 1 to 9"),
            (HUGE, (1, 9), "is more than 1e+308; allowed is from 1 to 9"),
        ],
        ids=range(8),
    )
    def test_whole(self, value: float, limits: tuple[int, ...], text: str) -> None:
        reader, problems = reading({"a": value})
        assert reader.whole("a", 7, *limits) == 7
        assert texts(problems) == [f"web.a: {text}"]

    @pytest.mark.parametrize(
        ("value", "most", "text"),
        [
            (0, None, "is 0; allowed is a number above 0"),
            (-0.0, None, "is 0; allowed is a number above 0"),
            (-1e-9, None, "is -1e-09; allowed is a number above 0"),
            (math.nan, None, "is nan; allowed is a number above 0"),
            (-math.inf, None, "is -inf; allowed is a number above 0"),
            (math.inf, None, "is inf; allowed is above 0 and at most 1000000000000"),
            (1e308, None, "is 1e+308; allowed is above 0 and at most 1000000000000"),
            (HUGE, None, "is more than 1e+308; allowed is above 0 and at most 1000000000000"),
            (-HUGE, None, "is less than -1e+308; allowed is a number above 0"),
            (1.5, 1, "is 1.5; allowed is above 0 and at most 1"),
            (math.nan, 1, "is nan; allowed is above 0 and at most 1"),
            (80, 1, "is 80; allowed is above 0 and at most 1"),
        ],
        ids=range(12),
    )
    def test_number(self, value: float, most: float | None, text: str) -> None:
        reader, problems = reading({"a": value})
        assert reader.number("a", 0.8, most) == 0.8
        assert texts(problems) == [f"web.a: {text}"]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("0s", "is 0ms; allowed is at least 1ms"),
            ("2", "'2' is not a duration; write a number with its unit, as in 250ms, 2s, 1m30s"),
            ("a: b", "'a: b' is not a duration; write a number with its unit, as in 250ms, 2s, 1m30s"),
            ("0.1ms", "'0.1ms' is finer than a millisecond"),
            ("25d", "'25d' is too long; at most 24d"),
        ],
    )
    def test_duration(self, value: str, text: str) -> None:
        reader, problems = reading({"a": value})
        assert reader.duration("a", 250) == 250
        assert texts(problems) == [f"web.a: {text}"]

    def test_duration_of_months(self) -> None:
        reader, problems = reading({"a": "90d", "b": "366d"})
        assert reader.duration("a", 1, longest=365 * 86_400_000) == 90 * 86_400_000
        assert reader.duration("b", 7, longest=365 * 86_400_000) == 7
        assert texts(problems) == ["web.b: '366d' is too long; at most 365d"]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("500ms", "is 500ms; allowed is at least 1s"),
            ("1.5s", "is 1.5s; Kubernetes counts whole seconds here"),
            ("31m", "is 31m; Kubernetes allows at most 30m"),
        ],
    )
    def test_seconds(self, value: str, text: str) -> None:
        reader, problems = reading({"a": value})
        assert reader.seconds("a", 5, most=1800) in (1, 5)
        assert texts(problems) == [f"web.a: {text}"]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("0Mi", "is 0; it must be more than 0"),
            ("64MB", "'64MB' is not a size; write a number with its unit, as in 64Mi, 1Gi, 500M"),
            ("0.5", "'0.5' is not a whole number of bytes"),
            ("2000Ti", "'2000Ti' is too much; at most 1024Ti"),
        ],
    )
    def test_size(self, value: str, text: str) -> None:
        reader, problems = reading({"a": value})
        assert reader.size("a", 64) == 64
        assert texts(problems) == [f"web.a: {text}"]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("0m", "is 0; it must be more than 0"),
            ("half", "'half' is not a share of a processor; write 100m, 0.5 or 2"),
            ("2000", "'2000' is too much; at most 1000"),
        ],
    )
    def test_cpu(self, value: str, text: str) -> None:
        reader, problems = reading({"a": value})
        assert reader.cpu("a", 100) == 100
        assert texts(problems) == [f"web.a: {text}"]

    def test_the_map_itself(self) -> None:
        reader, problems = reading({})
        reader.problem((), EMPTY, "is wrong", "mend it")
        assert texts(problems) == ["web: is wrong; mend it"]
