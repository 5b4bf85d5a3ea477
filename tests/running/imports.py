"""Which files in Python a file reads by its imports, and by those of what it imports."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

Modules = Mapping[str, Iterable[Path]]
"""Files by the name that an import has for them."""


def closures(files: Iterable[Path], roots: Sequence[Path], other: Mapping[str, str]) -> dict[Path, set[Path]]:
    """Of each file those that it reads, itself among them; rather one too many than one too few.

    A name is looked for below all `roots` and in the file's own folder; `other` says which names stand for those that
    begin otherwise, as what a link leads to has two.
    """
    given = [*files]
    modules: dict[str, list[Path]] = {}
    beside: dict[Path, dict[str, list[Path]]] = {}
    for file in given:
        for root in roots:
            if root in file.parents:
                modules.setdefault(_name(file, root), []).append(file)
        beside.setdefault(file.parent, {}).setdefault(_name(file, file.parent), []).append(file)
    direct = {
        file: {
            found
            for name in _imported(file, roots)
            for each in _above(_otherwise(name, other))
            for found in (*modules.get(each, ()), *beside[file.parent].get(each, ()))
        }
        for file in given
    }
    return {file: _reached(file, direct) for file in given}


def _name(file: Path, root: Path) -> str:
    words = file.relative_to(root).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


def _imported(file: Path, roots: Sequence[Path]) -> Iterator[str]:
    """All that it may import, wherever that stands in it; nothing of what is no Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for base in _bases(file, node.level, roots):
                module = ".".join(filter(None, (base, node.module)))
                yield module
                yield from (f"{module}.{alias.name}" if module else alias.name for alias in node.names)


def _bases(file: Path, level: int, roots: Sequence[Path]) -> list[str]:
    """Of an import by so many dots, the names that its package has."""
    if not level:
        return [""]
    package = file.parents[level - 1]
    return [".".join(package.relative_to(root).parts) for root in roots if package.is_relative_to(root)]


def _otherwise(name: str, other: Mapping[str, str]) -> str:
    for begin, instead in other.items():
        if name == begin or name.startswith(f"{begin}."):
            return f"{instead}{name.removeprefix(begin)}".lstrip(".")
    return name


def _above(name: str) -> Iterator[str]:
    """A module and the packages around it."""
    words = name.split(".")
    yield from (".".join(words[:count]) for count in range(1, len(words) + 1))


def _reached(file: Path, direct: Mapping[Path, Iterable[Path]]) -> set[Path]:
    reached, left = {file}, [file]
    while left:
        new = {*direct[left.pop()]} - reached
        reached |= new
        left += new
    return reached
