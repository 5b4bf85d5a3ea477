"""What is compiled is compiled once, as if it had just been."""

import marshal
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest

from flyball.lab.hosts.kept_compiled import keeping

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
