"""What a log pipeline may be told, and what follows from it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import show_size
from flyball.guards.workload import pipeline
from flyball.guards.workload.pipeline import Pipeline, Target

OTLP = "https://logs.example:4318"


def problems(**given: Any) -> list[str]:
    found: list[Any] = []
    pipeline.read(Reader({"to": {"otlp": OTLP}, **given}, ("logs",), found))
    return [str(problem) for problem in found]


def test_all_that_is_said() -> None:
    given = {
        "to": {"logstash": "http://logstash.monitoring.svc:8080", "secret": "logs-token"},
        "queue": "64Mi",
        "redact": ["Bearer [^ ]+"],
        "memory": "256Mi",
        "image": "example.org/collector:1",
    }
    target = Target("http://logstash.monitoring.svc:8080", logstash=True, secret="logs-token")
    wanted = Pipeline(target, 64 * MI, ("Bearer [^ ]+",), 256 * MI, "example.org/collector:1")
    found: list[Any] = []
    assert (pipeline.read(Reader(given, (), found)), found) == (wanted, [])


def test_what_is_left_out_has_its_default() -> None:
    found = pipeline.read(Reader({"to": {"otlp": OTLP}}, (), []))
    assert (found.queue, found.memory, found.redact) == (256 * MI, 512 * MI, ())
    assert found.image == "docker.io/otel/opentelemetry-collector-k8s:0.165.0"
    assert (found.disk, found.go_memory) == (512 * MI, 512 * MI * 8 // 10)


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_limits_below_the_least_are_refused_and_no_others(queue: int, memory: int) -> None:
    found = problems(queue=show_size(queue), memory=show_size(memory))
    wanted = [
        f"logs.{key}: is {show_size(value)}; allowed is at least {show_size(least)}"
        for key, value, least in (("queue", queue, 4 * MI), ("memory", memory, 128 * MI))
        if value < least
    ]
    assert found == wanted


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://logs.example", None),
        ("https://[2001:db8::1]:4318/otlp/", None),
        ("http://logs.monitoring.svc:4318", None),
        ("http://logs.monitoring.svc.cluster.local:4318", None),
        ("http://192.0.2.1:4318", "leaves the cluster in plain text"),
        ("http://logs.svcs:4318", "leaves the cluster in plain text"),
        ("https://logs.example?x=1", "is no URL of a server"),
        ("ftp://logs.example", "is no URL of a server"),
        ("https://a:b@logs.example", "holds a user"),
        ("", "is no URL of a server"),
    ],
)
def test_where_logs_may_go(url: str, said: str | None) -> None:
    found = problems(to={"otlp": url})
    assert len(found) == (said is not None)
    assert all(str(said) in problem for problem in found)


@pytest.mark.parametrize(
    "pattern",
    ["a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", r"(a)\1", "a++", "(?>ab)", "(?P=a)", f"a{{{10**20}}}", "(" * 9000],
    ids=range(10),
)
def test_patterns_that_the_collector_would_not_start_with(pattern: str) -> None:
    [found] = problems(redact=[pattern])
    assert found.startswith("logs.redact[0]: ")


@pytest.mark.parametrize(
    "pattern", ["(?i)password=[^ ]+", r"\bBearer [^ ]+", "a{2,3}?", "(?P<a>b)|c", r"\\1a", "[*+]x", r"C\+\+"]
)
def test_patterns_that_it_takes(pattern: str) -> None:
    assert problems(redact=[pattern]) == []
    assert re.compile(pattern)


def test_services_whose_logs_stay_are_warned_of() -> None:
    [found] = pipeline.check_shipped(1, False, ("logs",))
    assert (found.rule.id, found.where) == ("logs-stay", "logs")
    assert [*pipeline.check_shipped(1, True, ("logs",)), *pipeline.check_shipped(0, False, ("logs",))] == []
