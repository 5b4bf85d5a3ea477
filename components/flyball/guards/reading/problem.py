"""What a guard says when it refuses: where, which rule, what is wrong there, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flyball.errors import LONGEST, FlyballError, beginning, shortened
from flyball.guards.reading.rule import Rule

Path = tuple[str | int, ...]
"""Where a value stands: the keys that lead to it, and in a list its place there, from 0 on."""


def show(path: Path) -> str:
    """As people write it: `services.checkout.calls.payment.timeout`, `zones[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        name = step if len(step) <= LONGEST else beginning(step)
        text += f".{name}" if text else name
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(letter: str) -> str:
    """A letter that moves no cursor and begins no line, else how Python writes it."""
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _printable(text: str) -> str:
    """With half of a character, which no terminal and no file takes, written as in Python."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule.

    `path` leads to the value in the stack file, `rule` is the one that it breaks, `message` says what is wrong with it,
    and `remedy` what is allowed or how to mend it. Code asks path and rule; the text is for people, and has of long
    values the beginning.
    """

    path: Path
    rule: Rule
    message: str
    remedy: str = ""

    def __post_init__(self) -> None:
        for key in ("message", "remedy"):
            if len(text := getattr(self, key)) > LONGEST:
                object.__setattr__(self, key, shortened(text))

    @property
    def where(self) -> str:
        """The path as people write it."""
        return show(self.path)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.path else self.message
        return _printable(f"{text}; {self.remedy}" if self.remedy else text)


class Broken(FlyballError, ValueError):
    """A rule that does not hold, where it is not known yet under which key its values stand."""

    def __init__(self, rule: Rule, message: str, remedy: str = "") -> None:
        self.rule, self.message, self.remedy = rule, shortened(message), shortened(remedy)
        super().__init__(f"{self.message}: {self.remedy}" if remedy else self.message)

    def at(self, path: Path, remedy: str = "") -> Problem:
        """The problem at a path, mended by `remedy` where the rule itself says nothing of that."""
        return Problem(path, self.rule, self.message, self.remedy or remedy)


class Refused(FlyballError, ValueError):
    """Bad input: every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `Refused` if there is any problem, else do nothing."""
    if found := tuple(problems):
        raise Refused(found)
