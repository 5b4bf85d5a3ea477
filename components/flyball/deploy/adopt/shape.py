"""Of which type each part of a manifest is that is read here: whatever else stands there is a problem with its path.

The types are those of the API (https://kubernetes.io/docs/reference/kubernetes-api/). What is empty is as if it were
not there, and what nobody reads here is of any type.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import MISSING, WRONG_TYPE

_TEXT, _NUMBER, _SWITCH = "a text", "a whole number", "true or false"
_EITHER, _WORD, _MAP = "a whole number or a text", "a text, a number, or true or false", "a map"
_TYPES: Mapping[str, tuple[type, ...]] = {
    _TEXT: (str,),
    _NUMBER: (int,),
    _SWITCH: (bool,),
    _EITHER: (int, str),
    _WORD: (str, int, float, bool),
    _MAP: (Mapping,),
}
ANY = "*"
"""Stands for each name of a map."""
_TEXTS = {ANY: _TEXT}
_WORDS = {ANY: _WORD}

_ASKS = {
    "httpGet": {"path": _TEXT, "port": _EITHER, "scheme": _TEXT},
    "tcpSocket": {"port": _EITHER},
    "grpc": {"port": _NUMBER},
    "exec": {"command": [_WORD]},
}
_COUNTS = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold")
_PROBE = {**_ASKS, **dict.fromkeys(_COUNTS, _NUMBER)}
_ITEMS = [{"key!": _TEXT, "path!": _TEXT, "mode": _EITHER}]
_REFERENCE = {"name": _TEXT, "optional": _SWITCH}
_FILES = {"name": _TEXT, "items": _ITEMS, "defaultMode": _EITHER, "optional": _SWITCH}
_SOURCES = {"configMap": _FILES, "secret": {**_FILES, "secretName": _TEXT}}
_CONTAINER: dict[str, Any] = {
    "command": [_WORD],
    "args": [_WORD],
    **dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe"), _PROBE),
    **dict.fromkeys(("name", "image", "imagePullPolicy", "restartPolicy"), _TEXT),
    "ports": [{"containerPort!": _NUMBER, "name": _TEXT, "protocol": _TEXT, "hostPort": _NUMBER}],
    "env": [{"name!": _TEXT, "value": _WORD, "valueFrom": {ANY: _WORDS}}],
    "envFrom": [
        {"prefix": _TEXT, "configMapRef": _REFERENCE, "secretRef": _REFERENCE},
    ],
    "resources": {"requests": _WORDS, "limits": _WORDS},
    "volumeMounts": [
        {"name!": _TEXT, "mountPath!": _TEXT, "subPath": _TEXT, "subPathExpr": _TEXT, "readOnly": _SWITCH}
    ],
    "securityContext": {
        **dict.fromkeys(("runAsUser", "runAsGroup"), _NUMBER),
        **dict.fromkeys(("runAsNonRoot", "readOnlyRootFilesystem", "privileged"), _SWITCH),
        "capabilities": {"add": [_TEXT]},
        "seccompProfile": {"type": _TEXT},
    },
    "lifecycle": {"preStop": {**_ASKS, "sleep": {"seconds": _NUMBER}}},
}
_POD: dict[str, Any] = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "volumes": [
        {
            "name!": _TEXT,
            **_SOURCES,
            "emptyDir": {"sizeLimit": _EITHER, "medium": _TEXT},
            "persistentVolumeClaim": {"claimName": _TEXT},
            "projected": {"sources": [_SOURCES], "defaultMode": _EITHER},
        }
    ],
    "securityContext": {
        **dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), _NUMBER),
        "runAsNonRoot": _SWITCH,
        "seccompProfile": {"type": _TEXT},
    },
    "nodeSelector": _TEXTS,
    "os": {"name": _TEXT},
    "tolerations": [{**dict.fromkeys(("key", "operator", "value", "effect"), _TEXT), "tolerationSeconds": _NUMBER}],
    "topologySpreadConstraints": [_MAP],
    "imagePullSecrets": [{"name": _TEXT}],
    "hostAliases": [{"ip": _TEXT, "hostnames": [_TEXT]}],
    "dnsConfig": {"nameservers": [_TEXT], "searches": [_TEXT], "options": [{"name": _TEXT, "value": _TEXT}]},
    "terminationGracePeriodSeconds": _NUMBER,
    **dict.fromkeys(("serviceAccountName", "serviceAccount", "priorityClassName", "runtimeClassName"), _TEXT),
    **dict.fromkeys(("dnsPolicy", "schedulerName", "restartPolicy"), _TEXT),
    "automountServiceAccountToken": _SWITCH,
}
_META: dict[str, Any] = {
    **dict.fromkeys(("name", "namespace", "generateName"), _TEXT),
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "ownerReferences": [_MAP],
}
_TEMPLATE = {"metadata": {"labels": _TEXTS, "annotations": _TEXTS}, "spec": _POD}
_SELECTOR = {"matchLabels": _TEXTS}
_CLAIM = {"accessModes": [_TEXT], "resources": {"requests": {"storage": _EITHER}}, "storageClassName": _TEXT}
_WORKLOAD: dict[str, Any] = {
    **dict.fromkeys(("replicas", "minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit"), _NUMBER),
    "strategy": {"type": _TEXT, "rollingUpdate": _WORDS},
    "updateStrategy": {"type": _TEXT, "rollingUpdate": _WORDS},
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": _TEXT},
    "podManagementPolicy": _TEXT,
    "volumeClaimTemplates": [{"metadata": {"name!": _TEXT}, "spec": _CLAIM}],
    "selector": _SELECTOR,
    "template": _TEMPLATE,
}
_OF_JOBS = ("completions", "parallelism", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
_HISTORIES = ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
_JOB: dict[str, Any] = {**dict.fromkeys(_OF_JOBS, _NUMBER), "template": _TEMPLATE}
_BACKEND = {
    "serviceName": _TEXT,
    "servicePort": _EITHER,
    "service": {"name": _TEXT, "port": {"number": _NUMBER, "name": _TEXT}},
}
_PATHS = [{"path": _TEXT, "pathType": _TEXT, "backend": _BACKEND}]
_BINDING = {"subjects": [{"kind": _TEXT, "name": _TEXT}]}
_TARGET = {"metric": {"name": _TEXT}, "target": _WORDS}
_METRIC = {
    "resource": {"name": _TEXT, "target": _WORDS},
    "containerResource": {"name": _TEXT, "target": _WORDS},
    **dict.fromkeys(("pods", "object", "external"), _TARGET),
}
KINDS: Mapping[str, dict[str, Any]] = {
    "Deployment": {"spec": _WORKLOAD},
    "StatefulSet": {"spec": _WORKLOAD},
    "DaemonSet": {"spec": _WORKLOAD},
    "Job": {"spec": _JOB},
    "CronJob": {
        "spec": {
            **dict.fromkeys(("schedule!", "timeZone", "concurrencyPolicy"), _TEXT),
            **dict.fromkeys(("startingDeadlineSeconds", *_HISTORIES), _NUMBER),
            "jobTemplate": {"metadata": {}, "spec": _JOB},
        }
    },
    "Service": {
        "spec": {
            **dict.fromkeys(("type", "clusterIP", "externalName", "externalTrafficPolicy", "loadBalancerClass"), _TEXT),
            "selector": _TEXTS,
            "ports": [
                {"port!": _NUMBER, "targetPort": _EITHER, **dict.fromkeys(("name", "protocol", "appProtocol"), _TEXT)}
            ],
            "ipFamilyPolicy": _TEXT,
            "publishNotReadyAddresses": _SWITCH,
            "allocateLoadBalancerNodePorts": _SWITCH,
            "loadBalancerSourceRanges": [_TEXT],
        }
    },
    "HorizontalPodAutoscaler": {
        "spec": {
            "scaleTargetRef": {"kind": _TEXT, "name": _TEXT},
            **dict.fromkeys(("minReplicas", "maxReplicas", "targetCPUUtilizationPercentage"), _NUMBER),
            "metrics": [_METRIC],
        }
    },
    "Ingress": {
        "spec": {
            "ingressClassName": _TEXT,
            "rules": [{"host": _TEXT, "http": {"paths": _PATHS}}],
            "tls": [{"hosts": [_TEXT], "secretName": _TEXT}],
        }
    },
    "NetworkPolicy": {"spec": {"ingress": [{"from": [_MAP], "ports": [{"port": _EITHER}]}]}},
    "PersistentVolumeClaim": {"spec": _CLAIM},
    "ConfigMap": {"data": _WORDS, "binaryData": _MAP},
    "Secret": {"data": _MAP, "stringData": _MAP},
    **dict.fromkeys(("RoleBinding", "ClusterRoleBinding"), _BINDING),
    "ServiceAccount": {"imagePullSecrets": [{"name": _TEXT}], "automountServiceAccountToken": _SWITCH},
}


def problems(document: Mapping[str, Any], at: str) -> list[Problem]:
    """Each part of a manifest that is of another type than the API has there, or is missing."""
    shape = {"metadata": _META, **KINDS.get(document["kind"], {})}
    return [*_names(document, (at,)), *_wrong(document, shape, (at,))]


def _names(value: object, path: Path) -> Iterator[Problem]:
    """The names within that are no text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str):
                yield from _names(inner, (*path, key))
            else:
                yield Problem((*path, str(key)), WRONG_TYPE, "has a name that is no text", "quote it")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _names(inner, (*path, i))


def _wrong(value: object, shape: Any, path: Path) -> Iterator[Problem]:
    if value is None:
        return
    if isinstance(shape, dict):
        yield from _of_map(value, shape, path) if isinstance(value, Mapping) else [_no(path, _MAP)]
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield _no(path, "a list")
            return
        for i, each in enumerate(value):
            if each is None:
                yield Problem((*path, i), WRONG_TYPE, "is empty", "leave it out")
            yield from _wrong(each, shape[0], (*path, i))
    elif not isinstance(value, _TYPES[shape]) or (isinstance(value, bool) and bool not in _TYPES[shape]):
        yield _no(path, shape, _hint(value, shape))


def _hint(value: object, shape: str) -> str:
    if shape == _TEXT and isinstance(value, int | float):
        return "quote it"
    return "write it without quotes" if shape == _NUMBER and isinstance(value, str) and value.isdigit() else ""


def _of_map(value: Mapping[str, Any], shape: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if ANY in shape:
        for key, each in value.items():
            yield from _wrong(each, shape[ANY], (*path, str(key)))
        return
    for word, inner in shape.items():
        key = word.removesuffix("!")
        if value.get(key) is not None:
            yield from _wrong(value[key], inner, (*path, key))
        elif key != word:
            yield Problem((*path, key), MISSING, "is missing", f"it is {inner}")


def _no(path: Path, wanted: str, remedy: str = "") -> Problem:
    return Problem(path, WRONG_TYPE, f"is not {wanted}", remedy)
