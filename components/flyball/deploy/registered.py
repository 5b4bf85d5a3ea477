"""What a program registers, apart from how it is run: who reads it needs no SDK."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Registered:
    """A resource as the engine would have seen it. `secrets` names the properties that hold a secret.

    `parent` and `after` (what it waits for) are URNs, `provider` is one with an id after it, empty for the default.
    `outputs` are those of a component, None if it registered none.
    """

    type: str
    name: str
    urn: str
    parent: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] | None
    ignored: tuple[str, ...]
    after: frozenset[str]
    provider: str
    secrets: frozenset[str]
    custom: bool
    protect: bool = False
