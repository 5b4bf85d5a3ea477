"""Files of which nothing could be made."""

import pytest

from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.workload import files


@pytest.mark.parametrize("origin", ["content", "secrets"])
def test_half_of_a_character_ends_no_reading(origin: str) -> None:
    """The types say what is wrong with it."""
    found: list[Problem] = []
    given = {"files": {"site": {"path": "/site", origin: {"a.conf": "\ud800"}}}}
    assert files.read(Reader(given, (), found))["site"].path == "/site"
    assert found == []
