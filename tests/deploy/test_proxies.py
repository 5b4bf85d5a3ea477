"""HAProxy is asked about each configuration before it is applied."""

import os
from pathlib import Path

import pytest
from tests.kubernetes.programs import arguments, registered

from flyball.deploy import proxies
from flyball.deploy.manifests import Object, rendered
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is remembered from before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An HAProxy that takes what has no `nonsense` in it, and writes down what it was asked."""
    program, log = tmp_path / "bin" / "haproxy", tmp_path / "asked"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncat "$3" >>{log}\n! grep -q nonsense "$3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    log.touch()
    return log


def config_map(name: str, text: str) -> Object:
    meta = {"name": name, "namespace": "shop"}
    return Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"haproxy.cfg": text}}, ())


@pytest.mark.haproxy
def test_what_is_rendered_is_taken() -> None:
    calls = {"cart": {"port": 7070, "protocol": "http"}, "db": {"host": "db.example", "port": 5432}}
    objects = rendered(registered(lambda: Workload("web", arguments(calls=calls, deadline="3s")))).objects
    said: list[str] = []
    proxies.check(objects, said.append)
    assert said == []


@pytest.mark.haproxy
def test_every_one_that_is_not_taken_is_named() -> None:
    times = "".join(f"    timeout {kind} 1s\n" for kind in ("client", "server", "connect"))
    good = f"listen a\n    bind 127.0.0.1:21000\n{times}"
    objects = [config_map("a", "nonsense\n"), config_map("b", good), config_map("c", good + "    nonsense\n")]
    with pytest.raises(Refused) as refused:
        proxies.check(objects, print)
    assert [problem.where for problem in refused.value.problems] == [
        "ConfigMap shop/a: haproxy.cfg",
        "ConfigMap shop/c: haproxy.cfg",
    ]
    assert "[haproxy.cfg:1]" in refused.value.problems[0].message
    assert "[haproxy.cfg:6]" in refused.value.problems[1].message


def test_where_there_is_no_haproxy_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies.shutil, "which", lambda program, path: None)
    said: list[str] = []
    proxies.check([config_map("a", "nonsense\n")], said.append)
    assert said == ["haproxy is not on PATH: 1 configurations for it are applied without having been tried"]
    proxies.check([], said.append)
    assert len(said) == 1


def test_what_was_taken_once_is_not_asked_about_again(asked: Path) -> None:
    proxies.check([config_map("a", "first\n"), config_map("b", "first\n")], print)
    proxies.check([config_map("c", "first\n"), config_map("d", "second\n")], print)
    assert sorted(asked.read_text().split()) == ["first", "first", "second"]


def test_what_was_refused_is_asked_about_again(asked: Path) -> None:
    for _ in range(2):
        with pytest.raises(Refused):
            proxies.check([config_map("a", "nonsense\n"), config_map("b", "first\n")], print)
    assert sorted(asked.read_text().split()) == ["first", "first", "nonsense", "nonsense"]


def test_another_haproxy_is_asked_anew(asked: Path, tmp_path: Path) -> None:
    proxies.check([config_map("a", "first\n")], print)
    with (tmp_path / "bin" / "haproxy").open("a") as program:
        program.write("# of another build\n")
    proxies.check([config_map("a", "first\n")], print)
    assert asked.read_text().split() == ["first", "first"]


def test_only_the_newest_are_remembered(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "_REMEMBERED", 2)
    proxies.check([config_map("a", "first\n")], print)
    proxies.check([config_map("a", "second\n"), config_map("b", "third\n")], print)
    asked.write_text("")
    proxies.check([config_map("a", "first\n"), config_map("b", "second\n"), config_map("c", "third\n")], print)
    assert asked.read_text().split() == ["first"]
