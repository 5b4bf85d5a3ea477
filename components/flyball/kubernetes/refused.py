"""A refusal as Pulumi takes it: the engine prints what a `RunError` says, and a traceback of everything else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from flyball.guards.reading import problem


class Refused(problem.Refused, pulumi.RunError):
    """What components raise for bad arguments: every problem at once, each with its path and how to mend it."""


@contextmanager
def refusals() -> Iterator[None]:
    """What guards refuse, which know nothing of Pulumi, as what it prints."""
    try:
        yield
    except problem.Refused as refused:
        raise Refused(refused.problems) from None
