"""Which tests run in one worker, and in which order the workers take them up.

Tests that share a lab or a control plane form a group (`pytest -n N --dist loadgroup`), so that it is made once: those
of a module, of a folder in `SHARED`, or each for itself in a module of `ALONE`. A test or module says otherwise by
`pytest.mark.xdist_group`.
"""

import itertools
from collections.abc import Iterable, Sequence

import pytest

SHARED = ("tests/cluster/governor", "tests/cluster/scaling")
"""Folders whose modules share a control plane."""
PLANE = ("tests/cluster/test_apply_race.py", "tests/cluster/test_control_plane.py", "tests/cluster/test_up_scaled.py")
"""Modules that share the control plane of `tests.cluster.conftest`."""
ALONE = ("tests/drills/test_drills.py", "tests/drills/test_host_drills.py")
"""Modules whose tests each bring up what they need."""


def group_of(path: str, test: str) -> str:
    """The group of a test, by the path of its module from the root and its name with its parameters."""
    if path in ALONE:
        return f"{path}::{test}"
    if path in PLANE:
        return "tests/cluster"
    return next((folder for folder in SHARED if path.startswith(f"{folder}/")), path)


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
        mark = item.get_closest_marker("xdist_group")
        name = mark.kwargs["name"] if mark else group_of(item.path.relative_to(config.rootpath).as_posix(), item.name)
        groups.setdefault(name, []).append(item)
    items[:] = in_order(groups.values())
    for name, group in groups.items():
        for item in group:
            if not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(name=name))
