"""Types and keys of a map against its TypedDict: valid ones pass, and one wrong place is one problem at that place."""

import copy
import math
from collections.abc import Iterator
from datetime import date
from typing import Any, NotRequired, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flyball.guards.reading import strict
from flyball.guards.reading.problem import show
from flyball.guards.workload.arguments import LoadArgs
from flyball.guards.workload.plain_arguments import PlainArgs

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
PLAIN: dict[Any, Any] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(-(10**20), 10**20) | st.integers(-5, 5).map(float),
    float: st.floats() | st.integers(),
}
WRONG: dict[Any, list[Any]] = {
    str: [5, 1.5, True, [], {}],
    bool: [0, 1, "true", [], {}],
    int: [1.5, math.nan, math.inf, "1", True, [], {}],
    float: ["1", False, [], {}],
    list: [5, "a", True, {}],
    dict: [5, "a", True, []],
}
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from([10**400, -(10**400), 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def valid(kind: Any) -> st.SearchStrategy[Any]:
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Any:
        return JSON.filter(lambda value: value is not None)
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        required = {key: valid(hint) for key, hint in hints.items() if key in kind.__required_keys__}
        optional = {key: valid(hint) for key, hint in hints.items() if key not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if get_origin(kind) is dict:
        return st.dictionaries(TEXT, valid(get_args(kind)[1]), max_size=2)
    return st.lists(valid(get_args(kind)[0]), max_size=2)


VALID = valid(PlainArgs)


def places(
    value: Any, kind: Any, path: str, holder: Any = None, key: Any = None
) -> Iterator[tuple[str, Any, Any, Any]]:
    """Every place within a value: its path, its type, and the map or list that holds it under which key."""
    yield path, kind, holder, key
    if is_typeddict(kind):
        for name, inner in value.items():
            yield from places(inner, get_type_hints(kind)[name], f"{path}.{name}", value, name)
    elif get_origin(kind) is dict:
        for name, inner in value.items():
            yield from places(inner, get_args(kind)[1], f"{path}.{name}", value, name)
    elif get_origin(kind) is list:
        for i, inner in enumerate(value):
            yield from places(inner, get_args(kind)[0], f"{path}[{i}]", value, i)


def mutated(data: st.DataObject, *, of: Any = None) -> tuple[dict[str, Any], str, Any, Any, Any]:
    """A valid map, and one place in it, of TypedDicts only where `of` says so."""
    value = copy.deepcopy(data.draw(VALID))
    found = [place for place in places(value, PlainArgs, "p") if of is None or of(place[1])]
    return value, *data.draw(st.sampled_from(found))


def problems(value: object, kind: Any = PlainArgs) -> list[tuple[str, str]]:
    return [(problem.where, problem.message) for problem in strict.check(value, kind, ("p",))]


class TestEveryPlace:
    @given(VALID)
    def test_what_is_valid_passes(self, value: dict[str, Any]) -> None:
        assert problems(value) == []

    @given(st.data())
    def test_a_wrong_type(self, data: st.DataObject) -> None:
        value, path, kind, holder, key = mutated(data, of=lambda kind: kind is not Any)
        plain = dict if is_typeddict(kind) else get_origin(kind) or kind
        wrong = data.draw(st.sampled_from(WRONG[plain]))
        if holder is None:
            value = wrong
        else:
            holder[key] = wrong
        word = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
        message = f"is {strict.describe(wrong)}, not {word.get(plain, 'a map')}"
        assert problems(value) == [(show((path,)), message)]

    @given(st.data())
    def test_null(self, data: st.DataObject) -> None:
        value, path, _, holder, key = mutated(data)
        if holder is None:
            value = None
        else:
            holder[key] = None
        assert problems(value) == [(show((path,)), "is empty")]

    @given(st.data(), TEXT)
    def test_an_unknown_key(self, data: st.DataObject, name: str) -> None:
        value, path, _, holder, key = mutated(data, of=is_typeddict)
        target = value if holder is None else holder[key]
        unknown = f"{name}?"
        target[unknown] = data.draw(JSON)
        assert problems(value) == [(show((f"{path}.{unknown}",)), "is not a known key")]

    @given(st.data())
    def test_a_missing_key(self, data: st.DataObject) -> None:
        value, path, kind, holder, key = mutated(data, of=lambda kind: is_typeddict(kind) and kind.__required_keys__)
        target = value if holder is None else holder[key]
        missing = data.draw(st.sampled_from(sorted(kind.__required_keys__)))
        del target[missing]
        assert problems(value) == [(show((f"{path}.{missing}",)), "is missing")]

    @given(JSON)
    @example({"calls": {"a": {"b": [[[]]]}}})
    def test_anything_at_all_raises_nothing(self, value: Any) -> None:
        assert all(path.startswith("p") for path, _ in problems(value))

    @given(st.sampled_from(sorted(get_type_hints(PlainArgs))), JSON)
    def test_anything_under_a_known_key_raises_nothing(self, key: str, value: Any) -> None:
        required = {"port": 80, "load": {"peak": 1, "replica": 1}}
        assert all(path.startswith(show((f"p.{key}",))) for path, _ in problems(required | {key: value}))


class Later:
    """Stands for Pulumi's Output: known only at run time."""


class WithLater(TypedDict):
    image: str | Later
    env: NotRequired[dict[str, str | Later]]
    anything: NotRequired[object]


class TestUnions:
    def test_what_is_known_later_is_taken_as_it_is(self) -> None:
        assert problems({"image": Later(), "env": {"a": Later(), "b": "x"}, "anything": [1]}, WithLater) == []

    def test_what_is_known_now_is_checked(self) -> None:
        value = {"image": 5, "env": {"a": True, "b": None}, "anything": None}
        assert [str(problem) for problem in strict.check(value, WithLater, ("p",))] == [
            "p.image: is the number 5, not text; quote it",
            "p.env.a: is true, not text; quote it",
            "p.env.b: is empty; give a value or remove the key",
            "p.anything: is empty; give a value or remove the key",
        ]

    def test_missing(self) -> None:
        assert [str(problem) for problem in strict.check({}, WithLater, ())] == [
            "image: is missing; it is required: text"
        ]

    def test_a_type_that_has_no_rule_is_a_mistake_in_the_program(self) -> None:
        with pytest.raises(TypeError, match=r"^no rule for <class 'datetime.date'>$"):
            list(strict.check(5, date, ("p",)))


def texts(value: object) -> list[str]:
    return [str(problem) for problem in strict.check(value, PlainArgs, ("services", "web"))]


LOAD = {"peak": 100, "replica": 10}


class TestRefused:
    @pytest.mark.parametrize(
        ("more", "text"),
        [
            ({"prot": 1}, "prot: is not a known key; did you mean 'port'?"),
            ({"Proven": 1}, "Proven: is not a known key; did you mean 'proven'?"),
            ({"dealine": "2s"}, "dealine: is not a known key; did you mean 'deadline'?"),
            ({"spots": {}}, "spots: is not a known key; did you mean 'spot'?"),
            ({"spot": {"zzz": 1}}, "spot.zzz: is not a known key; known are enabled, base"),
            ({"port": "80"}, "port: is text ('80'), not a whole number"),
            ({"port": 80.5}, "port: is the number 80.5, not a whole number"),
            ({"port": True}, "port: is true, not a whole number"),
            ({"port": math.nan}, "port: is the number nan, not a whole number"),
            ({"port": date(2028, 1, 3)}, "port: is date, not a whole number"),
            ({"deadline": 2}, "deadline: is the number 2, not text; quote it"),
            ({"deadline": 10**5000}, "deadline: is the number more than 1e+308, not text; quote it"),
            ({"deadline": False}, "deadline: is false, not text; quote it"),
            ({"deadline": ["2s"]}, "deadline: is a list, not text"),
            ({"command": "run"}, "command: is text ('run'), not a list; write it as - item"),
            ({"command": ["run", 5]}, "command[1]: is the number 5, not text; quote it"),
            ({"labels": ["a"]}, "labels: is a list, not a map; write it as name: value"),
            ({"labels": {5: "a"}}, "labels.5: has the number 5 as its name; quote the name"),
            ({"spot": True}, "spot: is true, not a map; its keys are enabled, base"),
            ({"calls": {"a": None}}, "calls.a: is empty; give a value or remove the key"),
            ({"load": {"peak": 1}}, "load.replica: is missing; it is required: a number"),
            ({"logs": {}}, "logs.path: is missing; it is required: text"),
            ({"schedule": {}}, "schedule.windows: is missing; it is required: a list"),
        ],
        ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
    )
    def test_text(self, more: dict[Any, Any], text: str) -> None:
        assert texts({"port": 80, "load": LOAD} | more) == [f"services.web.{text}"]

    def test_what_is_required(self) -> None:
        assert texts({}) == [
            "services.web.load: is missing; it is required: a map with peak, replica",
        ]

    def test_not_even_a_map(self) -> None:
        (text,) = texts([])
        assert text.startswith("services.web: is a list, not a map; its keys are port, load, service,")

    def test_several_at_once(self) -> None:
        assert [text.split(":")[0] for text in texts({"port": "x", "load": {"peak": None, "other": 1}})] == [
            "services.web.port",
            "services.web.load.other",
            "services.web.load.peak",
            "services.web.load.replica",
        ]


class TestNearest:
    @given(TEXT, st.lists(TEXT, max_size=5))
    def test_names_a_known_word_or_all(self, word: str, known: list[str]) -> None:
        hint = strict.nearest(word, known)
        assert hint in {*(f"did you mean {other!r}?" for other in known if other), f"known are {', '.join(known)}"}

    @given(st.sampled_from(sorted(get_type_hints(PlainArgs))))
    def test_two_letters_swapped_are_understood(self, key: str) -> None:
        for i in range(len(key) - 1):
            wrong = f"{key[:i]}{key[i + 1]}{key[i]}{key[i + 2 :]}"
            assert strict.nearest(wrong, get_type_hints(PlainArgs)) == f"did you mean {key!r}?"

    def test_a_word_of_a_million_letters_is_compared_by_its_beginning(self) -> None:
        assert (
            strict.nearest("replica" + "a" * 10**6, get_type_hints(LoadArgs)) == "known are peak, replica, utilization"
        )


@pytest.mark.parametrize(
    ("value", "kind", "is_one"),
    [
        (True, bool, True),
        (1, bool, False),
        (True, int, False),
        (True, float, False),
        (3, int, True),
        (3.0, int, True),
        (1e308, int, True),
        (3.5, int, False),
        (math.nan, int, False),
        (math.inf, int, False),
        (3, float, True),
        (math.nan, float, True),
        ("3", float, False),
        ("3", str, True),
        (None, str, False),
    ],
)
def test_plain_types(value: object, kind: type, is_one: bool) -> None:
    assert strict.is_a(value, kind) == is_one


HALF = "has half of a character, which no UTF-8 text can hold; write the whole one"


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        ("\ud800", str, f"at: {HALF}"),
        (["a", "\ud800"], list[str], f"at[1]: {HALF}"),
        ({"a": "\ud800"}, dict[str, str], f"at.a: {HALF}"),
        ({"a": ["\ud800"]}, dict[str, Any], f"at.a[0]: {HALF}"),
        (
            {"\ud800": "x"},
            dict[str, str],
            "at.\\ud800: has half of a character in its name, which no UTF-8 text can hold; write the whole one",
        ),
        (
            {"\ud800": 1},
            Any,
            "at.\\ud800: has half of a character in its name, which no UTF-8 text can hold; write the whole one",
        ),
    ],
)
def test_half_of_a_character_is_no_text(value: object, kind: Any, says: str) -> None:
    """As `"\\ud800"` in YAML and in JSON: nothing could be written with it."""
    assert [str(problem) for problem in strict.check(value, kind, ("at",))] == [says]


def test_whole_characters_are_text() -> None:
    assert list(strict.check({"é": "𝄞"}, dict[str, str], ())) == []
