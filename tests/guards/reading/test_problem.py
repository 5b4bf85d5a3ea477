"""What a refusal says."""

import pytest

from flyball.guards.reading.problem import Broken, Path, Problem, Refused, refuse, show
from flyball.guards.reading.rules import EMPTY, OUT_OF_RANGE, UNIT


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("services", "cart", "calls", "api.example.org"), "services.cart.calls.api.example.org"),
        (("zones", 0), "zones[0]"),
        (("schedule", "windows", 12, "peak"), "schedule.windows[12].peak"),
    ],
)
def test_a_path_as_people_write_it(path: Path, text: str) -> None:
    assert show(path) == text


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(("a", "b"), OUT_OF_RANGE, "is 0", "allowed is at least 1"), "a.b: is 0; allowed is at least 1"),
        (Problem(("a", "b"), OUT_OF_RANGE, "is 0"), "a.b: is 0"),
        (Problem((), EMPTY, "is empty", "fill it"), "is empty; fill it"),
    ],
)
def test_text(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_a_broken_rule_finds_its_place() -> None:
    bare, mended = Broken(UNIT, "'1' is no size"), Broken(UNIT, "'1' is no size", "write 1Gi")
    assert (str(bare), str(mended)) == ("'1' is no size", "'1' is no size: write 1Gi")
    assert bare.at(("a",), "say how much") == Problem(("a",), UNIT, "'1' is no size", "say how much")
    assert mended.at(("a",), "say how much") == Problem(("a",), UNIT, "'1' is no size", "write 1Gi")


def test_all_problems_at_once_in_order_and_each_once() -> None:
    b, a = Problem(("b",), EMPTY, "is bad"), Problem(("a",), EMPTY, "is bad", "mend it")
    with pytest.raises(Refused) as error:
        refuse(iter([b, a, b]))
    assert error.value.problems == (b, a)
    assert str(error.value) == "b: is bad\na: is bad; mend it"


def test_no_problem_is_no_refusal() -> None:
    refuse([])


def test_a_path_and_a_message_can_always_be_printed() -> None:
    problem = Problem(("a", "\ud800"), OUT_OF_RANGE, "is \udfff")
    assert (problem.where, str(problem)) == ("a.\\ud800", "a.\\ud800: is \\udfff")
    assert str(Refused([problem])) == "a.\\ud800: is \\udfff"


class TestShown:
    """What is shown goes to a terminal and into logs: no letter of it may move a cursor, or begin a line."""

    @pytest.mark.parametrize(
        ("name", "shown"),
        [("a\x1b[31mb", r"a\x1b[31mb"), ("a\nb", r"a\nb"), ("a\0", r"a\x00"), ("a\u202eb", r"a\u202eb")],
    )
    def test_a_control_character_of_a_name(self, name: str, shown: str) -> None:
        assert str(Problem(("services", name), EMPTY, "is empty")) == f"services.{shown}: is empty"

    def test_other_letters_are_shown_as_they_are(self) -> None:
        assert show(("services", "é日本 b", 0)) == "services.é日本 b[0]"

    def test_a_message_that_repeats_a_long_text_is_shortened_and_keeps_the_remedy(self) -> None:
        text = str(Problem(("image",), EMPTY, f"{'a' * 100_000!r} is no image", "write it as a:1"))
        assert text == f"image: '{'a' * 100}…' of 100,000 letters is no image; write it as a:1"
