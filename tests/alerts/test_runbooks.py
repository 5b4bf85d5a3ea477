"""Every alert has a page that says what it means and what to do, and the reference is that of the rules."""

import re
from pathlib import Path

import pytest
from tools import alerts as pages

from flyball.alerts import known
from flyball.alerts.rule import Rule

HEADINGS = ("Meaning", "First look", "Mend", "Override")


def parts(name: str) -> dict[str, str]:
    """A page by its headings, the title as `""`."""
    text = (pages.RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    before, *rest = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {"": before.strip(), **{head: body.strip() for head, body in zip(rest[::2], rest[1::2], strict=True)}}


@pytest.mark.parametrize("rule", known.ALERTS.values(), ids=lambda rule: rule.name)
def test_an_alert_has_a_page_with_these_headings(rule: Rule) -> None:
    found = parts(rule.name)
    assert tuple(found) == ("", *HEADINGS)
    assert found[""] == f"# {rule.name}"
    assert all(found.values())
    assert rule.as_prometheus()["annotations"]["runbook_url"].endswith(f"docs/runbooks/{rule.name}.md")


@pytest.mark.parametrize("page", sorted(pages.RUNBOOKS.iterdir()), ids=lambda page: page.stem)
def test_a_page_is_of_an_alert_and_names_no_other_that_there_is_not(page: Path) -> None:
    assert page.stem in known.ALERTS
    text = page.read_text(encoding="utf-8")
    silenced = re.findall(r"amtool silence add alertname=(\w+)", text)
    assert set(silenced) <= {page.stem}
    named = re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", text)
    assert set(named) <= {*known.ALERTS, *NOT_ALERTS}


NOT_ALERTS = (
    *("CronJob", "NetworkPolicy", "PodMonitor", "MemoryMax", "FailedRescale", "StatefulSet", "NotReady", "NoExecute"),
    *("ScalingActive", "ScalingLimited", "BackoffLimitExceeded", "DeadlineExceeded", "SuccessfulDelete"),
)
"""Names of others that are written like those of alerts."""


def test_the_reference_is_that_of_the_rules() -> None:
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page()


def test_links_of_the_reference_lead_somewhere() -> None:
    text = pages.PAGE.read_text(encoding="utf-8")
    rules = (pages.PAGE.parent / "rules.md").read_text(encoding="utf-8")
    for link in set(re.findall(r"\]\(([^)]+)\)", text)):
        path, _, anchor = link.partition("#")
        assert (pages.PAGE.parent / path).is_file(), link
        assert not anchor or f"\n### {anchor}\n" in rules, link
