"""A Prometheus that is asked: in parts that it accepts, let in by a file, and refused where it answers otherwise."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.measure.played import Answer, basic, data, late, plain, played, refusing, series

from flyball import prometheus
from flyball.guards.reading.problem import Refused
from flyball.prometheus import PrometheusError, QueryError, Server, ask, between

HINT = "give the URL of a Prometheus with the prefix of its API, without /api/v1 or a page"
REACH = "see that it is reached from here, as by kubectl port-forward"
LET_IN = "give --user and --password-file, or --token-file"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (plain(200, "nonsense"), f"it answers 'nonsense', as no Prometheus does; {HINT}"),
        (plain(200, ""), f"it answers with nothing, as no Prometheus does; {HINT}"),
        (plain(200, "\n<!DOCTYPE html><p>"), f"it answers with a page of HTML, as no Prometheus does; {HINT}"),
        (plain(200, "[1]"), f"it answers '[1]', as no Prometheus does; {HINT}"),
        (plain(200, "[" * 10_000), f"it answers '{'[' * 60}', as no Prometheus does; {HINT}"),
        (plain(200, '{"status": "error"}'), f'it answers \'{{"status": "error"}}\', as no Prometheus does; {HINT}'),
        (data({"result": 3}), f"what it answers to a query over time holds no series, as no Prometheus does; {HINT}"),
        (
            series({"metric": {}, "values": [[1, "x"]]}),
            f"what it answers to a query over time holds no series, as no Prometheus does; {HINT}",
        ),
        (plain(401, "no"), f"it answers 401; {LET_IN}"),
        (plain(403, "no"), f"it answers 403; {LET_IN}"),
        (plain(302, "", Location="/login"), "it answers 302, a redirect; give the URL that it leads to"),
        (plain(404, "no"), f"it answers 404, as no Prometheus does; {HINT}"),
        (plain(503, "busy"), f"it answers 503; {REACH}"),
        (late, "no answer within 0.2 s; ask for fewer days or a larger window, or see that it is reached from here"),
        (
            refusing("timeout", "query timed out", 503),
            "no answer within 30 s; ask for fewer days or a larger window, or see that it is reached from here",
        ),
        (
            refusing("bad_data", "parse error:\n unexpected )"),
            "Prometheus refuses the query: parse error: unexpected ); try it in Prometheus itself",
        ),
    ],
)
def test_who_answers_otherwise_is_refused(answer: Callable[[str, Mapping[str, str]], Answer], said: str) -> None:
    with played(answer) as other, pytest.raises(PrometheusError) as refused:
        between(Server(other.url), "up", 0, 10, 1, patience=0.2 if answer is late else 30)
    assert str(refused.value) == f"{other.url}: {said}"


def test_nobody_there_is_refused() -> None:
    with pytest.raises(PrometheusError) as refused:
        ask(Server("http://127.0.0.1:1"), "rules")
    assert str(refused.value) == f"http://127.0.0.1:1: [Errno 111] Connection refused; {REACH}"


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "LARGEST", 1000)
    with played(plain(200, "x" * 1001)) as other, pytest.raises(PrometheusError) as refused:
        ask(Server(other.url), "rules")
    assert str(refused.value) == f"{other.url}: it answers with more than 1,000 bytes; ask for fewer days"


@pytest.mark.parametrize("body", ['{"status": "success", "data": {"result": []}}', '{"status": "succ', ""])
def test_half_an_answer_is_none(body: str) -> None:
    """Whatever it says so far."""
    with played(plain(200, body, **{"Content-Length": "500"})) as other, pytest.raises(PrometheusError) as refused:
        ask(Server(other.url), "rules")
    assert str(refused.value) == f"{other.url}: its answer ends after {len(body)} of 500 bytes; {REACH}"


def test_half_an_answer_in_chunks_is_none() -> None:
    chunks = {"Transfer-Encoding": "chunked"}
    with (
        played(plain(200, '2d\r\n{"status"', **chunks), protocol="HTTP/1.1") as other,
        pytest.raises(PrometheusError) as refused,
    ):
        ask(Server(other.url), "rules")
    assert str(refused.value) == f"{other.url}: its answer ends before its end; {REACH}"


def test_more_series_than_anybody_sums_by_hand_are_refused() -> None:
    many = [{"metric": {"pod": f"{i}"}, "values": [[1, "1"]]} for i in range(101)]
    with played(series(*many)) as other, pytest.raises(QueryError) as refused:
        between(Server(other.url), "up", 0, 10, 1)
    assert refused.value.message == "the query comes to more than 100 series"


def test_a_long_time_is_asked_for_in_parts_that_a_prometheus_accepts() -> None:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        start, end, step = (float(query[key]) for key in ("start", "end", "step"))
        points = [[start + i * step, f"{i}"] for i in range(round((end - start) / step) + 1)]
        assert len(points) <= 11_000
        return series({"metric": {"a": "b"}, "values": points})(path, query)

    with played(answer) as other:
        [found] = between(Server(other.url), "up", 100, 25_100, 1)
    assert found.labels == {"a": "b"}
    assert [at for at, _ in found.points] == [float(at) for at in range(100, 25_101)]
    assert [(each["start"], each["end"]) for each in other.asked] == [
        ("100.000", "10099.000"),
        ("10100.000", "20099.000"),
        ("20100.000", "25100.000"),
    ]
    assert {(each["query"], each["timeout"]) for each in other.asked} == {("up", "30s")}


def test_what_takes_too_much_memory_is_asked_for_in_halves() -> None:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        if float(query["end"]) - float(query["start"]) > 300:
            why = "query processing would load too many samples into memory in query execution"
            return refusing("execution", why, 422)(path, query)
        return series({"metric": {}, "values": [[float(query["start"]), "1"]]})(path, query)

    with played(answer) as other:
        [found] = between(Server(other.url), "up", 0, 999, 1)
    assert [at for at, _ in found.points] == [0, 250, 500, 750]
    assert len(other.asked) == 6


def test_what_takes_too_much_memory_at_any_length_is_refused() -> None:
    with played(refusing("execution", "too many samples", 422)) as other, pytest.raises(QueryError) as refused:
        between(Server(other.url), "up", 0, 999, 1)
    assert refused.value.message == "Prometheus refuses the query: too many samples"
    assert len(other.asked) == 6


def test_what_is_no_number_is_left_out() -> None:
    with played(series({"metric": {}, "values": [[1, "NaN"], [2, "3"], [3, "+Inf"]]})) as other:
        [found] = between(Server(other.url), "up", 0, 10, 1)
    assert found.points == ((2.0, 3.0),)


def test_it_is_let_in_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("secret\n")
    with played(data([])) as other:
        ask(prometheus.server(other.url, user="shop", password_file=tmp_path / "word"), "rules")
        ask(prometheus.server(f"{other.url}/", token_file=tmp_path / "word"), "rules")
        ask(prometheus.server(other.url), "rules")
    assert other.let_in_by == [basic("shop", "secret"), "Bearer secret", None]


def test_neither_password_nor_token_follows_a_redirect(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("secret")
    with played(data([])) as elsewhere, played(plain(307, "", Location=elsewhere.url)) as other:
        server = prometheus.server(other.url, token_file=tmp_path / "word")
        with pytest.raises(PrometheusError):
            ask(server, "rules")
    assert elsewhere.asked == []
    assert "secret" not in repr(server)


def test_who_is_let_in_by_too_little_is_told(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("secret")
    with played(plain(403, "")) as other, pytest.raises(PrometheusError) as refused:
        ask(prometheus.server(other.url, token_file=tmp_path / "word"), "rules")
    assert refused.value.remedy == f"what was given is not enough: {LET_IN}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"url": "127.0.0.1:9090"},
            ["--prometheus: is '127.0.0.1:9090', no URL of a server; give one as http://127.0.0.1:9090"],
        ),
        (
            {"url": "http://a/?b=c"},
            ["--prometheus: is 'http://a/?b=c', no URL of a server; give one as http://127.0.0.1:9090"],
        ),
        (
            {"url": "http://me:hidden@a"},
            ["--prometheus: holds a user or a password, which others see; give --user and --password-file"],
        ),
        ({"user": "me"}, ["--user: is given without --password-file; give both or none"]),
        ({"password_file": "word"}, ["--password-file: is given without --user; give both or none"]),
        (
            {"user": "me", "password_file": "word", "token_file": "word"},
            ["--token-file: is given beside a user and a password; keep one of them"],
        ),
        (
            {"user": "a:b", "password_file": "word"},
            [
                "--user: is empty, or holds a colon or what cannot be seen; give a name without a colon (RFC 7617,"
                " section 2)"
            ],
        ),
        (
            {"url": "ftp://a", "token_file": "missing"},
            [
                "--prometheus: is 'ftp://a', no URL of a server; give one as http://127.0.0.1:9090",
                "--token-file: missing cannot be read: No such file or directory; give a file of one line",
            ],
        ),
        ({"token_file": "empty"}, ["--token-file: empty is empty; give a file of one line"]),
        ({"token_file": "two"}, ["--token-file: two has more than a line of text; give a file of one line"]),
        ({"token_file": "binary"}, ["--token-file: binary cannot be read: it is no text; give a file of one line"]),
    ],
)
def test_where_and_how_are_checked_first(
    arguments: dict[str, Any], said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("word", b"hidden"), ("empty", b" \n"), ("two", b"hidden\nhidden"), ("binary", b"\xff\xfe")):
        Path(name).write_bytes(content)
    given = {key: Path(value) if key.endswith("_file") else value for key, value in arguments.items()}
    with pytest.raises(Refused) as refused:
        prometheus.server(**{"url": "http://a", **given})
    assert str(refused.value).splitlines() == said
    assert "hidden" not in str(refused.value)


def test_data_of_another_kind_is_no_series() -> None:
    answer = plain(200, json.dumps({"status": "success", "data": None}))
    with played(answer) as other, pytest.raises(PrometheusError):
        between(Server(other.url), "up", 0, 10, 1)
