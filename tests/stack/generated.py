"""Stacks at random out of valid values: each by itself is right, and no person would put them together like that."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

DATA = {"path": "/data", "size": "10Gi"}
OUTER: Mapping[str, Sequence[Any]] = {
    "nodes": [{"count": 12, "disk": "100Gi"}],
    "governor": [{}, {"policies": True}],
    "shared": [True],
    "logs": [{"to": {"otlp": "https://logs.example:4318"}}, {"to": "none", "reason": "read on the nodes"}],
    "alerts": [{"page": {"webhook_file": "/etc/hook"}, "warning": {"webhook_file": "/etc/hook"}}],
}
SERVICE: Mapping[str, Sequence[Any]] = {
    "protocol": ["http", "grpc", "tcp"],
    "service": [80, 8080, 15000],
    "deadline": ["500ms", "3s", "30s"],
    "public": [True],
    "callers": [["trade/desk"], ["trade/*", "web"]],
    "survive": ["zone", "replica"],
    "lose": [2],
    "spot": [{}, {"enabled": False}],
    "proven": [40],
    "behavior": [{"up": {"pods": 3}}, {"calm": "10m"}],
    "schedule": [{"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}]}],
    "triggers": [{"queue": {"prometheus": {"server": "http://prometheus:9090", "query": "sum(x)", "threshold": 5}}}],
    "resources": [{"cpu": "1", "memory": "1Gi"}, {"limits": {"memory": "512Mi"}}],
    "probes": [{"readiness": {"path": "/ready"}}, {"readiness": {"exec": ["up"]}}, {"readiness": {"tcp": True}}],
    "logs": [{"path": "/var/log/app", "preset": "nginx"}, {"path": "/logs", "preset": "spring", "rate": "10Ki"}],
    "cache": [{"entries": 1000, "memory": "8Mi", "ttl": "10m"}],
    "scratch": [{"tmp": {"path": "/tmp", "size": "1Gi"}}, {"work": {"path": "/srv/work"}}],
    "shutdown": [{"prestop": "10s"}, {"drain": "40s"}],
    "rollout": [
        {"surge": 50},
        {"canary": {"steps": [30, 50], "abort": {"errors": "5%"}, "prometheus": "http://p:9090"}},
    ],
    "capabilities": [["NET_BIND_SERVICE"]],
    "hosts": [{"192.0.2.7": ["db.internal"]}],
    "dns": [{"options": {"ndots": "1"}}],
    "nodes": [{"labels": {"disk": "ssd"}, "tolerations": [{"key": "team", "value": "shop"}]}],
    "runtime": ["gvisor"],
    "devices": [{"example.org/gpu": 1}],
    "account": [{"annotations": {"example.org/role": "web"}}],
    "expose": [{"host": "shop.example.com", "path": "/"}, {"balancer": {"sources": ["192.0.2.0/24"]}}],
    "ports": [
        {"admin": {"port": 9000, "callers": ["back"]}},
        {"more": {"port": 9001, "protocol": "udp", "public": True}},
    ],
    "metrics": [{"port": 9102}, {"port": 8080, "path": "/metrics"}],
    "objective": [{"availability": 99.9}],
    "user": [1000],
    "token": [True],
    "labels": [{"team": "shop", "example.org/a": "b"}],
    "annotations": [{"example.org/note": "x y"}],
    "env": [{"MODE": "fast", "AGAIN": "$(MODE)er"}],
    "refs": [{"TOKEN": {"name": "some", "key": "token"}}],
    "variables": [[{"configmap": "some", "prefix": "A_"}]],
    "files": [
        {"conf": {"path": "/etc/app", "content": {"a.yaml": "x: y"}}},
        {"cert": {"path": "/cert", "secret": "tls"}},
    ],
    "init": [{"first": {"image": "a:1", "resources": {"cpu": "1", "memory": "1Gi"}, "mounts": {"tmp": "/tmp"}}}],
    "sidecars": [
        {
            "beside": {
                "image": "b:1",
                "port": 9200,
                "probes": {"readiness": {"exec": ["up"]}},
                "resources": {"cpu": "10m", "memory": "16Mi"},
            }
        }
    ],
    "migrate": [{"command": ["migrate"]}, {"image": "m:1", "deadline": "10m"}],
    "inbound": [{"port": 20000}, {"enabled": False}, {"concurrency": 5}],
    "proxy": [{"port": 25000}, {"resources": {"cpu": "1"}}, {"enabled": False}],
    "patch": [
        {"deployment": {"metadata": {"labels": {"example.org/p": "q"}}}},
        {"service": {"metadata": {"annotations": {"example.org/a": "b"}}}},
    ],
    "command": [["run", "--fast"]],
    "priority": ["high"],
    "data": [True],
}
JOB: Mapping[str, Sequence[Any]] = {
    "schedule": ["0 3 * * *"],
    "deadline": ["30m"],
    "retries": [0, 3],
    "spot": [True],
    "calls": [{"back": {}}, {"sessions": {}}, {"api.example.org": {"host": "api.example.org", "port": 443}}],
    **{
        key: SERVICE[key]
        for key in ("scratch", "env", "refs", "files", "init", "sidecars", "user", "labels", "token", "nodes")
    },
}
CACHE: Mapping[str, Sequence[Any]] = {
    "survive": ["node"],
    "clients": [500],
    "eviction": ["allkeys-lfu"],
    "exporter": ["e:1"],
}
CALLS: Sequence[Any] = [
    {"back": {}},
    {"back": {"timeout": "2s", "variable": "BACK"}, "sessions": {"timeout": "100ms"}},
    {"db": {"host": "db.example.org", "port": 5432, "protocol": "tcp", "cidrs": ["192.0.2.0/24"]}},
    {
        "api": {
            "host": "api.example.org",
            "port": 443,
            "protocol": "http",
            "tls": True,
            "fallback": {"status": 200, "body": "[]"},
        }
    },
    {"far": {"service": {"name": "far", "namespace": "trade", "port": 80, "target": 8080}}},
]


def stack(seed: int) -> dict[str, Any]:
    """The same one for the same seed."""
    words = random.Random(seed)
    services = {
        name: _service(words, calls=name == "web") for name in ("web", "back", "third")[: words.choice([2, 2, 3])]
    }
    found: dict[str, Any] = {
        "environment": "dev",
        "owner": "shop",
        "namespace": "shop",
        "cluster": "local",
        "platform": {"way": {words.choice(["ingress", "gateway"]): "front", "namespace": "ingress"}},
        **({"zones": ["a", "b", "c"]} if words.random() < 0.8 else {}),
        **_some(words, OUTER, 0.4),
        "services": services,
        "caches": {"sessions": {"memory": "256Mi", "ttl": "1h", **_some(words, CACHE, 0.3)}},
    }
    if words.random() < 0.5:
        found["jobs"] = {"report": {"image": "report:1", **_some(words, JOB, 0.3)}}
    return found


def _service(words: random.Random, *, calls: bool) -> dict[str, Any]:
    found = {"image": "app:1.0", "load": {"peak": 100, "replica": 50}, **_some(words, SERVICE, 0.07)}
    if words.random() < 0.95:
        found["port"] = 8080
    if found.get("protocol") == "tcp" or "port" not in found:
        found["probes"] = {"readiness": {"exec": ["up"]}, "liveness": {"exec": ["alive"]}}
    if found.pop("data", None):
        found |= {"load": {"peak": 10, "replica": 100}}
        found |= words.choice(
            [{"quorum": "2 of 3", "data": DATA}, {"replicas": "one", "data": DATA}, {"replicas": "one"}]
        )
    if calls:
        found["calls"] = {key: dict(call) for each in words.sample(CALLS, 2) for key, call in each.items()}
    return found


def _some(words: random.Random, known: Mapping[str, Sequence[Any]], share: float) -> dict[str, Any]:
    return {key: words.choice(values) for key, values in known.items() if words.random() < share}
