"""The documentation shows what the tests try."""

from pathlib import Path

from tests.cluster.governor.ways import table
from tests.cluster.governor.write_ways_round import CHAPTERS

import flyball.kubernetes.governor.policies as policies

TABLE = Path(policies.__file__).with_name("ways_round.md")


def test_the_table_is_that_of_the_tests() -> None:
    """Else: ``python -m tests.cluster.governor.write_ways_round``, into that file."""
    assert TABLE.read_text() == table(CHAPTERS)


def test_no_way_is_there_twice() -> None:
    names = [(chapter.title, way.name) for chapter in CHAPTERS for way in chapter.ways]
    assert len(names) == len(set(names))
