"""What is written into a configuration stays in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.proxy.words import text, time


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("circuit open", '"circuit open"'),
        ('{"a": 1}', r'"{\x22a\x22: 1}"'),
        ("a\nb", r'"a\x0ab"'),
        ("$HOME", r'"\x24HOME"'),
        ("it's #1", r'"it\x27s \x231"'),
        ("back\\slash", r'"back\x5cslash"'),
        ("é", r'"\xc3\xa9"'),
        ("", '""'),
        ("50%", r'"50\x25"'),
    ],
)
def test_text(value: str, written: str) -> None:
    assert text(value) == written


@given(st.text())
def test_any_text_is_one_word_that_reads_as_it_was(value: str) -> None:
    written = text(value)
    inner = written[1:-1]
    assert written[0] == written[-1] == '"'
    assert not set(inner) & set("\"'$#%\n\r\t\0")
    assert inner.encode("ascii").decode("unicode_escape").encode("latin-1") == value.encode(errors="replace")


@pytest.mark.parametrize(("given_", "written"), [(0, "1ms"), (1, "1ms"), (1500, "1500ms"), (86_400_000, "86400000ms")])
def test_no_time_is_without_a_limit(given_: int, written: str) -> None:
    assert time(given_) == written
