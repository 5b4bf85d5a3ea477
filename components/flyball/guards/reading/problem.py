"""What a guard says when it refuses: where, which rule, what is wrong there, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flyball.errors import FlyballError
from flyball.guards.reading.rule import Rule

Path = tuple[str | int, ...]
"""Where a value stands: the keys that lead to it, and in a list its place there, from 0 on."""


def show(path: Path) -> str:
    """As people write it: `services.checkout.calls.payment.timeout`, `zones[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return _printable(text)


def _printable(text: str) -> str:
    """With half of a character, which no terminal and no file takes, written as in Python."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule.

    `path` leads to the value in the stack file, `rule` is the one that it breaks, `message` says what is wrong with it,
    and `remedy` what is allowed or how to mend it. Code asks path and rule; the text is for people.
    """

    path: Path
    rule: Rule
    message: str
    remedy: str = ""

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
        self.rule, self.message, self.remedy = rule, message, remedy
        super().__init__(f"{message}: {remedy}" if remedy else message)

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
