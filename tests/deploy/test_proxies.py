"""HAProxy is asked about each configuration before it is applied."""

import pytest
from tests.kubernetes.programs import arguments, registered

from flyball.deploy import proxies
from flyball.deploy.manifests import Object, rendered
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload


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
