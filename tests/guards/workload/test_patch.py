"""Patches: each way to undo a guard is refused with that guard's rule, and what is open is laid over as Kubernetes
would."""

import copy
import inspect
import math
import re
from typing import Any

import pulumi_kubernetes as k8s
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.workload import platform
from flyball.guards.workload.patch import merged
from flyball.guards.workload.patch_kinds import KINDS
from flyball.guards.workload.patch_nodes import Each, Field, Fields, Names, Node
from flyball.guards.workload.resolve import Place, examine
from flyball.stack.schema import ServiceArgs

WEB: dict[str, Any] = {
    "image": "example.org/web:1.0",
    "port": 8080,
    "load": {"peak": 100, "replica": 20},
    "public": True,
}
GROUP = {**WEB, "load": {"peak": 10, "replica": 20}, "quorum": "2 of 3", "data": {"path": "/data", "size": "1Gi"}}
BALANCED = {**WEB, "expose": {"balancer": {"sources": ["192.0.2.0/24"], "through": ["10.0.0.0/16"]}}}
FULL: dict[str, Any] = WEB | {
    "refs": {"TOKEN": {"name": "web", "key": "token"}},
    "calls": {"ledger": {"host": "ledger.example", "port": 443, "timeout": "1s"}},
    "logs": {"path": "/var/log/app", "preset": "nginx"},
    "scratch": {"tmp": {"path": "/tmp"}},
    "files": {"site": {"path": "/etc/site", "configmap": "site"}},
}


def refused(patch: object, service: dict[str, Any] = FULL) -> list[Problem]:
    found = examine({"web": service | {"patch": patch}}, Place(), (), ServiceArgs, alone=True)
    return found.problems


def nested(path: str, value: object) -> Any:
    """`spec.template` as maps within each other; `containers[web]` is a list of one item with that name."""
    for step in reversed(path.split(".")):
        key, _, item = step.partition("[")
        value = {key: [{"name": item.rstrip("]"), **(value if isinstance(value, dict) else {})}] if item else value}
    return value


POD = "deployment.spec.template.spec"
OWN = f"{POD}.containers[web]"
UNDONE: list[tuple[str, object, str]] = [
    # Replicas and their size.
    ("deployment.spec.replicas", 1, "replicas-by-hand"),
    ("deployment.spec.replicas", None, "replicas-by-hand"),
    ("deployment.spec", "gone", "wrong-type"),
    ("deployment.spec.template", None, "own-label"),
    (POD, None, "past-the-proxy"),
    (f"{POD}.activeDeadlineSeconds", 60, "replicas-by-hand"),
    (f"{POD}.schedulingGates", [{"name": "a"}], "replicas-by-hand"),
    ("autoscaler.spec.minReplicas", 1, "replicas-by-hand"),
    ("autoscaler.spec.maxReplicas", 900, "ceiling-beyond-envelope"),
    ("autoscaler.spec.behavior", {"scaleDown": {"selectPolicy": "Max"}}, "step-too-large"),
    ("autoscaler.spec.behavior", None, "step-too-large"),
    ("autoscaler.spec.metrics", [], "has-argument"),
    # Rollouts, budgets, spread.
    ("deployment.spec.strategy", {"type": "Recreate"}, "rollout-below-size"),
    ("deployment.spec.strategy", None, "rollout-below-size"),
    ("deployment.spec.paused", True, "rollout-below-size"),
    ("budget.spec.maxUnavailable", "100%", "budget-by-hand"),
    ("budget.spec.minAvailable", 0, "budget-by-hand"),
    ("budget.spec.unhealthyPodEvictionPolicy", "IfHealthyBudget", "budget-by-hand"),
    (f"{POD}.topologySpreadConstraints", [], "nodes-narrowed"),
    (f"{POD}.affinity", {"nodeAffinity": None}, "nodes-narrowed"),
    (f"{POD}.nodeName", "node-1", "nodes-narrowed"),
    (f"{POD}.schedulerName", "mine", "nodes-narrowed"),
    (f"{POD}.tolerations", [{"operator": "Exists"}], "tolerates-loss"),
    (f"{POD}.volumes[data]", {"persistentVolumeClaim": {"claimName": "data"}}, "nodes-narrowed"),
    ("service.spec.sessionAffinity", "ClientIP", "load-uneven"),
    ("service.spec.trafficDistribution", "PreferSameZone", "load-uneven"),
    ("service.spec.clusterIP", "None", "load-uneven"),
    # Probes and the way out.
    (f"{OWN}.readinessProbe", None, "no-readiness"),
    (f"{OWN}.readinessProbe.httpGet.path", "/live", "no-readiness"),
    (f"{OWN}.livenessProbe", {"httpGet": {"path": "/", "port": 8080}}, "probes-alike"),
    (f"{OWN}.startupProbe.failureThreshold", 1, "probes-alike"),
    ("service.spec.publishNotReadyAddresses", True, "no-readiness"),
    (f"{OWN}.lifecycle.preStop", None, "balancer-still-sends"),
    (f"{OWN}.lifecycle", None, "balancer-still-sends"),
    (f"{POD}.terminationGracePeriodSeconds", 1, "way-out-too-long"),
    ("deployment.spec.template.metadata.annotations", {"karpenter.sh/do-not-disrupt": "true"}, "tolerates-loss"),
    # What a container may do.
    (f"{OWN}.securityContext.privileged", True, "unconfined"),
    (f"{OWN}.securityContext.readOnlyRootFilesystem", False, "unconfined"),
    (f"{OWN}.securityContext.capabilities.add", ["NET_ADMIN"], "unconfined"),
    (f"{OWN}.securityContext", None, "unconfined"),
    (f"{POD}.securityContext.runAsNonRoot", False, "unconfined"),
    (f"{POD}.securityContext", None, "has-argument"),
    (f"{POD}.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], "unconfined"),
    (f"{POD}.securityContext.sysctls", [{"name": "net.ipv4.tcp_rmem", "value": "1"}], "unconfined"),
    (f"{POD}.hostNetwork", True, "unconfined"),
    (f"{POD}.hostPID", True, "unconfined"),
    (f"{POD}.shareProcessNamespace", True, "unconfined"),
    (f"{POD}.automountServiceAccountToken", True, "unconfined"),
    ("account.automountServiceAccountToken", True, "unconfined"),
    (f"{POD}.volumes[node]", {"hostPath": {"path": "/"}}, "unconfined"),
    (f"{POD}.volumes[share]", {"nfs": {"server": "nfs.example", "path": "/share"}}, "unconfined"),
    (f"{POD}.volumes[token]", {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, "unconfined"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/x", "name": "x", "mountPropagation": "Bidirectional"}], "unconfined"),
    (f"{OWN}.ports", [{"containerPort": 8080, "protocol": "TCP", "hostPort": 80}], "unconfined"),
    ("service.spec.externalIPs", ["192.0.2.1"], "unconfined"),
    # What flyball finds its objects by.
    ("deployment.spec.selector.matchLabels", {"app": "web"}, "own-label"),
    ("deployment.metadata.labels", {"app.kubernetes.io/name": "other"}, "own-label"),
    ("deployment.spec.template.metadata.labels", {"flyball.dev/part": None}, "own-label"),
    ("deployment.metadata.labels", None, "own-label"),
    ("deployment.metadata.annotations", {"flyball.dev/stack": "other"}, "own-label"),
    ("deployment.metadata.name", "other", "own-label"),
    ("service.spec.selector", {"app": "other"}, "own-label"),
    ("budget.spec.selector", {}, "own-label"),
    ("network.spec.podSelector", {"matchLabels": {"a": "b"}}, "own-label"),
    # The proxy, and who reaches whom.
    (f"{POD}.initContainers[proxy].image", "haproxy:latest", "past-the-proxy"),
    (f"{POD}.initContainers[proxy]", {}, "past-the-proxy"),
    (f"{POD}.initContainers", None, "past-the-proxy"),
    (f"{POD}.containers", None, "past-the-proxy"),
    (f"{POD}.volumes[proxy]", {"configMap": {"name": "mine"}}, "past-the-proxy"),
    ("service.spec.ports", [{"port": 8080, "targetPort": 8080}], "past-the-proxy"),
    ("service.spec.externalName", "elsewhere.example", "past-the-proxy"),
    ("network.spec.ingress", [{}], "caller-without-call"),
    ("network.spec.egress", [{}], "past-the-proxy"),
    ("network.spec.policyTypes", ["Ingress"], "past-the-proxy"),
    (f"{POD}.dnsPolicy", "Default", "name-unreachable"),
    (f"{OWN}.env", [{"name": "LEDGER_ADDR", "valueFrom": {"fieldRef": {}}}], "variable-taken"),
    (f"{OWN}.env", [{"name": "TOKEN", "valueFrom": {"configMapKeyRef": {}}}], "variable-taken"),
    (f"{POD}.enableServiceLinks", True, "variable-taken"),
    # Logs and folders.
    (f"{POD}.initContainers[logrotate].command", ["sleep"], "log-not-reopened"),
    (f"{POD}.volumes[logs]", {"hostPath": {"path": "/var/log"}}, "log-volume"),
    (f"{POD}.volumes[rotation]", {"emptyDir": {}}, "log-volume"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/var/log/app/", "name": "x"}], "folder-taken"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/etc//site", "name": "x"}], "folder-taken"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/", "name": "x"}], "folder-taken"),
    (f"{OWN}.volumeMounts", None, "folder-taken"),
    (f"{OWN}.imagePullPolicy", "Always", "image-not-pinned"),
    (f"{POD}.volumes[models]", {"image": {"reference": "models:latest"}}, "image-not-pinned"),
    # Directives, wherever they stand.
    (f"{POD}.containers[web]", {"$patch": "delete"}, "patch-directive"),
    (f"{POD}.$setElementOrder/containers", [{"name": "web"}], "patch-directive"),
    ("deployment.$patch", "replace", "patch-directive"),
    ("deployment.metadata.labels", {"$patch": "replace"}, "patch-directive"),
    (f"{OWN}.lifecycle.postStart", {"exec": {"$patch": "replace"}}, "patch-directive"),
    # What an argument says.
    (f"{OWN}.image", "web:2.0", "has-argument"),
    (f"{OWN}.command", ["sh"], "has-argument"),
    (f"{OWN}.env", [{"name": "LEVEL", "value": "debug"}], "has-argument"),
    (f"{OWN}.resources.limits", {"memory": "64Gi"}, "has-argument"),
    (f"{OWN}.resources", None, "has-argument"),
    (f"{POD}.containers[spy].image", "spy:1.0", "has-argument"),
    (f"{POD}.initContainers[first].image", "first:1.0", "has-argument"),
    (f"{POD}.volumes[tmp]", {"emptyDir": {}}, "has-argument"),
    (f"{POD}.volumes[files-site]", {"emptyDir": {}}, "has-argument"),
    (f"{POD}.nodeSelector", {"disk": "ssd"}, "has-argument"),
    # Slips of the pen.
    ("deployment.spec.replica", 1, "unknown-key"),
    (f"{OWN}.workingdir", "/srv", "unknown-key"),
    (f"{POD}.containers", {"web": {}}, "past-the-proxy"),
    (f"{POD}.containers", [{"workingDir": "/srv"}], "missing"),
    (f"{POD}.containers", [{"name": "web"}, {"name": "web"}], "given-twice"),
    (f"{POD}.containers", ["web"], "wrong-type"),
    ("deployment.metadata.annotations", {"example.org/on": True}, "wrong-type"),
    ("deployment.metadata.labels", {"a b": "c"}, "invalid-name"),
    ("deployment.metadata.labels", {"a": "-"}, "invalid-text"),
    ("deployment.metadata.labels", {"a": "b" * 64}, "invalid-text"),
    ("deployment.metadata.labels", {5: "a"}, "wrong-type"),
    ("deployment.metadata.labels", {None: None}, "wrong-type"),
    ("deployment.metadata.annotations", {"a b": "c"}, "invalid-name"),
    ("deployment.metadata.annotations", {True: "a"}, "wrong-type"),
    (f"{OWN}.lifecycle.postStart", {1: "a"}, "wrong-type"),
    (f"{POD}.securityContext.supplementalGroups", [math.nan], "out-of-range"),
    (f"{POD}.securityContext.supplementalGroups", [math.inf], "out-of-range"),
    (f"{POD}.securityContext.supplementalGroups", [2**63], "out-of-range"),
    (f"{POD}.securityContext.supplementalGroups", [-(10**400)], "out-of-range"),
    (f"{POD}.hostname", 1e300, "out-of-range"),
    ("ingress.metadata.annotations", {"a": "b"}, "does-not-apply"),
    ("deployment", {}, "empty"),
]


@pytest.mark.parametrize(("path", "value", "rule"), UNDONE, ids=lambda each: str(each)[:70])
def test_what_would_undo_a_guard_is_refused_with_its_rule(path: str, value: object, rule: str) -> None:
    assert [problem.rule.id for problem in refused(nested(path, value))] == [rule]


EXPOSED = {**WEB, "expose": {"host": "shop.example.com"}}
WAITS = ("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout", "proxy-next-upstream-tries")


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        *((f"nginx.ingress.kubernetes.io/{key}", "timeout-below-deadline") for key in WAITS),
        ("haproxy.org/timeout-server", "timeout-below-deadline"),
        ("alb.ingress.kubernetes.io/load-balancer-attributes", "timeout-below-deadline"),
        ("alb.ingress.kubernetes.io/target-group-attributes", "balancer-still-sends"),
        ("nginx.ingress.kubernetes.io/affinity", "load-uneven"),
        ("nginx.ingress.kubernetes.io/configuration-snippet", "unconfined"),
    ],
)
def test_an_ingress_keeps_what_its_deadline_asks_for(key: str, rule: str) -> None:
    way = platform.read(Reader({"way": {"ingress": "nginx"}}, (), []))
    patch = {"ingress": {"metadata": {"annotations": {key: "1", "nginx.ingress.kubernetes.io/limit-rps": "5"}}}}
    given = {"web": EXPOSED | {"patch": patch}}
    found = examine(given, Place(platform=way), (), ServiceArgs, alone=True).problems
    assert [(problem.rule.id, problem.path[-1]) for problem in found] == [(rule, key)]


def test_a_message_says_where_what_and_what_instead() -> None:
    found = refused(
        nested(POD, {"hostNetwork": True, "nodeSelector": {}, "containers": [{"name": "web", "tyt": True}]})
    )
    at = "web.patch.deployment.spec.template.spec"
    assert [str(problem) for problem in found] == [
        f"{at}.hostNetwork: would undo unconfined; leave it out",
        f"{at}.nodeSelector: has an argument of its own; give nodes.labels",
        f"{at}.containers[0].tyt: is no field that can be patched; did you mean 'tty'?",
    ]


def test_who_wants_a_volume_that_stays_is_led_to_data() -> None:
    claim = nested(f"{POD}.volumes[kept]", {"persistentVolumeClaim": {"claimName": "kept"}})
    block = nested(f"{OWN}.volumeDevices", [{"name": "kept", "devicePath": "/dev/xvda"}])
    instead = "give data, with quorum or replicas: one, or keep state outside, as a call"
    assert [problem.remedy for problem in (*refused(claim), *refused(block))] == [
        f"{instead}: a claim holds pods at its place",
        f"{instead}: a device holds pods at its place",
    ]


OPENED: list[tuple[str, object]] = [
    (f"{POD}.hostname", "web"),
    (f"{POD}.hostUsers", False),
    (f"{POD}.securityContext.supplementalGroups", [7]),
    (f"{POD}.securityContext.sysctls", [{"name": "net.ipv4.tcp_keepalive_time", "value": "60"}]),
    (f"{OWN}.workingDir", "/srv"),
    (f"{OWN}.lifecycle.postStart", {"exec": {"command": ["warm"]}}),
    (f"{OWN}.env", [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
    (f"{POD}.volumes[share]", {"csi": {"driver": "nfs.csi.example"}}),
    (f"{OWN}.volumeMounts", [{"mountPath": "/share", "name": "share", "readOnly": True}]),
    ("deployment.metadata.annotations", {"example.org/a": "b"}),
    ("deployment.spec.template.metadata.labels", {"sidecar.istio.io/inject": "false"}),
    ("service.spec.ipFamilyPolicy", "SingleStack"),
    ("budget.metadata.labels", {"a": "b"}),
    ("budget.metadata.labels", {"example.org/a": "", "b": None}),
    (f"{POD}.securityContext.supplementalGroups", [2**63 - 1]),
    ("account.secrets", [{"name": "old"}]),
]


@pytest.mark.parametrize(("path", "value"), OPENED, ids=lambda each: str(each)[:70])
def test_what_no_guard_needs_is_open(path: str, value: object) -> None:
    assert refused(nested(path, value)) == []


def test_items_are_told_apart_by_their_keys_and_null_takes_a_field_away() -> None:
    below = {
        "metadata": {"annotations": {"a": "1", "b": "2"}},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "web", "tty": True, "ports": [{"containerPort": 53, "protocol": "TCP"}]},
                        {"name": "other"},
                    ]
                }
            }
        },
    }
    before = copy.deepcopy(below)
    port = {"containerPort": 53.0, "protocol": "UDP"}
    above = nested("spec.template.spec.containers[web]", {"tty": None, "workingDir": "/", "ports": [port]})
    above["metadata"] = {"annotations": {"a": None, "c": "3"}}
    assert merged(below, above, KINDS["deployment"]) == {
        "metadata": {"annotations": {"b": "2", "c": "3"}},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "ports": [
                                {"containerPort": 53, "protocol": "TCP"},
                                {"containerPort": 53, "protocol": "UDP"},
                            ],
                            "workingDir": "/",
                        },
                        {"name": "other"},
                    ]
                }
            }
        },
    }
    assert below == before


def guarded(node: Node) -> bool:
    """Whether somebody holds something at or below it."""
    if isinstance(node, Field):
        return node.rule is not None
    return isinstance(node, Names | Each) or any(guarded(inner) for inner in node.values())


def steps(node: Node, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The ways to all maps and fields that hold something, but for items of lists."""
    here = [path] if path and guarded(node) else []
    below = node if isinstance(node, dict) else {}
    return [*here, *(way for key, inner in below.items() for way in steps(inner, (*path, key)))]


@given(st.sampled_from([(kind, *way) for kind, fields in KINDS.items() for way in steps(fields)]))
def test_null_takes_away_nothing_that_anybody_holds(way: tuple[str, ...]) -> None:
    """At any height: the object as it was rendered would lose what a guard has put there."""
    services = {"ingress": EXPOSED, "route": EXPOSED, "statefulset": GROUP, "balancer": BALANCED}
    found = refused(nested(".".join(way), None), services.get(way[0], WEB))
    assert found, way


def at(*way: str) -> Fields:
    node: Any = KINDS
    for step in way:
        node = node[step].item if isinstance(node[step], Each) else node[step]
    return node


SPEC = ("deployment", "spec", "template", "spec")
SHAPES: list[tuple[Any, Fields, set[str]]] = [
    (k8s.apps.v1.DeploymentSpecArgs, at("deployment", "spec"), set()),
    (k8s.apps.v1.StatefulSetSpecArgs, at("statefulset", "spec"), set()),
    (k8s.core.v1.PodSpecArgs, at(*SPEC), {"schedulingGroup", "workloadRef", "evictionResponders"}),
    (k8s.core.v1.PodSecurityContextArgs, at(*SPEC, "securityContext"), set()),
    (k8s.core.v1.ContainerArgs, at(*SPEC, "containers"), set()),
    (k8s.core.v1.SecurityContextArgs, at(*SPEC, "containers", "securityContext"), set()),
    (k8s.core.v1.VolumeMountArgs, at(*SPEC, "containers", "volumeMounts"), {"bindMountOptions"}),
    (k8s.core.v1.ServiceSpecArgs, at("service", "spec"), {"ipFamily", "topologyKeys"}),
    (k8s.core.v1.ServiceSpecArgs, at("balancer", "spec"), {"ipFamily", "topologyKeys"}),
    (k8s.policy.v1.PodDisruptionBudgetSpecArgs, at("budget", "spec"), set()),
    (k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs, at("autoscaler", "spec"), set()),
    (k8s.networking.v1.NetworkPolicySpecArgs, at("network", "spec"), set()),
    (k8s.networking.v1.IngressSpecArgs, at("ingress", "spec"), set()),
]
"""What Kubernetes has, what is said of it, and what of it only older or coming versions have."""


@pytest.mark.parametrize(("kind", "known", "left"), SHAPES, ids=lambda each: getattr(each, "__name__", ""))
def test_of_each_field_that_kubernetes_has_something_is_said(kind: Any, known: Fields, left: set[str]) -> None:
    there = {camel(word.rstrip("_")) for word in inspect.signature(kind.__init__).parameters if word != "__self__"}
    assert there - left <= set(known)


def camel(word: str) -> str:
    special = {"host_ipc": "hostIPC", "host_pid": "hostPID", "set_hostname_as_fqdn": "setHostnameAsFQDN"}
    plain = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), word)
    return {
        **special,
        "cluster_ip": "clusterIP",
        "cluster_ips": "clusterIPs",
        "load_balancer_ip": "loadBalancerIP",
        "external_ips": "externalIPs",
    }.get(word, plain)
