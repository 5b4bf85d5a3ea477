"""Arguments with their defaults: each value where it belongs, and each that is out of range with its exact text."""

from dataclasses import replace
from fractions import Fraction
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guards.workload.one import MINIMAL

from flyball.guards.clean_up.retention import FileLogs
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps
from flyball.guards.headroom.headroom import Survive
from flyball.guards.headroom.schedule import Schedule, Window
from flyball.guards.interruptions.interruption import Shutdown
from flyball.guards.interruptions.probes import Probe, Probes
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.workload import calls
from flyball.guards.workload.application import Scratch, SecretRef
from flyball.guards.workload.file_logs import LogFiles, Writer
from flyball.guards.workload.names import Caller, check_name
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.resources import Resources
from flyball.guards.workload.sidecar import Sidecar
from flyball.guards.workload.spec import Rollout, Spec, read

MI = 2**20
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def everything(args: Any) -> tuple[Spec, list[Problem]]:
    """A workload of that name and namespace that knows no other, with its calls."""
    r = Reader(args, ("web",), [])
    found = read(r, "web", "shop")
    return replace(found, calls=calls.read(r, "shop", {})), r.problems


def spec(**more: Any) -> Spec:
    found, problems = everything(MINIMAL | more)
    assert problems == []
    return found


def texts(**more: Any) -> list[str]:
    return [str(problem) for problem in everything(MINIMAL | more)[1]]


def test_every_default() -> None:
    assert spec() == Spec(
        name="web",
        namespace="shop",
        port=80,
        service=80,
        protocol="http",
        peak=1000,
        replica=100,
        utilization=0.8,
        lose=1,
        survive=frozenset({Survive.REPLICA}),
        spot=False,
        base=None,
        proven=None,
        ceiling=None,
        deadline=2_000,
        calls={},
        callers=None,
        public=False,
        behavior=Behavior(up=Rate(2, 50, 60), down=Rate(1, 10, 60), calm=300),
        writer=None,
        schedule=None,
        triggers={},
        resources=Resources(250, 256 * MI, 500, 256 * MI),
        probes=Probes(
            startup=Probe("tcp", period=5, timeout=2, failures=30),
            readiness=Probe("path", path="/", period=5, timeout=2, failures=3),
            liveness=Probe("tcp", period=10, timeout=2, failures=6),
        ),
        scratch={"tmp": Scratch("/tmp", 64 * MI)},
        logs=None,
        cache=None,
        shutdown=Shutdown(5_000, 30_000, 5_000),
        rollout=Rollout(10, 600, 25, 3),
        inbound=Inbound(
            enabled=True,
            port=21_000,
            methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
            body=MI,
            slow=5_000,
            idle=60_000,
            connections=1_000,
            concurrency=100,
            waiting=50,
            latency=1_000,
            queue=500,
        ),
        sidecar=Sidecar(
            headers=15 * 1024,
            enabled=True,
            image="docker.io/library/haproxy:3.2.4-alpine",
            port=21_000,
            domain="cluster.local",
            scrape="monitoring",
            resources=Resources(20, 34 * MI, 250, 34 * MI),
        ),
        user=65_532,
        token=False,
        command=(),
        arguments=(),
        refs={},
        priority=None,
        labels={},
        annotations={},
    )


@pytest.mark.parametrize(
    ("key", "value", "attribute", "expected"),
    [
        ("port", 8080.0, "port", 8080),
        ("load", {"peak": 5, "replica": 2, "utilization": 1}, "utilization", 1),
        ("lose", 3, "lose", 3),
        ("survive", "zone, spot", "survive", frozenset({Survive.ZONE, Survive.SPOT})),
        ("spot", {}, "spot", True),
        ("spot", {"enabled": False}, "spot", False),
        ("spot", {"base": 4}, "base", 4),
        ("proven", 100_000, "proven", 100_000),
        ("ceiling", 30, "ceiling", 30),
        ("deadline", "1.5s", "deadline", 1_500),
        ("callers", [], "callers", ()),
        ("callers", ["front", "trade/api"], "callers", (Caller("shop", "front"), Caller("trade", "api"))),
        ("public", True, "public", True),
        ("behavior", {"up": {"pods": 9}, "calm": "1h"}, "behavior", Behavior(up=Rate(9, 50), calm=3600)),
        ("behavior", {"down": {"percent": 5, "period": "30m"}}, "behavior", Behavior(down=Rate(1, 5, 1800))),
        ("writer", {"down": {"pods": 2}}, "writer", WriterSteps(Step(4, 100), Step(2, 20))),
        (
            "schedule",
            {"windows": [{"start": "0 8 * * *", "end": "0 9 * * *", "peak": 0.5}]},
            "schedule",
            Schedule("UTC", (Window("0 8 * * * to 0 9 * * *", "0 8 * * *", "0 9 * * *", Fraction(1, 2)),)),
        ),
        ("resources", {"cpu": "1", "memory": "1Gi"}, "resources", Resources(1_000, 2**30, 2_000, 2**30)),
        ("resources", {"limits": {"cpu": "250m"}}, "resources", Resources(250, 256 * MI, 250, 256 * MI)),
        (
            "logs",
            {"path": "/logs/", "preset": "nginx"},
            "logs",
            LogFiles("/logs", "nginx", "*.log", FileLogs(), MI, Writer("nginx", "USR1")),
        ),
        (
            "logs",
            {"path": "/logs", "preset": "signal", "process": "app", "signal": "HUP", "files": 2, "rate": "2Ki"},
            "logs",
            LogFiles("/logs", "signal", "*.log", FileLogs(files=2), 2048, Writer("app", "HUP")),
        ),
        ("scratch", {}, "scratch", {}),
        ("scratch", {"data": {"path": "/data", "size": "1Gi"}}, "scratch", {"data": Scratch("/data", 2**30)}),
        ("shutdown", {"prestop": "1s", "drain": "2s", "stop": "1ms"}, "shutdown", Shutdown(1_000, 2_000, 1)),
        ("deadline", "45s", "shutdown", Shutdown(drain=45_000)),
        ("rollout", {"settle": "1m", "progress": "61s"}, "rollout", Rollout(60, 61)),
        ("user", 1, "user", 1),
        ("token", True, "token", True),
        ("command", ["/serve"], "command", ("/serve",)),
        ("arguments", ["--fast", "1"], "arguments", ("--fast", "1")),
        ("refs", {"KEY": {"name": "a", "key": "b"}}, "refs", {"KEY": SecretRef("a", "b")}),
        ("priority", "high", "priority", "high"),
        ("labels", {"team": "shop"}, "labels", {"team": "shop"}),
        ("annotations", {"note": "x"}, "annotations", {"note": "x"}),
    ],
)
def test_values(key: str, value: Any, attribute: str, expected: Any) -> None:
    assert getattr(spec(**{key: value}), attribute) == expected


@pytest.mark.parametrize(
    ("protocol", "probes", "kinds"),
    [
        ("http", {}, ("tcp", "path", "tcp")),
        ("grpc", {}, ("grpc", "grpc", "tcp")),
        ("tcp", {"readiness": {"exec": ["ping"]}}, ("tcp", "exec", "tcp")),
        ("tcp", {"readiness": {"path": "/ready"}, "liveness": {"path": "/live"}}, ("tcp", "path", "path")),
        ("http", {"startup": {"exec": ["a"]}, "readiness": {"grpc": True, "tcp": False}}, ("exec", "grpc", "tcp")),
    ],
)
def test_probes_by_protocol(protocol: str, probes: dict[str, Any], kinds: tuple[str, str, str]) -> None:
    found = spec(protocol=protocol, probes=probes).probes
    assert (found.startup.kind, found.readiness.kind, found.liveness.kind) == kinds


class TestAnything:
    @given(st.sampled_from(sorted(get_type_hints(PlainArgs))), JSON)
    def test_under_a_known_key_raises_nothing_and_blames_only_that(self, key: str, value: Any) -> None:
        _, problems = everything(MINIMAL | {key: value})
        assert {problem.path[1] for problem in problems} <= {key, "logs"}

    @given(JSON)
    def test_as_arguments_raises_nothing(self, value: Any) -> None:
        found, _ = everything(value)
        assert (found.name, found.namespace) == ("web", "shop")


class TestName:
    @pytest.mark.parametrize("name", ["a", "web", "a-b", "w3", "x" * 41])
    def test_good(self, name: str) -> None:
        assert check_name(name, ("p",)) == []

    @pytest.mark.parametrize("name", ["", "Web", "3web", "-web", "web-", "we_b", "we.b", "wéb", "web\n"])
    def test_bad(self, name: str) -> None:
        assert [str(problem) for problem in check_name(name, ("p",))] == [
            f"p: {name!r} is no name for Kubernetes objects;"
            " lower-case letters, digits and dashes, starting with a letter and not ending with a dash"
        ]

    def test_too_long(self) -> None:
        assert [str(problem) for problem in check_name("x" * 42, ("p",))] == [
            "p: the name has 42 characters; at most 41 leave room for suffixes"
        ]


FOLDER = "give an absolute folder other than /"
EACH = "give each volume a folder of its own"
CALLER = "give a workload's name, as front, of another namespace as trade/front, or all there as trade/*"
HOST = "give the name or address of a host, without scheme, port or path"
NAMES = "lower-case letters, digits, dashes and dots"
LIMIT = "is less than is requested; raise the limit or request less"


class TestRefused:
    @pytest.mark.parametrize(
        ("key", "value", "text"),
        [
            ("port", 70_000, "port: is 70000; allowed is from 1 to 65535"),
            ("port", 0, "port: is 0; allowed is from 1 to 65535"),
            ("protocol", "udp", "protocol: is 'udp'; allowed are http, grpc, tcp"),
            ("load", {"peak": 0, "replica": 1}, "load.peak: is 0; allowed is a number above 0"),
            (
                "load",
                {"peak": 1, "replica": 1, "utilization": 80},
                "load.utilization: is 80; allowed is above 0 and at most 1",
            ),
            ("lose", 0, "lose: is 0; allowed is from 1 to 100000"),
            ("survive", "zone,moon", "survive: is 'moon'; allowed are replica, zone, spot, or several with commas"),
            ("survive", "", "survive: is ''; allowed are replica, zone, spot, or several with commas"),
            ("proven", 0, "proven: is 0; allowed is from 1 to 100000"),
            ("ceiling", 1e308, "ceiling: is 1e+308; allowed is from 1 to 100000"),
            ("spot", {"base": -1}, "spot.base: is -1; allowed is from 1 to 100000"),
            ("deadline", "0s", "deadline: is 0ms; allowed is at least 1ms"),
            ("files", {"etc": {"path": "/.", "configmap": "site"}}, f"files.etc.path: is '/.'; {FOLDER}"),
            ("callers", ["front", "No"], f"callers[1]: is 'No'; {CALLER}"),
            ("callers", ["a/b/c"], f"callers[0]: is 'a/b/c'; {CALLER}"),
            ("callers", ["/b"], f"callers[0]: is '/b'; {CALLER}"),
            ("calls", {"a": {"retries": 11}}, "calls.a.retries: is 11; allowed is from 0 to 10"),
            ("calls", {"a": {"timeout": "0s"}}, "calls.a.timeout: is 0ms; allowed is at least 2ms"),
            ("calls", {"a": {"host": "a"}}, "calls.a.port: is missing; a host outside of the stack needs its port"),
            ("calls", {"a": {"host": "", "port": 1}}, f"calls.a.host: is ''; {HOST}"),
            ("calls", {"a": {"host": "https://a", "port": 1}}, f"calls.a.host: is 'https://a'; {HOST}"),
            ("calls", {"a": {"host": "a:80", "port": 1}}, f"calls.a.host: is 'a:80'; {HOST}"),
            ("calls", {"a": {"host": "a..b", "port": 1}}, f"calls.a.host: is 'a..b'; {HOST}"),
            (
                "calls",
                {"a": {"host": "a", "port": 1, "cidrs": ["10.0.0.0/33"]}},
                "calls.a.cidrs[0]: '10.0.0.0/33' does not appear to be an IPv4 or IPv6 network;"
                " as 10.1.0.0/16, or 10.1.2.3/32 for one address",
            ),
            (
                "calls",
                {"a": {"host": "a", "port": 1, "cidrs": ["::/0", "10.0.0.1/8"]}},
                "calls.a.cidrs[1]: 10.0.0.1/8 has host bits set; as 10.1.0.0/16, or 10.1.2.3/32 for one address",
            ),
            ("behavior", {"up": {"pods": 0}}, "behavior.up.pods: is 0; allowed is from 1 to 100000"),
            ("behavior", {"down": {"percent": 1001}}, "behavior.down.percent: is 1001; allowed is from 1 to 1000"),
            ("behavior", {"up": {"period": "31m"}}, "behavior.up.period: is 31m; Kubernetes allows at most 30m"),
            ("behavior", {"calm": "61m"}, "behavior.calm: is 1h1m; Kubernetes allows at most 1h"),
            ("writer", {"down": {"pods": 100_001}}, "writer.down.pods: is 100001; allowed is from 1 to 100000"),
            ("schedule", {"windows": []}, "schedule.windows: is empty; give at least one window, or no schedule"),
            ("schedule", {"windows": [{"peak": -1}]}, "schedule.windows[0].peak: is -1; allowed is a number above 0"),
            ("resources", {"cpu": "0"}, "resources.cpu: is 0; it must be more than 0"),
            ("resources", {"limits": {"cpu": "249m"}}, f"resources.limits.cpu: {LIMIT}"),
            ("resources", {"memory": "1Gi", "limits": {"memory": "1023Mi"}}, f"resources.limits.memory: {LIMIT}"),
            (
                "probes",
                {"startup": {"failures": 2**31}},
                "probes.startup.failures: is 2147483648; allowed is from 1 to 2147483647",
            ),
            (
                "probes",
                {"startup": {"exec": []}},
                "probes.startup.exec: is empty; give a command, its arguments one by one",
            ),
            (
                "probes",
                {"readiness": {"path": "ready"}},
                "probes.readiness.path: is 'ready'; a path starts with /, without spaces",
            ),
            (
                "probes",
                {"readiness": {"path": ""}},
                "probes.readiness.path: is ''; a path starts with /, without spaces",
            ),
            (
                "probes",
                {"readiness": {"path": "/", "grpc": True, "exec": ["a"]}},
                "probes.readiness: has path and grpc and exec; a probe is exactly one of path, grpc, tcp and exec",
            ),
            (
                "probes",
                {"liveness": {"path": "/"}},
                "probes.liveness: is the same probe as readiness;"
                " what is overloaded should get less traffic, not a restart; ask different questions",
            ),
            ("logs", {"path": "/", "preset": "nginx"}, f"logs.path: is '/'; {FOLDER}"),
            ("logs", {"path": "/tmp", "preset": "nginx"}, f"logs.path: is '/tmp', a scratch folder too; {EACH}"),
            ("logs", {"path": "/logs", "preset": "nginx", "files": 0}, "logs.files: is 0; allowed is from 1 to 1000"),
            ("scratch", {"tmp": {"path": "tmp"}}, f"scratch.tmp.path: is 'tmp'; {FOLDER}"),
            ("scratch", {"tmp": {"path": "/tmp/.."}}, f"scratch.tmp.path: is '/tmp/..'; {FOLDER}"),
            ("scratch", {"tmp": {"path": "/a:b"}}, f"scratch.tmp.path: is '/a:b'; {FOLDER}"),
            ("scratch", {"a": {"path": "/d"}, "b": {"path": "/d/"}}, f"scratch: mounts /d more than once; {EACH}"),
            ("shutdown", {"prestop": "500ms"}, "shutdown.prestop: is 500ms; allowed is at least 1s"),
            ("shutdown", {"stop": "0s"}, "shutdown.stop: is 0ms; allowed is at least 1ms"),
            (
                "rollout",
                {"settle": "1m", "progress": "60s"},
                "rollout.progress: is not longer than settle;"
                " a rollout would be given up before its first replica counts",
            ),
            ("rollout", {"surge": 0}, "rollout.surge: is 0; allowed is from 1 to 100"),
            ("rollout", {"history": 0}, "rollout.history: is 0; allowed is from 1 to 10"),
            ("user", 0, "user: is 0; allowed is at least 1"),
            ("priority", "Very high", f"priority: 'Very high' is no name for a PriorityClass; {NAMES}"),
            ("priority", "a..b", f"priority: 'a..b' is no name for a PriorityClass; {NAMES}"),
            ("priority", "", f"priority: '' is no name for a PriorityClass; {NAMES}"),
            ("runtime", "a.-b", f"runtime: 'a.-b' is no name for a RuntimeClass; {NAMES}"),
        ],
    )
    def test_one_problem(self, key: str, value: Any, text: str) -> None:
        assert texts(**{key: value}) == [f"web.{text}"]

    @pytest.mark.parametrize(
        ("readiness", "says"), [(None, "is missing"), ({"period": "5s"}, "does not say what to ask")]
    )
    def test_an_open_port_is_not_readiness(self, readiness: Any, says: str) -> None:
        probes = {"readiness": readiness} if readiness else {}
        assert texts(protocol="tcp", probes=probes) == [
            f"web.probes.readiness: {says}, and protocol is tcp;"
            " a command such as exec: [redis-cli, ping]; an open port alone does not mean that it can serve"
        ]

    def test_a_scratch_volume_in_the_place_of_the_logs(self) -> None:
        assert texts(scratch={"logs": {"path": "/x"}}, logs={"path": "/y", "preset": "nginx"}) == [
            "web.scratch.logs: has the name of the volume for logs; give it another name"
        ]
        assert texts(scratch={"logs": {"path": "/x"}}) == []

    def test_a_scratch_volume_without_a_name(self) -> None:
        assert texts(scratch={"My_Data": {"path": "/x"}}) == [
            "web.scratch.My_Data: 'My_Data' is no name for Kubernetes objects;"
            " lower-case letters, digits and dashes, starting with a letter and not ending with a dash"
        ]

    def test_what_could_not_be_read_is_not_compared(self) -> None:
        assert texts(rollout={"settle": "20m", "progress": "never"}) == [
            "web.rollout.progress: 'never' is not a duration; write a number with its unit, as in 250ms, 2s, 1m30s"
        ]
        assert texts(resources={"memory": "lots", "limits": {"memory": "1Mi"}}) == [
            "web.resources.memory: 'lots' is not a size; write a number with its unit, as in 64Mi, 1Gi, 500M"
        ]
