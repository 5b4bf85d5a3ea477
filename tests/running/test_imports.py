"""Of a file all that it imports, in whichever way, counts as read by it, and what those import."""

from pathlib import Path

import pytest
from tests.running.imports import closures

FILES = {
    "lib/a/__init__.py": "",
    "lib/a/b.py": "from . import c\nfrom .c import D",
    "lib/a/c.py": "import os, json",
    "lib/a/deep/__init__.py": "",
    "lib/a/deep/d.py": "from ..c import D",
    "lib/a/both.py": "def later():\n    import tests.helper as h\n",
    "lib/a/typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.c import D",
    "lib/a/circle.py": "import a.round",
    "lib/a/round.py": "import a.circle",
    "tests/helper.py": "from a import b",
    "tests/test_a.py": "import beside",
    "tests/beside.py": "x = 1",
    "tests/torn.py": "def",
    "plugins/hold.py": "",
    "tests/test_hold.py": "from of.others.plugins import hold",
}
READS = {
    "lib/a/b.py": {"lib/a/__init__.py", "lib/a/b.py", "lib/a/c.py"},
    "lib/a/c.py": {"lib/a/c.py"},
    "lib/a/deep/d.py": {"lib/a/__init__.py", "lib/a/c.py", "lib/a/deep/d.py"},
    "lib/a/both.py": {"lib/a/__init__.py", "lib/a/b.py", "lib/a/both.py", "lib/a/c.py", "tests/helper.py"},
    "lib/a/typed.py": {"lib/a/__init__.py", "lib/a/c.py", "lib/a/typed.py"},
    "lib/a/circle.py": {"lib/a/__init__.py", "lib/a/circle.py", "lib/a/round.py"},
    "tests/test_a.py": {"tests/beside.py", "tests/test_a.py"},
    "tests/torn.py": {"tests/torn.py"},
    "tests/test_hold.py": {"plugins/hold.py", "tests/test_hold.py"},
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("name", READS)
def test_a_file_reads_what_it_imports(tree: Path, name: str) -> None:
    found = closures((tree / each for each in FILES), [tree, tree / "lib"], {"of.others": ""})
    assert {str(file.relative_to(tree)) for file in found[tree / name]} == READS[name]
