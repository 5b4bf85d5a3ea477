"""Paths of files: those that name a file, and not a folder or where one would lead up."""

import pytest

from flyball.guards.reading.paths import is_file


@pytest.mark.parametrize("path", ["/a", "/etc/alertmanager/secrets/hook", "/a//b", "/a/..b", "/a/.b", "/a@b+c"])
def test_a_file(path: str) -> None:
    assert is_file(path)


@pytest.mark.parametrize(
    "path", ["", "/", "//", "a", "/a/", "/..", "/a/..", "/a/../b", "/.", "/a/.", "/a b", "/a\n", "/é", "/" + "a" * 256]
)
def test_no_file(path: str) -> None:
    assert not is_file(path)
