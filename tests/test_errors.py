"""Whatever flyball raises has one root, by which the command tells it from a crash."""

import ast
import builtins
from pathlib import Path

import pytest

import flyball
from flyball.errors import FlyballError, condensed, shortened
from flyball.guards.reading.problem import Broken, Problem, Refused
from flyball.guards.reading.rules import INVALID_NAME
from flyball.kubectl import KubectlError
from flyball.lab.cluster.toolchain import GoMissingError

SOURCES = sorted(Path(next(iter(flyball.__path__))).rglob("*.py"))


def test_errors_have_one_root() -> None:
    strangers = [
        f"{source.name}: {node.name}"
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and _is_stranger([ast.unparse(base) for base in node.bases])
    ]
    assert strangers == ["errors.py: FlyballError"]


def _is_stranger(bases: list[str]) -> bool:
    """Whether a class is an exception of Python's only."""
    kinds = [getattr(builtins, base, None) for base in bases]
    raised = any(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)
    return raised and "FlyballError" not in bases


@pytest.mark.parametrize("kind", [Refused, Broken, KubectlError, GoMissingError])
def test_the_root(kind: type[Exception]) -> None:
    assert issubclass(kind, FlyballError)


LONG = "x" * 5_000


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"is {LONG!r}, not a number", f"is '{'x' * 100}…' of 5,000 letters, not a number"),
        (f'is "it\'s {LONG}", not a number', f'is "it\'s {"x" * 95}…" of 5,005 letters, not a number'),
        (f"image {LONG} has no tag", f"image {'x' * 100}… of 5,000 letters has no tag"),
        (f"{'a b ' * 100!r} is no name", f"'{'a b ' * 25}…' of 400 letters is no name"),
        (f"{'x' * 200!r} is {'y' * 200}", f"{'x' * 200!r} is {'y' * 200}"),
        (f"{'x' * 201!r} is short", f"'{'x' * 100}…' of 201 letters is short"),
        # The apostrophe of an owner is no quote.
        (f"checkout's {'word ' * 60}orders'", f"checkout's {'word ' * 60}orders'"),
        ("is " + repr('it\'s a "b" ' * 100) + ".", "is '" + ('it\\\'s a "b" ' * 10)[:100] + "…' of 1,200 letters."),
        # Of what nobody quoted all is cut off where there is too much of it.
        ("is " + "ab 'c' \"d\" " * 1_000, "is " + ("ab 'c' \"d\" " * 1_000)[:3_997] + "… of 11,003 letters"),
    ],
    ids=[
        "quoted",
        "in double quotes",
        "a word",
        "with spaces",
        "not long",
        "a letter too long",
        "an owner",
        "both quotes",
        "none",
    ],
)
def test_a_long_value_is_shown_by_its_beginning(message: str, shown: str) -> None:
    assert shortened(message) == shown
    assert condensed([message]) == shown


def test_so_it_is_wherever_a_rule_shows_one() -> None:
    problem = Problem(("services", LONG, "image"), INVALID_NAME, f"{LONG!r} is no name", f"did you mean {LONG}?")
    begins = "x" * 100
    assert str(problem) == (
        f"services.{begins}… of 5,000 letters.image: '{begins}…' of 5,000 letters is no name;"
        f" did you mean {begins}… of 5,001 letters"
    )
    assert str(Broken(INVALID_NAME, f"{LONG!r} is none")) == f"'{begins}…' of 5,000 letters is none"


def test_a_value_of_any_size_is_cut_in_no_time() -> None:
    """Quotes that nothing closes, and such that close at once, are looked at once each."""
    for text in ("'" * 10**5, " '\\'" * 10**5, " '" * 10**5, "'\\" * 10**5, "'" + "a " * 10**5, "a" * 10**6):
        assert len(shortened(text)) < 4_100
