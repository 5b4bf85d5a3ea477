"""The collectors as objects: a DaemonSet, its configuration, and whom it may talk to, in a namespace of their own.

Objects of our own rather than those of OpenTelemetry's chart: its preset for logs has another path pattern, no place
for files on the node and no queue, so that all of it would have to be replaced, and a chart is fetched and rendered by
programs that not every machine has.
"""

import json
from collections.abc import Mapping

from flyball import wellknown
from flyball.collector import mend
from flyball.collector.config import GATES, NAMESPACE, NODE_NAME, TOKEN, Node, configuration
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading import address
from flyball.guards.workload.names import LOGS_PRIORITY
from flyball.guards.workload.pipeline import CPU, Pipeline
from flyball.guards.workload.platform import Platform, anywhere
from flyball.guards.workload.resources import Resources
from flyball.guards.workload.sidecar import SCRAPE
from flyball.kubernetes.images import pulled
from flyball.kubernetes.objects import Manifest, confined, content_hash, exempt, requests_and_limits
from flyball.kubernetes.workload.network import by_namespace, resolvers, tcp
from flyball.kubernetes.workload.priority import guards_priority_class

NAME = "flyball-logs"
TOKEN_KEY = "token"
"""Of the Secret that the target asks for."""
_FOLDER, _FILE, _MEND = "/etc/collector", "collector.yaml", "mend.sh"
_CPU_LIMIT = 1000
_LAST = 5
"""Seconds for what applications wrote at their end, where all of a node goes down: they end before, and then it is read
and sent. What is left in the queue goes with a spot node's disk."""
_LAYER = 64 * MI
"""Beside what lies on the node: the collector's own log is the container's."""
_PORTS = {"http": 80, "https": 443}
_EXEMPT = {
    "container-image-pull-policy": "a registry that is away must not keep logs on nodes; the image has a version",
    "container-security-context-user-group-id": "files of the kubelet and of applications are readable by root only",
}
"""Checks of kube-score that do not hold here, and why."""


def manifests(pipeline: Pipeline, platform: Platform, labels: Mapping[str, str]) -> list[Manifest]:
    """All of them, first what the others need; `labels` say whose they are."""
    ours = {**_selector(), **labels}
    files = {_FILE: json.dumps(configuration(pipeline), indent=2) + "\n", _MEND: mend.script(Node())}
    name = f"{NAME}-{content_hash(''.join(files.values()))}"
    here = {"namespace": NAMESPACE, "labels": ours}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {**ours, **_levels()}}},
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            # Without it whoever finds a node full takes the collector's place, and the node's logs stay there.
            **guards_priority_class(LOGS_PRIORITY, ours),
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, **here},
            "data": files,
            "immutable": True,
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": NAME, **here},
            "spec": _network(pipeline, platform),
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            # Nothing waits for it: services must not be held up by a node that is not ready.
            "metadata": {
                "name": NAME,
                **here,
                "annotations": {**exempt(_EXEMPT), "pulumi.com/skipAwait": "true"},
            },
            "spec": {
                "selector": {"matchLabels": _selector()},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
                "template": {"metadata": {"labels": ours}, "spec": pulled(_pod(pipeline, name), platform)},
            },
        },
    ]


def _selector() -> dict[str, str]:
    return {wellknown.NAME_LABEL: NAME}


def _levels() -> dict[str, str]:
    """Folders of the node are for privileged pods (https://kubernetes.io/docs/concepts/security/
    pod-security-standards/)."""
    return {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "warn", "audit")}


def _network(pipeline: Pipeline, platform: Platform) -> Manifest:
    """Out to whom the logs go and to who resolves its name; in from who scrapes the metrics."""
    url = address.url(pipeline.target.url)
    if url is None:
        raise ValueError(f"{pipeline.target.url} is no URL")
    port = url.port or _PORTS[url.scheme]
    blocks = [
        {"ipBlock": {"cidr": cidr, **({"except": [*out]} if out else {})}}
        for cidr, out in anywhere(platform, port, [url.host]).items()
    ]
    return {
        "podSelector": {"matchLabels": _selector()},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [by_namespace(SCRAPE)], "ports": [tcp(Node().metrics)]}],
        "egress": [*resolvers(platform), {"ports": [tcp(port)], **({"to": blocks} if blocks else {})}],
    }


def _pod(pipeline: Pipeline, config_map: str) -> Manifest:
    node = Node()
    folders = {"pods": (node.logs, True), "volumes": (node.volumes, True), "state": (node.state, False)}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": {wellknown.OPERATING_SYSTEM: "linux"},
        # Of every node, those that are reserved, on spot or not ready too: there is the most to tell.
        "tolerations": [{"operator": "Exists"}],
        "terminationGracePeriodSeconds": 30,
        "priorityClassName": LOGS_PRIORITY,
        "securityContext": {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(pipeline, node, folders), _mender(pipeline, node)],
        "volumes": [
            {"name": "config", "configMap": {"name": config_map}},
            *(
                {"name": name, "hostPath": {"path": path, "type": "Directory" if only_read else "DirectoryOrCreate"}}
                for name, (path, only_read) in folders.items()
            ),
        ],
    }


def _container(pipeline: Pipeline, node: Node, folders: Mapping[str, tuple[str, bool]]) -> Manifest:
    target = pipeline.target
    memory = pipeline.memory
    token = {"secretKeyRef": {"name": target.secret, "key": TOKEN_KEY}}
    return {
        "name": "collector",
        "image": pipeline.image,
        "imagePullPolicy": "IfNotPresent",
        "args": [f"--config={_FOLDER}/{_FILE}", f"--feature-gates=+{GATES}"],
        "env": [
            {"name": NODE_NAME, "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            {"name": "GOMEMLIMIT", "value": str(pipeline.go_memory)},
            *([{"name": TOKEN, "valueFrom": token}] if target.secret else []),
        ],
        "ports": [{"name": "metrics", "containerPort": node.metrics}],
        "lifecycle": {"preStop": {"sleep": {"seconds": _LAST}}},
        "readinessProbe": {"httpGet": {"path": "/metrics", "port": node.metrics}, "periodSeconds": 10},
        "livenessProbe": {"httpGet": {"path": "/", "port": node.health}, "periodSeconds": 20, "timeoutSeconds": 5},
        "resources": requests_and_limits(Resources(CPU, memory, _CPU_LIMIT, memory), _LAYER),
        # Root without its rights, but that to read what is others': of the kubelet and of applications.
        "securityContext": {**confined(), "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]}},
        "volumeMounts": [
            {"name": "config", "mountPath": _FOLDER, "readOnly": True},
            *(
                {"name": name, "mountPath": path, **({"readOnly": True} if only_read else {})}
                for name, (path, only_read) in folders.items()
            ),
        ],
    }


def _mender(pipeline: Pipeline, node: Node) -> Manifest:
    """It begins with the collector: one that has just been killed must not wait for it."""
    return {
        "name": "mender",
        "image": pipeline.mender,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/bash", f"{_FOLDER}/{_MEND}"],
        "resources": requests_and_limits(Resources(5, 8 * MI, 100, 32 * MI), _LAYER),
        "securityContext": confined(),
        "volumeMounts": [
            {"name": "config", "mountPath": _FOLDER, "readOnly": True},
            {"name": "state", "mountPath": node.state},
        ],
    }
