"""The README of each role, from its argument specs and the rules; run it to write them."""

import re
from pathlib import Path
from typing import Any

import yaml

from flyball.alerts import hosts, watcher
from flyball.guards.alerting.hosts import Size

COLLECTION = Path(__file__).parents[2] / "playbooks"


def roles() -> list[str]:
    """The names of all roles."""
    return sorted(folder.name for folder in (COLLECTION / "roles").iterdir())


def spec(role: str) -> dict[str, Any]:
    """The argument spec of a role's main entry point."""
    text = (COLLECTION / "roles" / role / "meta/argument_specs.yml").read_text()
    return yaml.safe_load(text)["argument_specs"]["main"]


def defaults(role: str) -> dict[str, Any]:
    """The defaults of a role."""
    return yaml.safe_load((COLLECTION / "roles" / role / "defaults/main.yml").read_text())


def readme(role: str) -> str:
    """What the README of a role must be."""
    found = spec(role)
    lines = [f"# flyball.guards.{role}", "", f"{found['short_description']}.", "", "| variable | type | default | |"]
    lines.append("| --- | --- | --- | --- |")
    for name, option in found["options"].items():
        kind = f"list of {option['elements']}" if "elements" in option else option["type"]
        lines.append(f"| `{name}` | {kind} | `{yaml_value(option['default'])}` | {option['description'].strip()} |")
    if role == "prometheus":
        lines += ["", "Alerts that come with it, and more for each of `prometheus_sizes`:", "", *alerts()]
    return "\n".join([*lines, "", "Written from `meta/argument_specs.yml` by `python -m tests.playbooks.readmes`.", ""])


def alerts() -> list[str]:
    """A table of all alerts: how urgent each is, how long it must hold, and what it says of the labels in quotes."""
    lines = ["| alert | severity | holds for | says |", "| --- | --- | --- | --- |"]
    for group in (*hosts.rules([Size("web", warn=8, ceiling=9)]).values(), *watcher.rules().values()):
        for rule in group:
            says = re.sub(r"{{ \$labels\.(\w+) }}", r"`\1`", rule.summary)
            lines.append(f"| {rule.name} | {rule.severity} | {rule.as_prometheus()['for']} | {says} |")
    return lines


def yaml_value(value: Any) -> str:
    """A value as one writes it in YAML, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()


if __name__ == "__main__":
    for name in roles():
        (COLLECTION / "roles" / name / "README.md").write_text(readme(name))
