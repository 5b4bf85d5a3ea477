"""Every rule has an id of its own, says what it is for, and is said in README and reference as the catalogue has it."""

import re

import pytest
from tools import rules as pages

from flyball.alerts import known
from flyball.drills.run import DRILLS
from flyball.guards import catalogue
from flyball.guards.alerting.unwatched import REASONS
from flyball.guards.catalogue import RULES
from flyball.guards.reading.rule import Lesson, Rule


def test_no_two_rules_have_one_id() -> None:
    assert len(RULES) == sum(isinstance(value, Rule) for module in catalogue.MODULES for value in vars(module).values())


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_a_rule_says_what_it_is_for(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    for text in (rule.what, rule.remedy):
        assert re.fullmatch(r"[A-Z].+\.", text), text
    assert rule.source
    assert rule.drill is None or rule.drill in DRILLS


@pytest.mark.parametrize("lesson", Lesson, ids=lambda lesson: lesson.folder)
def test_a_lesson_has_its_folder_and_rules_of_its_own(lesson: Lesson) -> None:
    module = getattr(catalogue, lesson.folder)
    own = [value for value in vars(module).values() if isinstance(value, Rule)]
    assert own
    assert {rule.lesson for rule in own} == {lesson}


def test_a_rule_has_an_alert_or_a_reason_why_it_needs_none() -> None:
    watched = {guard for alert in known.ALERTS.values() for guard in alert.guards}
    reasoned = [guard for guards in REASONS.values() for guard in guards]
    assert sorted([*watched, *reasoned]) == sorted(RULES)


def test_the_rooms_of_the_guards_are_few() -> None:
    folder = pages.ROOT / "components/flyball/guards"
    rooms = [entry for entry in folder.iterdir() if entry.name not in ("__init__.py", "__pycache__")]
    assert len(rooms) <= 15


def test_readme_and_reference_are_those_of_the_catalogue() -> None:
    assert pages.README.read_text(encoding="utf-8") == pages.readme()
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page()
