"""Where a balancer is called, as an Output: what Pulumi knows of it, and nothing that it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf import struct_pb2
from pulumi.output import Unknown
from tests.kubernetes.programs import PROJECT, SERVICE, STACK, arguments

from flyball.deploy.program import Cloud, run, run_program
from flyball.kubernetes import Services, Workload

ROOT = Path(__file__).parents[2]
EXPOSE: dict[str, Any] = {"balancer": {"sources": ["192.0.2.0/24"], "through": ["10.0.0.0/16"]}}
BALANCED: dict[str, Any] = {**SERVICE, "expose": EXPOSE}


class Balancing(Cloud):
    """A cluster that gave balancers these addresses by the time that Pulumi looked."""

    def __init__(self, *addresses: dict[str, str]) -> None:
        self.status = {"loadBalancer": {"ingress": list(addresses)} if addresses else {}}

    def made(self, request: Any) -> tuple[str, Any]:
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        if request.type == "kubernetes:core/v1:Service":
            own = self.status if request.name.endswith("-balancer") else {"loadBalancer": {}}
            outputs.update({"status": own})
        return request.name, outputs


def outputs(program: Callable[[], object], kind: str, cloud: Cloud, *, preview: bool = False) -> dict[str, Any]:
    [component] = [r for r in run(program, PROJECT, STACK, cloud=cloud, preview=preview) if r.type.endswith(kind)]
    return dict(component.outputs or {})


def balanced() -> None:
    Workload("web", arguments(expose=EXPOSE))


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ((), []),
        (({"ip": "203.0.113.7"},), ["203.0.113.7"]),
        (({"hostname": "web-1.elb.example"},), ["web-1.elb.example"]),
        (({"ip": "203.0.113.7", "ipMode": "VIP"}, {"ip": "2001:db8::7"}), ["203.0.113.7", "2001:db8::7"]),
    ],
)
def test_a_workload_has_what_its_service_s_status_has(there: tuple[dict[str, str], ...], found: list[str]) -> None:
    assert outputs(balanced, ":Workload", Balancing(*there))["balancer_addresses"] == found


def test_there_are_none_where_nobody_says_anything_of_a_status() -> None:
    assert outputs(balanced, ":Workload", Cloud())["balancer_addresses"] == []


def test_without_a_balancer_there_is_no_such_output() -> None:
    found = outputs(lambda: Workload("web", arguments()), ":Workload", Balancing({"ip": "203.0.113.7"}))
    assert sorted(found) == ["address", "ceiling", "floor", "need", "target"]


def test_a_set_has_them_by_service_and_all_else_is_known_before() -> None:
    def program() -> None:
        Services("shop", {"services": {"web": BALANCED, "api": SERVICE}})  # pyright: ignore[reportArgumentType]

    made = outputs(program, ":Services", Balancing({"ip": "203.0.113.7"}))
    previewed = outputs(program, ":Services", Balancing({"ip": "203.0.113.7"}), preview=True)
    assert made["balancers"] == {"web": ["203.0.113.7"]}
    assert {**previewed, "balancers": {}} == {**made, "balancers": {}}
    assert isinstance(previewed["balancers"]["web"], Unknown)


def test_a_stack_file_s_program_exports_them_by_the_name_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    exported: dict[str, Any] = {}

    def export(name: str, value: Any) -> None:
        pulumi.Output.from_input(value).apply(lambda known: exported.update({name: known}))

    monkeypatch.setattr(pulumi, "export", export)
    where = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev"}
    run_program(ROOT, "dev", {**where, "services": {"web": BALANCED, "api": SERVICE}}, Balancing({"ip": "203.0.113.7"}))
    assert sorted(exported) == ["api", "web", "web-balancer"]
    assert exported["web-balancer"] == ["203.0.113.7"]
