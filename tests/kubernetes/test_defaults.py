"""Each argument's documented default, in brackets at the end of its text, is what it is where nobody says anything."""

import ast
import inspect
import json
import re
import sys
from functools import cache
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest
import yaml
from tests.kubernetes.programs import MINIMAL, PROJECT, STACK, changes
from tests.kubernetes.test_arguments import CASES, built, generic, is_alike, merge, nested, plain

from flyball.guards.timeouts.call_arguments import GuardedCallArgs
from flyball.guards.workload import balancer
from flyball.guards.workload.arguments import GuardedArgs, WindowArgs
from flyball.guards.workload.files import GuardedFilesArgs
from flyball.guards.workload.members import CLASS, DataArgs
from flyball.guards.workload.migration import GuardedMigrateArgs
from flyball.guards.workload.patch_job_fields import MIGRATION_KINDS
from flyball.guards.workload.patch_kinds import KINDS as PATCHED
from flyball.guards.workload.way_in import GuardedExposeArgs
from flyball.kubernetes import WorkloadArgs
from flyball.kubernetes.args import BalancerArgs, CallArgs, ExposeArgs, FilesArgs, MigrateArgs, PlaceArgs, ServiceArgs

CART, LEDGER = (
    {"calls": {"cart": {"port": 7070, "protocol": "http"}}},
    {"calls": {"ledger": {"host": "ledger.example", "port": 443}}},
)
SOURCES = {"sources": ["192.0.2.0/24"]}
BALANCED: dict[str, Any] = {"expose": {"balancer": {**SOURCES, "through": ["10.0.0.0/16"]}}}
LOCAL: dict[str, Any] = {"expose": {"balancer": {**SOURCES, "local": True}}}
MEMBERS = {
    "quorum": "2 of 3",
    "data": {"path": "/data", "size": "1Gi"},
    "load": {"peak": 10, "replica": 20},
}
IN_WORDS: dict[str, Any] = {
    # A peak of 100/s of which a replica does 20/s, 80 % of it at most, needs 7 of them; with one to lose that is 8.
    "proven": 8,
    "ceiling": 12,
    "spot.base": 7,
    # The target is 80 % * 7 / 8 = 70 %.
    "triggers.*.prometheus.threshold": 14,
    # Of a deadline of 2 s.
    "inbound.latency": "1s",
    "inbound.queue": "500ms",
    "inbound.concurrency": 20,
    "inbound.waiting": 10,
    "calls.*.breaker.slow": "800ms",
    "resources.limits.cpu": "500m",
    "resources.limits.memory": "256Mi",
    "proxy.resources": {"cpu": "20m", "memory": "31Mi", "limits": {"cpu": "250m", "memory": "31Mi"}},
    "proxy.resources.cpu": "20m",
    "proxy.resources.memory": "31Mi",
    "proxy.resources.limits.cpu": "250m",
    "proxy.resources.limits.memory": "31Mi",
    "calls.*.port": 7070,
    "calls.*.protocol": "http",
    "calls.*.target": 21_000,
    "calls.*.service.namespace": "default",
    "calls.*.variable": "CART_URL",
    "calls.*.fallback.body": "",
    "calls.*.stream": False,
    "proxy.enabled": True,
    "spot": {"enabled": False},
    "spot.enabled": True,
    "behavior.up": {"pods": 2, "percent": 50, "period": "60s"},
    "behavior.down": {"pods": 1, "percent": 10, "period": "60s"},
    "writer.up": {"pods": 4, "percent": 100},
    "writer.down": {"pods": 1, "percent": 20},
    "probes.startup": {"tcp": True},
    "probes.readiness": {"path": "/"},
    "probes.liveness": {"tcp": True},
    "logs.pattern": "*.log",
    "scratch": {"tmp": {"path": "/tmp", "size": "64Mi"}},
    "files.*.mode": "0444",
    "objective.minimum": 1000,
    "rollout.canary.abort.requests": 150,
    "service": 8080,
    "ports.*.service": 9000,
    "expose.balancer.port": 8080,
    "expose.balancer.nodeports": True,
    "expose.balancer.annotations": {},
    "expose.balancer.deregistration": "5s",
    "migrate.image": MINIMAL["image"],
    "migrate.resources": {"cpu": "250m", "memory": "256Mi"},
    "migrate.resources.cpu": "250m",
    "migrate.resources.memory": "256Mi",
    "migrate.resources.limits.cpu": "500m",
    "migrate.resources.limits.memory": "256Mi",
    "init.*.resources.limits.cpu": "200m",
    "init.*.resources.limits.memory": "32Mi",
    "sidecars.*.resources.limits.cpu": "100m",
    "sidecars.*.resources.limits.memory": "64Mi",
    "sidecars.*.probes.startup": {"tcp": True},
    "sidecars.*.probes.liveness": {"tcp": True},
    "environment": STACK,
    "owner": PROJECT,
}
"""What a default that is said in words comes to, for the workload of the tests."""
KINDS = ("path", "grpc", "tcp", "exec")
ABSENCES = {"port", "callers", "calls.*.service", "calls.*.service.deadline"} | {
    "calls.*.parallel",
    "calls.*.cidrs",
    "calls.*.health",
    "calls.*.health.path",
    *("runtime", "ports.*.callers", "migrate", "migrate.attempt", "rollout.canary"),
    *("migrate.patch", *(f"migrate.patch.{kind}" for kind in MIGRATION_KINDS)),
    *("expose.host", "expose.balancer", "expose.balancer.sources", "expose.balancer.through", "expose.balancer.class"),
    *("platform.way.balancer.class", "platform.way.balancer.through"),
    *("expose", "expose.tls", "platform.way", "platform.way.ingress", "platform.way.gateway"),
    *("platform.way.namespace", "nodes", "nodes.tolerations", "dns.options", "metrics"),
    *("files.*.key", "files.*.configmap", "files.*.secret"),
    *("data", "data.class", "data.folder", "data.snapshots", "quorum", "replicas"),
    "logs",
    "cache",
    "objective",
    *("patch", *(f"patch.{kind}" for kind in PATCHED)),
    *(f"{own}.*.resources.{what}" for own in ("init", "sidecars") for what in ("cpu", "memory")),
    *("sidecars.*.port", "sidecars.*.probes.readiness"),
    "priority",
    *("platform.name", "platform.dns.namespace", "platform.dns.labels", "platform.dns.addresses", "platform.dns.ports"),
    *("platform.spot.labels", "platform.spot.taints", "platform.metadata"),
}
"""What no value stands for: it is the default by not being there."""
SILENT = {
    *("command", "arguments", "env", "secrets", "labels", "annotations", "calls.*.host", "calls.*.fallback.call"),
    *("files.*.content", "files.*.secrets", "migrate.command", "migrate.arguments"),
    *("logs.preset", "logs.process", "logs.signal"),
    *(f"{own}.*.{word}" for own in ("init", "sidecars") for word in ("command", "arguments")),
    *(
        f"{of}probes.{probe}.{kind}"
        for of in ("", "sidecars.*.")
        for probe in ("startup", "readiness", "liveness")
        for kind in KINDS
    ),
}
"""What may be left out, and says nothing of that: nothing is there then."""
BELOW: dict[Any, tuple[Any, ...]] = {
    WorkloadArgs: (ServiceArgs, PlaceArgs),
    ServiceArgs: (GuardedArgs,),
    FilesArgs: (GuardedFilesArgs,),
    MigrateArgs: (GuardedMigrateArgs,),
    CallArgs: (GuardedCallArgs,),
    ExposeArgs: (GuardedExposeArgs,),
    BalancerArgs: (balancer.GuardedBalancerArgs,),
}
"""What else arguments are described by, for the class that has these and others."""
UNNAMEABLE: dict[Any, str] = {
    DataArgs: CLASS,
    balancer.BalancerWayArgs: balancer.WAY_CLASS,
    BalancerArgs: balancer.CLASS,
}
"""The text of `class`, of which no Python class can have one."""
BESIDE: dict[str, dict[str, Any]] = {
    "spot.enabled": {"zones": ["a", "b", "c"], "spot": {}},
    "calls.*.port": CART,
    "calls.*.fallback.status": merge(CART, {"calls": {"cart": {"fallback": {"body": "x"}}}}),
    "calls.*.fallback.type": merge(CART, {"calls": {"cart": {"fallback": {"body": "x"}}}}),
    "calls.*.fallback.body": merge(CART, {"calls": {"cart": {"fallback": {"status": 200}}}}),
}
"""What has to be given beside an argument, where that is not what its own case gives."""


@cache
def written(module: str) -> list[ast.stmt]:
    """What a module consists of."""
    return ast.parse(inspect.getsource(sys.modules[module])).body


@cache
def texts(kind: Any) -> dict[str, str]:
    """The text of each argument, as it stands below it."""
    found = {name: text for below in BELOW.get(kind, ()) for name, text in texts(below).items()}
    for node in written(kind.__module__):
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    found = {**found, ast.unparse(field.target): ast.literal_eval(text.value)}
    return found | ({"class": UNNAMEABLE[kind]} if kind in UNNAMEABLE else {})


def documented(kind: Any, path: str = "") -> dict[str, tuple[str, Any]]:
    """The default of each argument that has one in its text, and the argument's type."""
    found: dict[str, tuple[str, Any]] = {}
    for key, hint in get_type_hints(kind, include_extras=True).items():
        inner, at = plain(hint), f"{path}.{key}".lstrip(".")
        if brackets := re.search(r"\[([^\]]*)\]", texts(kind)[key]):
            found[at] = brackets[1], inner
        if is_typeddict(inner):
            found |= documented(inner, at)
        elif get_origin(inner) is dict and is_typeddict(get_args(inner)[1]):
            found |= documented(get_args(inner)[1], f"{at}.*")
    return found


def default(argument: str) -> Any:
    """The value that a text gives: in words, by the name of where it stands (`up 2, down 1`), or written out."""
    text, kind = DOCUMENTED[argument]
    if argument in IN_WORDS:
        return IN_WORDS[argument]
    if get_origin(kind) is list:
        return [] if text == "none" else text.partition(";")[0].split(", ")
    if get_origin(kind) is dict and text == "none":
        return {}
    for part in text.split(", "):
        *places, value = part.split()
        if set(places) & set(argument.split(".")):
            return yaml.safe_load(value)
    return yaml.safe_load(re.split(r"[,;] ", text)[0])


DOCUMENTED = {argument: found for argument, found in documented(WorkloadArgs).items() if not is_alike(argument)}
GIVEN = [argument for argument in DOCUMENTED if argument not in ABSENCES]


def case(argument: str) -> tuple[str, dict[str, Any]]:
    """Where an argument goes, and what is beside it: those of its own case, or of the first case below it."""
    own: dict[str, Any] = next(c for c in CASES if f"{generic(c['argument'])}.".startswith(f"{argument}."))
    steps = own["argument"].split(".")[: len(argument.split("."))]
    return ".".join(steps), BESIDE[argument] if argument in BESIDE else own.get("with", {})


@pytest.mark.parametrize("argument", GIVEN)
def test_the_documented_default_changes_nothing(argument: str) -> None:
    path, beside = case(argument)
    before = merge(MINIMAL, beside)
    after = merge(before, nested(path, default(argument)))
    assert changes(built(json.dumps(before)), built(json.dumps(after))) == {}


@pytest.mark.parametrize(
    ("argument", "value", "beside"),
    [
        ("inbound.idle", "300s", {"protocol": "tcp", "probes": {"readiness": {"exec": ["ask"]}}}),
        ("inbound.methods", ["POST"], {"protocol": "grpc"}),
        ("calls.ledger.idle", "300s", LEDGER),
        ("calls.ledger.protocol", "tcp", LEDGER),
        ("calls.ledger.variable", "LEDGER_ADDR", LEDGER),
        ("calls.cart.stream", True, {"calls": {"cart": {"port": 7070, "protocol": "grpc"}}}),
        ("probes.startup", {"grpc": True}, {"protocol": "grpc"}),
        ("probes.readiness", {"grpc": True}, {"protocol": "grpc"}),
        ("shutdown.drain", "50s", {"deadline": "50s"}),
        ("shutdown.prestop", "20s", BALANCED | {"platform": {"way": {"balancer": {"deregistration": "20s"}}}}),
        ("expose.balancer.deregistration", "30s", MEMBERS | LOCAL),
        ("expose.balancer.internal", False, merge(BALANCED, {"expose": {"balancer": {"public": True}}})),
        ("expose.balancer.idle", "11m", BALANCED | {"inbound": {"idle": "11m"}}),
        ("inbound.connections", 4 * 1500, {"load": {"peak": 100, "replica": 2000}, "proxy": {"enabled": True}}),
    ],
)
def test_so_do_those_that_depend_on_something(argument: str, value: Any, beside: dict[str, Any]) -> None:
    before = merge(MINIMAL, beside)
    after = merge(before, nested(argument, value))
    assert before != after
    assert changes(built(json.dumps(before)), built(json.dumps(after))) == {}


def test_a_window_is_named_by_its_start_and_end() -> None:
    window = {"start": "0 17 * * *", "end": "0 23 * * *", "peak": 200}
    plain_one, named = ({"schedule": {"windows": [w]}} for w in (window, window | {"name": "0 17 * * * to 0 23 * * *"}))
    assert texts(WindowArgs)["name"].endswith("[its start and end].")
    assert changes(built(json.dumps(merge(MINIMAL, plain_one))), built(json.dumps(merge(MINIMAL, named)))) == {}


def test_every_argument_that_may_be_left_out_says_what_then_holds() -> None:
    optional = {argument for argument in _optional(WorkloadArgs) if not is_alike(argument)}
    assert optional - DOCUMENTED.keys() == SILENT
    assert set(IN_WORDS) | ABSENCES | set(BESIDE) <= set(DOCUMENTED)


def _optional(kind: Any, path: str = "") -> list[str]:
    """Plain arguments that may be left out; a map of arguments is what these make of it."""
    found: list[str] = []
    for key, hint in get_type_hints(kind, include_extras=True).items():
        inner, at = plain(hint), f"{path}.{key}".lstrip(".")
        if is_typeddict(inner):
            found += _optional(inner, at)
        elif get_origin(inner) is dict and is_typeddict(get_args(inner)[1]):
            found += _optional(get_args(inner)[1], f"{at}.*")
        elif get_origin(hint) is NotRequired:
            found.append(at)
    return found
