"""The shop in its three environments: true to the demo it is taken from, and sized as worked out by hand."""

from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path

import pytest

from flyball.guards.headroom.headroom import Survive
from flyball.guards.interruptions.interruption import SpotSplit
from flyball.guards.reading.units import show_size, size
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.hops import variable
from flyball.guards.workload.sizing import Sizing
from flyball.lab.cluster.nodes import default_nodes
from flyball.stack.file import load, stack_file
from flyball.stack.read import Stack, read

PROJECT = Path(__file__).parents[2]
STACKS = ("local", "dev", "prod")


@dataclass(frozen=True)
class Fact:
    """A service in the demo's release manifests; `rate` is our count of its requests for 28 of the frontend's."""

    port: int
    rate: int
    calls: tuple[str, ...] = ()
    protocol: str = "grpc"
    requests: tuple[str, str] = ("100m", "64Mi")
    limits: tuple[str, str] = ("200m", "128Mi")


DEMO = {
    "frontend": Fact(
        8080,
        28,
        (
            "adservice",
            "cartservice",
            "checkoutservice",
            "currencyservice",
            "productcatalogservice",
            "recommendationservice",
            "shippingservice",
        ),
        "http",
    ),
    "checkoutservice": Fact(
        5050,
        1,
        (
            "cartservice",
            "currencyservice",
            "emailservice",
            "paymentservice",
            "productcatalogservice",
            "shippingservice",
        ),
    ),
    "cartservice": Fact(7070, 27, ("redis-cart",), requests=("200m", "64Mi"), limits=("300m", "128Mi")),
    "productcatalogservice": Fact(3550, 153),
    "currencyservice": Fact(7000, 84),
    "paymentservice": Fact(50051, 1),
    "shippingservice": Fact(50051, 8),
    "emailservice": Fact(8080, 1),
    "recommendationservice": Fact(
        8080, 20, ("productcatalogservice",), requests=("100m", "220Mi"), limits=("200m", "450Mi")
    ),
    "adservice": Fact(9555, 16, requests=("200m", "180Mi"), limits=("300m", "300Mi")),
    "redis-cart": Fact(6379, 30, protocol="tcp", requests=("70m", "200Mi"), limits=("125m", "256Mi")),
}
VARIABLES = {
    "productcatalogservice": "PRODUCT_CATALOG_SERVICE_ADDR",
    "currencyservice": "CURRENCY_SERVICE_ADDR",
    "cartservice": "CART_SERVICE_ADDR",
    "recommendationservice": "RECOMMENDATION_SERVICE_ADDR",
    "shippingservice": "SHIPPING_SERVICE_ADDR",
    "checkoutservice": "CHECKOUT_SERVICE_ADDR",
    "adservice": "AD_SERVICE_ADDR",
    "paymentservice": "PAYMENT_SERVICE_ADDR",
    "emailservice": "EMAIL_SERVICE_ADDR",
    "redis-cart": "REDIS_ADDR",
}
TIMES_28 = {"local": 5, "dev": 1, "prod": 40}


@cache
def shop(name: str) -> Stack:
    return read(load(stack_file(name, PROJECT)))


def sizing(stack: str, service: str) -> Sizing:
    return shop(stack).services[service].sizing


@pytest.mark.parametrize("name", STACKS)
class TestIsTheDemo:
    def test_services_and_calls(self, name: str) -> None:
        services = shop(name).services
        calls = {service: tuple(sorted(s.spec.calls)) for service, s in services.items()}
        assert calls == {service: fact.calls for service, fact in DEMO.items()}
        assert not any(isinstance(call.to, Outside) for s in services.values() for call in s.spec.calls.values())

    def test_calls_are_made_one_after_another(self, name: str) -> None:
        assert {call.times.parallel for s in shop(name).services.values() for call in s.spec.calls.values()} == {None}

    def test_ports_and_protocols(self, name: str) -> None:
        found = {service: (s.spec.port, s.spec.protocol) for service, s in shop(name).services.items()}
        assert found == {service: (fact.port, fact.protocol) for service, fact in DEMO.items()}

    def test_images(self, name: str) -> None:
        images = {service: s.given["image"] for service, s in shop(name).services.items()}
        assert images.pop("redis-cart") == "redis:8.2.1-alpine"
        repository = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo"
        assert images == {service: f"{repository}/{service}:v0.10.6" for service in DEMO if service != "redis-cart"}

    def test_resources(self, name: str) -> None:
        for service, fact in DEMO.items():
            r = shop(name).services[service].spec.resources
            assert (f"{r.cpu}m", show_size(r.memory)) == fact.requests, service
            assert (f"{r.cpu_limit}m", show_size(r.memory_limit)) == fact.limits, service

    def test_calls_are_made_through_the_variables_of_the_demo(self, name: str) -> None:
        for service, fact in DEMO.items():
            env, spec = shop(name).services[service].given.get("env", {}), shop(name).services[service].spec
            variables = {callee: variable(callee, call.hop) for callee, call in spec.calls.items()}
            assert variables == {callee: VARIABLES[callee] for callee in fact.calls}, service
            assert {callee: call.hop.protocol for callee, call in spec.calls.items()} == {
                callee: DEMO[callee].protocol for callee in fact.calls
            }
            others = {name: value for name, value in env.items() if name.endswith("_ADDR")}
            unused = {"SHOPPING_ASSISTANT_SERVICE_ADDR": "shoppingassistantservice:80"}
            assert others == (unused if service == "frontend" else {})
            assert env.get("PORT", f"{fact.port}") == f"{fact.port}", service

    def test_profilers_are_off(self, name: str) -> None:
        args = {service: s.given.get("env", {}) for service, s in shop(name).services.items()}
        assert {service for service, env in args.items() if env.get("DISABLE_PROFILER") == "1"} == {
            "currencyservice",
            "emailservice",
            "paymentservice",
            "productcatalogservice",
            "recommendationservice",
            "shippingservice",
        }
        assert args["frontend"]["ENABLE_PROFILER"] == "0"

    def test_probes(self, name: str) -> None:
        for service, fact in DEMO.items():
            readiness = shop(name).services[service].spec.probes.readiness
            asked = {"http": readiness.path, "grpc": readiness.kind, "tcp": readiness.exec}[fact.protocol]
            assert asked == {"http": "/_healthz", "grpc": "grpc", "tcp": ("redis-cli", "-e", "ping")}[fact.protocol]

    def test_only_the_frontend_is_public(self, name: str) -> None:
        assert [service for service, s in shop(name).services.items() if s.spec.public] == ["frontend"]


@pytest.mark.parametrize("name", STACKS)
def test_loads_follow_from_the_frontend(name: str) -> None:
    peaks = {service: sizing(name, service).peak for service in DEMO}
    assert peaks == {service: fact.rate * TIMES_28[name] for service, fact in DEMO.items()}


def test_prod_loads_follow_at_every_hour() -> None:
    scheduled = [service for service, s in shop("prod").services.items() if s.spec.schedule]
    assert scheduled == [
        "frontend",
        "cartservice",
        "productcatalogservice",
        "currencyservice",
        "recommendationservice",
    ]
    for service in scheduled:
        rate = DEMO[service].rate
        peaks = [(period.window, period.peak) for period in sizing("prod", service).periods]
        assert peaks == [(None, 10 * rate), ("day", 20 * rate), ("evening", 40 * rate)]


@pytest.mark.parametrize(
    ("stack", "service", "need", "floor", "target", "ceiling"),
    [
        # 140 / (40 * 0.8) = 4.4; of 8 a zone of three takes 3; worst at 10, which leaves 6: 0.8 * 6 / 10
        ("local", "frontend", 5, 8, 48, 24),
        # 765 / (400 * 0.8) = 2.4; of 5 a zone takes 2; worst at 7, which leaves 4: 0.8 * 4 / 7
        ("local", "productcatalogservice", 3, 5, 45, 24),
        # 5 / (100 * 0.8) = 0.1; one of 2 may be lost: 0.8 * 1 / 2
        ("local", "paymentservice", 1, 2, 40, 24),
        # 100 / (40 * 0.8) = 3.1; one of 5 may be lost: 0.8 * 4 / 5
        ("local", "recommendationservice", 4, 5, 64, 24),
        # 28 / (40 * 0.8) = 0.9
        ("dev", "frontend", 1, 2, 40, 3),
        # 1120 / (40 * 0.8) = 35; of 53 a zone takes 18; worst at night, at 16, which leaves 10: 0.8 * 10 / 16
        ("prod", "frontend", 35, 53, 50, 90),
        # 6120 / (400 * 0.8) = 19.1; of 30 a zone takes 10; worst at night, at 10, which leaves 6: 0.8 * 6 / 10
        ("prod", "productcatalogservice", 20, 30, 48, 48),
        # 800 / (40 * 0.8) = 25; of 38 a zone takes 13; worst at night, at 13, which leaves 8: 0.8 * 8 / 13
        ("prod", "recommendationservice", 25, 38, 49, 60),
        # 40 / (30 * 0.8) = 1.7; of 3 a zone takes 1; worst at 4, which leaves 2: 0.8 * 2 / 4
        ("prod", "emailservice", 2, 3, 40, 4),
    ],
)
def test_sizes(stack: str, service: str, need: int, floor: int, target: int, ceiling: int) -> None:
    s = sizing(stack, service)
    assert (s.need, s.floor, s.target, s.ceiling) == (need, floor, target, ceiling)


def test_prod_floors_by_the_clock() -> None:
    floors = {period.window: period.headroom.floor for period in sizing("prod", "frontend").periods}
    assert floors == {None: 14, "day": 27, "evening": 53}


def test_prod_survives_any_zone() -> None:
    for service, s in shop("prod").services.items():
        assert Survive.ZONE in s.spec.survive, service
        for period in sizing("prod", service).periods:
            floor = period.headroom.floor
            assert floor - ceil(floor / 3) >= period.headroom.need, service


def test_what_may_run_on_spot_machines() -> None:
    splits = {name: {service: sizing(name, service).split for service in DEMO} for name in STACKS}
    assert {service for service, split in splits["dev"].items() if not split} == {"redis-cart"}
    assert set(splits["dev"].values()) == {None, SpotSplit(base=1, above=1)}
    for name, expected in (
        ("local", {"recommendationservice": SpotSplit(4, 1), "adservice": SpotSplit(1, 1)}),
        ("prod", {"recommendationservice": SpotSplit(25, 13), "adservice": SpotSplit(4, 2)}),
    ):
        assert {service: split for service, split in splits[name].items() if split} == expected


def test_local_is_made_for_the_simulated_nodes() -> None:
    stack, groups = shop("local"), default_nodes()
    assert stack.cluster == "local"
    assert stack.zones == tuple(dict.fromkeys(group.zone for group in groups))
    assert stack.nodes.count == sum(group.count for group in groups)


def test_local_fits_without_any_spot_node() -> None:
    """At every ceiling at once, with the proxies, and with a surge of a quarter on top."""
    on_demand = [group for group in default_nodes() if not group.spot]
    services = [
        (resources, ceil(sizing("local", name).ceiling * 1.25))
        for name, s in shop("local").services.items()
        for resources in (s.spec.resources, s.spec.sidecar.resources)
    ]
    assert sum(r.cpu * pods for r, pods in services) < sum(group.cpu * 1000 * group.count for group in on_demand)
    memory = sum(size(group.memory) * group.count for group in on_demand)
    assert sum(r.memory * pods for r, pods in services) < memory
