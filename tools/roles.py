"""What the collection says of its roles and playbooks, from their declarations: defaults, argument specs and READMEs.

`make roles` writes them; a test holds them to it.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from flyball.alerts import hosts, watcher
from flyball.guards.alerting.hosts import Size
from flyball.guards.roles.collection import PLAYBOOKS, ROLES
from flyball.guards.roles.variables import Role, Variable

COLLECTION = Path(__file__).parents[1] / "playbooks"
FOLDER = COLLECTION / "roles"
_BEGIN, _END = "<!-- from the declarations by `make roles` -->\n", "<!-- end -->"
_FROM = "Written by `make roles` from the declarations in"


def files() -> dict[Path, str]:
    """Every file that is written, and what it must hold."""
    written: dict[Path, str] = {}
    for name, role in ROLES.items():
        written[FOLDER / name / "defaults/main.yml"] = defaults(role)
        written[FOLDER / name / "meta/argument_specs.yml"] = argument_specs(role)
        written[FOLDER / name / "README.md"] = readme(role)
    readme_of_all = COLLECTION / "README.md"
    written[readme_of_all] = with_playbooks(readme_of_all.read_text())
    return written


def with_playbooks(text: str) -> str:
    """The collection's README, with the variables of its playbooks between the two marks."""
    before, rest = text.split(_BEGIN)
    return f"{before}{_BEGIN}{''.join(playbook(role) for role in PLAYBOOKS.values())}{_END}{rest.split(_END, 1)[1]}"


def playbook(role: Role) -> str:
    """What a playbook does, and its variables."""
    lines = [f"`{role.name}.yml`: {role.text[0].lower()}{role.text[1:]}.", "", *_table(role.variables), ""]
    return "\n".join([*lines, ""])


def defaults(role: Role) -> str:
    """A role's defaults/main.yml."""
    return "\n".join(["---", *(f"{v.name}: {yaml_value(v.default)}" for v in role.variables), ""])


def argument_specs(role: Role) -> str:
    """A role's meta/argument_specs.yml, which Ansible holds its variables against before anything else."""
    lines = ["---", "argument_specs:", "  main:", f"    short_description: {role.text}", "    options:"]
    for variable in role.declared:
        kind, *elements = variable.types
        text = textwrap.wrap(variable.text, 110, break_on_hyphens=False)
        lines += [f"      {variable.name}:", "        description: >-", *(f"          {line}" for line in text)]
        lines += [f"        type: {kind}", *(f"        elements: {element}" for element in elements)]
        lines.append(f"        default: {yaml_value(variable.default)}")
        lines += ["        no_log: true"] if variable.secret else []
    return "\n".join([*lines, ""])


def readme(role: Role) -> str:
    """A role's README.md."""
    lines = [f"# flyball.guards.{role.name}", "", f"{role.text}.", ""]
    lines += _table(role.declared)
    if role.name == "prometheus":
        lines += ["", "Alerts that come with it, and more for each of `prometheus_sizes`:", "", *_alerts()]
    return "\n".join([*lines, "", f"{_FROM} `flyball.guards.roles.{role.name}`.", ""])


def yaml_value(value: Any) -> str:
    """A value as one writes it in YAML, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)
    return text.removesuffix("...\n").strip()


def _table(variables: Iterable[Variable]) -> list[str]:
    head = ["| variable | type | unit | default | |", "| --- | --- | --- | --- | --- |"]
    return [*head, *map(_row, variables)]


def _row(variable: Variable) -> str:
    kind = " of ".join(variable.types)
    return f"| `{variable.name}` | {kind} | {variable.unit} | `{yaml_value(variable.default)}` | {variable.text} |"


def _alerts() -> Iterator[str]:
    """A table of all alerts: how urgent each is, how long it must hold, and what it says of the labels in quotes."""
    yield from ("| alert | severity | holds for | says |", "| --- | --- | --- | --- |")
    for group in (*hosts.rules([Size("web", warn=8, ceiling=9)]).values(), *watcher.rules().values()):
        for rule in group:
            says = re.sub(r"{{ \$labels\.(\w+) }}", r"`\1`", rule.summary)
            yield f"| {rule.name} | {rule.severity} | {rule.as_prometheus()['for']} | {says} |"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
