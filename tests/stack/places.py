"""Every place of a stack file, by the TypedDicts that it is read by: a new key is a new place by itself.

Each comes with the least stack file that leads there and keeps all rules: what the place needs around it and beside it.
"""

import copy
import json
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, is_typeddict

from flyball.guards.reading.strict import keys_of
from flyball.stack.schema import PROJECT

Way = tuple[str | int, ...]
_NODES: Any = {"types": ["m7i.large", "m6i.large", "m7a.large"], "size": {"cpu": 2, "memory": "8Gi"}}
_HOOK: Any = {"webhook_file": "/etc/alertmanager/secrets/hook"}
_NIGHT: Any = {"start": "0 22 * * *", "end": "0 6 * * *", "peak": 10}
_SPOT_TYPES = [f"{family}.2xlarge" for family in ("m7i", "m6i", "m7a", "m6a", "m5", "m5a")]
_ADDONS = {
    "vpc-cni": "v1.21.1-eksbuild.1",
    "kube-proxy": "v1.36.0-eksbuild.1",
    "coredns": "v1.13.1-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.1",
}
LEAST: dict[str, Any] = {
    "StackArgs": {
        "environment": "dev",
        "owner": "shop",
        "namespace": "shop",
        "cluster": "local",
        "zones": ["a", "b", "c"],
        "platform": {"way": {"ingress": "nginx", "namespace": "ingress"}},
        "services": {"web": {}},
    },
    "ServiceArgs": {"image": "example.org/app:1.0", "load": {"peak": 100, "replica": 50}, "port": 8080},
    "JobArgs": {"image": "example.org/report:1.0"},
    "CacheArgs": {"memory": "256Mi", "ttl": "1h"},
    "MigrateArgs": {"command": ["migrate"]},
    "CallArgs": {"host": "api.example.org", "port": 443, "protocol": "http"},
    "ServiceReferenceArgs": {"name": "api", "port": 80},
    "OwnRefArgs": {"name": "some", "key": "key"},
    "SecretRefArgs": {"name": "some", "key": "key"},
    "InitArgs": {"image": "example.org/first:1", "resources": {"cpu": "10m", "memory": "16Mi"}},
    "SidecarArgs": {
        "image": "example.org/beside:1",
        "resources": {"cpu": "10m", "memory": "16Mi"},
        "port": 9200,
        "probes": {},
    },
    "FilesArgs": {"path": "/srv/files", "configmap": "some"},
    "VariablesArgs": {"configmap": "some"},
    "LogsArgs": {"path": "/var/log/app", "preset": "nginx"},
    "LocalCacheArgs": {"entries": 1000, "memory": "8Mi", "ttl": "10m"},
    "ScratchArgs": {"path": "/srv/scratch"},
    "PortArgs": {"port": 9000, "public": True},
    "MetricsArgs": {"port": 9102},
    "DataArgs": {"path": "/srv/data", "size": "10Gi"},
    "ExposeArgs": {"host": "shop.example.com"},
    "BalancerArgs": {"sources": ["192.0.2.0/24"]},
    "ObjectiveArgs": {"availability": 99.9},
    "CanaryArgs": {
        "steps": [50],
        "abort": {"errors": "5%"},
        "prometheus": "http://prometheus.monitoring:9090",
    },
    "ScheduleArgs": {"windows": [_NIGHT]},
    "WindowArgs": _NIGHT,
    "PrometheusArgs": {"server": "http://prometheus.monitoring:9090", "query": "sum(x)"},
    "TriggerArgs": {"prometheus": {}},
    "TolerationArgs": {"key": "team"},
    "LoadArgs": {"peak": 100, "replica": 50},
    "LogTargetArgs": {"otlp": "https://logs.example:4318"},
    "PipelineArgs": {"to": {}},
    "GuardedAlertsArgs": {
        "page": {},
        "warning": {},
        "smtp": {"server": "mail.example:587", "from": "shop@example.com"},
    },
    "ReceiverArgs": _HOOK,
    "WatchdogArgs": _HOOK,
    "OwnerArgs": {"page": {}},
    "SlackArgs": _HOOK,
    "KeyArgs": {"key_file": "/etc/alertmanager/secrets/key"},
    "WayInArgs": {"ingress": "nginx", "namespace": "ingress"},
    "ProbesArgs": {"readiness": {"exec": ["up"]}},
    "ResourcesArgs": {"cpu": "100m", "memory": "64Mi"},
    "AbortArgs": {"errors": "5%"},
    "PlatformStackArgs": {"environment": "dev", "owner": "platform", "aws": {}},
    "AwsArgs": {
        "account": "210987654321",
        "region": "eu-central-1",
        "network": {},
        "cluster": {},
        "nodes": {"base": {}},
        "spend": {},
    },
    "NetworkArgs": {"cidr": "10.1.0.0/18"},
    "ClusterArgs": {
        "version": "1.36",
        "ami": "al2023@v20261101",
        "endpoint": "private",
        "admins": ["arn:aws:iam::210987654321:role/platform"],
        "addons": _ADDONS,
    },
    "BaseArgs": _NODES,
    "SizeArgs": {"cpu": 2, "memory": "8Gi"},
    "PoolArgs": {"types": _SPOT_TYPES, "size": {"cpu": 8, "memory": "32Gi"}, "proven": 8},
    "FleetArgs": {
        "image": "ami-0123456789abcdef0",
        "types": _NODES["types"],
        "load": {},
        "certificate": "arn:aws:acm:eu-central-1:210987654321:certificate/12345678-1234-1234-1234-123456789012",
        "playbook": "s3://shop-playbooks/site.tar.gz",
        "health": "/healthz",
    },
    "BandArgs": {"above": 0, "percent": 25},
    "SpendArgs": {
        "budget": 4000,
        "prices": dict.fromkeys((*_NODES["types"], *_SPOT_TYPES, "nat"), 0.1),
        "notify": ["oncall@example.com"],
    },
}
"""The least that maps of a type say, by its name; of one without required keys that is nothing."""
INSTEAD: dict[tuple[str, str], Any] = {
    ("CallArgs", "service"): {},
    ("FilesArgs", "content"): {"path": "/srv/files"},
    ("FilesArgs", "secrets"): {"path": "/srv/files"},
    ("FilesArgs", "secret"): {"path": "/srv/files"},
    ("VariablesArgs", "secret"): {},
    ("LogTargetArgs", "logstash"): {},
    ("WayInArgs", "gateway"): {"namespace": "ingress"},
    ("ExposeArgs", "balancer"): {},
    ("NodesArgs", "spot"): {"base": {}},
    ("PortArgs", "callers"): {"port": 9000},
    ("ServiceArgs", "data"): {**LEAST["ServiceArgs"], "load": {"peak": 10, "replica": 100}, "replicas": "one"},
    ("NetworkArgs", "vpc"): {},
    ("NetworkArgs", "private"): {"vpc": "vpc-0123456789abcdef0"},
}
"""What is said beside a key, in place of the least, where the two would not go together."""
NAMES: dict[str | int, str] = {
    "services": "web",
    "caches": "sessions",
    "jobs": "report",
    "devices": "example.org/gpu",
    "hosts": "192.0.2.7",
    "defaults": "env",
    "options": "ndots",
    "addons": "coredns",
    "prices": "m7i.large",
    "owners": "shop",
}
"""What a member of such a map may be called, where that is not any word."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, and its type."""

    root: Any
    way: Way
    kind: Any

    @property
    def name(self) -> str:
        return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.way).removeprefix(".")

    def holding(self, value: Any) -> dict[str, Any]:
        """The least configuration with a value at this place."""
        return hold(self.root, self.way, value)

    def written(self, value: str) -> str:
        """The stack file with a value at this place, as YAML writes it."""
        return written(self.holding(_HERE), {_HERE: value})


_HERE = "@here"


def written(config: dict[str, Any], values: dict[str, str]) -> str:
    """A stack file, with values as YAML writes them in the place of texts that stand for them."""
    text = json.dumps({"config": {f"{PROJECT}:{key}": value for key, value in config.items()}})
    for here, value in values.items():
        text = text.replace(json.dumps(here), value)
    return text


def places(root: Any) -> list[Place]:
    """Every place in values of a TypedDict; of a map and of a list that of one member."""
    return [Place(root, way, kind) for way, kind in ways(root, ()) if way]


def ways(kind: Any, way: Way) -> Iterator[tuple[Way, Any]]:
    """The way to a value of a type, and to each place in it, with their types."""
    kind = plain(kind)
    yield way, kind
    if is_typeddict(kind):
        for key, inner in keys_of(kind).items():
            yield from ways(inner, (*way, key))
    elif get_origin(kind) is dict:
        yield from ways(get_args(kind)[1], (*way, NAMES.get(way[-1], "one")))
    elif get_origin(kind) is list:
        yield from ways(get_args(kind)[0], (*way, 0))


def plain(kind: Any) -> Any:
    """A type without what only exists at run time (Pulumi's Output)."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    return next(
        each for each in get_args(kind) if each in _PLAIN or is_typeddict(each) or get_origin(each) in (dict, list)
    )


_PLAIN = (str, bool, int, float)


def hold(kind: Any, way: Way, value: Any) -> Any:
    """The least of a type that has a value at the end of a way."""
    kind = plain(kind)
    if not way:
        return value
    if not is_typeddict(kind):
        inner = hold(get_args(kind)[-1], way[1:], value)
        return [inner] if get_origin(kind) is list else {way[0]: inner}
    hints, key = keys_of(kind), str(way[0])
    least = INSTEAD.get((kind.__name__, key), LEAST.get(kind.__name__, {}))
    filled = {each: _filled(hints[each], inner) for each, inner in least.items() if each != key and each in hints}
    return {**filled, key: hold(hints[key], way[1:], value)}


def _filled(kind: Any, value: Any) -> Any:
    """What is said, with the least of each map in it."""
    kind = plain(kind)
    if is_typeddict(kind):
        hints = keys_of(kind)
        given = {**LEAST.get(kind.__name__, {}), **value}
        return {key: _filled(hints[key], inner) for key, inner in given.items()}
    if get_origin(kind) is dict:
        return {key: _filled(get_args(kind)[-1], inner) for key, inner in value.items()}
    return copy.deepcopy(value)
