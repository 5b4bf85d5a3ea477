"""Which tests run in one worker, and in which order the workers take them up.

Tests that share a lab or a control plane form a group (`pytest -n N --dist loadgroup`), so that it is made once: those
that use the same fixture of `SHARED`, else those of a module, or each for itself in a module of `ALONE`. A test or a
module says otherwise by `pytest.mark.xdist_group`.
"""

import itertools
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack

import pytest

SHARED = ("control_plane", "governed_plane", "scaled_plane")
"""Fixtures for all tests that use them, to be ended with the last of these (see `at_group_end`)."""
ALONE = ("tests/drills/test_drills.py", "tests/drills/test_host_drills.py")
"""Modules whose tests each bring up what they need."""
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
    return next((fixture for fixture in SHARED if fixture in fixtures), path)


def in_order(groups: Iterable[Sequence[pytest.Item]]) -> list[pytest.Item]:
    """All tests, those of a group one after another.

    What waits most comes first, hosts and control planes by turns, of each the group with most tests first. Then what a
    mark puts by itself, since it takes long, and at the end what is short, to fill the gaps.
    """
    kinds: dict[str, list[Sequence[pytest.Item]]] = {"hosts": [], "cluster": [], "xdist_group": [], "": []}
    for group in sorted(groups, key=len, reverse=True):
        kinds[next((kind for kind in kinds if kind and group[0].get_closest_marker(kind)), "")].append(group)
    waiting = itertools.zip_longest(kinds["hosts"], kinds["cluster"], fillvalue=())
    return [item for group in (*itertools.chain(*waiting), *kinds["xdist_group"], *kinds[""]) for item in group]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests into groups, and these in order."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        path = item.path.relative_to(config.rootpath).as_posix()
        fixtures: Collection[str] = getattr(item, "fixturenames", ())
        groups.setdefault(_marked(item) or group_of(path, item.name, fixtures), []).append(item)
    items[:] = in_order(groups.values())
    for name, group in groups.items():
        for item in group:
            if not _marked(item):
                item.add_marker(pytest.mark.xdist_group(name=name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    yield
    if nextitem is None or _marked(nextitem) != _marked(item):
        _at_group_end.close()


def _marked(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return mark.kwargs["name"] if mark else ""
