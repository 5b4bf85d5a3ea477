"""The state of Pulumi's engine, where that is a file of this machine
(https://www.pulumi.com/docs/iac/concepts/state-and-backends/#local-filesystem)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flyball.stack.schema import PROJECT

_PACKED = ("", ".gz", ".zst")
"""How its name may end, by what the CLI packs it with."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Of what is more than plain values: a secret, an asset, a reference."""
_VERSION = 3
_HEAD = {"version", "checkpoint"}
_CHECKPOINT = {"stack", "latest"}
_LATEST = {"manifest", "secrets_providers", "resources", "metadata", "pending_operations"}


def folder(environment: Mapping[str, str]) -> Path | None:
    """Where the CLI keeps its state in such an environment, where that is in files."""
    backend = urlsplit(environment.get("PULUMI_BACKEND_URL", ""))
    return Path(unquote(backend.path), ".pulumi") if backend.scheme == "file" else None


def files(state: Path, stack: str) -> list[Path]:
    """The state of a stack, packed or not; none where there is none yet."""
    paths = (state / "stacks" / PROJECT / f"{stack}.json{packed}" for packed in _PACKED)
    return [path for path in paths if path.is_file()]


def locks(state: Path, stack: str) -> list[Path]:
    """One for each update that is at work on a stack, or was killed."""
    return list((state / "locks" / "organization" / PROJECT / stack).glob("*.json"))


def plain(state: Path, stack: str) -> list[dict[str, Any]] | None:
    """The resources of a state in which nothing is under way, pending or unknown, and all values are plain; else None.

    As a program gets them: numbers are floats, and what is null is not there.
    """
    there = files(state, stack)
    if len(there) != 1 or there[0].suffix != ".json" or locks(state, stack):
        return None
    text = there[0].read_text(encoding="utf-8")
    if _SIGNATURE in text:
        return None
    try:
        found = json.loads(text, parse_int=float, object_hook=_without_nulls)
        checkpoint = found["checkpoint"]
        latest = checkpoint["latest"]
        known = found.keys() <= _HEAD and checkpoint.keys() <= _CHECKPOINT and latest.keys() <= _LATEST
        idle = not latest.get("pending_operations") and not latest.get("metadata")
        resources = latest["resources"]
        return resources if known and idle and found["version"] == _VERSION else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _without_nulls(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value is not None} if None in found.values() else found
