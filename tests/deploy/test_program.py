"""Programs run in this process: what they register, and what only the Pulumi CLI can do."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi import _types
from pulumi_kubernetes.helm.v4 import Chart

from flyball.deploy.program import run, run_program
from flyball.deploy.registered import Registered
from flyball.guards.reading.problem import Refused
from flyball.guards.workload.arguments import LoadArgs
from flyball.kubernetes import Workload, WorkloadArgs

LOAD: LoadArgs = {"peak": 1, "replica": 1}
ARGS: WorkloadArgs = {"image": "registry.example/web:1", "port": 80, "load": LOAD, "public": True}


def config_map(name: str, opts: pulumi.ResourceOptions | None = None, **data: Any) -> k8s.core.v1.ConfigMap:
    return k8s.core.v1.ConfigMap(name, metadata={"name": name}, data=data, opts=opts)


def registered(program: Callable[[], object]) -> list[Registered]:
    return run(program, "shop", "dev")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "words.py").write_text("GREETING = 'hello'\n")
    (tmp_path / "__main__.py").write_text(
        "import json, os, pulumi, words\n"
        "import pulumi_kubernetes as k8s\n"
        "config = pulumi.Config()\n"
        "data = {\n"
        "    'text': config.require('text'),\n"
        "    'number': str(config.require_int('number')),\n"
        "    'object': json.dumps(config.require_object('object')),\n"
        "    'names': f'{pulumi.get_project()} {pulumi.get_stack()}',\n"
        "    'words': words.GREETING,\n"
        "    'folder': os.getcwd(),\n"
        "}\n"
        "k8s.core.v1.ConfigMap('seen', metadata={'name': 'seen'}, data=data)\n"
    )
    return tmp_path


def test_a_program_sees_its_configuration_its_folder_and_its_names(project: Path) -> None:
    before, path = os.getcwd(), list(sys.path)
    config = {"text": "on", "number": 3, "object": {"list": [1, "two"]}}
    (seen,) = run_program(project, "dev", config)
    assert seen.inputs["data"] == {
        "text": "on",
        "number": "3",
        "object": '{"list": [1, "two"]}',
        "names": "shop dev",
        "words": "hello",
        "folder": str(project),
    }
    assert (os.getcwd(), sys.path) == (before, path)


def test_a_failing_program_leaves_this_process_as_it_was(project: Path) -> None:
    before, path = os.getcwd(), list(sys.path)
    with pytest.raises(pulumi.ConfigMissingError):
        run_program(project, "dev", {})
    assert (os.getcwd(), sys.path) == (before, path)
    assert [r.name for r in registered(lambda: config_map("after"))] == ["after"]


def test_everything_about_a_resource_is_kept() -> None:
    def program() -> None:
        first = config_map("first", number="1")
        opts = pulumi.ResourceOptions(depends_on=[first], ignore_changes=["data.key"])
        config_map("second", opts, key="open", secret=pulumi.Output.secret("sesame"))

    first, second = registered(program)
    stack = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    urn = "urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::"
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert first == Registered(
        type="kubernetes:core/v1:ConfigMap",
        name="first",
        urn=f"{urn}first",
        parent=stack,
        inputs={**head, "metadata": {"name": "first"}, "data": {"number": "1"}},
        outputs=None,
        ignored=(),
        after=frozenset(),
        provider="",
        secrets=frozenset(),
        custom=True,
    )
    assert second == Registered(
        type="kubernetes:core/v1:ConfigMap",
        name="second",
        urn=f"{urn}second",
        parent=stack,
        inputs={**head, "metadata": {"name": "second"}, "data": {"key": "open", "secret": "sesame"}},
        outputs=None,
        ignored=("data.key",),
        after=frozenset({f"{urn}first"}),
        provider="",
        secrets=frozenset({"data"}),
        custom=True,
    )


def test_whole_numbers_stay_whole_and_keys_are_in_order() -> None:
    values = {"z": 3, "a": 2.5, "m": [1, {"y": 0, "b": True}]}

    def program() -> None:
        k8s.apiextensions.CustomResource(
            "any", api_version="example.org/v1", kind="Any", metadata={"name": "any"}, spec=values
        )

    (resource,) = registered(program)
    assert repr(resource.inputs["spec"]) == "{'a': 2.5, 'm': [1, {'b': True, 'y': 0}], 'z': 3}"


def test_order_does_not_depend_on_the_program() -> None:
    forth = registered(lambda: [config_map(name) for name in "abc"])
    back = registered(lambda: [config_map(name) for name in "cba"])
    assert forth == back
    assert [r.name for r in forth] == ["a", "b", "c"]


def test_ids_are_known_outside_of_a_preview_only() -> None:
    def program() -> None:
        config_map("second", id=config_map("first").id)

    known = run(program, "shop", "dev")[1].inputs["data"]
    unknown = run(program, "shop", "dev", preview=True)[1].inputs["data"]
    assert known == {"id": "first"}
    assert type(unknown["id"]).__name__ == "Unknown"


def test_names_of_children_carry_all_their_parents() -> None:
    class Outer(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("test:index:Outer", "outer")
            Inner(pulumi.ResourceOptions(parent=self))

    class Inner(pulumi.ComponentResource):
        def __init__(self, opts: pulumi.ResourceOptions) -> None:
            super().__init__("test:index:Inner", "inner", opts=opts)
            config_map("leaf", pulumi.ResourceOptions(parent=self))

    assert [r.urn.removeprefix("urn:pulumi:dev::shop::") for r in registered(Outer)] == [
        "test:index:Outer$test:index:Inner$kubernetes:core/v1:ConfigMap::leaf",
        "test:index:Outer$test:index:Inner::inner",
        "test:index:Outer::outer",
    ]


def test_resources_registered_twice_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        registered(lambda: [config_map("same"), config_map("same"), config_map("other")])
    assert str(refused.value) == (
        "same: is registered twice as a kubernetes:core/v1:ConfigMap; give one of them another name"
    )


def test_of_components_registered_twice_the_children_are_not_listed() -> None:
    with pytest.raises(Refused) as refused:
        registered(lambda: [Workload("web", ARGS), Workload("web", ARGS)])
    assert str(refused.value) == "web: is registered twice as a flyball:index:Workload; give one of them another name"


def test_a_deployment_of_spot_and_a_workload_of_its_name_are_refused() -> None:
    spot: WorkloadArgs = {**ARGS, "zones": ["a"], "spot": {}}
    with pytest.raises(Refused) as refused:
        registered(lambda: [Workload("web", spot), Workload("web-spot", ARGS)])
    assert str(refused.value) == (
        "web-spot: ends with -spot; alerts take its pods for those of the spot part of web; give another name"
    )


@pytest.mark.parametrize(
    ("program", "deed"),
    [
        (
            lambda: k8s.core.v1.ConfigMap.get("known", "default/known"),
            "reads known (kubernetes:core/v1:ConfigMap)",
        ),
        (lambda: pulumi.runtime.invoke("aws:index/getRegion:getRegion", {}), "calls aws:index/getRegion:getRegion"),
        (
            lambda: Chart("chart", chart="nginx"),
            "registers chart, a component of another package (kubernetes:helm.sh/v4:Chart)",
        ),
    ],
)
def test_what_only_the_cli_can_do_is_an_error(program: Callable[[], object], deed: str) -> None:
    with pytest.raises(pulumi.RunError) as failed:
        registered(program)
    assert str(failed.value) == f"the program {deed}, which needs the Pulumi CLI"


def test_what_the_program_raises_comes_out_as_it_is() -> None:
    def program() -> None:
        config_map("before")
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here"):
        registered(program)


def test_what_an_output_raises_comes_out_too() -> None:
    def fail(name: str) -> str:
        raise LookupError(f"nothing about {name}")

    with pytest.raises(LookupError, match="nothing about first"):
        registered(lambda: config_map("second", value=config_map("first").id.apply(fail)))


def test_what_a_program_does_on_threads_goes_on_at_the_same_time() -> None:
    """Though what the SDK asks is answered at once: here two wait for each other."""
    both = threading.Barrier(2)

    async def met() -> str:
        await asyncio.gather(*(asyncio.to_thread(both.wait, 60) for _ in range(2)))
        return "met"

    [found] = registered(lambda: config_map("two", said=pulumi.Output.from_input(met())))
    assert found.inputs["data"] == {"said": "met"}


def test_the_sdk_is_left_as_it_was() -> None:
    before = {**vars(_types)}
    registered(lambda: config_map("one"))
    assert {name: each for name, each in vars(_types).items() if before.get(name) is not each} == {}
