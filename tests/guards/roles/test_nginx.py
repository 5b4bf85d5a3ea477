"""nginx: tries fit in the deadline, and nothing escapes its place in the configuration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.roles.nginx import read

SITE: dict[str, object] = {"name": "shop", "port": 80, "servers": ["127.0.0.1:8080"]}


def said(**site: object) -> list[str]:
    variables = {"nginx_max_connections": 4096, "nginx_keepalive": "30s", "nginx_drain_seconds": 10}
    return [str(problem) for problem in read({**variables, "nginx_sites": [{**SITE, **site}]})[1]]


@given(st.integers(300, 100_000), st.integers(1, 5))
def test_without_a_timeout_the_tries_use_what_the_deadline_leaves(deadline: int, tries: int) -> None:
    variables = {"nginx_max_connections": 4096, "nginx_keepalive": "30s", "nginx_drain_seconds": 10}
    site = {**SITE, "deadline": f"{deadline}ms", "connect": "50ms", "tries": tries}
    web, problems = read({**variables, "nginx_sites": [site]})
    assert problems == []
    assert deadline - tries < (web.sites[0].connect + web.sites[0].timeout) * tries <= deadline


@pytest.mark.parametrize(
    ("deadlines", "drain", "waits"),
    [([], 10, 10), (["2s"], 10, 10), (["2s", "45s", "10s"], 10, 45), (["1m1ms"], 3, 61), (["5s"], 100, 100)],
)
def test_who_leaves_waits_for_the_longest_answer_that_it_may_owe(deadlines: list[str], drain: int, waits: int) -> None:
    sites = [{**SITE, "name": f"s{i}", "port": 80 + i, "deadline": each} for i, each in enumerate(deadlines)]
    web, problems = read({"nginx_sites": sites, "nginx_drain_seconds": drain})
    assert (problems, web.drain_seconds, web.as_variables()["drain_seconds"]) == ([], waits, waits)


def test_tries_that_do_not_fit_are_refused() -> None:
    assert said(tries=2, timeout="1s") == [
        "nginx_sites[0].timeout: 2 x (250ms + 1s) is more than the deadline of 2s; 500ms too long"
    ]


@pytest.mark.parametrize(("headers", "buffers"), [("4Ki", 8), ("16Ki", 8), ("28Ki", 8), ("28673", 9), ("64Ki", 17)])
def test_what_is_sent_from_leaves_a_buffer_free(headers: str, buffers: int) -> None:
    web, problems = read({"nginx_sites": [], "nginx_headers": headers})
    assert (problems, web.buffers) == ([], buffers)
    assert web.headers <= (web.buffers - 1) * 4096


def test_headers_out_of_range_are_refused() -> None:
    assert [str(problem) for problem in read({"nginx_headers": "65Ki"})[1]] == [
        "nginx_headers: is 65Ki; allowed is from 4Ki to 64Ki"
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", "a b"), ("host", "a;b"), ("servers", ["a:0"]), ("servers", ["a b:1"]), ("servers", ["a:99999"])],
)
def test_what_would_break_out_of_its_line_is_refused(key: str, value: object) -> None:
    path = f"nginx_sites[0].{key}" + ("[0]" if isinstance(value, list) else "")
    assert [problem.partition(":")[0] for problem in said(**{key: value})] == [path]


def test_balancers_are_known_by_their_addresses() -> None:
    web, problems = read({"nginx_sites": [SITE], "nginx_balancers": ["192.0.2.15", "10.0.0.0/24", "fd00::15"]})
    assert (web.balancers, problems) == (("192.0.2.15/32", "10.0.0.0/24", "fd00::15/128"), [])


def test_nobody_is_believed_whom_nobody_knows() -> None:
    problems = read({"nginx_sites": [SITE], "nginx_balancers": ["0.0.0.0/0", "::/0", "lb1", "10.0.0.1/8"]})[1]
    assert [str(problem) for problem in problems] == [
        "nginx_balancers[0]: 0.0.0.0/0 is everybody, who could pass for anybody then; name the balancers themselves",
        "nginx_balancers[1]: ::/0 is everybody, who could pass for anybody then; name the balancers themselves",
        "nginx_balancers[2]: 'lb1' does not appear to be an IPv4 or IPv6 network; give an address or a range of them",
        "nginx_balancers[3]: 10.0.0.1/8 has host bits set; give an address or a range of them",
    ]
