"""The SDK's ways to the wire and back, for plain values in one step each.

The SDK makes a coroutine of every value on the way there, and asks of every one on the way back what else it could
mean. Most of what a program registers is text, numbers, lists and maps, which nothing has to be waited for; what is
not, such as an Output or a secret, still goes the SDK's own ways.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi import _types
from pulumi import output as _outputs
from pulumi.runtime import resource, rpc

from flyball.errors import FlyballError

Translate = Callable[[str], str]
"""From the name of a property in Python to that on the wire."""
Known = dict[int, tuple[Struct, Any]]
"""What properties that are still there were read as, by the id of their object."""
_sdk: Any = rpc
_SCALARS = frozenset({str, int, float, bool, type(None)})
_SIGNATURE: str = _sdk._special_sig_key
NOTHING = object()
"""In the place of what only the SDK can read."""


class NotPlainError(FlyballError):
    """Only the SDK can say what becomes of a value."""


@contextmanager
def shortened(known: Known) -> Iterator[None]:
    """Plain values take the short ways, until it ends; what is known is not read again."""
    own: list[tuple[Any, str, Callable[[Any], Any]]] = [
        (rpc, "serialize_property", _there),
        (rpc, "deserialize_properties", lambda sdk: _back(sdk, known)),
        (rpc, "translate_output_properties", _typed),
        (rpc, "contains_unknowns", _unknowns),
        (resource, "create_urn", _urn),
        # As URNs only engines want them that are older than any that works.
        (pulumi.resource, "collapse_alias_to_urn", lambda _: lambda alias, *more: alias),
    ]
    if hasattr(pulumi.Output, "_from_data"):  # not in every version of the SDK
        own.append((rpc, "transfer_properties", lambda _: _promised))
    before = [(module, name, getattr(module, name)) for module, name, _ in own]
    for (module, name, sdk), (_, _, shorter) in zip(before, own, strict=True):
        setattr(module, name, shorter(sdk))
    try:
        yield
    finally:
        for module, name, sdk in before:
            setattr(module, name, sdk)


def _promised(res: pulumi.Resource, props: Mapping[str, Any], custom: bool) -> dict[str, Callable[..., None]]:
    """A resource's properties, and what resolves each: by one future, as the SDK has it of a URN.

    Of all else the SDK makes four and a task that waits for them.
    """
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name != "urn" and not (custom and name == "id"):
            resolvers[name], res.__dict__[name] = _promise(res)
    return resolvers


def _promise(res: pulumi.Resource) -> tuple[Callable[..., None], pulumi.Output[Any]]:
    future: asyncio.Future[Any] = asyncio.Future()

    def resolve(
        value: Any, known: bool, secret: bool, resources: Iterable[pulumi.Resource] | None, failed: Exception | None
    ) -> None:
        if failed is not None:
            future.set_exception(failed)
        else:
            future.set_result(_outputs._OutputData({res, *(resources or ())}, value, known, secret))

    return resolve, pulumi.Output._from_data(future)


def _there(sdk: Callable[..., Any]) -> Callable[..., Any]:
    async def serialize_property(
        value: Any,
        deps: Any,
        key: Any,
        of: Any = None,
        translate: Translate | None = None,
        kind: Any = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        if not options.get("return_protobuf_value") and is_plain(value):
            with suppress(NotPlainError):
                return sent(value, kind, translate)
        return await sdk(value, deps, key, of, translate, kind, *args, **options)

    return serialize_property


def _back(sdk: Callable[..., Any], known: Known) -> Callable[..., Any]:
    def deserialize_properties(properties: Struct, *args: Any, **options: Any) -> Any:
        same, found = known.get(id(properties), (None, NOTHING))
        if same is not properties and not args[1:] and "keep_internal" not in options:
            found = read(properties)
        return sdk(properties, *args, **options) if found is NOTHING else found

    return deserialize_properties


def _typed(sdk: Callable[..., Any]) -> Callable[..., Any]:
    def translate_output_properties(
        value: Any, translate: Translate, kind: Any = None, by_type: bool = False, *args: Any, **more: Any
    ) -> Any:
        if by_type:
            with suppress(NotPlainError, AssertionError):  # the SDK says what is wrong, and where
                return received(value, kind)
        return sdk(value, translate, kind, by_type, *args, **more)

    return translate_output_properties


def _unknowns(sdk: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: type(value) not in _SCALARS and sdk(value)


def _urn(sdk: Callable[..., Any]) -> Callable[..., Any]:
    def create_urn(name: Any, kind: Any, parent: Any = None, *more: Any) -> Any:
        if more or not all(type(each) is str for each in (name, kind, parent)):
            return sdk(name, kind, parent, *more)
        return pulumi.Output.from_input(f"{parent[: parent.rfind('::')]}${kind}::{name}")

    return create_urn


def is_plain(value: Any) -> bool:
    """Whether nothing within has to be waited for, or means something else on the wire."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is dict:
        return all(type(key) is str and (type(inner) in _SCALARS or is_plain(inner)) for key, inner in value.items())
    return kind in (list, tuple) and all(type(inner) in _SCALARS or is_plain(inner) for inner in value)


def sent(value: Any, kind: Any, translate: Translate | None) -> Any:
    """A plain value on the wire: names are translated by its type, or where it has none by `translate`."""
    if type(value) in _SCALARS:
        return value
    kind = _meant(_types.unwrap_type(kind) if kind else None)
    if type(value) is not dict:
        each = _sdk._get_list_element_type(kind)  # refuses a type of no list
        return [sent(inner, each, translate) for inner in value]
    if kind is not None and _types.is_input_type(kind):
        names, types = _types.input_type_py_to_pulumi_names(kind), _types.input_type_types(kind)
        named = {names.get(key) or key: inner for key, inner in value.items()}
        return {key: sent(inner, types.get(key), translate) for key, inner in named.items()}
    is_map, inside = _map_of(kind)
    if kind is None or (is_map and inside is None):
        return {translate(key) if translate else key: sent(inner, None, translate) for key, inner in value.items()}
    return {key: sent(inner, inside, translate) for key, inner in value.items()}


def read(properties: Struct) -> Any:
    """What the SDK reads from properties, where all of them are plain; else `NOTHING`."""
    try:
        return _map(properties)
    except NotPlainError:
        return NOTHING


def _map(properties: Struct) -> dict[str, Any]:
    """Without what is null, as the SDK has it."""
    if _SIGNATURE in properties.fields:
        raise NotPlainError
    kinds = [(key, value, value.WhichOneof("kind")) for key, value in properties.fields.items()]
    return {key: _value(value, kind) for key, value, kind in kinds if kind != "null_value"}


def _value(value: Any, kind: str | None) -> Any:
    if kind == "string_value":
        if (text := value.string_value) == rpc.UNKNOWN:
            raise NotPlainError
        return text
    if kind == "struct_value":
        return _map(value.struct_value)
    if kind == "list_value":
        return [_value(each, each.WhichOneof("kind")) for each in value.list_value.values]
    if kind == "number_value":
        return value.number_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "null_value":
        return None
    raise NotPlainError


def received(value: Any, kind: Any) -> Any:
    """A value that was read, as its type has it. Raises `NotPlainError` where only the SDK can say."""
    if type(value) in _SCALARS and (kind is None or kind is str or kind is bool):
        return value  # most are of these
    kind = _meant(_types.unwrap_optional_type(kind) if kind else None)
    if type(value) is dict:
        return _received_map(value, kind)
    if type(value) is list:
        each = _sdk._get_list_element_type(kind)
        return [received(inner, each) for inner in value]
    if type(value) not in _SCALARS or (kind not in (None, str, int, float, bool) and value is not None):
        raise NotPlainError
    return int(value) if kind is int and type(value) is float else value


def _received_map(value: dict[str, Any], kind: Any) -> Any:
    if _SIGNATURE in value:
        raise NotPlainError
    if kind is not None and _types.is_output_type(kind):
        types = _types.output_type_types(kind)
        inner = {key: received(each, types.get(key)) for key, each in value.items()}
        return _types.output_type_from_dict(kind, inner)
    is_map, inside = _map_of(kind)
    if kind is not None and not is_map:
        raise NotPlainError
    return {key: received(each, inside) for key, each in value.items()}


def _meant(kind: Any) -> Any:
    """A type that says something. Raises `NotPlainError` where it depends on the value which."""
    if get_origin(kind) in (Union, UnionType):
        raise NotPlainError
    return None if kind is Any else kind


def _map_of(kind: Any) -> tuple[bool, Any]:
    """Whether a type is that of a map by names, and that of the values within, if it says so."""
    inside = get_args(kind)
    is_map = kind is dict or get_origin(kind) in (dict, Mapping)
    return is_map, inside[1] if is_map and len(inside) == 2 and inside[0] is str else None
