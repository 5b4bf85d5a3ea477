"""YAML as people write it, whose text is text for whoever reads it."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""By libyaml where PyYAML has it: in a seventh of the time."""
_NO_TEXT_TO_GO = re.compile(r"[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN]")
"""What kubectl reads as a number or a truth, and PyYAML takes for text and would not quote: `1e3`, `0o7`, `y`."""


class _Dumper(_SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def represent(dumper: Any, value: str) -> yaml.ScalarNode:
    """Several lines as they are, and in quotes what would be read as something else than text."""
    style = "|" if "\n" in value else "'" if _NO_TEXT_TO_GO.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, represent)


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """YAML as people write it: keys in the order of the manifest, no anchors, long text unfolded."""
    return yaml.dump(dict(manifest), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
