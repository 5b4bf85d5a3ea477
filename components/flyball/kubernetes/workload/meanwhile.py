"""Sizes for the time of a change, while a part of a workload takes over from another one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Sizes = Mapping[tuple[str, str], int]
"""Replicas by namespace and name of a Deployment."""
_sizes: Sizes = {}
_live: Sizes = {}
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


@contextmanager
def beginning(sizes: Sizes) -> Iterator[None]:
    """Within it, Deployments begin with at least so many replicas, and their autoscalers are as ever.

    For those that are in the cluster though no state tells of them, since what created them was killed.
    """
    global _live
    before, _live = _live, sizes
    try:
        yield
    finally:
        _live = before


def begins(namespace: str, deployment: str, stated: int) -> int:
    """The size with which a Deployment is created."""
    return max(size(namespace, deployment, stated), _live.get((namespace, deployment), 0))


def size(namespace: str, deployment: str, stated: int) -> int:
    """The size that follows from the arguments, or the larger one for the time of a change."""
    return max(stated, _sizes.get((namespace, deployment), 0))
