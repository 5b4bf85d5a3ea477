"""What is compiled is compiled once, as if it had just been."""

import marshal
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest

from flyball.lab.hosts import compiled as of_labs
from flyball.lab.hosts.kept_compiled import FOLDER, keeping

SOURCE = b"def where(): return where.__code__.co_filename\n"


@pytest.fixture
def compilations() -> list[str]:
    """The paths of what was really compiled."""
    return []


@pytest.fixture
def compiling(compilations: list[str]) -> Callable[[str, bytes], CodeType]:
    def compiled(path: str, source: bytes) -> CodeType:
        compilations.append(path)
        return compile(source, path, "exec", dont_inherit=True)

    return compiled


def where(code: CodeType) -> str:
    names: dict[str, Callable[[], str]] = {}
    exec(code, names)
    return names["where"]()


def test_once_for_each_source_and_under_the_path_of_each(
    tmp_path: Path, compilations: list[str], compiling: Callable[[str, bytes], CodeType]
) -> None:
    compiled = keeping(compiling, str(tmp_path))
    assert [where(compiled(path, SOURCE)) for path in ("/a.zip/x.py", "/b.zip/x.py")] == ["/a.zip/x.py", "/b.zip/x.py"]
    compiled("/b.zip/y.py", SOURCE + b"#")
    assert compilations == ["/a.zip/x.py", "/b.zip/y.py"]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"damaged", marshal.dumps(1)], ids=["empty", "damaged", "no code"])
def test_what_is_damaged_is_compiled_again(
    content: bytes, tmp_path: Path, compilations: list[str], compiling: Callable[[str, bytes], CodeType]
) -> None:
    compiled = keeping(compiling, str(tmp_path))
    compiled("/a.zip/x.py", SOURCE)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert where(compiled("/b.zip/x.py", SOURCE)) == "/b.zip/x.py"
    assert compilations == ["/a.zip/x.py", "/b.zip/x.py"]
    assert where(marshal.loads(file.read_bytes())) == "/b.zip/x.py"


def test_without_a_folder_it_compiles_each_time(
    tmp_path: Path, compilations: list[str], compiling: Callable[[str, bytes], CodeType]
) -> None:
    compiled = keeping(compiling, str(tmp_path / "none"))
    assert [where(compiled(path, SOURCE)) for path in ("/a", "/b")] == ["/a", "/b"]
    assert compilations == ["/a", "/b"]


def test_the_next_host_has_what_one_kept_that_was_whole_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    long_ago = time.time() - 31 * 86_400

    def given(name: str) -> Path:
        (tmp_path / name).mkdir()
        of_labs.give(tmp_path / name)
        return tmp_path / name / FOLDER.lstrip("/")

    kept = given("one")
    for name in ("new.cpython-311", "old.cpython-311", "broken-off.cpython-311.17"):
        (kept / name).write_bytes(b"code")
    os.utime(kept / "old.cpython-311", (long_ago, long_ago))
    of_labs.take(tmp_path / "one")
    assert [file.name for file in given("two").iterdir()] == ["new.cpython-311"]
