"""`flyball measure` on a Prometheus that is played: what it prints, and what it refuses."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from tests.measure.conftest import PLACE, STACK, measured
from tests.measure.played import Answer, played, refusing, series

from flyball.cli import measuring

HOURS = 3600.0
NOW = 250_000 * 2 * HOURS
"""A whole number of the service's turns: where windows lie in these, the figures are others by a few per cent."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "time", SimpleNamespace(time=lambda: NOW))


def shop(path: str, query: Mapping[str, str]) -> Answer:
    """A service of four replicas whose load rises and falls every two hours, and whose answers get slow at 400/s."""
    assert path == "/api/v1/query_range"
    asked = query["query"]
    start, end, step = (float(query[key]) for key in ("start", "end", "step"))

    def load(at: float) -> float:
        return 20 + 480 * abs(at % (2 * HOURS) - HOURS) / HOURS

    def value(at: float) -> float | None:
        if "restarts" in asked or "resets" in asked or "5xx" in asked.split("code!=")[0]:
            return 0.0
        if "kube_deployment" in asked:
            return 4.0
        if "time_average" in asked:
            return 0.02 if load(at) < 400 else 0.1
        return load(at) if "web" in asked else None

    moments = [start + i * step for i in range(round((end - start) / step) + 1)]
    points = [[at, str(found)] for at in moments if (found := value(at)) is not None]
    return series(*([{"metric": {}, "values": points}] if points else []))(path, query)


def test_figures_to_paste_with_what_they_change(stack: Path) -> None:
    with played(shop) as server:
        done = measured("-s", stack, "--prometheus", server.url, "web")
    assert done.exit_code == 0, done.output
    found = yaml.safe_load(done.stdout)["config"]["flyball:services"]["web"]
    assert 480 <= found["load"]["peak"] <= 500
    assert found["load"]["replica"] == pytest.approx(100, rel=0.03)
    assert "      # need 3 -> 7, floor 4 -> 8, ceiling 6 -> 12\n" in done.stdout
    assert "replica is 100 today, the knee\n" in done.stdout
    assert "db:" not in done.stdout
    assert done.stderr == "asking for web\n"


@pytest.mark.parametrize("load", ["", '\n      load: {peak: "?", replica: "?"}', "\n      load: {peak: 3}"])
def test_a_service_whose_load_nobody_has_said_yet(stack: Path, load: str) -> None:
    stack.write_text(STACK.replace("\n      load: {peak: 200, replica: 100}", load))
    with played(shop) as server:
        done = measured("-s", stack, "--prometheus", server.url, "web")
    assert done.exit_code == 0, done.output
    assert "      # need 7, floor 8, ceiling 12\n" in done.stdout
    assert "replica is not said today, the knee\n" in done.stdout
    assert ("peak is not said today" in done.stdout) is ("3" not in load)


def test_a_report_with_a_picture_and_the_query_of_each_figure(stack: Path, tmp_path: Path) -> None:
    with played(shop) as server:
        done = measured("-s", stack, "--prometheus", server.url, "-o", tmp_path / "out")
    file = tmp_path / "out" / "measured.html"
    assert done.stderr.splitlines()[-1] == f"report: {file}"
    page = file.read_text()
    assert [page.count(f'aria-label="{name}') for name in ("requests/s", "how long an answer", "ready")] == [1, 1, 2]
    assert page.count("<section") == 3
    for query in {each["query"] for each in server.asked if "web" in each["query"]}:
        assert escape(query) in page
    assert "NaN" not in page
    assert escape(done.stdout) in page


def test_a_figure_that_breaks_a_rule_says_which(stack: Path) -> None:
    stack.write_text(STACK.replace("deadline: 2s", "deadline: 2s\n      ceiling: 6\n      proven: 4"))
    with played(shop) as server:
        done = measured("-s", stack, "--prometheus", server.url, "web")
    assert "      # breaks a rule: services.web.ceiling: a ceiling of 6 is below the floor of 8;" in done.stdout


def test_what_works_off_a_queue_is_asked_for_otherwise(stack: Path) -> None:
    probes = "{readiness: {exec: [ready]}, liveness: {exec: [alive]}}"
    load = "load: {peak: 50, replica: 100}"
    stack.write_text(f"{STACK}    mail: {{image: registry.example/mail:1.0.0, {load}, probes: {probes}}}\n")
    with played(series()) as server:
        done = measured("-s", stack, "--prometheus", server.url, "mail")
    assert done.stdout.splitlines()[2] == (
        "      # mail has no port, so that no proxy counts what it works off; give --requests and --latency"
    )


def test_an_empty_answer_proposes_nothing_and_says_why(stack: Path) -> None:
    with played(series()) as server:
        done = measured("-s", stack, "--prometheus", server.url)
    assert done.exit_code == 1
    assert yaml.safe_load(done.stdout) is None
    assert done.stdout.splitlines() == [
        "# no figures to propose",
        *(
            line
            for name in ("web", "db")
            for line in (
                f"    # {name}:",
                *(
                    ["      # db speaks tcp, of which the proxy counts no requests; give --requests and --latency"]
                    * (name == "db")
                ),
                "      # no requests were counted: nothing of load is proposed",
                "      # 0 windows with load, latency and replicas; 20 are needed to see what a replica can do",
                "      # nobody counted the replicas that were ready: proven is left as it is",
            )
        ),
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["wbe"], ["services.wbe: is no service of the stack; did you mean 'web'?"]),
        (["--days", "0"], ["--days: is 0; allowed is above 0 and at most 400; a part of a day is fine"]),
        (["--days", "401"], ["--days: is 401; allowed is above 0 and at most 400; a part of a day is fine"]),
        (["--days", "nan"], ["--days: is nan; allowed is above 0 and at most 400; a part of a day is fine"]),
        (
            ["--days", "0.01"],
            ["--days: 0.01 days are 3 windows of 5m; allowed are from 20 to 100,000; change --days or --window"],
        ),
        (
            ["--days", "30", "--window", "1s"],
            ["--days: 30 days are 2592000 windows of 1s; allowed are from 20 to 100,000; change --days or --window"],
        ),
        (["--window", "5"], ["--window: '5' is not a duration; write a number with its unit, as in 250ms, 2s, 1m30s"]),
        (["--window", "2h"], ["--window: is 2h; allowed is from 1s to 1h"]),
        (
            ["--requests", " "],
            ["--requests: is empty; give a query that comes to one series, as sum(rate(…[$window]))"],
        ),
        (["--latency", "x{a='$servce'}"], ["--latency: $servce stands for nothing; did you mean 'service'?"]),
        (
            ["--days", "-1", "--replicas", "$pods", "x"],
            [
                "--days: is -1; allowed is above 0 and at most 400; a part of a day is fine",
                "services.x: is no service of the stack; known are web, db",
                "--replicas: $pods stands for nothing; known are namespace, service, window",
            ],
        ),
    ],
)
def test_what_is_asked_for_is_checked_all_at_once(stack: Path, options: list[str], said: list[str]) -> None:
    done = measured("-s", stack, "--prometheus", "http://127.0.0.1:1", *options)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["refused, and nothing was changed:", *said]
    assert done.stdout == ""


def test_a_query_of_ones_own_stands_for_the_service(stack: Path) -> None:
    with played(shop) as server:
        options = ["--requests", 'sum(rate(web_total{ns="$namespace",app="$service"}[$window]))', "--window", "2m"]
        done = measured("-s", stack, "--prometheus", server.url, *options, "web")
    assert done.exit_code == 0, done.output
    asked = {each["query"] for each in server.asked}
    assert 'sum(rate(web_total{ns="shop",app="web"}[2m]))' in asked
    assert not any("haproxy_frontend" in query for query in asked)


@pytest.mark.parametrize(
    ("option", "answer", "said"),
    [
        (
            "--requests",
            series({"metric": {"a": "b"}, "values": [[1, "1"]]}, {"metric": {"a": "c"}, "values": [[1, "1"]]}),
            "the query comes to 2 series; sum them, as by sum(…)",
        ),
        (
            "--replicas",
            refusing("bad_data", "parse error"),
            "Prometheus refuses the query: parse error; try it in Prometheus itself",
        ),
    ],
)
def test_a_query_of_ones_own_that_is_refused(stack: Path, option: str, answer: object, said: str) -> None:
    def only_own(path: str, query: Mapping[str, str]) -> Answer:
        return (answer if query["query"] == "mine" else shop)(path, query)  # pyright: ignore[reportCallIssue]

    with played(only_own) as server:
        done = measured("-s", stack, "--prometheus", server.url, option, "mine", "web")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == f"{option}: {said}"


def test_a_server_that_does_not_answer_is_asked_once(stack: Path) -> None:
    with played(refusing("timeout", "too late", 503)) as server:
        done = measured("-s", stack, "--prometheus", server.url)
    assert done.exit_code == 1
    assert len(server.asked) == 1
    hint = "ask for fewer days or a larger window, or see that it is reached from here"
    assert done.stderr.splitlines()[-1] == f"{server.url}: no answer within 30 s; {hint}"


def test_a_stack_without_services_has_no_load(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.prod.yaml"
    jobs = "  flyball:jobs:\n    report: {image: registry.example/report:1.0, schedule: 0 4 * * *}\n"
    file.write_text(PLACE.replace("  flyball:services:\n", jobs))
    for more in ([], ["report"]):
        done = measured("-s", file, "--prometheus", "http://127.0.0.1:1", *more)
        assert (done.exit_code, done.stderr.splitlines()[1:]) == (
            1,
            ["services: there is none, and the load of services alone is measured"],
        )


def test_neither_a_server_nor_a_load_test(stack: Path) -> None:
    done = measured("-s", stack)
    assert done.exit_code == 1
    said = "--prometheus: is missing; give it, or --load for a test of one replica"
    assert done.stderr.splitlines() == ["refused, and nothing was changed:", said]


@pytest.mark.parametrize(("said", "proposed"), [("", False), ("\n      proven: 3", True), ("\n      proven: 9", False)])
def test_a_proven_size_is_never_lowered_and_never_below_the_floor(stack: Path, said: str, proposed: bool) -> None:
    """Four replicas were ready."""
    stack.write_text(STACK.replace("deadline: 2s", f"deadline: 2s{said}"))
    with played(shop) as server:
        done = measured("-s", stack, "--prometheus", server.url, "web")
    assert ("\n      proven: 4  # is 3 today\n" in done.stdout) is proposed
    assert "proven: 4" not in done.stdout or proposed
