"""Sizes for the time of a change, while a part of a workload takes over from another one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Sizes = Mapping[tuple[str, str], int]
"""Replicas by namespace and name of a Deployment."""
_sizes: Sizes = {}
"""For the whole process: Pulumi's engine has the program run in a thread of its own."""


@contextmanager
def at_least(sizes: Sizes) -> Iterator[None]:
    """Within it, what is registered begins with so many replicas, and its autoscaler keeps them."""
    global _sizes
    before, _sizes = _sizes, sizes
    try:
        yield
    finally:
        _sizes = before


def size(namespace: str, deployment: str, stated: int) -> int:
    """The size that follows from the arguments, or the larger one for the time of a change."""
    return max(stated, _sizes.get((namespace, deployment), 0))
