"""Any call graph that the rules let through: every hop has every timeout, and the deadlines hold on what is written."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import so_many
from tests.proxy.parsed import Sections, number, sections, timeouts, what_haproxy_says

from flyball.guards.breakers.breaker import WITHOUT_BODY
from flyball.guards.workload.spec import Spec
from flyball.kubernetes.workload.proxy import sidecar
from flyball.proxy.bodies import STEPS
from flyball.stack.read import Stack, read

OUTER = {"environment": "test", "owner": "test", "namespace": "test", "cluster": "there"}
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
LONGEST = 58_000
"""Of a deadline [ms]: a caller waits for up to two seconds more, and a breaker remembers a minute."""


@st.composite
def calls(draw: st.DrawFn, callees: dict[str, int]) -> tuple[dict[str, Any], int]:
    """Calls to some callees and to the outside, and the longest that all of them may take."""
    made: dict[str, Any] = {}
    spent = 0
    outside = draw(st.lists(st.sampled_from(["db", "api.example.org", "9-lives", "x_y"]), unique=True, max_size=2))
    inside = draw(st.lists(st.sampled_from(sorted(callees)), unique=True)) if callees else []
    for name in [*inside, *outside]:
        call = {
            "connect": draw(st.integers(2, 500)),
            "timeout": callees.get(name, 0) + draw(st.integers(2, 2_000)),
            "retries": draw(st.integers(0, 3)),
        }
        spent += (call["connect"] + call["timeout"]) * (1 + call["retries"])
        made[name] = {"connect": f"{call['connect']}ms", "timeout": f"{call['timeout']}ms", "retries": call["retries"]}
        made[name] |= draw(more(name in outside))
    return made, spent


@st.composite
def more(draw: st.DrawFn, outside: bool) -> dict[str, Any]:
    """What else a call may say, depending on what it speaks."""
    protocol = draw(st.sampled_from(["http", "grpc", "tcp"])) if outside else "http"
    said: dict[str, Any] = {"connections": draw(st.integers(1, 500))}
    if outside:
        hosts = draw(st.lists(st.sampled_from(["b.example", "192.0.2.7", "2001:db8::1"]), unique=True))
        said |= {"host": draw(st.sampled_from(["a.example", "192.0.2.1"])), "port": 443, "hosts": hosts}
        said |= {"protocol": protocol, "eject": draw(st.integers(0, 3))}
        if draw(st.booleans()):
            said["health"] = {"failures": 2} | ({"path": "/up"} if draw(st.booleans()) else {})
    if protocol != "tcp":
        said |= {"tls": outside and draw(st.booleans()), "stream": draw(st.booleans())}
        said["budget"] = draw(st.integers(1, 100))
        said["breaker"] = {"enabled": draw(st.booleans()), "threshold": draw(st.integers(1, 100))}
        said["breaker"] |= {"permitted": draw(st.integers(1, 100)), "probes": draw(st.integers(1, 50))}
        if draw(st.booleans()):
            status = draw(st.integers(200, 599))
            said["fallback"] = {"status": status, "body": "" if status in WITHOUT_BODY else draw(TEXT)}
    return said


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """Services that call those named before them; what only breaks a rule is made to hold."""
    services: dict[str, Any] = {}
    deadlines: dict[str, int] = {}
    for i in range(draw(st.integers(1, 5))):
        name, (made, spent) = f"s{i}", draw(calls(dict(deadlines)))
        deadlines[name] = min(spent + draw(st.integers(1, 2_000)), LONGEST)
        services[name] = {
            "image": "a:1",
            "port": draw(st.integers(1, 20_000)),
            "load": {"peak": 100, "replica": draw(st.integers(1, 3_000))},
            "deadline": f"{deadlines[name]}ms",
            "shutdown": {"prestop": "1s", "drain": f"{max(deadlines[name], 1_000)}ms", "stop": "1s"},
            "calls": made,
            "inbound": {"enabled": draw(st.booleans()), "body": draw(st.sampled_from(["1Ki", "10Mi"]))},
        }
        if spent > LONGEST:
            services[name]["calls"] = {}
    return read(OUTER | {"services": services})


def configs(stack: Stack) -> dict[str, tuple[Spec, str]]:
    """The configuration in the pods of each service that has a proxy."""
    found: dict[str, tuple[Spec, str]] = {}
    for name, service in stack.services.items():
        spec, proxy = service.spec, sidecar(service)
        assert (proxy is not None) == (spec.inbound.enabled or bool(spec.calls))
        if proxy:
            found[name] = spec, proxy.config_map["data"]["haproxy.cfg"]
    return found


@given(stacks())
def test_every_hop_has_every_timeout_and_keeps_within_its_deadline(stack: Stack) -> None:
    for spec, text in configs(stack).values():
        found = sections(text)
        assert all(limit > 0 for lines in found.values() for limit in timeouts(lines).values())
        spent = sum(longest(found, spec, name) for name in spec.calls)
        assert spent <= spec.deadline
        if spec.inbound.enabled:
            assert {"connect", "queue", "server", "tunnel"} <= set(timeouts(found["backend app"]))
            assert timeouts(found["backend app"])["server"] == spec.deadline
            assert timeouts(found["backend app"])["queue"] <= spec.deadline


def longest(found: Sections, spec: Spec, name: str) -> int:
    """What the hop may take as it is written: queue, connection, headers and body, as often as it is tried."""
    tcp = spec.calls[name].hop.protocol == "tcp"
    front = timeouts(found[f"frontend call.{name}"])
    assert set(front) == {"client"} if tcp else {"client", "http-request", "http-keep-alive"}
    worst = 0
    for head in (f"backend {kind}.{name}" for kind in ("to", "once", "all")):
        if head not in found:
            continue
        lines, limits = found[head], timeouts(found[head])
        assert {"connect", "queue", "server", "tunnel", "check"} == set(limits)
        answer = limits["server"]
        if tcp:
            answer = number(lines[-1:], r"tcp-ut (\d+)ms")
        elif not spec.calls[name].hop.stream:
            answer = max(answer, latest_body(found[f"frontend call.{name}"]))
        worst = max(worst, (limits["queue"] + limits["connect"] + answer) * (1 + number(lines, r"^retries (\d+)$")))
    late = -(-spec.calls[name].times.timeout // STEPS) * (1 + spec.calls[name].times.retries)
    assert worst <= spec.calls[name].times.longest + late
    return worst - late


def latest_body(lines: list[str]) -> int:
    """Milliseconds from the request until the last moment in which a body is awaited, whenever the headers came."""
    rules = [re.search(r"wait-for-body time (\d+)ms if .* -m int (\d+):(\d*) }$", line) for line in lines]
    steps = [(int(rule[1]), int(rule[2]), int(rule[3] or rule[2])) for rule in rules if rule]
    assert [first for _, first, _ in steps] == [0, *(last + 1 for _, _, last in steps[:-1])], "none is left out"
    assert all(first + wait >= steps[0][0] for wait, first, _ in steps), "nothing is cut early"
    return max(last + wait for wait, _, last in steps)


@pytest.mark.haproxy
@settings(max_examples=so_many(20))
@given(stack=stacks())
def test_haproxy_takes_all_of_them(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("graph")
    for name, (_, text) in configs(stack).items():
        assert what_haproxy_says(text, folder) == "", name
