"""The package as other languages use it: its schema, and components built from what they send."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format, struct_pb2
from pulumi.errors import InputPropertiesError
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.sync_await import _sync_await
from tests.expected import document
from tests.kubernetes.packaged import package
from tests.kubernetes.programs import SERVICE, arguments, registered

from flyball.deploy.registered import Registered
from flyball.kubernetes import Alerts, Services, Workload
from flyball.plugin import COMPONENTS

ROOT = Path(__file__).parents[2]
TYPE = "flyball:index:Workload"
SIGNATURE, OUTPUT = "4dabf18193072939515e22adb298388d", "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""Mark an Output on the wire (sdk/go/common/resource/sig.go in the repository of Pulumi)."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(package().schema or "")


def shown(properties: dict[str, Any], required: list[str]) -> dict[str, str]:
    return {name: kind(found) + (", required" if name in required else "") for name, found in properties.items()}


def kind(found: dict[str, Any]) -> str:
    """A type in one phrase."""
    if "$ref" in found:
        name = found["$ref"].removeprefix("#/types/flyball:index:")
    elif found["type"] == "array":
        name = f"list of {kind(found['items'])}"
    elif found["type"] == "object":
        name = f"map of {kind(found['additionalProperties'])}"
    else:
        name = found["type"]
    return name if found.get("plain") else f"{name} (Input)"


def test_types_are_exactly_these(schema: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    for token, component in schema["resources"].items():
        name = token.removeprefix("flyball:index:")
        found[name] = shown(component["inputProperties"], component.get("requiredInputs", []))
        found[f"{name} outputs"] = shown(component["properties"], component["required"])
    for name, described in schema["types"].items():
        found[name.removeprefix("flyball:index:")] = shown(described["properties"], described.get("required", []))
    assert found == document(Path(__file__).parent / "schema.yaml")
    assert list(schema["resources"]) == [f"flyball:index:{component.__name__}" for component in COMPONENTS]


def test_everything_is_described(schema: dict[str, Any]) -> None:
    described: dict[str, Any] = {**schema["types"], **schema["resources"]}
    for token, component in schema["resources"].items():
        described |= {f"{token}.{name}": found for name, found in component["inputProperties"].items()}
        described |= {f"{token}.{name}": found for name, found in component["properties"].items()}
    for name, found in schema["types"].items():
        described |= {f"{name}.{inner}": value for inner, value in found["properties"].items()}
    assert [name for name, found in described.items() if not found.get("description")] == []
    assert described[f"{TYPE}.image"]["description"] == "Image with a tag or digest."
    assert described[f"{TYPE}.deadline"]["description"] == (
        "The longest that an answer may take, or a message [2s, or what its calls may take where that is longer]."
    )
    assert described["flyball:index:Job.deadline"]["description"].startswith("The longest that a run may take")
    assert described["flyball:index:LoadArgs.peak"]["description"] == (
        "Requests per second of the whole workload at its busiest."
    )
    assert described[f"{TYPE}.need"]["description"] == "Replicas that carry the peak."
    assert described[TYPE]["description"].startswith("A service that survives losses, interruptions")


EVERYTHING: dict[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 9090,
    "service": 80,
    "load": {"peak": 100, "replica": 12.5, "utilization": 0.75},
    "protocol": "http",
    "command": ["/serve"],
    "arguments": ["--fast"],
    "env": {"LEVEL": "debug"},
    "secrets": {"TOKEN": "open sesame"},
    "refs": {"PASSWORD": {"name": "database", "key": "password"}},
    "files": {
        "site": {"path": "/site", "content": {"a.conf": "one"}, "mode": "0555"},
        "key": {"path": "/tls.key", "key": "tls.key", "secrets": {"tls.key": "open sesame"}},
        "there": {"path": "/there", "configmap": "there"},
    },
    "variables": [{"configmap": "settings"}, {"secret": "passwords", "prefix": "DB_"}],
    "deadline": "4s",
    "calls": {
        "cart": {
            "port": 6379,
            "protocol": "http",
            "timeout": "1s",
            "retries": 1,
            "breaker": {"threshold": 40, "window": "30s"},
            "fallback": {"status": 200, "body": "[]"},
        },
        "ledger": {
            "host": "ledger.example",
            "port": 443,
            "names": ["ledger:8443"],
            "cidrs": ["192.0.2.0/24"],
            "health": {"failures": 2},
        },
    },
    "inbound": {"methods": ["GET", "POST"], "concurrency": 30},
    "proxy": {"port": 22000, "resources": {"cpu": "30m"}},
    "public": False,
    "callers": ["shop"],
    "survive": "zone,spot",
    "zones": ["a", "b", "c"],
    "platform": {
        "name": "gke",
        "dns": {"ports": [53]},
        "spot": {"labels": {"pool": "spot"}},
        "way": {
            "ingress": "nginx",
            "namespace": "ingress",
            "deregistration": "4s",
            "balancer": {
                "class": "example.org/lb",
                "annotations": {"example.org/pool": "outer"},
                "through": ["10.0.0.0/16"],
                "nodeports": False,
                "deregistration": "8s",
            },
        },
    },
    "spot": {},
    "lose": 2,
    "proven": 20,
    "ceiling": 25,
    "behavior": {"up": {"pods": 3, "period": "30s"}, "calm": "10m"},
    "writer": {"down": {"percent": 25}},
    "schedule": {"timezone": "UTC", "windows": [{"start": "0 2 * * *", "end": "0 5 * * *", "peak": 20}]},
    "triggers": {"orders": {"prometheus": {"server": "http://prometheus:9090", "query": "sum(x)", "threshold": 2.5}}},
    "resources": {"cpu": "500m", "memory": "1Gi", "limits": {"cpu": "2"}},
    "probes": {"readiness": {"path": "/ready", "failures": 2}, "liveness": {"exec": ["alive"], "period": "20s"}},
    "cache": {"entries": 1000, "memory": "64Mi", "ttl": "10m"},
    "logs": {"path": "/logs", "preset": "nginx", "files": 3},
    "migrate": {"image": "registry.example/migrate:1.4.2", "env": {"TO": "2"}, "retries": 1},
    "scratch": {"cache": {"path": "/cache", "size": "1Gi"}},
    "shutdown": {"prestop": "10s"},
    "rollout": {"surge": 50, "history": 2},
    "capabilities": ["NET_BIND_SERVICE"],
    "hosts": {"192.0.2.7": ["db.internal"]},
    "dns": {"options": {"ndots": "1"}, "searches": ["shop.internal"]},
    "nodes": {"labels": {"disk": "ssd"}, "prefer": {"disk": "new"}, "tolerations": [{"key": "team", "value": "shop"}]},
    "runtime": "gvisor",
    "devices": {"nvidia.com/gpu": 2},
    "account": {"annotations": {"example.org/role": "web"}},
    "expose": {"host": "shop.example.com", "path": "/shop", "tls": "shop-tls"},
    "ports": {"admin": {"port": 9000, "service": 90, "protocol": "http", "callers": ["ops/*"]}},
    "metrics": {"port": 9102, "path": "/prometheus", "scrape": "watch"},
    "objective": {"availability": 99.5, "minimum": 2000},
    "user": 1000,
    "token": True,
    "priority": "important",
    "labels": {"team": "red"},
    "annotations": {"example.org/ticket": "17"},
    "patch": {"deployment": {"spec": {"template": {"spec": {"securityContext": {"supplementalGroups": [7]}}}}}},
    "init": {
        "first": {"image": "registry.example/first:1", "resources": {"cpu": "1", "memory": "1Gi"}, "after": ["store"]}
    },
    "sidecars": {
        "store": {
            "image": "registry.example/store:1",
            "port": 9200,
            "probes": {"readiness": {"path": "/ready", "failures": 2}},
            "resources": {"cpu": "50m", "memory": "64Mi"},
            "env": {"LEVEL": "info"},
            "stop": "2s",
        }
    },
    "namespace": "trade",
    "environment": "prod",
    "owner": "red-team",
}


def constructed(sent: dict[str, Any]) -> list[Registered]:
    """What the package registers for inputs that come over the wire, where every number is a float."""
    wire = json_format.ParseDict(sent, struct_pb2.Struct())

    def program() -> None:
        inputs = _sync_await(ProviderServicer._construct_inputs(wire, {}))
        package().construct("web", TYPE, inputs)

    return registered(program)


KEEPS: dict[str, Any] = {
    "load": {"peak": 10, "replica": 20},
    "quorum": "2 of 3",
    "data": {"path": "/data", "size": "10Gi", "class": "fast", "keep": False, "snapshots": "nightly"},
    "expose": {
        "balancer": {
            "port": 5432,
            "sources": ["192.0.2.0/24", "2001:db8::/32"],
            "internal": True,
            "local": True,
            "nodeports": False,
            "class": "service.k8s.aws/nlb",
            "annotations": {"example.org/pool": "inner"},
            "idle": "10m",
            "deregistration": "20s",
        }
    },
}
"""What excludes some of it."""


def test_other_languages_get_what_python_gets(schema: dict[str, Any]) -> None:
    assert {*EVERYTHING, *KEEPS, "replicas"} == set(schema["resources"][TYPE]["inputProperties"])
    for given in (EVERYTHING, KEEPS, {"load": {"peak": 10, "replica": 20}, "replicas": "one"}):
        assert constructed({**arguments(**given)}) == registered(
            lambda given=given: Workload("web", arguments(**given))
        )


def test_outputs_of_other_languages_are_as_good_as_plain_values() -> None:
    def output(value: str, secret: bool = False) -> dict[str, Any]:
        return {SIGNATURE: OUTPUT, "value": value, "secret": secret, "dependencies": []}

    sent = {
        **EVERYTHING,
        "image": output("registry.example/web:1.4.2"),
        "env": {"LEVEL": output("debug")},
        "secrets": {"TOKEN": output("open sesame", secret=True)},
    }
    assert constructed(sent) == registered(lambda: Workload("web", arguments(**EVERYTHING)))


def test_outputs_of_the_component_are_returned() -> None:
    states: list[Any] = []

    def program() -> None:
        state: Any = package().construct("web", TYPE, {**arguments()}).state
        states.append({key: _sync_await(value.future()) for key, value in state.items()})

    registered(program)
    sizes = {"need": 7, "floor": 8, "ceiling": 12, "target": 70}
    assert states == [{"address": "web.default:8080", **sizes, "balancerAddresses": None}]


def test_refused_arguments_are_reported_by_their_paths() -> None:
    with pytest.raises(InputPropertiesError) as refused:
        constructed({**EVERYTHING, "port": 70_000, "image": "web", "load": {"peak": 0, "replica": 1}, "user": 1.5})
    assert refused.value.message == "web is refused, and nothing of it was created"
    assert refused.value.errors == [
        {"property_path": "user", "reason": "is the number 1.5, not a whole number"},
        {"property_path": "port", "reason": "is 70000; allowed is from 1 to 65535"},
        {"property_path": "load.peak", "reason": "is 0; allowed is a number above 0"},
        {
            "property_path": "image",
            "reason": "'web' is not pinned to a version;"
            " give a version as its tag, or a digest: what restarts must be what was tested",
        },
    ]


def test_what_is_required_and_missing_is_reported_by_its_path() -> None:
    with pytest.raises(InputPropertiesError) as missing:
        constructed({"port": 80, "load": {"peak": 1, "repica": 1}})
    assert missing.value.errors == [
        {"property_path": "load.repica", "reason": "is not a known key; did you mean 'replica'?"},
        {
            "property_path": "load.replica",
            "reason": "is missing; it is required: a number;"
            " `flyball measure` proposes it, from your Prometheus or by a load test of one replica",
        },
        {"property_path": "image", "reason": "is missing; it is required: text"},
        {
            "property_path": "callers",
            "reason": "is missing, and nobody could call it;"
            " name who may call it, as [front], or [] for nobody, or set public; Services finds out by itself",
        },
    ]


def test_folder_says_what_it_is_and_what_it_needs() -> None:
    folder = ROOT / "components"
    assert yaml.safe_load((folder / "PulumiPlugin.yaml").read_text()) == {"runtime": "python"}
    lines = [line for line in (folder / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert [(folder / line).resolve() for line in lines] == [ROOT]
    assert {"pulumi", "pulumi-kubernetes"} <= {need.partition(">=")[0] for need in project()["dependencies"]}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_alerts_in_the_names_of_other_languages_are_those_of_python() -> None:
    """There an argument of two words is one with a capital letter."""
    services = {"web": SERVICE}
    smtp = {
        "server": "smtp.example:587",
        "from": "alerts@example.com",
        "passwordFile": "/secrets/smtp",
        "username": "a",
    }
    page = {"webhookFile": "/secrets/page", "pagerduty": {"keyFile": "/secrets/key"}}
    shop_ones = {"warning": {"slack": {"webhookFile": "/secrets/slack"}}}
    sent = {"page": page, "warning": {"emails": ["a@example.com"]}, "smtp": smtp, "owners": {"shop": shop_ones}}
    given: Any = {
        "page": {"webhook_file": "/secrets/page", "pagerduty": {"key_file": "/secrets/key"}},
        "warning": {"emails": ["a@example.com"]},
        "smtp": {**{key: smtp[key] for key in ("server", "from", "username")}, "password_file": "/secrets/smtp"},
        "owners": {"shop": {"warning": {"slack": {"webhook_file": "/secrets/slack"}}}},
    }

    def built() -> None:
        package().construct("shop", "flyball:index:Services", {"services": services, "alerts": sent})

    made = registered(built)
    assert made == registered(lambda: Services("shop", {"services": services, "alerts": given}))  # pyright: ignore
    assert [r.name for r in made if "Alertmanager" in r.type] == ["shop-alerts-alertmanagerconfig-flyball"]

    def alone() -> None:
        package().construct("shop", "flyball:index:Alerts", {"services": services, **sent})

    made = registered(alone)
    assert made == registered(lambda: Alerts("shop", {"services": services, **given}))  # pyright: ignore
    assert [r.name for r in made if "Alertmanager" in r.type] == ["shop-alertmanagerconfig-flyball"]
