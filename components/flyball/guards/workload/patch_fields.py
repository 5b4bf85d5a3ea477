"""What a patch may touch: each field of the objects of a service is open, held by a guard, or said by an argument. Of
what leads to a service: `patch_kinds`.

The world is closed. A field that is not here is unknown, to flyball or to Kubernetes, which would drop it without a
word. Fields: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/ and, of a route,
https://gateway-api.sigs.k8s.io/reference/spec/#httproute.
"""

from flyball import wellknown
from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast.container import check_annotation, check_labels
from flyball.guards.fail_fast.rules import (
    IMAGE_NOT_PINNED,
    OWN_LABEL,
    PORT_TAKEN,
    UNCONFINED,
    VARIABLE_TAKEN,
)
from flyball.guards.governor.rules import CEILING_BEYOND_ENVELOPE, MEMBERS_LEAVE, STEP_TOO_LARGE
from flyball.guards.headroom.rules import NODES_NARROWED, REPLICAS_BY_HAND, ROLLOUT_BELOW_SIZE
from flyball.guards.interruptions.rules import (
    BALANCER_STILL_SENDS,
    BUDGET_BY_HAND,
    NO_READINESS,
    PROBES_ALIKE,
    TOLERATES_LOSS,
    WAY_OUT_TOO_LONG,
)
from flyball.guards.reading import paths
from flyball.guards.timeouts.rules import (
    CALLER_WITHOUT_CALL,
    NAME_UNREACHABLE,
    PAST_THE_PROXY,
)
from flyball.guards.workload.patch_nodes import OPEN, Each, Field, Fields, Guard, Names, Own, alike, said

_KEYS = (
    *("flyball.dev/", "kube-score/", "pulumi.com/", "applyset.kubernetes.io/", "deployment.kubernetes.io/"),
    *("statefulset.kubernetes.io/", "apps.kubernetes.io/", "batch.kubernetes.io/"),
)
_HASHES = ("pod-template-hash", "controller-revision-hash")
_OWN = Field(OWN_LABEL, "take a key of your own")
SELECTS = Field(OWN_LABEL, "leave it out: pods are found by it")
_WHOLE_LABELS = Field(OWN_LABEL, "name the single keys that you set")


def _label(own: Own, key: str) -> Field | None:
    taken = key in wellknown.OWN_LABELS or key in _HASHES or key.startswith(_KEYS)
    return _OWN if taken else None


def _annotations(*held: tuple[str, Field]) -> Guard:
    """Those with one of these beginnings are held, beside flyball's own."""

    def guard(own: Own, key: str) -> Field | None:
        found = (who for begin, who in held if key.startswith(begin))
        return _OWN if key.startswith(_KEYS) else next(found, None)

    return guard


def metadata(*held: tuple[str, Field]) -> Fields:
    return {
        "labels": Names(_label, _WHOLE_LABELS, lambda key, text, path: check_labels({key: text}, path[:-1])),
        "annotations": Names(_annotations(*held), _WHOLE_LABELS, lambda key, text, path: check_annotation(key, path)),
        **alike(Field(OWN_LABEL, "leave it out: objects are found by it"), "name", "namespace"),
    }


_STAYS = Field(TOLERATES_LOSS, "leave it out: a node that is drained or lost takes nobody's leave")
KEEPS_NODE = (
    ("cluster-autoscaler.kubernetes.io/", _STAYS),
    ("karpenter.sh/", _STAYS),
    ("descheduler.alpha.kubernetes.io/", _STAYS),
)
"""Annotations of pods that hold their node, by their beginnings."""
_OF_PODS = (*KEEPS_NODE, ("prometheus.io/", said("metrics")))

_UNCONFINED = Field(UNCONFINED, "leave it out")
_TOKEN = Field(UNCONFINED, "give token")
_USER = said("user")
_SAFE = {
    *("kernel.shm_rmid_forced", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.tcp_keepalive_time"),
    *("net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"),
    "net.ipv4.ip_local_reserved_ports",
}
"""Those of https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline, less the next two."""
_SYSCTLS = {
    "net.ipv4.ip_unprivileged_port_start": Field(NAME_UNREACHABLE, "it follows from calls.*.names"),
    "net.ipv4.ip_local_port_range": Field(PORT_TAKEN, "leave it out: the proxy listens below the range that Linux has"),
}


def _sysctl(own: Own, name: str) -> Field | None:
    return None if name in _SAFE else _SYSCTLS.get(name, _UNCONFINED)


_POD_SECURITY: Fields = {
    **alike(_USER, "runAsUser", "runAsGroup", "fsGroup"),
    **alike(_UNCONFINED, "runAsNonRoot", "seccompProfile", "seLinuxOptions", "appArmorProfile", "windowsOptions"),
    "sysctls": Each(("name",), alike(OPEN, "name", "value"), _UNCONFINED, _sysctl),
    **alike(OPEN, "supplementalGroups", "supplementalGroupsPolicy", "fsGroupChangePolicy", "seLinuxChangePolicy"),
}
_SECURITY: Fields = {
    **alike(_UNCONFINED, "privileged", "allowPrivilegeEscalation", "procMount", "runAsNonRoot"),
    **alike(_UNCONFINED, "seccompProfile", "seLinuxOptions", "appArmorProfile", "windowsOptions"),
    **alike(_USER, "runAsUser", "runAsGroup"),
    "capabilities": Field(UNCONFINED, "give capabilities"),
    "readOnlyRootFilesystem": Field(UNCONFINED, "give scratch, a folder that may be written"),
}


def _variable(own: Own, name: str) -> Field | None:
    return Field(VARIABLE_TAKEN, "change it where it is set, or name another one") if name in own.variables else None


_ENV = Each(
    ("name",),
    {
        "name": OPEN,
        "value": said("env"),
        "valueFrom": {
            **alike(OPEN, "fieldRef", "resourceFieldRef", "configMapKeyRef", "fileKeyRef"),
            "secretKeyRef": said("refs"),
        },
    },
    said("env"),
    _variable,
)


def _folder(own: Own, path: str) -> Field | None:
    plain = paths.plain(path)
    taken = plain in own.folders or plain == "/" or ".." in path.split("/")
    return Field(FOLDER_TAKEN, "mount it in a folder of its own") if taken else None


_MOUNTS = Each(
    ("mountPath",),
    {
        **alike(OPEN, "name", "mountPath", "readOnly", "subPath", "subPathExpr", "recursiveReadOnly"),
        "mountPropagation": _UNCONFINED,
    },
    Field(FOLDER_TAKEN, "name the single mounts that you add"),
    _folder,
)
_PORTS = Each(
    ("containerPort", "protocol"),
    {
        **alike(OPEN, "containerPort", "protocol"),
        **alike(Field(UNCONFINED, "give ports: a port of the node is past every network policy"), "hostPort", "hostIP"),
        "name": said("ports"),
    },
    said("ports"),
)


def _stays_with(what: str) -> Field:
    instead = "give data, with quorum or replicas: one, or keep state outside, as a call"
    return Field(NODES_NARROWED, f"{instead}: {what} holds pods at its place")


CONTAINER: Fields = {
    **alike(OPEN, "name", "workingDir", "stdin", "stdinOnce", "tty", "resizePolicy"),
    **alike(OPEN, "terminationMessagePath", "terminationMessagePolicy"),
    **alike(
        Field(REPLICAS_BY_HAND, "leave it out: what ended is started again"), "restartPolicy", "restartPolicyRules"
    ),
    "image": said("image"),
    "imagePullPolicy": Field(IMAGE_NOT_PINNED, "leave it out: a registry that is away keeps no pod from moving"),
    "command": said("command"),
    "args": said("arguments"),
    "env": _ENV,
    "envFrom": said("variables"),
    "lifecycle": {
        **alike(OPEN, "postStart", "stopSignal"),
        "preStop": Field(BALANCER_STILL_SENDS, "give shutdown.prestop"),
    },
    "startupProbe": Field(PROBES_ALIKE, "give probes.startup"),
    "readinessProbe": Field(NO_READINESS, "give probes.readiness"),
    "livenessProbe": Field(PROBES_ALIKE, "give probes.liveness"),
    "ports": _PORTS,
    "resources": {"requests": said("resources"), "limits": said("resources.limits"), "claims": OPEN},
    "securityContext": _SECURITY,
    "volumeMounts": _MOUNTS,
    "volumeDevices": _stays_with("a device"),
}


def any_container(own: Own, name: str) -> Field | None:
    return own.containers.get(name, None if name == own.name else said("sidecars"))


def any_init(own: Own, name: str) -> Field | None:
    return own.containers.get(name, said("init"))


def _volume(own: Own, name: str) -> Field | None:
    return own.volumes.get(name)


_PROJECTED: Fields = {
    **alike(OPEN, "clusterTrustBundle", "downwardAPI", "podCertificate"),
    **alike(said("files"), "configMap", "secret"),
    "serviceAccountToken": _TOKEN,
}
VOLUMES = Each(
    ("name",),
    {
        **alike(OPEN, "name", "csi", "ephemeral", "downwardAPI"),
        **alike(said("files"), "configMap", "secret"),
        "emptyDir": said("scratch"),
        "image": Field(IMAGE_NOT_PINNED, "put what is in it into the image, or give files"),
        **alike(Field(UNCONFINED, "give a volume of csi: a restricted pod has neither"), "hostPath", "nfs", "iscsi"),
        "persistentVolumeClaim": _stays_with("a claim"),
        "projected": {"sources": Each((), _PROJECTED, said("files")), "defaultMode": OPEN},
    },
    said("scratch"),
    _volume,
)
_PATIENT = Field(REPLICAS_BY_HAND, "leave it out: as many run as the load needs")
SINGLE = Field(PAST_THE_PROXY, "name the single containers")
POD: Fields = {
    "containers": Each(("name",), CONTAINER, SINGLE, any_container),
    "initContainers": Each(("name",), CONTAINER, SINGLE, any_init),
    "ephemeralContainers": said("sidecars"),
    "volumes": VOLUMES,
    "securityContext": _POD_SECURITY,
    **alike(OPEN, "hostname", "hostnameOverride", "subdomain", "setHostnameAsFQDN", "hostUsers", "os"),
    **alike(OPEN, "readinessGates", "resourceClaims"),
    **alike(_UNCONFINED, "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"),
    **alike(_PATIENT, "activeDeadlineSeconds", "restartPolicy", "schedulingGates"),
    **alike(Field(NODES_NARROWED, "give nodes, survive and spot"), "affinity", "nodeName", "schedulerName"),
    "topologySpreadConstraints": Field(NODES_NARROWED, "give survive"),
    "nodeSelector": said("nodes.labels"),
    "tolerations": Field(TOLERATES_LOSS, "give nodes.tolerations"),
    "automountServiceAccountToken": _TOKEN,
    **alike(said("account"), "serviceAccount", "serviceAccountName"),
    "terminationGracePeriodSeconds": Field(WAY_OUT_TOO_LONG, "give shutdown"),
    "dnsConfig": said("dns"),
    "dnsPolicy": Field(NAME_UNREACHABLE, "leave it out: the proxy finds callees by the cluster's names"),
    "enableServiceLinks": Field(VARIABLE_TAKEN, "leave it out: a variable for each Service may hide one of yours"),
    "hostAliases": said("hosts"),
    "imagePullSecrets": said("platform.registry.secrets"),
    **alike(said("runtime"), "runtimeClassName", "overhead"),
    **alike(said("priority"), "priority", "priorityClassName", "preemptionPolicy"),
    "resources": said("resources"),
}
_TEMPLATE: Fields = {"metadata": metadata(*_OF_PODS), "spec": POD}
_SURGES = Field(ROLLOUT_BELOW_SIZE, "give rollout")
DEPLOYMENT: Fields = {
    "metadata": metadata(),
    "spec": {
        "replicas": Field(REPLICAS_BY_HAND, "give load.peak and load.replica"),
        "selector": SELECTS,
        **alike(_SURGES, "strategy", "paused"),
        "minReadySeconds": said("rollout.settle"),
        "progressDeadlineSeconds": said("rollout.progress"),
        "revisionHistoryLimit": said("rollout.history"),
        "template": _TEMPLATE,
    },
}
_TOGETHER = Field(ROLLOUT_BELOW_SIZE, "leave it out: members begin together, and are replaced one by one")
STATEFUL_SET: Fields = {
    "metadata": metadata(),
    "spec": {
        "replicas": Field(REPLICAS_BY_HAND, "give quorum"),
        "selector": SELECTS,
        "serviceName": Field(NAME_UNREACHABLE, "leave it out: members find each other by it"),
        **alike(_TOGETHER, "podManagementPolicy", "updateStrategy"),
        "ordinals": Field(MEMBERS_LEAVE, "leave it out: renumbered, all of them are replaced"),
        "minReadySeconds": said("rollout.settle"),
        "revisionHistoryLimit": said("rollout.history"),
        "volumeClaimTemplates": said("data"),
        "persistentVolumeClaimRetentionPolicy": said("data.keep"),
        "template": _TEMPLATE,
    },
}
OF_ACCOUNT: Fields = {
    "metadata": {**metadata(), "annotations": said("account.annotations")},
    "automountServiceAccountToken": _TOKEN,
    "imagePullSecrets": said("platform.registry.secrets"),
    "secrets": OPEN,
}
BUDGET: Fields = {
    "metadata": metadata(),
    "spec": {
        "selector": SELECTS,
        **alike(
            Field(BUDGET_BY_HAND, "give load, lose and survive"),
            *("minAvailable", "maxUnavailable", "unhealthyPodEvictionPolicy"),
        ),
    },
}
AUTOSCALER: Fields = {
    "metadata": metadata(),
    "spec": {
        "minReplicas": Field(REPLICAS_BY_HAND, "give load.peak and load.replica, or a schedule"),
        "maxReplicas": Field(CEILING_BEYOND_ENVELOPE, "give proven and ceiling"),
        "behavior": Field(STEP_TOO_LARGE, "give behavior"),
        "metrics": said("triggers"),
        "scaleTargetRef": Field(REPLICAS_BY_HAND, "leave it out"),
    },
}
NETWORK: Fields = {
    "metadata": metadata(),
    "spec": {
        "podSelector": SELECTS,
        "ingress": Field(CALLER_WITHOUT_CALL, "give callers"),
        **alike(Field(PAST_THE_PROXY, "give calls"), "egress", "policyTypes"),
    },
}
