"""What all drills have, of whatever kind they are."""

from collections.abc import Callable
from typing import Protocol

Report = Callable[[str], None]


class Drill(Protocol):
    """What is said of a drill in lists and reports."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def story(self) -> str:
        """What happens."""
        ...

    @property
    def with_guard(self) -> str:
        """What the guard is."""
        ...

    @property
    def without_guard(self) -> str:
        """How the service is run without it: as it is commonly written."""
        ...

    @property
    def method(self) -> str:
        """How it is measured."""
        ...
