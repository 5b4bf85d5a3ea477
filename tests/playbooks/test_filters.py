"""The collection's filters, as a playbook uses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.playbooks.programs import Programs
from tests.proxy.test_role import APPLICATION, BALANCER

from ansible_collections.flyball.guards.plugins.filter.guards import FilterModule
from flyball.proxy.role import haproxy_config

pytestmark = pytest.mark.long  # the group of `ansible_programs` begins here

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ proxy | flyball.guards.haproxy_config }}"
        dest: "{{ file }}"
        mode: "0600"
"""


Rendered = Callable[[Path, dict[str, Any]], tuple[int, str, str]]


@pytest.fixture
def rendered(ansible_programs: Programs) -> Rendered:
    """Exit code, what was written, and what was said."""

    def made(folder: Path, proxy: dict[str, Any]) -> tuple[int, str, str]:
        play, file = folder / "play.yml", folder / "haproxy.cfg"
        play.write_text(PLAY)
        variables = json.dumps({"proxy": proxy, "file": str(file)})
        done = ansible_programs.run("playbook", "--inventory=localhost,", "--extra-vars", variables, str(play))
        return done.returncode, file.read_text() if file.exists() else "", done.stdout + done.stderr

    return made


def test_a_hosts_proxy_is_that_of_the_renderer(rendered: Rendered, tmp_path: Path) -> None:
    for proxy in (APPLICATION, BALANCER):
        code, text, said = rendered(tmp_path, proxy)
        assert (code, text) == (0, haproxy_config(proxy)), said


def test_everything_that_is_wrong_is_said_and_nothing_written(rendered: Rendered, tmp_path: Path) -> None:
    wrong = {"name": "app1", "threads": 0, "calls": {"redis": {"host": "192.0.2.5", "port": 0}}}
    code, text, said = rendered(tmp_path, wrong)
    assert (code, text) == (2, "")
    assert "threads: is 0" in said
    assert "calls.redis.port: is 0" in said


def test_an_address_of_ipv6_has_its_brackets_before_a_port() -> None:
    join = FilterModule().filters()["with_port"]
    assert [join(host, 80) for host in ("app1", "192.0.2.1", "fd00::b")] == ["app1:80", "192.0.2.1:80", "[fd00::b]:80"]


def test_the_longest_that_a_host_may_take_is_what_its_sites_and_its_proxy_promise() -> None:
    longest = FilterModule().filters()["longest_request"]
    sites = {"nginx_sites": [{"name": name, "port": 80, "servers": ["127.0.0.1:8080"]} for name in ("a", "b")]}
    sites["nginx_sites"][1] |= {"deadline": "45s"}
    hops = {"web": {"host": "192.0.2.1", "port": 80, "timeout": "30s", "connect": "500ms", "retries": 1}}
    assert longest({}, {}) == 0
    assert longest(sites, {}) == 45_000
    assert longest({}, {"haproxy_proxy": {"calls": hops}}) == 61_000
    assert longest(sites, {"haproxy_proxy": {"calls": hops}}) == 61_000
    # What is wrong with them their own roles say; here it reads as its default.
    assert longest({"nginx_sites": 7}, {"haproxy_proxy": {"calls": {"web": {"host": 7}}}}) == 1_250
