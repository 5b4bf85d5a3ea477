"""Which tests run in one worker, and in which order the workers take them up.

Tests that share a lab or a control plane form a group (`pytest -n N --dist loadgroup`), so that it is made once: those
that use the same fixture of `SHARED`, else those of a folder of `TOGETHER` or of a module, or each for itself in a
module of `ALONE`. A test or a module says otherwise by `pytest.mark.xdist_group`.
"""

import itertools
import os
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

SHARED = (
    *("control_plane", "governed_plane", "scaled_plane", "site_fleet"),
    *("ansible_programs", "ansible_inventories"),
)
"""Fixtures for all tests that use them, to be ended with the last of these (see `at_group_end`)."""
ALONE = ("tests/drills/test_drills.py", "tests/drills/test_host_drills.py")
"""Modules whose tests each bring up what they need."""
TOGETHER = ("tests/aws",)
"""Folders whose modules are one group: each worker that ran one of them would load the SDK and make the platforms."""
_KINDS = ("hosts", "cluster", "vegeta", "integration", "long")
"""In which order they are taken up, by marks; what has none of them is short and comes last."""
NICENESS = os.getpriority(os.PRIO_PROCESS, 0)
YIELDING = NICENESS + 10
"""Of what is short: hosts, control planes and drills measure, and have their times to keep."""
MEASURES = pytest.StashKey[bool]()
"""Whether something in this run does."""
_at_group_end = ExitStack()


@pytest.fixture(scope="session")
def at_group_end() -> Iterator[ExitStack]:
    """Takes callbacks that end what a group shares, so that it does not run on beside the worker's next groups."""
    with _at_group_end:
        yield _at_group_end


def group_of(path: str, test: str, fixtures: Collection[str]) -> str:
    """The group of a test, by the path of its module from the root, its name with parameters, and its fixtures."""
    if path in ALONE:
        return f"{path}::{test.replace('[', '-').removesuffix(']')}"  # xdist takes a bracket for a parameter
    folder = next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)
    return next((fixture for fixture in SHARED if fixture in fixtures), folder)


def in_order(groups: Iterable[Sequence[pytest.Item]]) -> list[pytest.Item]:
    """All tests, those of a group one after another.

    What waits most comes first, hosts and control planes by turns, of each the group with most tests first; then the
    drills with traffic, programs that play together, what is marked as long, and at the end what is short, to fill the
    gaps.
    """
    kinds: dict[str, list[Sequence[pytest.Item]]] = {kind: [] for kind in (*_KINDS, "")}
    for group in sorted(groups, key=len, reverse=True):
        kinds[kind_of(group[0])].append(group)
    waiting = itertools.zip_longest(kinds["hosts"], kinds["cluster"], fillvalue=())
    after = (kinds[kind] for kind in (*_KINDS[2:], ""))
    return [item for group in itertools.chain(*waiting, *after) for item in group]


def kind_of(test: pytest.Item) -> str:
    """The first of its marks that says when it is taken up; empty where it is short."""
    return next((kind for kind in _KINDS if test.get_closest_marker(kind)), "")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put a test into its group: before xdist looks, which is when all are collected."""
    if not _group(item):
        fixtures: Collection[str] = getattr(item, "fixturenames", ())
        name = group_of(item.nodeid.partition("::")[0], item.name, fixtures)
        item.add_marker(pytest.mark.xdist_group(name=name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(_group(item), []).append(item)
    items[:] = in_order(groups.values())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """xdist 3.8 does not notice that pytest 9.2 keeps it from grouping (pytest-xdist#1386), and would say nothing."""
    if node.config.option.dist == "loadgroup" and not all("@" in nodeid for nodeid in ids):
        raise pytest.UsageError("xdist puts no tests into groups; with pytest 9.1 it does")


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[MEASURES] = any(kind_of(item) not in ("", "long") for item in session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is short yields to what measures in the other workers, where that can be taken back."""
    if hasattr(item.config, "workerinput") and item.config.stash[MEASURES] and _may_take_back():
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS if kind_of(item) else YIELDING)


def _may_take_back() -> bool:
    """Root may, but not in most containers, which leave it without CAP_SYS_NICE."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS - 1)
    except PermissionError:
        return False
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    yield
    if nextitem is None or _group(nextitem) != _group(item):
        _at_group_end.close()


def _group(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return mark.kwargs["name"] if mark else ""
