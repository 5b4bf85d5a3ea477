"""What stands, while rules are asked, for a value that nobody knows yet."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TooLate:
    """A value that will be known too late for the place where it is given, and why that is too late."""

    why: str = "what is made follows from it"
