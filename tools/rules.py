"""Writes the table of rules in the README, and the reference page, from the catalogue: `make docs`."""

import re
from pathlib import Path

from flyball.alerts import known
from flyball.guards import catalogue
from flyball.guards.reading.rule import Lesson, Rule

ROOT = Path(__file__).parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs/rules.md"
BEGIN, END = "<!-- from the catalogue of rules by `make docs` -->\n", "<!-- end -->\n"


def table() -> str:
    """A row for each lesson: what its guards do, and the ids of its rules."""
    lines = ["| lesson | in short | rules |", "| --- | --- | --- |"]
    for lesson in Lesson:
        about = catalogue.LESSONS[lesson]
        ids = ", ".join(map(str, catalogue.of(lesson)))
        heading = _heading(lesson)
        anchor = re.sub(r"[^-a-z0-9]", "", heading.lower().replace(" ", "-"))
        lines.append(f"| [{heading}](docs/rules.md#{anchor}) | {about.does} | {ids} |")
    return "\n".join([*lines, ""])


def page() -> str:
    """The reference: every rule, what it is for, and where it comes from."""
    lines = [
        "# The rules",
        "",
        "Each message of `flyball plan` and of the roles comes from one of these; `flyball plan --json` names it, and",
        "`flyball rules ID` explains it. Made from the catalogue, `flyball.guards.catalogue`, by `make docs`.",
    ]
    for lesson in Lesson:
        about = catalogue.LESSONS[lesson]
        does = f"{about.does[:1].upper()}{about.does[1:]}."
        lines += ["", f"## {_heading(lesson)}", "", f"`flyball.guards.{lesson.folder}`. {does}"]
        for rule in catalogue.of(lesson):
            lines += ["", *_section(rule)]
    return "\n".join([*lines, ""])


def _heading(lesson: Lesson) -> str:
    return f"{lesson.value}. {catalogue.LESSONS[lesson].title}"


def _section(rule: Rule) -> list[str]:
    lines = [f"### {rule}", "", rule.what, "", f"- Source: {rule.source}", f"- Remedy: {rule.remedy}"]
    if rule.drill:
        lines.append(f"- Drill: `flyball drill {rule.drill}`")
    if alerts := known.of(rule.id):
        lines.append(f"- Alerts: {', '.join(f'`{alert.name}`' for alert in alerts)}")
    return lines


def readme() -> str:
    """The README, with the table as it must be."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
