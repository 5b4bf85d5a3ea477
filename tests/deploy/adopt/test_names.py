"""Names that lead to the proxy: what is outside by a Service of type ExternalName, and ports beside that of a call."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from tests.deploy.adopt.test_adopt import again, filled

from flyball.deploy.adopt.adopt import Adopted, adopt
from flyball.deploy.adopt.found import in_files
from flyball.stack.read import examine

HOST = "db.prod.example.com"


def manifest(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def external(name: str = "db", host: str = HOST, **spec: Any) -> dict[str, Any]:
    return manifest("Service", name, type="ExternalName", externalName=host, **spec)


def web(name: str = "web", port: int = 8080, env: Mapping[str, str] = MappingProxyType({})) -> list[dict[str, Any]]:
    given = [{"name": key, "value": value} for key, value in env.items()]
    ready = {"httpGet": {"path": "/ready", "port": port}}
    container = {"name": name, "image": "registry.example/web:1.0", "env": given, "ports": [{"containerPort": port}]}
    pod = {"containers": [{**container, "readinessProbe": ready}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return [
        manifest("Deployment", name, selector={"matchLabels": {"app": name}}, template=template),
        manifest("Service", name, selector={"app": name}, ports=[{"name": "http", "port": port}]),
    ]


def adopted(folder: Path, *documents: dict[str, Any]) -> Adopted:
    (folder / "a.yaml").write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return adopt(in_files(folder / "a.yaml"))


def said(found: Adopted) -> list[str]:
    return [str(each) for each in found.lost]


@pytest.mark.parametrize(
    ("env", "call"),
    [
        ({"DB_HOST": "db", "DB_PORT": "5433"}, {"port": 5433, "names": ["db"]}),
        ({"DB_URL": "postgres://shop@db/shop"}, {"port": 5432, "names": ["db"]}),
        (
            {"DB_URL": "postgres://shop@db:6432/shop", "ELSE": f"{HOST}:6432", "LONG_HOST": "db.shop.svc"},
            {"port": 6432, "names": ["db", HOST, "db.shop.svc"]},
        ),
        ({"API": "http://db/v1"}, {"port": 80, "protocol": "http", "names": ["db"]}),
        ({"API": "https://db/v1"}, {"port": 443, "names": ["db"]}),
        ({"CACHE_ADDR": "db:8080"}, {"port": 8080, "variable": "CACHE_ADDR"}),
    ],
)
def test_who_names_one_calls_its_host(tmp_path: Path, env: dict[str, str], call: dict[str, Any]) -> None:
    found = adopted(tmp_path, *web(env=env), external())
    args = found.config["services"]["web"]
    assert args["calls"] == {"db": {"host": HOST, **call}}
    assert f"a guess, from {sorted(env)[0]}" in found.text
    assert not any("db" in each for each in said(found))
    config = filled(found, tmp_path)
    assert [str(problem) for problem in examine(config)[1]] == []
    once = again(config, tmp_path / "once")
    assert once.config["services"]["web"]["calls"]["db"].items() >= {"host": HOST, **call}.items()
    assert again(filled(once, tmp_path), tmp_path / "twice").config == once.config


def test_its_only_port_is_that_which_is_dialled(tmp_path: Path) -> None:
    found = adopted(tmp_path, *web(env={"DB_HOST": "db"}), external(ports=[{"port": 1433}]))
    assert found.config["services"]["web"]["calls"] == {"db": {"host": HOST, "port": 1433, "names": ["db"]}}


@pytest.mark.parametrize(
    ("env", "loses"),
    [
        ({"DB_HOST": "db"}, "at a port that nothing says"),
        ({"A": "db:1", "B": "db:2"}, "at ports 1, 2, and a name leads to one place here"),
        ({"A": "db:99999"}, "at a port that nothing says"),
    ],
)
def test_what_cannot_be_guessed_is_said(tmp_path: Path, env: dict[str, str], loses: str) -> None:
    found = adopted(tmp_path, *web(env=env), external())
    assert "calls" not in found.config["services"]["web"]
    assert said(found) == [
        f"deployment web: it seems to call db {loses}: say it in `calls`, with `host: {HOST}`",
        f"service db: is another name of {HOST}; who calls it says so in `calls`, with `host: {HOST}`",
    ]


def test_another_name_of_a_service_of_the_namespace_leads_to_that(tmp_path: Path) -> None:
    other = external("basket", "cart.shop.svc.cluster.local")
    found = adopted(tmp_path, *web(env={"CART_URL": "http://basket:80/"}), *web("cart", 80), other)
    assert found.config["services"]["web"]["calls"] == {"cart": {"names": ["basket"], "variable": "CART_URL_OF_PROXY"}}
    assert [str(problem) for problem in examine(filled(found, tmp_path))[1]] == []
    assert said(found) == []


def test_a_name_that_a_service_has_too_is_not_that_service(tmp_path: Path) -> None:
    """The cluster's names know the Service alone, and a Deployment without one is called by nobody."""
    deployment = web("db", 5432)[0]
    found = adopted(tmp_path, *web(env={"DB_HOST": "db", "DB_PORT": "5432"}), deployment, external())
    assert found.config["services"]["web"]["calls"] == {"db-outside": {"host": HOST, "port": 5432, "names": ["db"]}}
    assert [str(problem) for problem in examine(filled(found, tmp_path))[1]] == []


def test_a_job_calls_it_too(tmp_path: Path) -> None:
    env = [{"name": "DB_URL", "value": "mysql://db/shop"}]
    pod = {"containers": [{"name": "fill", "image": "registry.example/fill:1.0", "env": env}]}
    job = manifest("Job", "fill", template={"spec": pod})
    found = adopted(tmp_path, *web(), job, external())
    assert found.config["jobs"]["fill"]["calls"] == {"db": {"host": HOST, "port": 3306, "names": ["db"]}}


def test_a_further_port_is_called_by_a_name_that_does_not_lead_to_the_proxy(tmp_path: Path) -> None:
    """The proxy listens for the name on the port of the call alone: on another one nobody would answer."""
    deployment, service = web("search", 7000)
    service["spec"]["ports"].append({"name": "http-admin", "port": 7001})
    env = {"A": "http://search:7000", "B": "http://search:7001/a,research:7001", "C_HOST": "search", "C_PORT": "7001"}
    args = [{"name": "D_URL", "value": "http://x:hunter2@search:7001"}]
    front, own = web(env=env)
    front["spec"]["template"]["spec"]["containers"][0]["env"] += args
    found = adopted(tmp_path, front, own, deployment, service)
    args = found.config["services"]["web"]
    host = "search.shop.svc.cluster.local"
    admin = {"host": host, "port": 7001, "protocol": "http", "names": ["search.shop"]}
    assert args["calls"] == {"search": {"names": ["search"]}, "search-http-admin": admin}
    assert args["env"] == {**env, "B": "http://search.shop:7001/a,research:7001"}
    assert "# calls search.shop: the name search leads to its proxy for another port" in found.text
    assert said(found)[-1] == (
        "deployment web: it calls search:7001, and the name leads to its proxy, which does not listen there; call it by"
        " another name, as search.shop"
    )
    assert found.config["services"]["search"]["ports"]["http-admin"]["callers"] == ["web"]
    assert [str(problem) for problem in examine(filled(found, tmp_path))[1]] == []


def test_what_runs_beside_an_application_calls_it_by_such_a_name_too(tmp_path: Path) -> None:
    """A pod has one table of hosts."""
    deployment, service = web("search", 7000)
    service["spec"]["ports"].append({"name": "http-admin", "port": 7001})
    front, own = web(env={"A": "http://search:7000"})
    pod = front["spec"]["template"]["spec"]
    agent = {"name": "agent", "image": "registry.example/agent:1.0"}
    pod["containers"].append({**agent, "env": [{"name": "B", "value": "http://search:7001/b"}]})
    pod["initContainers"] = [{**agent, "name": "wait", "args": ["search:7001"]}]
    found = adopted(tmp_path, front, own, deployment, service)
    args = found.config["services"]["web"]
    assert args["sidecars"]["agent"]["env"] == {"B": "http://search.shop:7001/b"}
    assert args["calls"]["search-http-admin"]["names"] == ["search.shop"]
    assert ": calls search.shop: the name search leads to its proxy" in found.text
    assert [str(problem) for problem in examine(filled(found, tmp_path))[1] if " dials " in str(problem)] == [
        "services.web.init.wait.arguments[0]: dials search:7001, and the name leads to the proxy, which listens on 7000"
        " there; dial that, or add search:7001 to calls.search.names where it means the same; what else listens there"
        " needs a call of its own, with another name"
    ]


def test_the_call_of_a_further_port_has_the_name_of_no_service(tmp_path: Path) -> None:
    """As of `search` with a port `admin`, and of `search-admin` beside it."""
    deployment, service = web("search", 7000)
    service["spec"]["ports"] += [{"name": "admin", "port": 7001}, {"name": "db", "port": 7002}]
    env = {"A": "http://search:7001", "B": "http://search-admin:9000", "C": "search.shop:7002", "D": "search-db:7003"}
    twins = (*web("search-admin", 9000), external("search-db"))
    found = adopted(tmp_path, *web(env=env), deployment, service, *twins)
    host = "search.shop.svc.cluster.local"
    assert found.config["services"]["web"]["calls"] == {
        "search-admin": {"names": ["search-admin"]},
        "search-admin-outside": {"host": host, "port": 7001, "names": ["search"]},
        "search-db": {"host": HOST, "port": 7003, "names": ["search-db"]},
        "search-db-outside": {"host": host, "port": 7002, "names": ["search.shop"]},
    }
    assert said(found) == []
    assert [str(problem) for problem in examine(filled(found, tmp_path))[1]] == []


@pytest.mark.parametrize("own", [{}, {"CART_ADDR": "cart:8080"}, {"A": "http://cart:8080/a"}])
@pytest.mark.parametrize("beside", [{"B": "cart:8080"}, {"CART_HOST": "cart", "CART_PORT": "8080"}])
def test_containers_beside_dial_another_port_too_where_the_application_listens_on_it(
    tmp_path: Path, own: dict[str, str], beside: dict[str, str]
) -> None:
    deployment, service = web(env=own)
    given = [{"name": key, "value": value} for key, value in beside.items()]
    ahead = {"name": "ahead", "image": "registry.example/ahead:1.0", "env": given}
    deployment["spec"]["template"]["spec"]["initContainers"] = [ahead]
    found = adopted(tmp_path, deployment, service, *web("cart"))

    args = found.config["services"]["web"]
    assert args["calls"] == {"cart": {"names": ["cart:18080"]}}
    instead = {key: value.replace("8080", "18080") for key, value in beside.items()}
    assert args["init"]["ahead"]["env"] == instead
    assert args.get("env", {}) == {key: value.replace("8080", "18080") for key, value in own.items()}
    assert found.text.count("dials 18080 instead of 8080, on which it listens itself: there is its proxy") == 1 + len(
        own
    )
    assert [str(problem) for problem in examine(filled(found, tmp_path))[1]] == []
