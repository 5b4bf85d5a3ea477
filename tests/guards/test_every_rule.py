"""No rule without a case in which it is broken: of a stack file, of a role's variables, or of a command."""

import uuid
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.test_check_prometheus import NEEDED
from tests.deploy.test_check_prometheus import RULES as LOADED
from tests.deploy.test_checks import asked
from tests.deploy.test_pools import OWN
from tests.deploy.test_pools import Cluster as Pooled
from tests.deploy.test_requirements import BOUGHT, HEARD, ROUTED, SERVICE, Cluster, stack

from flyball.deploy import canary, freeze, manifests, others, pools, proxies, requirements, up, volumes
from flyball.deploy.canary import Release
from flyball.deploy.checks import prometheus as prometheus_
from flyball.deploy.manifests import Object, Rendered
from flyball.deploy.unguard import check_left
from flyball.drills import run as drills
from flyball.guards.aws.nodes import Base, Demand, check_base
from flyball.guards.catalogue import RULES
from flyball.guards.clean_up.retention import FileLogs, check_file_logs
from flyball.guards.governor.freeze import reason_problem
from flyball.guards.headroom.headroom import Loss
from flyball.guards.reading import bounds, strict
from flyball.guards.reading.later import TooLate
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.reader import Reader
from flyball.guards.roles import (
    alertmanager,
    log_shipping,
    logrotate,
    logrotate_host,
    node_exporter,
    planned_restart,
    prometheus,
    redis,
    rollout,
    spot_drain,
)
from flyball.guards.roles import freeze as freezing
from flyball.guards.workload import balancer, fixed, limits, neighbours
from flyball.guards.workload.canary import Canary
from flyball.guards.workload.fixed import Volume, Was
from flyball.guards.workload.resolve import Place, Service, examine, resolve
from flyball.kubectl import Played
from flyball.prometheus import Server
from flyball.stack.either import read_either
from flyball.stack.file import load
from flyball.stack.pools import check_brought
from flyball.stack.read import read
from flyball.stack.schema import Encrypted, ServiceArgs
from flyball.stack.target import Target

BROKEN = sorted((Path(__file__).parents[1] / "stack/broken").glob("*.yaml"))
OUTER = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "there"}
FOUND: prometheus.Found = {
    "host": "mon1",
    "memory": 2**32,
    "disk": 2**34,
    "groups": {"all": ["app1", "mon1"], "web": ["app1"]},
    "addresses": {"app1": ["127.0.0.1"]},
    "ports": {},
}
LOG = {"name": "shop", "paths": ["/var/log/shop.log"], "reopens": True}
ROLES: dict[str, Callable[[], Iterable[Problem]]] = {
    "timeout-above-interval": lambda: _prometheus(prometheus_interval="5s"),
    "storage-beyond-disk": lambda: _prometheus(prometheus_storage_size="16Gi"),
    "memory-beyond-host": lambda: _prometheus(prometheus_memory="4Gi"),
    "queries-beyond-memory": lambda: _prometheus(prometheus_query_concurrency=100),
    "nobody-hears": lambda: alertmanager.read({})[1],
    "repeat-below-interval": lambda: alertmanager.read({"alertmanager_repeat_interval": "1m"})[1],
    "unwatched": lambda: _prometheus(prometheus_groups=["web"]),
    "listens-everywhere": lambda: node_exporter.read({"node_exporter_addresses": ["0.0.0.0"]})[1],
    "open-store": lambda: redis.read({"redis_bind": ["192.0.2.1"]}, 2**31)[1],
    "unbounded-log": lambda: check_file_logs(FileLogs(days=0), ("logs",)),
    "log-growth": lambda: _logrotate(**LOG, rate="1Gi"),
    "log-not-reopened": lambda: _logrotate(**LOG | {"reopens": False}),
    "log-signal-fatal": lambda: logrotate_host.check(["catches shop.service 0"], _logs(unit="shop.service")),
    "log-writable-by-others": lambda: _logrotate(**LOG, mode="0666"),
    "log-rotated-twice": lambda: logrotate_host.check(["/etc/logrotate.d/a:/var/log/shop.log {"], _logs()),
    "log-folder-shared": lambda: logrotate_host.check(["folder 777 root root /var/log"], _logs()),
    "cache-share": lambda: redis.read({"redis_maxmemory_share": 0.9}, 2**31)[1],
    "cache-eviction": lambda: redis.read({"redis_eviction": "noeviction"}, 2**31)[1],
    "queue-beyond-disk": lambda: log_shipping.read({}, 2**20)[1],
    "nothing-to-spare": lambda: rollout.read(
        {"rollout_load": {"peak": 150, "host": 100}, "rollout_utilization": 0.8}, 2
    )[1],
    "notice-unseen": lambda: spot_drain.read({"spot_drain_poll": "20s"})[1],
    "file-too-large": lambda: bounds.size_problem(2**25, ("Pulumi.prod.yaml",)),
    "lease-below-run": lambda: planned_restart.read({"planned_restart_lease": "1m"}, 3)[1],
    "unit-people-need": lambda: freezing.read({"freeze_units": ["ssh.service"]})[1],
    "freeze-reason": lambda: reason_problem("x", ("freeze_reason",)),
    "known-too-late": lambda: strict.check(TooLate(), int, ("port",)),
    "unknown-address": lambda: _alone(calls={"cart": {}}),
    "no-callers": lambda: _alone(),
    "files-too-large": lambda: _alone(files={"big": {"path": "/big", "content": {"a": "x" * (2**20 + 1)}}}),
    "caller-not-let-in": lambda: _beside(port=80),
    "wrong-deadline": lambda: _beside(port=80, deadline="1s"),
    "limits": lambda: _limits(floor=3, ceiling=2, budget=0),
    "pool-not-brought": lambda: check_brought({}, BOUGHT.base),
    "volume-fixed": lambda: list(fixed.check(_orders("20Gi"), Was(3, Volume(10 * 2**30, grows=False)))),
    "members-leave": lambda: list(fixed.check(_orders("10Gi"), Was(5, Volume(10 * 2**30)))),
    "balancer-fixed": lambda: _balanced("example.org/other"),
    "base-too-small": lambda: check_base(Base(), [(1, Demand(cpu=10_000))], Demand(), ()),
}
"""By the rule that each is there for."""


def _prometheus(**changed: Any) -> list[Problem]:
    return prometheus.read(changed, FOUND)[1]


def _logrotate(**log: Any) -> list[Problem]:
    return logrotate.read({"logrotate_interval": "1h", "logrotate_logs": [log]})[1]


def _logs(**more: Any) -> tuple[logrotate.Log, ...]:
    return logrotate.read({"logrotate_interval": "1h", "logrotate_logs": [{**LOG, **more}]})[0].logs


def _alone(**more: Any) -> list[Problem]:
    return examine({"web": SERVICE | more}, Place(), (), ServiceArgs, alone=True).problems


def _beside(**reference: Any) -> list[Problem]:
    """Two sets of one program, of which one refers to the other's service."""
    call = {"cart": {"service": {"name": "cart", "namespace": "there"} | reference}}
    here = resolve({"web": SERVICE | {"calls": call}}, Place("here"), ("a",), ServiceArgs)
    there = resolve({"cart": SERVICE | {"port": 80}}, Place("there"), ("b",), ServiceArgs)
    known = {neighbours.identity(service): service for service in (*here.values(), *there.values())}
    return list(neighbours.check(list(here.values()), known))


def _balanced(was: str) -> list[Problem]:
    own = {"sources": ["192.0.2.0/24"], "through": ["10.0.0.0/16"]}
    found = resolve({"web": {**SERVICE, "expose": {"balancer": own}}}, Place(), ("services",), ServiceArgs)["web"]
    assert found.spec.balancer
    return list(balancer.check_class(found.spec.balancer, was, found.path))


def _orders(size: str) -> Service:
    kept = {"quorum": "2 of 3", "data": {"path": "/data", "size": size}, "load": {"peak": 10, "replica": 100}}
    return resolve({"orders": SERVICE | kept}, Place("shop"), ("services",), ServiceArgs)["orders"]


def _limits(**one: Any) -> list[Problem]:
    problems: list[Problem] = []
    limits.read(Reader({"shop": {"web": one}}, (), problems))
    return problems


@pytest.mark.parametrize("identity", ROLES)
def test_a_case_breaks_the_rule_that_it_is_there_for(identity: str) -> None:
    assert identity in {problem.rule.id for problem in ROLES[identity]()}


class Restless(Played):
    """Of a new version, which somebody looks after: it says something else whenever it is asked."""

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        note = f'"annotations": {{"flyball.dev/looked-after": "{uuid.uuid4()}"}}'
        return f'{{"metadata": {{{note}}}, "spec": {{"replicas": 1}}}}'


RELEASED = Release("shop", "web", "http", Canary((50,), 300, Fraction(1, 50), 150, "http://localhost:9090"), Loss())


class Frozen(Cluster):
    """A cluster with a Governor, which somebody else has frozen."""

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        if arguments[:3] == ("get", "configmap", "freeze"):
            return '{"metadata": {"creationTimestamp": "2028-01-03T00:00:00Z"}, "data": {"by": "mira"}}'
        return super().run(*arguments, stdin=stdin, timeout=timeout, accept=accept)


class Classes(Cluster):
    """A cluster that has no class of volumes by default."""

    def json(self, *arguments: str, stdin: str = "") -> Any:
        assert arguments == ("get", "storageclasses")
        return {"items": [{"metadata": {"name": "fast"}}]}


class Bare(Cluster):
    """A cluster without any namespace."""

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        assert arguments[:2] == ("get", "namespace")
        return ""


def _commands(folder: Path) -> dict[str, Callable[[], object]]:
    """Commands that are refused, each by the rule that is its key."""
    (folder / "mine").write_text("mine")
    haproxy = folder / "haproxy"
    haproxy.write_text("#!/bin/sh\necho unknown keyword >&2; exit 1\n")
    haproxy.chmod(0o755)
    (folder / "Pulumi.yaml").write_text("name: flyball\n")
    secret = {**OUTER, "services": {"web": SERVICE | {"secrets": {"TOKEN": Encrypted("v1:x")}}}}
    plain = {**OUTER, "services": {"web": SERVICE}}
    encrypted = Target(folder, "prod", folder / "Pulumi.prod.yaml", secret)
    there = Target(folder, "nowhere", folder / "Pulumi.nowhere.yaml", {"cluster": "local"})
    config = Object(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "b"},
            "data": {"haproxy.cfg": ""},
        },
        (),
    )
    return {
        "folder-in-use": lambda: manifests.write(Rendered((), ()), folder),
        "proxy-configuration": lambda: proxies.check([config], print),
        "cluster-too-old": lambda: _raise(requirements.check(Cluster("9", ""), stack(web={}))),
        "no-keda": lambda: _raise(requirements.check(Cluster("36", ""), stack(web={"schedule": _SCHEDULE}))),
        "needs-pulumi-cli": lambda: up.up(encrypted, print, lambda done, every: None),
        "no-volume-class": lambda: _raise(volumes.check_classes(Classes("36", ""), [_orders("10Gi")])),
        "no-gateway-api": lambda: _raise(requirements.check(Cluster("36", ""), ROUTED)),
        "no-prometheus-operator": lambda: _raise(requirements.check(Cluster("36", ""), HEARD)),
        "no-karpenter": lambda: _raise(requirements.check(Cluster("36", ""), BOUGHT)),
        "pool-left": lambda: _raise(pools.check_down(Pooled(), OWN)),
        "not-running": lambda: up.reach(there, print),
        "may-not-govern": lambda: _raise(requirements.check(Cluster("36", "", rights=""), stack(governor={}, web={}))),
        "no-governor": lambda: freeze.freeze(Cluster("36", ""), "moving the queue", None, "jo"),
        "freeze-of-another": lambda: freeze.freeze(Frozen("36", "", governor=True), "moving the queue", None, "jo"),
        "belongs-to-others": lambda: _raise(
            others.check([config], {config.key: config.manifest}, lambda o, there: False)
        ),
        "no-namespace": lambda: _raise(others.check_shared(Bare("36", ""), read({**plain, "shared": True}))),
        "guarded-namespace-left": lambda: _raise(check_left({("ConfigMap", "old", "flyball-limits")}, "new")),
        "release-under-way": lambda: _raise(canary.check_alone(Restless(Path("kubectl"), None), [RELEASED])),
        "drill-cannot-run": lambda: list(drills.run(["hang"], [True], print)),
    }


_SCHEDULE = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 10}]}


def _raise(problems: Iterable[Problem]) -> None:
    raise Refused(problems)


def test_every_rule_is_broken_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("FLYBALL_ENGINE", "off")
    monkeypatch.setattr(proxies, "_SYSTEM", str(tmp_path))
    monkeypatch.setattr(canary, "BEAT", 0.01)
    raised: set[str] = {problem.rule.id for case in ROLES.values() for problem in case()}
    for identity, command in _commands(tmp_path).items():
        found = _refused(command)
        assert identity in found
        raised |= found
    raised |= {finding.rule.id for answer in ({}, "") for finding in asked({"a": answer}).findings}
    raised |= {finding.rule.id for finding in (*prometheus_._rules(LOADED, {}), *prometheus_._figures(NEEDED, set()))}
    raised |= {
        finding.rule.id
        for finding in prometheus_.check(
            Server("http://127.0.0.1:1"), read({**OUTER, "services": {"web": SERVICE}})
        ).findings
    }
    for case in BROKEN:
        raised |= _refused(lambda file=case: read_either(load(file)))
    assert [identity for identity in RULES if identity not in raised] == []


def _refused(command: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as refused:
        command()
    return {problem.rule.id for problem in refused.value.problems}
