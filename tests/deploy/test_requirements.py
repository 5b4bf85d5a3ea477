import json
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy import requirements
from flyball.guards.aws.rules.pools import NO_KARPENTER
from flyball.guards.fail_fast.rules import CLUSTER_TOO_OLD, NO_GATEWAY_API, NO_KEDA, NO_PROMETHEUS_OPERATOR
from flyball.guards.governor.rules import MAY_NOT_GOVERN, NO_GOVERNOR
from flyball.guards.reading.problem import Problem
from flyball.kubectl import Played
from flyball.stack.file import load, stack_file
from flyball.stack.read import Stack, read

SERVICE = {"image": "registry.example/web:1.4.2", "port": 8080, "load": {"peak": 100, "replica": 20}}
NIGHT = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 10}]}
ORDERS = {"orders": {"prometheus": {"server": "http://prometheus:9090", "query": "sum(orders)"}}}
HINT = "install KEDA there (https://keda.sh/docs/2.21/deploy/), or leave it out"


class Cluster(Played):
    """Stands in for kubectl on somebody's cluster."""

    def __init__(
        self, minor: str, kinds: str, governor: bool = False, user: str = "jo", groups: str = "", rights: str = "govern"
    ) -> None:
        super().__init__(Path("kubectl"), None)
        self.__dict__.update(minor=minor, kinds=kinds, governor=governor)
        self.__dict__.update(user={"username": user, "groups": groups.split()}, rights=rights.split())

    def json(self, *arguments: str, stdin: str = "") -> Any:
        if arguments == ("auth", "whoami"):
            return {"status": {"userInfo": self.__dict__["user"]}}
        if arguments == ("create", "--filename=-"):
            asked = json.loads(stdin)["spec"]["resourceAttributes"]
            assert asked | {"verb": ""} == {
                "verb": "",
                "group": "flyball.dev",
                "resource": "governors",
                "namespace": "shop",
            }
            return {"status": {"allowed": asked["verb"] in self.__dict__["rights"]}}
        raise AssertionError(arguments)

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        if arguments[:3] == ("get", "validatingadmissionpolicybinding", "flyball-freeze"):
            return json.dumps({"metadata": {"name": "flyball-freeze"}}) if self.__dict__["governor"] else ""
        if arguments == ("get", "--raw=/version"):
            return json.dumps({"major": "1", "minor": self.__dict__["minor"]})
        if arguments == ("api-resources", "--api-group=monitoring.coreos.com", "--output=name"):
            return self.__dict__["kinds"]
        if arguments == ("api-resources", "--api-group=gateway.networking.k8s.io", "--output=name"):
            return self.__dict__["kinds"]
        if arguments[0] == "api-resources" and arguments[1].partition("=")[2] in ("karpenter.sh", "karpenter.k8s.aws"):
            group = arguments[1].partition("=")[2]
            return "\n".join(kind for kind in self.__dict__["kinds"].split() if kind.partition(".")[2] == group)
        assert arguments == ("api-resources", "--api-group=keda.sh", "--output=name")
        return self.__dict__["kinds"]


def stack(governor: dict[str, Any] | None = None, **services: Any) -> Stack:
    given = {name: SERVICE | more for name, more in services.items()}
    more = {} if governor is None else {"governor": governor}
    return read({"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "c", "services": given, **more})


SCHEDULED = stack(
    web={"schedule": NIGHT}, cart={}, orders={"triggers": ORDERS}, both={"schedule": NIGHT, "triggers": ORDERS}
)


def test_a_schedule_or_a_trigger_needs_keda() -> None:
    assert requirements.needs_keda(SCHEDULED) == ["web", "orders", "both"]
    assert requirements.needs_keda(stack(cart={})) == []


@pytest.mark.parametrize("minor", ["35", "36+", "41"])
def test_a_cluster_with_all_that_is_needed(minor: str) -> None:
    assert list(requirements.check(Cluster(minor, "scaledjobs.keda.sh\nscaledobjects.keda.sh\n"), SCHEDULED)) == []
    assert list(requirements.check(Cluster(minor, ""), stack(cart={}))) == []


def test_without_keda_every_service_that_needs_it_is_named() -> None:
    assert list(requirements.check(Cluster("36", ""), SCHEDULED)) == [
        Problem(("services", "web", "schedule"), NO_KEDA, "needs KEDA, which the cluster does not have", HINT),
        Problem(("services", "orders", "triggers"), NO_KEDA, "needs KEDA, which the cluster does not have", HINT),
        Problem(("services", "both", "schedule"), NO_KEDA, "needs KEDA, which the cluster does not have", HINT),
    ]


ROUTED = read(
    {
        "environment": "dev",
        "owner": "shop",
        "namespace": "shop",
        "cluster": "c",
        "platform": {"way": {"gateway": "front", "namespace": "edge"}},
        "services": {"web": SERVICE | {"expose": {"host": "shop.example.com"}}, "cart": SERVICE},
    }
)


def test_a_route_needs_the_gateway_api() -> None:
    hint = "install it there, or name an IngressClass as platform.way.ingress"
    message = "needs the Gateway API, which the cluster does not have"
    problem = Problem(("services", "web", "expose"), NO_GATEWAY_API, message, hint)
    assert list(requirements.check(Cluster("36", ""), ROUTED)) == [problem]
    assert list(requirements.check(Cluster("36", "httproutes.gateway.networking.k8s.io\n"), ROUTED)) == []


HEARD = read(
    {
        "environment": "dev",
        "owner": "shop",
        "namespace": "shop",
        "cluster": "c",
        "services": {"web": SERVICE},
        "alerts": {severity: {"webhook_file": "/etc/alertmanager/hook"} for severity in ("page", "warning")},
    }
)


def test_alerts_need_the_operator() -> None:
    found = "prometheusrules.monitoring.coreos.com\npodmonitors.monitoring.coreos.com\n"
    hint = "install it there, or say objects: false and hand over what `flyball alerts -o` writes"
    message = "needs Prometheus' operator, and the cluster has no alertmanagerconfigs.monitoring.coreos.com"
    assert list(requirements.check(Cluster("36", found), HEARD)) == [
        Problem(("alerts",), NO_PROMETHEUS_OPERATOR, message, hint)
    ]
    every = f"{found}alertmanagerconfigs.monitoring.coreos.com\n"
    assert list(requirements.check(Cluster("36", every), HEARD)) == []


BOUGHT = read(
    {
        "environment": "prod",
        "owner": "shop",
        "namespace": "shop",
        "cluster": "c",
        "platform": {"stack": "prod-platform", "content": load(stack_file("prod-platform", Path(__file__).parents[2]))},
        "governor": {},
        "pools": True,
        "services": {"web": SERVICE},
    }
)


def test_pools_need_karpenters_kinds() -> None:
    chart = "helm install karpenter-crd oci://public.ecr.aws/karpenter/karpenter-crd --version 1.14.0"
    hint = f"install them with `{chart}`, or leave pools out"
    every = ["nodepools.karpenter.sh", "nodeclaims.karpenter.sh", "ec2nodeclasses.karpenter.k8s.aws"]
    assert list(requirements.check(Cluster("36", "\n".join([*every, "nodeoverlays.karpenter.sh"])), BOUGHT)) == []
    for found, missing in ((every[:2], every[2:]), (every[1:], every[:1]), ([], every)):
        message = f"needs Karpenter's kinds, and the cluster has no {', '.join(missing)}"
        assert list(requirements.check(Cluster("36", "\n".join(found)), BOUGHT)) == [
            Problem(("pools",), NO_KARPENTER, message, hint)
        ]


@pytest.mark.parametrize("minor", ["34", "9+"])
def test_an_old_cluster(minor: str) -> None:
    hint = "upgrade it to 1.35 or newer, where an autoscaler's tolerance counts"
    assert list(requirements.check(Cluster(minor, ""), stack(cart={}))) == [
        Problem(("cluster",), CLUSTER_TOO_OLD, f"runs Kubernetes 1.{minor.strip('+')}", hint)
    ]


def test_a_governor_needs_a_newer_cluster() -> None:
    governed = stack(governor={}, cart={})
    assert list(requirements.check(Cluster("36", ""), governed)) == []
    assert list(requirements.check(Cluster("35", ""), governed)) == [
        Problem(
            ("governor",),
            CLUSTER_TOO_OLD,
            "needs Kubernetes 1.36, and the cluster runs 1.35",
            "upgrade the cluster, or leave the governor out",
        )
    ]


def test_limits_alone_need_a_governor_in_the_cluster() -> None:
    governed = stack(governor={"policies": False}, cart={})
    assert list(requirements.check(Cluster("36", "", governor=True), governed)) == []
    assert list(requirements.check(Cluster("36", ""), governed)) == [
        Problem(
            ("governor", "policies"),
            NO_GOVERNOR,
            "is false, and the cluster has no Governor yet",
            "leave `policies` out, so that this stack brings them, or bring up the stack that does first",
        )
    ]


ROBOT = "system:serviceaccount:ci:deployer"


@pytest.mark.parametrize(
    ("user", "groups", "rights"),
    [
        ("jo", "", "govern"),
        ("jo", "", "govern wildcard-canary"),
        (ROBOT, "", "govern"),
        (ROBOT, "flyball:govern", "govern wildcard-canary"),
    ],
)
def test_whoever_may_change_limits_brings_a_governed_stack_up(user: str, groups: str, rights: str) -> None:
    cluster = Cluster("36", "", user=user, groups=groups, rights=rights)
    assert list(requirements.check(cluster, stack(governor={}, web={}))) == []


@pytest.mark.parametrize(
    ("user", "groups", "rights", "why"),
    [
        ("jo", "", "", "holds no verb govern on governors.flyball.dev there"),
        (ROBOT, "", "", "holds no verb govern on governors.flyball.dev there"),
        (ROBOT, "", "govern wildcard-canary", "its rights are to everything and so do not count"),
        ("ci", "flyball:automation", "govern wildcard-canary", "its rights are to everything and so do not count"),
    ],
)
def test_who_may_not_is_told_so_before_anything_is_changed(user: str, groups: str, rights: str, why: str) -> None:
    cluster = Cluster("36", "", user=user, groups=groups, rights=rights)
    hint = f"{why}; bind the ClusterRole flyball-deploy to it instead, which holds all that a stack takes"
    assert list(requirements.check(cluster, stack(governor={}, web={}))) == [
        Problem(("governor",), MAY_NOT_GOVERN, f"{user} may not change limits in shop", hint)
    ]
    assert list(requirements.check(cluster, stack(web={}))) == []


def test_the_readme_names_what_is_asked() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## The cluster\n")[2].partition("\n## ")[0]
    rows = {row.split("|")[1].strip(): row for row in section.splitlines() if row.startswith("| ")}
    oldest, governed = (".".join(map(str, version)) for version in (requirements.OLDEST, requirements.GOVERNED))
    assert f"Kubernetes {oldest} or {governed}" in section
    assert "tolerance" in rows[oldest]
    assert "MutatingAdmissionPolicy" in rows[governed]
    assert NO_KEDA.id in rows["KEDA 2.21"]
