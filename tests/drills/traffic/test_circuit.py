"""The states of a circuit, read off what it let through: `F` was forwarded, `r` refused, one each second."""

import pytest

from flyball.drills.traffic.sidecar import Circuit, Passage, circuit, flaps


def read(passages: str) -> Circuit:
    return circuit((Passage(float(at), letter == "F") for at, letter in enumerate(passages)), permitted=3)


@pytest.mark.parametrize(
    ("passages", "opened", "closed"),
    [
        ("", [], []),
        ("FFFFFF", [], []),
        ("FFrrrr", [2], []),
        # Three probes in a row may be those of a half-open circuit that opens again.
        ("FFrrFFFrr", [2], []),
        ("FFrrFrFrFFFFF", [2], [8]),
        ("rFFFFrFFFF", [0, 5], [1, 6]),
    ],
)
def test_states(passages: str, opened: list[float], closed: list[float]) -> None:
    found = read(passages)
    assert (found.opened, found.closed) == (opened, closed)


def test_the_order_of_the_log_does_not_matter() -> None:
    passages = [Passage(float(at), at not in (2, 3)) for at in range(9)]
    assert circuit(reversed(passages), 3) == circuit(passages, 3) == Circuit([2], [4])


@pytest.mark.parametrize(
    ("opened", "closed", "count"), [([1], [2], 0), ([1, 2.5], [2], 1), ([1, 9], [2], 0), ([1, 2.1, 3.1], [2, 3], 2)]
)
def test_a_circuit_flaps_where_it_opens_right_after_it_closed(
    opened: list[float], closed: list[float], count: int
) -> None:
    assert flaps(Circuit(opened, closed)) == count
