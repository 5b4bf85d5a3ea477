"""The short ways to the wire and back end where the SDK's do, or leave it to that."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown
from pulumi.runtime import resource, rpc
from pulumi_kubernetes.core.v1 import ServiceSpecArgs
from pulumi_kubernetes.core.v1.outputs import PodSpec, ServiceSpec

from flyball.deploy import wire
from flyball.deploy.program import run

NAMES = ("cluster_ip", "clusterIP", "ports", "node_port", "selector", "a_b", "name", "effect", wire._SIGNATURE)
"""Python's and the wire's, of those types, and of none."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.sampled_from(["", "web", SECRET, rpc.UNKNOWN])
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)


@pulumi.input_type
class StatementArgs:
    """As of AWS: a name that differs by its first letter alone."""

    @property
    @pulumi.getter(name="Effect")
    def effect(self) -> pulumi.Input[str] | None:
        return pulumi.get(self, "effect")


KINDS: list[Any] = [
    *(None, Any, str, int, list, dict, list[str], dict[str, str], dict[str, int], Mapping[str, list[int]]),
    *(str | int, ServiceSpecArgs, list[ServiceSpecArgs], dict[str, ServiceSpecArgs], StatementArgs),
]
OUTPUTS: list[Any] = [ServiceSpec, list[ServiceSpec], dict[str, ServiceSpec], PodSpec]
kinds = st.sampled_from(KINDS)


def outcome(made: Callable[[], Any]) -> tuple[str, Any]:
    """What it comes to with its types, or how it fails."""
    try:
        found = made()
    except Exception as error:
        return type(error).__name__, None
    return repr(found), type(found)


@given(values, kinds, st.sampled_from([None, str.upper]))
def test_what_is_plain_is_sent_as_the_sdk_sends_it(value: Any, kind: Any, translate: Any) -> None:
    async def serialized() -> Any:
        return await rpc.serialize_property(value, [], "key", None, translate, kind)

    assert wire.is_plain(value)
    found = outcome(lambda: wire.sent(value, kind, translate))
    assert found in (("NotPlainError", None), outcome(lambda: asyncio.run(serialized())))
    assert found[0] != "NotPlainError" or kind == str | int


@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=4), kinds | st.sampled_from(OUTPUTS))
def test_what_is_plain_is_read_as_the_sdk_reads_it(value: dict[str, Any], kind: Any) -> None:
    struct = rpc.struct_pb2.Struct()
    struct.update(value)
    found = wire.read(struct)
    if found is wire.NOTHING:
        assert any(text in repr(value) for text in (rpc.UNKNOWN, wire._SIGNATURE))
        return
    assert repr(found) == repr(rpc.deserialize_properties(struct, True))
    typed = outcome(lambda: wire.received(found, kind))
    as_sdk = outcome(lambda: rpc.translate_output_properties(found, lambda name: name, kind, True))
    assert typed in (("NotPlainError", None), as_sdk)


def test_what_a_program_makes_is_read_by_its_types() -> None:
    """Nothing of the short ways is left to the SDK where it is plain."""
    spec = {"clusterIP": "None", "ports": [{"port": 80.0, "name": "http"}], "selector": {"app": "web"}}
    found = wire.received(spec, ServiceSpec)
    assert isinstance(found, ServiceSpec)
    assert found.ports
    assert (found.cluster_ip, found.ports[0].port, found.selector) == ("None", 80, {"app": "web"})
    assert wire.sent({"cluster_ip": "None", "ports": [{"node_port": 1}]}, ServiceSpecArgs, None) == {
        "clusterIP": "None",
        "ports": [{"nodePort": 1}],
    }


class Made:
    """A resource, as far as its properties go."""


Resolved = tuple[Any, bool, bool, set[int] | None, Exception | None]


@pytest.mark.parametrize(
    "given",
    [
        *[(1, True, False, None, None), ("a", True, True, {1}, None), (None, False, False, {1, 2}, None)],
        *[({"a": [Unknown()]}, True, False, set(), None), (None, False, False, None, LookupError("lost"))],
    ],
)
def test_what_becomes_of_a_property_is_known_as_the_sdk_knows_it(given: Resolved) -> None:
    async def known(way: Callable[..., dict[str, Callable[..., None]]]) -> tuple[set[str], object]:
        made: Any = Made()
        resolvers = way(made, dict.fromkeys(("urn", "id", "data")), True)
        resolvers["data"](*given)
        output = vars(made)["data"]
        try:
            await output._data
            of = {"itself" if each is made else each for each in await output.resources()}
            said = (await output.future(True), await output.is_known(), await output.is_secret(), of)
        except LookupError as error:
            said = error
        return {*resolvers, *vars(made)}, said

    assert asyncio.run(known(wire._promised)) == asyncio.run(known(rpc.transfer_properties))


@pytest.mark.parametrize("value", [Unknown(), {1: 2}, b"x", [object()], {"a": {"b": len}}])
def test_all_else_is_not_plain(value: object) -> None:
    assert not wire.is_plain(value)


def test_the_sdk_is_left_as_it_was() -> None:
    def fails() -> None:
        raise RuntimeError("no luck")

    before = (vars(rpc).copy(), vars(resource).copy(), vars(pulumi.resource).copy())
    with pytest.raises(RuntimeError, match="no luck"):
        run(fails, "shop", "dev")
    assert (vars(rpc), vars(resource), vars(pulumi.resource)) == before
