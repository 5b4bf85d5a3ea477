"""Whatever flyball raises has one root, by which the command tells it from a crash."""

import ast
import builtins
from pathlib import Path

import pytest

import flyball
from flyball.errors import FlyballError
from flyball.guards.reading.problem import Broken, Refused
from flyball.kubectl import KubectlError
from flyball.lab.cluster.toolchain import GoMissingError

SOURCES = sorted(Path(next(iter(flyball.__path__))).rglob("*.py"))


def test_errors_have_one_root() -> None:
    strangers = [
        f"{source.name}: {node.name}"
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and _is_stranger([ast.unparse(base) for base in node.bases])
    ]
    assert strangers == ["errors.py: FlyballError"]


def _is_stranger(bases: list[str]) -> bool:
    """Whether a class is an exception of Python's only."""
    kinds = [getattr(builtins, base, None) for base in bases]
    raised = any(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)
    return raised and "FlyballError" not in bases


@pytest.mark.parametrize("kind", [Refused, Broken, KubectlError, GoMissingError])
def test_the_root(kind: type[Exception]) -> None:
    assert issubclass(kind, FlyballError)
