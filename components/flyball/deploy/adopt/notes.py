"""What is said beside a stack file that was written from manifests: guesses within it, and what it cannot say."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from flyball.deploy.adopt.found import Item

Place = tuple[str, ...]
"""Keys that lead to a value of the stack file, from the top: ("services", "cart", "calls")."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A part of a manifest that a stack file cannot say: where it stands, and what is lost with it."""

    where: str
    path: str
    loses: str

    def __str__(self) -> str:
        return f"{self.where}: {self.path}: {self.loses}" if self.path else f"{self.where}: {self.loses}"


@dataclass(slots=True)
class Notes:
    """`lost` in order, each once; `comments` by the place that they stand before."""

    lost: dict[Lost, None] = field(default_factory=dict)
    comments: dict[Place, list[str]] = field(default_factory=dict)

    def lose(self, item: Item, path: str, loses: str) -> None:
        self.lost[Lost(str(item), path, loses)] = None

    def rest(self, item: Item, values: Mapping[str, object], known: Collection[str], path: str, **words: str) -> None:
        """Name the keys that nothing has been said of; empty ones say nothing."""
        for key, value in values.items():
            if key not in known and value not in (None, {}, [], "", False, 0):
                self.lose(item, f"{path}.{key}".lstrip("."), words.get(key, "nothing in a stack file says it"))

    def say(self, place: Place, text: str) -> None:
        lines = self.comments.setdefault(place, [])
        if text not in lines:
            lines.append(text)


_SECRET_NAME = re.compile(r"(?i)passw|passphrase|pwd|secret|token|credential|api_?key|private_?key|access_?key")
_PLAIN = re.compile(
    r"(?i)|true|false|yes|no|on|off|none|[-+]?[0-9.]+[a-z]{0,2}|/.*|\$\([A-Za-z_][A-Za-z0-9_]*\)|[a-z]+://[^@\s]*"
)
"""Values that are no secret, whatever their name: none, numbers, paths, references, addresses without a password."""
_SECRET_VALUE = re.compile(
    r"(?i)://[^/\s:@]*:[^/\s@$]+@|\b(?:password|passwd|pwd|secret|api_?key|token)\s*[=:]\s*[^\s;&,$\"']"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_SECRET_FLAG = re.compile(r"(?i)--?[-a-z]*(?:passw|requirepass|secret|token|api-?key)[-a-z]*")


def looks_secret(name: str, value: str) -> bool:
    """Whether a value is one that nobody but its owner should read, by its name or by its look."""
    named = bool(_SECRET_NAME.search(name)) and not _PLAIN.fullmatch(value)
    return named or bool(_SECRET_VALUE.search(value))


def holds_secret(words: list[str]) -> bool:
    """Whether a command line has a secret in it."""
    after = any(_SECRET_FLAG.fullmatch(a) and not _PLAIN.fullmatch(b) for a, b in pairwise(words))
    return after or any(_SECRET_VALUE.search(word) for word in words)
