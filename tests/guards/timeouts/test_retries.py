"""What retries make of the requests along a path, against an oracle that walks every path."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.timeouts import retries

NAMES = "abcdefg"
Budgets = Mapping[str, Mapping[str, int]]


def said(budgets: Budgets) -> list[str]:
    return [str(found) for found in retries.check(budgets, {name: ("services", name) for name in budgets})]


def products(budgets: Budgets, name: str) -> Iterator[Fraction]:
    """What each path that begins here multiplies by."""
    yield Fraction(1)
    for callee, percent in budgets.get(name, {}).items():
        for further in products(budgets, callee):
            yield further * Fraction(100 + percent, 100)


@st.composite
def graphs(draw: st.DrawFn) -> Budgets:
    """Calls lead to names further back alone, and out of the set."""
    shares = st.sampled_from((0, 10, 40, 100))
    graph: dict[str, dict[str, int]] = {}
    for i, name in enumerate(NAMES):
        graph[name] = draw(st.dictionaries(st.sampled_from((*NAMES[i + 1 :], "outside")), shares))
    return graph


@given(graphs())
def test_said_of_who_is_called_by_nobody_where_and_only_where_a_path_has_too_many(budgets: Budgets) -> None:
    called = {callee for calls in budgets.values() for callee in calls}
    wanted = {name for name in budgets if name not in called and max(products(budgets, name)) > retries.MOST}
    found = said(budgets)
    assert len(found) == len(wanted)
    assert {text.split("along ")[1][0] for text in found} == wanted


def test_a_tenth_at_each_of_eleven_hops_is_not_yet_three_times_as_many() -> None:
    chain = {str(i): {str(i + 1): 10} for i in range(11)}
    assert said(chain) == []
    assert said({**chain, "11": {"12": 10}}) != []


def test_is_said_where_most_is_retried() -> None:
    budgets = {"front": {"cart": 60}, "cart": {"db": 100, "ads": 0}, "db": {}, "ads": {}}
    assert said(budgets) == [
        "services.cart.calls.db.budget: is 100 percent, and along front -> cart -> db retries make up to 3.2 requests"
        " of one; lower it, or retry in fewer places of the path, until they make 3 at the most"
    ]


def test_of_a_circle_nothing_is_said_beside_the_circle() -> None:
    assert said({"a": {"b": 100}, "b": {"a": 100}, "c": {"b": 100}}) == []


def test_of_a_long_path_its_ends_are_shown() -> None:
    chain = {str(i): {str(i + 1): 10} for i in range(2_000)}
    [found] = said(chain)
    assert len(found) < 500
    assert found.startswith("services.0.calls.1.budget: is 10 percent, and along 0 -> 1 -> 2 -> ")
