"""What a guard says when it refuses: a path, what is wrong there, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One broken rule.

    `path` names the value in the stack file (`services.checkout.calls.payment.timeout`), `message` says what is
    wrong with it, and `hint` what is allowed or how to mend it.
    """

    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text}; {self.hint}" if self.hint else text


class Refused(ValueError):
    """Bad input: every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `Refused` if there is any problem, else do nothing."""
    if found := tuple(problems):
        raise Refused(found)
