"""Karpenter's controller: two of it on base nodes, so that what buys nodes never runs on what it may give back."""

from collections.abc import Mapping

from flyball import wellknown
from flyball.guards.aws import names as aws
from flyball.guards.aws.platform import Platform as Base
from flyball.guards.clean_up.retention import WRITABLE_LAYER
from flyball.guards.reading.units import show_size
from flyball.guards.workload.platform import Platform
from flyball.kubernetes.images import pulled
from flyball.kubernetes.objects import PULL_POLICY, Manifest, as_user, confined, container_port, exempt, show_cpu
from flyball.kubernetes.pools import names

VERSION = "1.14.0"
"""Of the image and the kinds of objects: that which the drills run."""
IMAGE = f"public.ecr.aws/karpenter/controller:{VERSION}"
REPLICAS = 2
CPU, MEMORY = 500, 2**30
"""That each asks for."""
_USER = 65_532
"""The image's own."""
_METRICS, _HEALTH = 8080, 8081
_STORAGE = 4 * WRITABLE_LAYER
_EXEMPT = {
    **PULL_POLICY,
    "pod-networkpolicy": "it speaks with AWS and the API server, at addresses that nobody knows beforehand",
}


def manifests(base: Base, platform: Platform, labels: Mapping[str, str]) -> list[Manifest]:
    """The Deployment and its disruption budget; `labels` say whose they are."""
    selector = {wellknown.NAME_LABEL: names.ACCOUNT}
    head = {"name": names.ACCOUNT, "namespace": names.NAMESPACE, "labels": {**selector, **labels}}
    pod = {"metadata": {"labels": {**selector, **labels}}, "spec": pulled(_pod(base, selector), platform)}
    return [
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": head,
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector}},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {**head, "annotations": exempt(_EXEMPT)},
            "spec": {
                "replicas": REPLICAS,
                "selector": {"matchLabels": selector},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                "template": pod,
            },
        },
    ]


def _pod(base: Base, selector: Mapping[str, str]) -> Manifest:
    """On nodes that no pool made, one on each, in different zones."""
    not_ours = {"key": "karpenter.sh/nodepool", "operator": "DoesNotExist"}
    here = {"matchLabels": dict(selector)}
    return {
        "serviceAccountName": names.ACCOUNT,
        "priorityClassName": "system-cluster-critical",
        "securityContext": {**as_user(_USER), "fsGroup": _USER, "seccompProfile": {"type": "RuntimeDefault"}},
        "nodeSelector": {wellknown.OPERATING_SYSTEM: "linux"},
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [not_ours]}]
                }
            },
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": here, "topologyKey": wellknown.HOSTNAME}
                ]
            },
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": wellknown.ZONE,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": here,
            }
        ],
        "containers": [_container(base)],
    }


def _container(base: Base) -> Manifest:
    storage = show_size(_STORAGE)
    asked = {"cpu": show_cpu(CPU), "memory": show_size(MEMORY), "ephemeral-storage": storage}
    return {
        "name": "controller",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": confined(),
        "resources": {
            "requests": asked,
            "limits": {"cpu": show_cpu(2 * CPU), "memory": show_size(MEMORY), "ephemeral-storage": storage},
        },
        "env": _environment(base),
        "ports": [
            container_port("metrics", _METRICS),
            container_port("health", _HEALTH),
        ],
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": "health"},
            "initialDelaySeconds": 30,
            "timeoutSeconds": 30,
        },
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": "health"},
            "initialDelaySeconds": 5,
            "timeoutSeconds": 30,
        },
    }


def _environment(base: Base) -> list[Manifest]:
    """Settings (https://karpenter.sh/docs/reference/settings/); the region too, since no pod reaches the metadata."""
    values = {
        "AWS_REGION": base.region,
        "CLUSTER_NAME": base.name,
        "INTERRUPTION_QUEUE": aws.queue(base.name),
        "CPU_REQUESTS": str(CPU),
        "MEMORY_LIMIT": str(MEMORY),
        "METRICS_PORT": str(_METRICS),
        "HEALTH_PROBE_PORT": str(_HEALTH),
    }
    own = {"name": "SYSTEM_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    return [*({"name": key, "value": value} for key, value in sorted(values.items())), own]
