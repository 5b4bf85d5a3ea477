"""The SDK's own types, held against captured inputs: its Args classes let wrong types, enums and nested typos pass."""

import inspect
import sys
import types
import typing
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any

import pulumi
import pulumi_aws
from pulumi import _types

from flyball.deploy.registered import Registered

_OPEN = {"Output": pulumi.Output, "T": type(None)}
"""Names that the SDK leaves for itself in its hints."""


def problems(resource: Registered) -> Iterator[str]:
    """Unknown and missing inputs at any depth, and values of another type than the SDK says."""
    _, arguments = classes(resource.type)
    known, required = _hints(arguments)
    yield from _keys(resource.inputs, known, required, resource.name)


def classes(kind: str) -> tuple[Any, type]:
    """`aws:ec2/vpc:Vpc` -> `Vpc` and `VpcArgs`, or `…InitArgs` where a nested type is called so, as
    BucketVersioningArgs."""
    _, module, name = kind.split(":")
    resource = getattr(getattr(pulumi_aws, module.partition("/")[0]), name)
    own = vars(sys.modules[resource.__module__])
    return resource, own[f"{name}InitArgs"] if f"{name}InitArgs" in own else own[f"{name}Args"]


@cache
def _hints(arguments: type) -> tuple[Mapping[str, Any], frozenset[str]]:
    """By the name on the wire: the type of each input, and those that are required."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    module = vars(sys.modules[arguments.__module__])
    known: dict[str, Any] = {}
    for name, member in inspect.getmembers(arguments, lambda found: isinstance(found, property)):
        hints = typing.get_type_hints(member.fget, module, _OPEN)
        known[names.get(name, name)] = hints.get("return")
    parameters = inspect.signature(arguments.__init__).parameters
    required = {
        names.get(name, name)
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and name not in ("self", "__self__")
    }
    return known, frozenset(required)


def _keys(values: Mapping[str, Any], known: Mapping[str, Any], required: frozenset[str], path: str) -> Iterator[str]:
    for key, value in values.items():
        if key not in known:
            yield f"{path}.{key}: is not known"
        elif value is not None:
            yield from _value(value, known[key], f"{path}.{key}")
    yield from (f"{path}.{key}: is missing" for key in sorted(required - set(values)))


def _plain(hint: Any) -> list[Any]:
    """The types that a value may have once it is known."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [one for member in typing.get_args(hint) for one in _plain(member)]
    opaque = hint is type(None) or typing.get_origin(hint) in (pulumi.Output, Awaitable) or typing.is_typeddict(hint)
    return [] if opaque else [hint]


def _value(value: Any, hint: Any, path: str) -> Iterator[str]:
    """What is wrong with a value by the type that fits it best; nothing where one fits."""
    best: list[str] | None = None
    for kind in _plain(hint):
        found = list(_of(value, kind, path))
        if not found:
            return
        best = found if best is None or len(found) < len(best) else best
    yield from best or []


def _of(value: Any, kind: Any, path: str) -> Iterator[str]:
    origin = typing.get_origin(kind)
    if isinstance(value, dict) and inspect.isclass(kind) and _types.is_input_type(kind):
        yield from _keys(value, *_hints(kind), path)
    elif isinstance(value, dict) and inspect.isclass(origin) and issubclass(origin, Mapping):
        for key, inner in value.items():
            yield from _value(inner, typing.get_args(kind)[1], f"{path}[{key}]")
    elif isinstance(value, list) and inspect.isclass(origin) and issubclass(origin, Sequence):
        for i, inner in enumerate(value):
            yield from _value(inner, typing.get_args(kind)[0], f"{path}[{i}]")
    elif not _is(value, kind):
        yield f"{path}: {value!r} is no {getattr(kind, '__name__', kind)}"


def _is(value: Any, kind: Any) -> bool:
    if kind in (typing.Any, object):
        return True
    if not inspect.isclass(kind):
        return False
    if issubclass(kind, Enum):
        return value in [member.value for member in kind]
    if kind is int:
        return not isinstance(value, bool) and isinstance(value, int | float) and float(value).is_integer()
    if kind is float:
        return not isinstance(value, bool) and isinstance(value, int | float)
    return isinstance(value, kind)
