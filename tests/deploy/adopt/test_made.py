"""What flyball made comes back with the calls that it makes, and with the time that these take."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.adopt.test_adopt import again, filled, objects, written
from tests.deploy.adopt.test_names import web

from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.found import in_files
from flyball.stack.read import examine


@pytest.mark.parametrize("how", [{"protocol": "tcp", "port": 5432}, {"port": 8080, "inbound": {"enabled": False}}])
def test_what_tells_no_deadline_has_time_for_its_calls(tmp_path: Path, how: dict[str, Any]) -> None:
    """Without requests of its own its proxy holds none to a deadline, and nobody calls it."""
    probes = {"readiness": {"tcp": True}, "liveness": {"exec": ["alive"]}}
    web = {"image": "registry.example/web:1.0", "port": 8080, "load": {"peak": 10, "replica": 20}}
    services = {
        "front": web,
        "search": {**web, "calls": {"front": {}}},
        "orders": {**web, "probes": probes, "calls": {"search": {}}, **how},
    }
    config = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev", "services": services}
    config |= {"logs": {"to": "none", "reason": "none are kept"}}
    adopted = again(config, tmp_path / "made")
    assert adopted.config["services"]["orders"]["deadline"] == "2.5s"
    assert adopted.config["services"]["search"]["deadline"] == "2.25s"
    assert examine(filled(adopted, tmp_path))[1] == []


def test_what_was_made_may_be_called_by_what_runs_beside_it(tmp_path: Path) -> None:
    """Such a call is a guess, and says no time."""
    probes = {"readiness": {"tcp": True}, "liveness": {"exec": ["alive"]}}
    store = {"image": "registry.example/store:1.0", "port": 5432, "protocol": "tcp", "probes": probes}
    config = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev"}
    config |= {"logs": {"to": "none", "reason": "none are kept"}}
    config |= {"services": {"store": {**store, "load": {"peak": 10, "replica": 20}}}}
    file = written(tmp_path, objects(config))
    beside = web(env={"STORE_URL": "postgres://store:5432/shop"})
    file.write_text("---\n".join([file.read_text(encoding="utf-8"), *map(yaml.safe_dump, beside)]), encoding="utf-8")
    services = adopt(in_files(file, "shop")).config["services"]
    assert list(services["web"]["calls"]) == ["store"]
    assert "deadline" not in services["store"]


def test_what_was_made_calls_what_its_proxy_leads_to_and_nothing_is_guessed(tmp_path: Path) -> None:
    """A guess would be a call that its deadline has no time for: by default 2 s, and 250 ms to connect, in 2 s."""
    web = {"image": "registry.example/web:1.0", "port": 8080, "load": {"peak": 10, "replica": 20}, "deadline": "2s"}
    services = {
        "front": web,
        "search": {**web, "env": {"FRONT_ADDR": "front:8080"}},
        "orders": {
            **web,
            "deadline": "5s",
            "calls": {"search": {"timeout": "2s"}},
            "env": {"FRONT_ADDR": "front:8080"},
        },
    }
    config = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev", "services": services}
    config |= {"logs": {"to": "none", "reason": "none are kept"}}
    adopted = again(config, tmp_path / "made")
    assert "calls" not in adopted.config["services"]["search"]
    assert list(adopted.config["services"]["orders"]["calls"]) == ["search"]
    assert [str(lost) for lost in adopted.lost if "front" in str(lost)] == [
        "deployment orders: it seems to call front past its proxy, and goes on so",
        "deployment search: it seems to call front past its proxy, and goes on so",
    ]
    assert examine(filled(adopted, tmp_path))[1] == []


@pytest.mark.parametrize("guard", [{}, {"inbound": {"enabled": False}}, {"service": 80}])
def test_what_was_made_with_a_balancer_has_it_again(tmp_path: Path, guard: dict[str, Any]) -> None:
    """It leads to the proxy in front, where there is one, and not to the port of the application."""
    balancer = {"port": 443, "sources": ["192.0.2.0/24"], "class": "example.org/lb", "through": ["10.0.0.0/16"]}
    web = {"image": "registry.example/web:1.0", "port": 8080, "load": {"peak": 10, "replica": 20}}
    probes = {"readiness": {"path": "/ready"}, "liveness": {"path": "/alive"}}
    services = {"web": {**web, **guard, "probes": probes, "expose": {"balancer": balancer}}}
    config = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev", "services": services}
    config |= {"logs": {"to": "none", "reason": "none are kept"}}
    adopted = again(config, tmp_path / "made")
    assert adopted.lost == ()
    assert adopted.config["services"]["web"]["expose"] == {"balancer": balancer}


def test_a_job_has_as_long_to_end_as_it_had(tmp_path: Path) -> None:
    """Its pod says one time, of the job and of all that runs beside it: each of these has a second of it."""
    ready = {"readiness": {"path": "/ready"}}
    sidecar = {"image": "registry.example/store:1.0", "port": 9200, "probes": ready, "stop": "5s"}
    beside = {"store": {**sidecar, "resources": {"cpu": "50m", "memory": "64Mi"}}}
    web = {"image": "registry.example/web:1.0", "port": 8080, "load": {"peak": 10, "replica": 20}}
    report = {"image": "registry.example/report:1.0", "stop": "40s", "sidecars": beside}
    config = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev", "services": {"web": web}}
    config |= {"logs": {"to": "none", "reason": "none are kept"}, "jobs": {"report": report}}
    once = again(config, tmp_path / "once")
    assert once.config["jobs"]["report"]["stop"] == "44s"
    answered = filled(once, tmp_path)
    assert [examine(each)[0].jobs["report"].spec.grace_seconds for each in (config, answered)] == [45, 45]
    assert again(answered, tmp_path / "twice").config == once.config
