"""The demos under examples/: true to the manifests that they are taken from, whole, and without a broken rule."""

from functools import cache
from pathlib import Path

import pytest

from flyball.guards.timeouts.calls import Outside
from flyball.stack.file import load
from flyball.stack.plan import plan
from flyball.stack.read import Stack, read

FOLDER = Path(__file__).parents[2] / "examples"
Facts = dict[str, tuple[int | None, str, tuple[str, ...]]]
"""By service its port, None where it listens nowhere, what it speaks, and whom it calls."""
SOCK_SHOP: Facts = {
    "front-end": (8079, "http", ("carts", "catalogue", "orders", "session-db", "user")),
    "catalogue": (80, "http", ("catalogue-db",)),
    "carts": (80, "http", ("carts-db",)),
    "user": (80, "http", ("user-db",)),
    "orders": (8080, "http", ("carts", "orders-db", "payment", "shipping", "user")),
    "payment": (80, "http", ()),
    "shipping": (80, "http", ("rabbitmq",)),
    "queue-master": (80, "http", ("rabbitmq",)),
    "catalogue-db": (3306, "tcp", ()),
    "carts-db": (27017, "tcp", ()),
    "orders-db": (27017, "tcp", ()),
    "user-db": (27017, "tcp", ()),
    "session-db": (6379, "tcp", ()),
    "rabbitmq": (5672, "tcp", ()),
}
BANK: Facts = {
    "frontend": (8080, "http", ("balancereader", "contacts", "ledgerwriter", "transactionhistory", "userservice")),
    "userservice": (8080, "http", ("accounts-db",)),
    "contacts": (8080, "http", ("accounts-db",)),
    "balancereader": (8080, "http", ("ledger-db",)),
    "transactionhistory": (8080, "http", ("ledger-db",)),
    "ledgerwriter": (8080, "http", ("balancereader", "ledger-db")),
    "accounts-db": (5432, "tcp", ()),
    "ledger-db": (5432, "tcp", ()),
    "loadgenerator": (None, "tcp", ("frontend",)),
}
ASTRONOMY: Facts = {
    "frontend-proxy": (
        8080,
        "http",
        ("chatbot", "flagd", "frontend", "image-provider", "opamp-server", "telemetry-docs"),
    ),
    "frontend": (
        8080,
        "http",
        ("ad", "cart", "checkout", "currency", "flagd", "product-catalog", "recommendation", "shipping"),
    ),
    "checkout": (
        8080,
        "grpc",
        ("cart", "currency", "email", "flagd", "kafka", "payment", "product-catalog", "shipping"),
    ),
    "cart": (8080, "grpc", ("flagd", "valkey-cart")),
    "product-catalog": (8080, "grpc", ("astronomy-db", "flagd")),
    "recommendation": (8080, "grpc", ("flagd", "product-catalog")),
    "ad": (8080, "grpc", ("flagd",)),
    "currency": (8080, "grpc", ()),
    "payment": (8080, "grpc", ("flagd",)),
    "shipping": (8080, "http", ("flagd", "quote")),
    "quote": (8080, "http", ()),
    "email": (8080, "http", ("flagd",)),
    "image-provider": (8081, "http", ()),
    "chatbot": (7860, "http", ("agent",)),
    "agent": (8010, "http", ("mcp",)),
    "mcp": (8011, "http", ("frontend",)),
    "telemetry-docs": (8000, "http", ()),
    "opamp-server": (4321, "http", ()),
    "flagd": (8013, "grpc", ()),
    "accounting": (None, "tcp", ("astronomy-db", "kafka")),
    "fraud-detection": (None, "tcp", ("flagd", "kafka")),
    "load-generator": (None, "tcp", ("frontend-proxy",)),
    "kafka": (9092, "tcp", ()),
    "valkey-cart": (6379, "tcp", ()),
    "astronomy-db": (5432, "tcp", ()),
}
DEMOS = {"sock-shop": SOCK_SHOP, "bank-of-anthos": BANK, "opentelemetry-demo": ASTRONOMY}
ALONE = {
    "sock-shop": {"catalogue-db", "carts-db", "orders-db", "user-db", "session-db", "rabbitmq"},
    "bank-of-anthos": {"accounts-db", "ledger-db", "loadgenerator"},
    "opentelemetry-demo": {"kafka", "valkey-cart", "astronomy-db", "load-generator"},
}
KEPT = {
    "sock-shop": {"carts-db", "orders-db", "rabbitmq"},
    "bank-of-anthos": {"accounts-db", "ledger-db"},
    "opentelemetry-demo": {"kafka", "astronomy-db"},
}
"""Those whose data outlives the pod."""
OUTSIDE = {
    "sock-shop": set[str](),
    "bank-of-anthos": set[str](),
    "opentelemetry-demo": {
        "otel-collector.observability.svc.cluster.local:4317",
        "otel-collector.observability.svc.cluster.local:4318",
        "grafana.observability.svc.cluster.local:80",
        "jaeger.observability.svc.cluster.local:16686",
        "flagd.otel-demo.svc.cluster.local:4000",  # what is beside flagd has no name of its own
        "flagd.otel-demo.svc.cluster.local:8016",
    },
}
BESIDE: dict[str, dict[str, tuple[str, int | None]]] = {
    "sock-shop": {"rabbitmq-exporter": ("kbudde/rabbitmq-exporter", 9090)},
    "bank-of-anthos": {},
    "opentelemetry-demo": {
        "init-config": ("busybox", None),
        "flagd-ui": ("ghcr.io/open-telemetry/demo", 4000),
    },
}
"""What runs before the applications or beside them: its image without the tag, and its port."""


@cache
def demo(name: str) -> Stack:
    return read(load(FOLDER / f"{name}.yaml"))


def test_there_are_these() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == DEMOS.keys()


@pytest.mark.parametrize("name", DEMOS)
class TestIsTheDemo:
    def test_services_ports_and_calls(self, name: str) -> None:
        found = {
            service: (
                s.spec.port,
                s.spec.protocol,
                tuple(sorted(callee for callee, call in s.spec.calls.items() if not isinstance(call.to, Outside))),
            )
            for service, s in demo(name).services.items()
        }
        assert found == DEMOS[name]

    def test_what_is_outside(self, name: str) -> None:
        calls = [call.to for s in demo(name).services.values() for call in s.spec.calls.values()]
        assert {f"{to.host}:{to.port}" for to in calls if isinstance(to, Outside)} == OUTSIDE[name]

    def test_what_runs_before_and_beside(self, name: str) -> None:
        found = {
            container: (each["image"].rpartition(":")[0], each.get("port"))
            for s in demo(name).services.values()
            for kind in ("init", "sidecars")
            for container, each in s.given.get(kind, {}).items()
        }
        assert found == BESIDE[name]

    def test_what_stands_alone_and_what_is_kept(self, name: str) -> None:
        services = demo(name).services
        assert {service for service, s in services.items() if s.members and s.members.alone} == ALONE[name]
        assert {service for service, s in services.items() if s.spec.kept.data} == KEPT[name]

    def test_no_rule_is_broken_and_nothing_is_to_be_thought_of(self, name: str) -> None:
        found = plan(load(FOLDER / f"{name}.yaml"))
        assert [str(problem) for problem in found.findings] == []

    def test_no_password_stands_in_it(self, name: str) -> None:
        args = [s.given for s in demo(name).services.values()]
        names = {variable for each in args for variable in each.get("env", {})}
        assert [variable for variable in names if "PASSWORD" in variable or "SECRET" in variable] == []
        assert not any(each.get("secrets") for each in args)

    def test_what_is_assumed_stands_in_it(self, name: str) -> None:
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        head = text[: text.index("config:")]
        for line in (
            "# What is real",
            "# What is said otherwise, and why:",
            "# What is assumed, by us and not by the demo:",
        ):
            assert line in head
        assert f"flyball plan -s examples/{name}.yaml" in head
