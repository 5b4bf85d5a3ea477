"""The package as a process of its own, asked over gRPC as the engine asks it, with the engine's part played here."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)
from tests.kubernetes.packaged import package
from tests.kubernetes.programs import MINIMAL, SERVICE, unsigned
from tests.kubernetes.test_plugin import OUTPUT, SIGNATURE, project
from tests.kubernetes.test_services import kind, of_a_team, pipeline, shop

from flyball.deploy.manifests import rendered
from flyball.deploy.program import _registered, run_program

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NUMBERS = itertools.count(1)


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """The engine's monitor: takes every registration, and gives each resource its URN."""

    def __init__(self) -> None:
        self.requests: dict[str, Any] = {}

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("secrets", "outputValues", "aliasSpecs"))

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        above = request.parent.split("::")[2] + "$" if request.parent else ""
        urn = f"urn:pulumi:dev::shop::{above}{request.type}::{request.name}"
        self.requests[urn] = request
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=request.object)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return empty_pb2.Empty()


class Log(engine_pb2_grpc.EngineServicer):
    """The engine's log, which nobody reads here."""

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return empty_pb2.Empty()


@contextmanager
def engine() -> Iterator[tuple[Monitor, str]]:
    monitor, server = Monitor(), grpc.server(ThreadPoolExecutor(4))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(Log(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield monitor, f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@contextmanager
def serving(address: str) -> Iterator[tuple[Any, Any]]:
    """Its process, as Pulumi starts it: `python FOLDER ENGINE`, which answers with its port. What it is asked to
    construct, it registers with the monitor."""
    command = [sys.executable, str(ROOT / "components"), address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)

                def construct(project: str, component: str, name: str, inputs: Any, preview: bool = False) -> Any:
                    request = provider_pb2.ConstructRequest(
                        project=project,
                        stack="dev",
                        type=f"flyball:index:{component}",
                        name=name,
                        inputs=json_format.ParseDict(inputs, struct_pb2.Struct()),
                        monitorEndpoint=address,
                        parallel=4,
                        dryRun=preview,
                    )
                    return stub.Construct(request, timeout=120)

                yield stub, construct
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Monitor, Any, Any]]:
    """One package for all, since it takes a while to start."""
    with engine() as (monitor, address), serving(address) as (stub, construct):
        yield monitor, stub, construct


@pytest.fixture
def team(served: tuple[Monitor, Any, Any]) -> tuple[Monitor, Any]:
    """What a test sends, and its way to construct: in a program of its own, held against no other test's."""
    monitor, _, construct = served
    monitor.requests.clear()
    return monitor, partial(construct, f"team{next(NUMBERS)}")


def test_it_serves_the_schema(served: tuple[Monitor, Any, Any]) -> None:
    _, stub, _ = served
    schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest(version=0)).schema)
    assert schema == json.loads(package().schema or "")
    assert (schema["name"], schema["version"]) == ("flyball", project()["version"])


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_the_shop_gives_the_objects_of_the_stack_file(stack: str, team: tuple[Monitor, Any]) -> None:
    monitor, construct = team
    config = of_a_team(stack)
    file = [r for r in run_program(ROOT, stack, config) if kind(r) and "/monitoring." not in r.type.replace(":", "/")]
    state = json_format.MessageToDict(construct("Services", "shop", dict(shop(stack))).state)
    if args := pipeline(config):
        construct("LogPipeline", "logs", args)
    sent = [_registered(urn, request, None) for urn, request in monitor.requests.items() if request.custom]

    def texts(resources: Any) -> dict[str, str]:
        objects = rendered(resources).objects
        return {f"{o.kind} {o.namespace}/{o.name}": json.dumps(unsigned(o.manifest)) for o in objects}

    expected = texts(file)
    del expected["Namespace /shop"]  # the environment's, not the team's
    assert texts(sent) == expected
    assert state["services"]["cartservice"]["reference"]["target"] == 21_000


def test_workloads_of_one_program_are_held_against_each_other(team: tuple[Monitor, Any]) -> None:
    """Each is constructed by itself, over a connection of its own."""
    _, construct = team
    call = {"cart": {"port": 8080, "protocol": "http", "timeout": "500ms"}}
    construct("Workload", "front", {**MINIMAL, "public": True, "calls": call})
    with pytest.raises(grpc.RpcError) as refused:
        construct("Workload", "cart", {**MINIMAL, "port": 80, "deadline": "400ms"})
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT  # pyright: ignore[reportAttributeAccessIssue]
    assert refused.value.details() == "cart is refused, and nothing of it was created"  # pyright: ignore


def test_a_governor_takes_typed_limits(team: tuple[Monitor, Any]) -> None:
    monitor, construct = team
    limits = {"shop": {"web": {"floor": 3, "ceiling": 40, "budget": 1}}}
    construct("Governor", "governor", {"limits": limits, "policies": False})
    [sent] = [request for request in monitor.requests.values() if request.custom]
    assert sent.object["data"]["limits"].splitlines()[1].startswith("web: floor 3 | ceiling 40 | down 1 or 20 %")


NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""In the place of what a preview does not know (sdk/go/common/resource/plugin/rpc.go in the repository of Pulumi)."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""Marks a secret on the wire (sdk/go/common/resource/sig.go there)."""
DATABASE = "urn:pulumi:dev::shop::aws:rds/instance:Instance::db"


def output(value: Any = None, secret: bool = False) -> dict[str, Any]:
    """An Output of a database on the wire; without a value it is not known."""
    known = {} if value is None else {"value": value}
    return {SIGNATURE: OUTPUT, **known, "secret": secret, "dependencies": [DATABASE]}


def calling(**database: Any) -> dict[str, Any]:
    calls = {"db": {"host": "db.example", "port": 5432, **database}}
    return {"services": {"web": {**SERVICE, "calls": calls}}}


class TestOutputsOfOtherLanguages:
    def test_they_are_as_good_as_plain_values_and_remember_what_they_were_made_from(self, constructing: Any) -> None:
        plain, _ = constructing(calling(), "plain")
        monitor, requests = constructing(calling(host=output("db.example"), port=output(5432.0)), "later")
        assert monitor == plain
        assert {name for name, request in requests.items() if DATABASE in request.dependencies} == {
            "ConfigMap web-proxy",
            "Deployment web",
            "NetworkPolicy web",
        }

    def test_a_preview_that_does_not_know_them_knows_the_rest(self, constructing: Any) -> None:
        plain, _ = constructing(calling(), "seen", preview=True)
        for host in (output(), NOT_KNOWN):
            found, _ = constructing(calling(host=host), f"unseen{len(str(host))}", preview=True)
            differ = {name for name in plain if found[name] != plain[name]}
            assert differ == {"ConfigMap web-proxy", "Deployment web"}
            assert found["ConfigMap web-proxy"]["data"] == {"haproxy.cfg": NOT_KNOWN}

    def test_a_map_that_is_secret_for_a_part_of_it_is_looked_into(self, constructing: Any) -> None:
        inputs = calling()
        inputs["services"]["web"]["env"] = {"TOKEN": {SIGNATURE: SECRET, "value": "open sesame"}}
        found, _ = constructing(inputs, "sealed")
        env = found["Deployment web"]["spec"]["template"]["spec"]["containers"][0]["env"]
        assert {"name": "TOKEN", "value": {SIGNATURE: SECRET, "value": "open sesame"}} in env
        assert SIGNATURE not in json.dumps([found["ServiceAccount web"], found["HorizontalPodAutoscaler web"]])

    @pytest.mark.parametrize(
        ("inputs", "problem"),
        [
            (calling(host=output("https://db.example")), "services.web.calls.db.host"),
            (calling(port=output("5432")), "services.web.calls.db.port"),
            (calling(host=output(["db.example"]), port=NOT_KNOWN), "services.web.calls.db.host"),
            (calling(timeout=output("1s")), "services.web.calls.db.timeout"),
            (calling(service=output({"name": "db"})), "services.web.calls.db.service.port"),
        ],
    )
    def test_what_is_wrong_with_them_is_said_by_its_path(self, constructing: Any, inputs: Any, problem: str) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            constructing(inputs, "refused", preview=True)
        assert refused.value.details() == "refused is refused, and nothing of it was created"  # pyright: ignore
        detail = dict(refused.value.trailing_metadata())["grpc-status-details-bin"]  # pyright: ignore
        assert problem.encode() in detail


@pytest.fixture
def constructing(team: tuple[Monitor, Any]) -> Any:
    """Constructs a set called web- in names: what is then sent by name, and the requests, without that of a set
    itself."""
    monitor, construct = team

    def run(inputs: Any, name: str, preview: bool = False) -> Any:
        monitor.requests.clear()
        construct("Services", name, {**inputs, "namespace": name}, preview)
        requests = {
            f"{r.type.rpartition(':')[2]} {r.name.removeprefix(f'{name}-')}": r
            for r in monitor.requests.values()
            if r.custom
        }
        texts = {
            key: json_format.MessageToJson(r.object).replace(f'"{name}"', '"shop"').replace(f"-{name}", "-shop")
            for key, r in requests.items()
        }
        return {key: json.loads(text) for key, text in texts.items()}, requests

    return run
