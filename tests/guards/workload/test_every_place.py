"""Every place in the arguments of one workload: whatever stands there is sized, or refused alone and by its path."""

import math
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.guards.workload.one import LOAD, NIGHT, resolved

from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.workload.plain_arguments import PlainArgs

FULL: dict[str, Any] = {
    "port": 80,
    "service": 8080,
    "load": LOAD | {"utilization": 0.7},
    "protocol": "http",
    "command": ["run"],
    "arguments": ["--fast"],
    "refs": {"TOKEN": {"name": "a", "key": "b"}},
    "variables": [{"configmap": "settings"}, {"secret": "passwords", "prefix": "DB_"}],
    "deadline": "3s",
    "calls": {
        "cart": {
            "timeout": "400ms",
            "connect": "50ms",
            "retries": 1,
            "backoff": "10ms",
            "parallel": "x",
            "port": 1,
            "protocol": "http",
        },
        "api.example.org": {
            "host": "api.example.org",
            "hosts": ["api2.example.org"],
            "port": 443,
            "timeout": "500ms",
            "cidrs": ["10.0.0.0/8"],
            "protocol": "http",
            "variable": "API",
            "names": ["api.example.org"],
            "tls": True,
            "stream": False,
            "breaker": {
                "enabled": True,
                "window": "30s",
                "threshold": 40,
                "minimum": 10,
                "open": "5s",
                "probes": 10,
                "permitted": 2,
                "slow": "400ms",
            },
            "fallback": {"status": 203, "type": "text/plain", "body": "none"},
            "budget": 20,
            "connections": 50,
            "idle": "30s",
            "health": {"path": "/up", "period": "1s", "failures": 2},
            "eject": 1,
        },
        "stock": {"timeout": "200ms", "fallback": {"call": "cart"}, "port": 2, "target": 8080, "protocol": "http"},
        "mail": {
            "connect": "50ms",
            "timeout": "300ms",
            "service": {
                "name": "mail",
                "namespace": "post",
                "port": 25,
                "target": 2525,
                "protocol": "tcp",
                "deadline": "300ms",
            },
        },
    },
    "inbound": {
        "enabled": True,
        "port": 20000,
        "methods": ["GET", "POST"],
        "body": "2Mi",
        "slow": "3s",
        "idle": "20s",
        "connections": 500,
        "latency": "200ms",
        "concurrency": 30,
        "waiting": 10,
        "queue": "100ms",
    },
    "proxy": {
        "enabled": True,
        "image": "haproxy:3.2.4",
        "port": 22000,
        "domain": "cluster.example",
        "scrape": "watch",
        "headers": "16Ki",
        "resources": {"cpu": "50m", "memory": "64Mi", "limits": {"cpu": "100m", "memory": "128Mi"}},
    },
    "callers": ["shop", "trade/front"],
    "public": True,
    "survive": "zone,spot",
    "lose": 2,
    "spot": {"enabled": True, "base": 15},
    "proven": 40,
    "ceiling": 45,
    "behavior": {"up": {"pods": 3, "percent": 40, "period": "30s"}, "down": {"percent": 9}, "calm": "400s"},
    "writer": {"up": {"percent": 120}, "down": {"pods": 2}},
    "schedule": {"timezone": "Europe/Berlin", "windows": [NIGHT]},
    "triggers": {"queue": {"prometheus": {"server": "http://prometheus:9090", "query": "sum(x)", "threshold": 2.5}}},
    "resources": {"cpu": "1", "memory": "1Gi", "limits": {"cpu": "2", "memory": "2Gi"}},
    "probes": {"startup": {"tcp": True}, "readiness": {"path": "/r", "period": "3s"}, "liveness": {"failures": 9}},
    "cache": {"entries": 1000, "memory": "8Mi", "ttl": "10m"},
    "logs": {
        "path": "/logs",
        "preset": "nginx",
        "rate": "1Ki",
        "pattern": "*.log",
        "image": "a:1",
        "size": "10Mi",
        "files": 3,
        "days": 2,
        "volume": "64Mi",
    },
    "scratch": {"tmp": {"path": "/tmp", "size": "1Mi"}},
    "shutdown": {"prestop": "3s", "drain": "9s", "stop": "1s"},
    "rollout": {"settle": "20s", "progress": "5m", "surge": 50, "history": 5},
    "capabilities": ["NET_BIND_SERVICE"],
    "hosts": {"192.0.2.7": ["db.internal"]},
    "dns": {"options": {"ndots": "1"}, "searches": ["shop.internal"]},
    "nodes": {
        "labels": {"disk": "ssd"},
        "prefer": {"disk": "new"},
        "tolerations": [{"key": "team", "value": "shop", "effect": "NoSchedule"}],
    },
    "runtime": "gvisor",
    "devices": {"nvidia.com/gpu": 2},
    "account": {"annotations": {"example.org/role": "web"}},
    "expose": {"host": "shop.example.com", "path": "/shop", "tls": "shop-tls"},
    "ports": {
        "admin": {"port": 9000, "service": 90, "protocol": "http", "callers": ["ops/*"]},
        "open": {"port": 9001, "protocol": "udp", "public": True},
    },
    "metrics": {"port": 9102, "path": "/prometheus", "scrape": "watch"},
    "objective": {"availability": 99.9, "minimum": 2000},
    "user": 1000,
    "token": True,
    "priority": "high",
    "labels": {"team": "shop"},
    "annotations": {"example.org/note": "x"},
    "patch": {"deployment": {"metadata": {"labels": {"example.org/a": "b"}}}},
    "init": {
        "first": {
            "image": "example.org/first:1",
            "resources": {"cpu": "10m", "memory": "16Mi"},
            "env": {"A": "b"},
            "mounts": {"tmp": "/shared"},
            "after": ["store"],
        }
    },
    "sidecars": {
        "store": {
            "image": "example.org/store:1",
            "port": 9200,
            "probes": {"readiness": {"path": "/ready"}},
            "resources": {"cpu": "10m", "memory": "16Mi"},
            "stop": "2s",
        }
    },
}
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -(10**400), 1e308, 5e-324, "0s", "1" * 400, "24d", "1024Ti", "* * * * *", "UTC", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
Way = tuple[str | int, ...]


def ways(value: Any, kind: Any, way: Way = ()) -> list[tuple[Way, Any]]:
    """Every place in the full arguments: the keys that lead there, and its type."""
    found = [(way, kind)] if way else []
    if is_typeddict(kind):
        for key, inner in value.items():
            found += ways(inner, get_type_hints(kind)[key], (*way, key))
    elif get_origin(kind) in (dict, list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            found += ways(inner, get_args(kind)[-1], (*way, key))
    return found


def at(value: Any, way: Way) -> Any:
    """What stands at that place."""
    return at(value[way[0]], way[1:]) if way else value


def put(value: Any, way: Way, new: Any) -> Any:
    """A copy with another value at that place."""
    if not way:
        return new
    if isinstance(value, list):
        return [put(item, way[1:], new) if i == way[0] else item for i, item in enumerate(value)]
    return {**value, way[0]: put(value[way[0]], way[1:], new)}


def written(way: Way) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in way).removeprefix(".")


KEEPS: dict[str, Any] = {
    "port": 80,
    "load": {"peak": 10, "replica": 20},
    "survive": "zone",
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
"""What excludes much of it."""
PLACES = ways(FULL, PlainArgs)
KEPT = ways(KEEPS, PlainArgs)
WRONG = {str: 5, int: "x", float: "x", bool: "x"}


class TestEveryPlace:
    def test_the_full_arguments_pass_and_leave_nothing_out(self) -> None:
        resolved("web", FULL, 3)
        resolved("web", KEEPS, 3)
        assert {*FULL, *KEEPS, "replicas"} == set(get_type_hints(PlainArgs))

    @pytest.mark.parametrize(
        ("args", "way", "kind"),
        [(args, *place) for args, places in ((FULL, PLACES), (KEEPS, KEPT)) for place in places],
        ids=[*(written(way) for way, _ in PLACES), *(f"keeps {written(way)}" for way, _ in KEPT)],
    )
    def test_a_wrong_type_is_one_problem_and_nothing_follows_from_it(
        self, args: dict[str, Any], way: Way, kind: Any
    ) -> None:
        """Whatever a rule would say of the default in its place, nobody has written."""
        for wrong in (WRONG.get(kind, "x"), None):
            with pytest.raises(Refused) as error:
                resolved("web", put(args, way, wrong), 3)
            assert [problem.where for problem in error.value.problems] == [f"web.{written(way)}"]

    @pytest.mark.parametrize("way", [way for way, kind in PLACES if get_origin(kind) is dict], ids=written)
    def test_a_name_that_is_no_text_is_refused_where_it_stands(self, way: Way) -> None:
        """As YAML reads `1: x`."""
        named = at(FULL, way)
        with pytest.raises(Refused) as error:
            resolved("web", put(FULL, way, {**named, 1: next(iter(named.values()))}), 3)
        assert {problem.where for problem in error.value.problems} == {f"web.{written(way)}.1"}

    @given(st.sampled_from([way for way, _ in PLACES]), JSON, st.integers(0, 5))
    @example(("schedule", "timezone"), "\0", 3)
    @example(("lose",), 100_000, 3)
    @example(("load", "utilization"), 0.0001, 3)
    @example(("load", "utilization"), 5e-324, 3)
    @example(("load", "replica"), 5e-324, 3)
    @example(("load", "peak"), 5e-324, 3)
    @example(("load", "peak"), 10**12, 3)
    @example(("shutdown", "drain"), "24d", 3)
    @example(("logs", "size"), "1024Ti", 3)
    @example(("logs", "files"), 2**31 - 1, 3)
    @example(("proven",), 100_000, 3)
    def test_anything_at_any_place_is_sized_or_refused(self, way: Way, value: Any, zones: int) -> None:
        problems: tuple[Problem, ...] = ()
        try:
            sizing = resolved("web", put(FULL, way, value), zones).sizing
            assert sizing.floor <= sizing.ceiling
        except Refused as refusal:
            problems = refusal.problems
        assert all(problem.path[:1] == ("web",) for problem in problems)

    @given(st.text(max_size=50), JSON, st.integers(0, 5))
    def test_anything_as_name_and_arguments_is_refused(self, name: str, args: Any, zones: int) -> None:
        with pytest.raises(Refused):
            resolved(name, args, zones)

    @pytest.mark.parametrize("value", [10**5000, -(10**5000), math.nan, math.inf, True], ids=range(5))
    @pytest.mark.parametrize("way", [way for way, kind in PLACES if kind in (int, float)], ids=written)
    def test_a_number_that_no_text_can_hold(self, way: Way, value: float) -> None:
        with pytest.raises(Refused) as error:
            resolved("web", put(FULL, way, value), 3)
        assert [problem.where for problem in error.value.problems] == [f"web.{written(way)}"]
        assert len(str(error.value)) < 200
