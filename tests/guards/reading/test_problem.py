"""What a refusal says."""

import pytest

from flyball.guards.reading.problem import Problem, Refused, refuse


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.b", "is 0", "allowed is at least 1"), "a.b: is 0; allowed is at least 1"),
        (Problem("a.b", "is 0"), "a.b: is 0"),
        (Problem("", "is empty", "fill it"), "is empty; fill it"),
    ],
)
def test_text(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_all_problems_at_once_in_order_and_each_once() -> None:
    b, a = Problem("b", "is bad"), Problem("a", "is bad", "mend it")
    with pytest.raises(Refused) as error:
        refuse(iter([b, a, b]))
    assert error.value.problems == (b, a)
    assert str(error.value) == "b: is bad\na: is bad; mend it"


def test_no_problem_is_no_refusal() -> None:
    refuse([])
