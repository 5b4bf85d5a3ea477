"""Every rule has an id of its own, in the folder of its lesson."""

import re

import pytest

from flyball.guards.catalogue import RULES
from flyball.guards.reading.rule import Rule


def test_no_two_rules_have_one_id() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids)) > 70


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_an_id_is_words_that_a_person_would_search_for(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
