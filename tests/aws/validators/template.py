"""Captured inputs as a template of CloudFormation, for checkers that know that and nothing of Pulumi."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tests.expected import document

from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import REGION

_SCHEMAS = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
MAPPING: Mapping[str, Any] = document(Path(__file__).parent / "mapping.yaml")
Template = dict[str, Any]


class Unmapped(Exception):
    """An input or a type that the mapping does not know: nobody would look at it."""


def template(resources: Mapping[str, Registered]) -> Template:
    """One for all resources that CloudFormation has, by name. Raises `Unmapped`, naming all that the mapping lacks."""
    found: Template = {}
    missing: list[str] = []
    for title, resource in resources.items():
        if not resource.type.startswith("aws:") or resource.type in MAPPING["none"]:
            continue
        if resource.type not in MAPPING["types"]:
            missing.append(resource.type)
            continue
        entry = MAPPING["types"][resource.type]
        properties = _properties(resource.inputs, entry, missing)
        found[logical(title)] = {"Type": f"AWS::{entry['type']}", "Properties": properties}
    if missing:
        raise Unmapped(", ".join(sorted(set(missing))))
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": found}


def logical(title: str) -> str:
    """A name as CloudFormation takes it."""
    return re.sub(r"[^A-Za-z0-9]", "", title)


@cache
def schema(kind: str) -> Mapping[str, Any]:
    """That of a type, as `EC2::VPC`."""
    provider = json.loads((_SCHEMAS / f"providers/{REGION}.json").read_text(encoding="utf-8"))
    return json.loads((_SCHEMAS / f"resources/{provider[f'AWS::{kind}']}.json").read_text(encoding="utf-8"))


def _properties(inputs: Mapping[str, Any], entry: Mapping[str, Any], missing: list[str]) -> dict[str, Any]:
    root, kind = schema(entry["type"]), entry["type"]
    rename: Mapping[str, str | None] = entry.get("rename", {})
    where = _Schema(root, root, missing, rename)
    found = dict(entry.get("add", {}))
    inner = where.property(entry["wrap"]) if "wrap" in entry else where
    wrapped: dict[str, Any] = {}
    for key, value in inputs.items():
        if value is None or rename.get(key, "") is None:
            continue
        place, into = (where, found) if key == "tags" or "wrap" not in entry else (inner, wrapped)
        if key == "tags" and "wrap" in entry:
            continue
        name = rename.get(key) or place.name(key)
        if name is None:
            missing.append(f"{kind}.{key}")
            continue
        outer, _, within = name.partition(".")  # what lies a level deeper there
        into[outer] = place.property(outer).converted({within: value} if within else value, f"{kind}.{key}")
    return {**found, entry["wrap"]: wrapped} if "wrap" in entry else found


class _Schema:
    """A part of a schema, by which values are converted to what CloudFormation takes."""

    def __init__(
        self, root: Mapping[str, Any], part: Mapping[str, Any], missing: list[str], rename: Mapping[str, str | None]
    ) -> None:
        while "$ref" in part:
            inner: Any = root
            for step in part["$ref"].lstrip("#/").split("/"):
                inner = inner[step]
            part = inner
        self._root, self._part, self._missing, self._rename = root, part, missing, rename
        kinds = part.get("type", [])
        self._kinds = kinds if isinstance(kinds, list) else [kinds]

    def property(self, name: str) -> "_Schema":
        return _Schema(self._root, self._part["properties"][name], self._missing, self._rename)

    def name(self, key: str) -> str | None:
        """The property for an input: the same word, or its plural or singular."""
        known = {name.lower(): name for name in self._part.get("properties", {})}
        return next((known[word] for word in _forms(key.lower()) if word in known), None)

    def converted(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return self._map(value, path)
        if isinstance(value, list):
            if "items" not in self._part:
                return self.converted(value[0], path) if value else value
            return [self._item().converted(inner, path) for inner in value]
        if "array" in self._kinds:  # one is said as it is there
            return [self._item().converted(value, path)]
        return self._plain(value)

    def _item(self) -> "_Schema":
        return _Schema(self._root, self._part["items"], self._missing, self._rename)

    def _map(self, value: dict[str, Any], path: str) -> Any:
        if "array" in self._kinds:
            item = self._item()
            key = next((name for name in ("Key", "Name") if name in item._part.get("properties", {})), None)
            if key and path.lower().endswith(("tags", "dimensions")):
                return [{key: name, "Value": inner} for name, inner in value.items()]
            return [item.converted(value, path)]
        if not self._part.get("properties"):
            return value
        found: dict[str, Any] = {}
        for key, inner in value.items():
            renamed = self._rename.get(f"{path}.{key}".partition(".")[2], "")
            if inner is None or renamed is None:
                continue
            outer, _, within = (renamed or "").partition(".")
            if within:  # what lies a level deeper there
                place = self.property(outer).property(within)
                found.setdefault(outer, {})[within] = place.converted(inner, f"{path}.{key}")
            elif name := renamed or self.name(key):
                found[name] = self.property(name).converted(inner, f"{path}.{key}")
            else:
                self._missing.append(f"{path}.{key}")
        return found

    def _plain(self, value: Any) -> Any:
        numeric, text = {"integer", "number"} & set(self._kinds), "string" in self._kinds
        if isinstance(value, str):
            if value.startswith("{") and "object" in self._kinds:
                return json.loads(value)
            if numeric and not text and re.fullmatch(r"-?\d+(\.\d+)?", value):
                return int(value) if value.lstrip("-").isdigit() else float(value)
            return value == "true" if "boolean" in self._kinds and value in ("true", "false") else value
        if text and not numeric and not isinstance(value, bool):
            return str(value)
        return value


def _forms(word: str) -> Iterator[str]:
    yield word
    yield f"{word}s"
    if word.endswith("s"):
        yield word[:-1]
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
    if word.endswith("y"):
        yield f"{word[:-1]}ies"
    for short in ("ids", "id"):
        if word.endswith(short):
            yield word.removesuffix(short) + "identifiers"
