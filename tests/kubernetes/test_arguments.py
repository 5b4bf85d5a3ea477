"""What each argument of a Workload changes, and that it changes nothing else.

The cases are data, in `arguments/`:

argument  where the value goes, below a workload of image, port and load
with      what is given beside it, before and after; null for what the other workloads have and this one has not
changes   by object and path, the value afterwards: null for what is gone, an object that came as a whole, {} for one
          that went
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from tests.expected import document
from tests.kubernetes.programs import MINIMAL, Objects, changes, workload

from flyball.kubernetes import WorkloadArgs

Case = dict[str, Any]
CASES: list[Case] = [
    case for file in sorted((Path(__file__).parent / "arguments").glob("*.yaml")) for case in document(file)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['argument']}={json.dumps(case['value'])}"[:60])
def test_argument_changes_exactly_this(case: Case) -> None:
    before = merge(MINIMAL, case.get("with", {}))
    after = merge(before, nested(case["argument"], case["value"]))
    assert before != after
    assert changes(built(json.dumps(before)), built(json.dumps(after))) == case["changes"]


def test_every_argument_has_a_case() -> None:
    tried = {generic(case["argument"]) for case in CASES}
    assert [leaf for leaf in leaves(WorkloadArgs) if leaf not in tried and not is_alike(leaf)] == []


def is_alike(argument: str) -> bool:
    """Within containers of a migration, which are read and made as those of a service, whose cases there are."""
    return argument.startswith(("migrate.init.*", "migrate.sidecars.*"))


@cache
def built(arguments: str) -> Objects:
    return workload(**json.loads(arguments))


def merge(below: Any, above: Any) -> Any:
    """The maps of `above` over those of `below`, key by key."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


@cache
def generic(path: str) -> str:
    """The argument with a star for the names that users give: `calls.*.port`."""
    kind: Any = WorkloadArgs
    words: list[str] = []
    for key in path.split("."):
        known = is_typeddict(kind)
        words.append(key if known else "*")
        kind = plain(get_type_hints(kind, include_extras=True)[key]) if known else get_args(kind)[1]
    return ".".join(words)


def leaves(kind: Any, path: str = "") -> list[str]:
    """All arguments, those within others in place of these; a map of maps counts both itself and what is within."""
    if is_typeddict(kind):
        inner = get_type_hints(kind, include_extras=True)
        return [leaf for key, value in inner.items() for leaf in leaves(plain(value), f"{path}.{key}".lstrip("."))]
    if get_origin(kind) is dict and is_typeddict(get_args(kind)[1]) and path.rpartition(".")[2] != "refs":
        return [path, *leaves(get_args(kind)[1], f"{path}.*")]
    return [path]


def plain(kind: Any) -> Any:
    """A type without what allows it to be left out, or to be an Output."""
    wrapped = get_origin(kind) in (NotRequired, Union)
    return plain(get_args(kind)[0]) if wrapped else kind
