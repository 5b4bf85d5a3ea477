"""All rules on one workload: sized as worked out by hand, every promise kept, every bad value refused alone."""

import math
from fractions import Fraction
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.guards.workload.one import resolved

from flyball.guards.governor.envelope import Envelope
from flyball.guards.governor.scaling import Floors
from flyball.guards.governor.steps import Step, WriterSteps
from flyball.guards.headroom.headroom import Headroom, Loss
from flyball.guards.interruptions.interruption import SpotSplit
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.units import exact
from flyball.guards.timeouts.deadlines import Promise, Times
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.resolve import Place, examine
from flyball.guards.workload.sizing import Period, Sizing

MI = 2**20
LOAD = {"peak": 1000, "replica": 100}
MINIMAL: dict[str, Any] = {"port": 80, "load": LOAD}
NIGHT = {"name": "night", "start": "0 22 * * *", "end": "0 6 * * *", "peak": 100}
SALE = {"name": "sale", "start": "0 6 24 11 *", "end": "0 6 25 11 *", "peak": 2000}


def sized(zones: int = 0, **more: Any) -> Sizing:
    return resolved("web", MINIMAL | more, zones).sizing


class TestByHand:
    def test_from_port_and_load_alone(self) -> None:
        """12.5 replicas at 80 %; one more to lose; 80 * 13/14 = 74.28; 14 and half as many; 80 % of 21 is 16.8."""
        assert sized() == Sizing(
            peak=Fraction(1000),
            loss=Loss(1),
            headroom=Headroom(need=13, floor=14, budget=1),
            target=74,
            envelope=Envelope(proven=14, ceiling=21, warn=17),
            split=None,
            writer=WriterSteps(Step(4, 100), Step(1, 20)),
            ephemeral_storage=(150 + 64 + 64) * MI,
            periods=(Period(None, Fraction(1000), Headroom(13, 14, 1)),),
            floors=Floors(14),
        )

    def test_its_short_names(self) -> None:
        found = sized()
        assert (found.need, found.floor, found.ceiling, found.budget) == (13, 14, 21, 1)

    def test_a_zone_of_three(self) -> None:
        """20 lose 7 and leave 13; 22 lose 8, which is the worst: 80 * 14/22 = 50.9."""
        found = sized(3, survive="zone")
        assert (found.need, found.floor, found.budget, found.target) == (13, 20, 7, 50)
        assert found.loss == Loss(1, 3)
        assert found.envelope == Envelope(20, 30, 24)

    def test_zones_without_a_claim_on_them(self) -> None:
        assert sized(3) == sized()

    def test_spot(self) -> None:
        assert sized(3, survive="zone,spot", spot={}).split == SpotSplit(base=13, above=7)
        assert sized(3, spot={"base": 4}).split == SpotSplit(base=4, above=10)
        assert sized(0, spot={"enabled": False, "base": 4}).split is None

    def test_by_the_clock(self) -> None:
        """100 at night need 2 (1.25) and 3 with one to lose; 2000 on one day need 25 and 26."""
        found = sized(schedule={"windows": [NIGHT, SALE]})
        assert found.periods == (
            Period(None, Fraction(1000), Headroom(13, 14, 1)),
            Period("night", Fraction(100), Headroom(2, 3, 1)),
            Period("sale", Fraction(2000), Headroom(25, 26, 1)),
        )
        assert (found.peak, found.floor, found.ceiling, found.budget) == (2000, 26, 39, 1)
        assert found.target == 53  # at night's floor: 80 * 2/3

    def test_the_budget_is_that_of_the_tightest_period(self) -> None:
        found = sized(3, survive="zone", schedule={"windows": [NIGHT]})
        assert [period.headroom for period in found.periods] == [Headroom(13, 20, 7), Headroom(2, 3, 1)]
        assert found.budget == 1

    def test_the_writer_follows_a_fast_autoscaler(self) -> None:
        behavior = {"up": {"pods": 9, "percent": 300}, "down": {"pods": 3, "percent": 40}}
        assert sized(behavior=behavior).writer == WriterSteps(Step(9, 301), Step(3, 41))

    def test_storage(self) -> None:
        scratch = {"a": {"path": "/a", "size": "100Mi"}, "b": {"path": "/b"}}
        assert (
            sized(scratch=scratch, logs={"path": "/logs", "preset": "nginx"}).ephemeral_storage
            == (214 + 100 + 64 + 512) * MI
        )


@st.composite
def workloads(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Arguments over which every rule has a say, and a number of zones."""
    replica = draw(st.floats(0.01, 1e5))
    load = {"replica": replica, "peak": draw(st.floats(0.01, 60)) * replica}
    load |= draw(st.fixed_dictionaries({}, optional={"utilization": st.floats(0.3, 1)}))
    zones, lose = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    survive = draw(st.sampled_from(["replica", "zone", "spot", "zone,spot"] if zones > 1 else ["replica", "spot"]))
    rate = st.fixed_dictionaries({}, optional={"pods": st.integers(1, 20), "percent": st.integers(1, 1000)})
    down = st.fixed_dictionaries({}, optional={"pods": st.just(1), "percent": st.integers(1, 50)})
    window = {"start": "0 22 * * *", "end": "0 6 * * *", "peak": draw(st.floats(0.01, 60)) * replica}
    size = st.integers(1, 2000).map(lambda n: f"{n}Mi")
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "spot": st.just({}),
                "behavior": st.fixed_dictionaries({}, optional={"up": rate, "down": down}),
                "schedule": st.just({"windows": [window]}),
                "scratch": st.fixed_dictionaries(
                    {"tmp": st.fixed_dictionaries({"path": st.just("/tmp"), "size": size})}
                ),
                "logs": st.just({"path": "/var/log/app", "preset": "nginx"}),
            },
        )
    )
    return {"port": 80, "load": load, "lose": lose, "survive": survive} | more, zones


def survivors(n: int, sizing: Sizing) -> int:
    zones = sizing.loss.zones
    fullest = len(range(0, n, zones)) if zones else 0
    return n - max(sizing.loss.lose, fullest)


class TestPromises:
    @given(workloads())
    def test_no_survivor_carries_more_than_it_may(self, drawn: tuple[dict[str, Any], int]) -> None:
        found = resolved("web", *drawn)
        spec, sizing = found.spec, found.sizing
        most, least = exact(spec.utilization), min(period.headroom.floor for period in sizing.periods)
        for n in range(least, sizing.ceiling + 1):
            assert Fraction(n * sizing.target, 100) / survivors(n, sizing) <= most
            assert Fraction(n * sizing.target, 100) / (n - sizing.budget) <= most
        for period in sizing.periods:
            left = survivors(period.headroom.floor, sizing)
            assert left >= period.headroom.need
            assert period.peak / (exact(spec.replica) * left) <= most

    @given(workloads())
    def test_sizes_are_in_order(self, drawn: tuple[dict[str, Any], int]) -> None:
        sizing = resolved("web", *drawn).sizing
        assert 2 <= sizing.floor <= sizing.ceiling <= sizing.envelope.proven * 3 // 2
        assert sizing.need < sizing.floor == max(period.headroom.floor for period in sizing.periods)
        assert sizing.peak == max(period.peak for period in sizing.periods)
        assert 1 <= sizing.target <= 100
        for period in sizing.periods:
            assert 1 <= sizing.budget <= period.headroom.floor - period.headroom.need
        if sizing.split:
            assert sizing.split.base >= sizing.need
            assert sizing.split.base + sizing.split.above == sizing.floor

    @given(workloads())
    def test_the_autoscaler_is_never_denied(self, drawn: tuple[dict[str, Any], int]) -> None:
        found = resolved("web", *drawn)
        spec, sizing = found.spec, found.sizing
        for n in range(1, sizing.ceiling + 1):
            assert sizing.writer.up.of(n) >= spec.behavior.up.up(n)
            assert sizing.writer.down.of(n) >= spec.behavior.down.down(n)

    @given(workloads())
    def test_the_storage_limit_exceeds_what_is_written(self, drawn: tuple[dict[str, Any], int]) -> None:
        found = resolved("web", *drawn)
        spec, sizing = found.spec, found.sizing
        written = 3 * 50 * MI + sum(volume.size for volume in spec.scratch.values())
        assert sizing.ephemeral_storage > written + (spec.logs.limits.held if spec.logs else 0)

    @given(workloads())
    def test_the_way_out_fits_the_notice(self, drawn: tuple[dict[str, Any], int]) -> None:
        spec = resolved("web", *drawn).spec
        assert spec.deadline <= spec.shutdown.drain
        assert spec.shutdown.total <= 110_000


FULL: dict[str, Any] = {
    "port": 80,
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
        "admin": {"port": 9000, "protocol": "http", "callers": ["ops/*"]},
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
        "first": {"image": "example.org/first:1", "resources": {"cpu": "10m", "memory": "16Mi"}, "env": {"A": "b"}}
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


def put(value: Any, way: Way, new: Any) -> Any:
    """A copy with another value at that place."""
    if not way:
        return new
    if isinstance(value, list):
        return [put(item, way[1:], new) if i == way[0] else item for i, item in enumerate(value)]
    return {**value, way[0]: put(value[way[0]], way[1:], new)}


def written(way: Way) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in way).removeprefix(".")


PLACES = ways(FULL, PlainArgs)
WRONG = {str: 5, int: "x", float: "x", bool: "x"}


KEEPS: dict[str, Any] = {
    "port": 80,
    "load": {"peak": 10, "replica": 20},
    "survive": "zone",
    "quorum": "2 of 3",
    "data": {"path": "/data", "size": "10Gi", "class": "fast", "keep": False, "snapshots": "nightly"},
}
"""What excludes much of it."""


class TestEveryPlace:
    def test_the_full_arguments_pass_and_leave_nothing_out(self) -> None:
        resolved("web", FULL, 3)
        resolved("web", KEEPS, 3)
        assert {*FULL, *KEEPS, "replicas"} == set(get_type_hints(PlainArgs))

    @pytest.mark.parametrize(("way", "kind"), PLACES, ids=[written(way) for way, _ in PLACES])
    def test_a_wrong_type_is_one_problem_and_nothing_follows_from_it(self, way: Way, kind: Any) -> None:
        """Whatever a rule would say of the default in its place, nobody has written."""
        for wrong in (WRONG.get(kind, "x"), None):
            with pytest.raises(Refused) as error:
                resolved("web", put(FULL, way, wrong), 3)
            assert [problem.where for problem in error.value.problems] == [f"web.{written(way)}"]

    @pytest.mark.parametrize(("way", "kind"), ways(KEEPS, PlainArgs))
    def test_nor_does_anything_of_what_is_kept(self, way: Way, kind: Any) -> None:
        for wrong in (WRONG.get(kind, "x"), None):
            with pytest.raises(Refused) as error:
                resolved("web", put(KEEPS, way, wrong), 3)
            assert [problem.where for problem in error.value.problems] == [f"web.{written(way)}"]

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


class TestForAStack:
    def test_problems_are_handed_over_with_the_keys_they_lie_under(self) -> None:
        calls = {"cart": {"timeout": "1"}, "api.example.org": {"host": "x", "port": 0}, "good": {}}
        args = MINIMAL | {"calls": calls, "deadline": "x", "schedule": {"windows": [NIGHT | {"peak": 0}]}}
        found = examine({"web": args, "cart": MINIMAL, "good": MINIMAL}, Place(), ("services",))
        assert list(found.services) == ["cart", "good"]
        assert {problem.where for problem in found.own["web"]} == {
            "services.web.calls.cart.timeout",
            "services.web.calls.api.example.org.port",
            "services.web.deadline",
            "services.web.schedule.windows[0].peak",
        }
        assert found.promises["web"] == Promise(None, {"good": Times(timeout=2_000)})
        assert found.promises["good"] == Promise(2_000, {})

    def test_arguments_of_ones_own(self) -> None:
        class Extended(PlainArgs):
            image: NotRequired[str]

        resolved("web", MINIMAL | {"image": "web:1"}, expected=Extended)
        with pytest.raises(Refused, match=r"^web\.image: is not a known key; known are port,"):
            resolved("web", MINIMAL | {"image": "web:1"})
