"""What a patch may touch of the objects of a job: as of a service's (`patch_fields`), but that a run is one pod, that
it ends, and that nobody calls it.
"""

from collections.abc import Mapping
from dataclasses import replace

from flyball.guards.fail_fast.rules import UNCONFINED
from flyball.guards.headroom.rules import NODES_NARROWED, REPLICAS_BY_HAND
from flyball.guards.interruptions.rules import START_WINDOW, TOLERATES_LOSS, WAY_OUT_TOO_LONG
from flyball.guards.timeouts.rules import (
    ATTEMPTS_BEYOND_DEADLINE,
    CALLER_WITHOUT_CALL,
    PAST_THE_PROXY,
    RUN_BEYOND_INTERVAL,
)
from flyball.guards.workload.patch_fields import (
    CONTAINER,
    KEEPS_NODE,
    OF_ACCOUNT,
    POD,
    SELECTS,
    SINGLE,
    VOLUMES,
    any_container,
    any_init,
    metadata,
)
from flyball.guards.workload.patch_nodes import OPEN, Each, Field, Fields, alike, said

_CALLED = Field(CALLER_WITHOUT_CALL, "leave it out: nobody calls a job")
_OF_PODS = (*KEEPS_NODE, ("prometheus.io/", _CALLED))
_AGAIN = Field(ATTEMPTS_BEYOND_DEADLINE, "give retries: an attempt is a pod of its own")
_ASKED = Field(ATTEMPTS_BEYOND_DEADLINE, "give attempt: a probe that fails ends one, too")
_PORTS = Each(
    ("containerPort", "protocol"),
    {
        **alike(OPEN, "containerPort", "protocol", "name"),
        **alike(
            Field(UNCONFINED, "leave it out: a port of the node is past every network policy"), "hostPort", "hostIP"
        ),
    },
    Field(UNCONFINED, "name the single ports that you add"),
)


def _stays_with(what: str) -> Field:
    return Field(NODES_NARROWED, f"keep state outside, as a call: {what} holds pods at its place")


_CONTAINER: Fields = {
    **CONTAINER,
    **alike(_AGAIN, "restartPolicy", "restartPolicyRules"),
    "lifecycle": {
        **alike(OPEN, "postStart", "stopSignal"),
        "preStop": Field(WAY_OUT_TOO_LONG, "end at the signal, within stop"),
    },
    **alike(_ASKED, "startupProbe", "readinessProbe", "livenessProbe"),
    "ports": _PORTS,
    "volumeDevices": _stays_with("a device"),
}
_POD: Fields = {
    **POD,
    "containers": Each(("name",), _CONTAINER, SINGLE, any_container),
    "initContainers": Each(("name",), _CONTAINER, SINGLE, any_init),
    "volumes": replace(VOLUMES, item={**VOLUMES.item, "persistentVolumeClaim": _stays_with("a claim")}),
    "activeDeadlineSeconds": Field(ATTEMPTS_BEYOND_DEADLINE, "give attempt"),
    "restartPolicy": _AGAIN,
    "schedulingGates": Field(ATTEMPTS_BEYOND_DEADLINE, "leave it out: the deadline runs while it waits"),
    **alike(Field(NODES_NARROWED, "give nodes and spot"), "affinity", "nodeName", "schedulerName"),
    "topologySpreadConstraints": Field(NODES_NARROWED, "leave it out: a run is one pod"),
    "terminationGracePeriodSeconds": Field(WAY_OUT_TOO_LONG, "give stop"),
}
_ONE_POD = Field(REPLICAS_BY_HAND, "leave it out: a run is one pod; what is done side by side are several jobs")
_WAITS = Field(START_WINDOW, "take it out of the file, or freeze")
_RUN: Fields = {
    "activeDeadlineSeconds": Field(ATTEMPTS_BEYOND_DEADLINE, "give deadline"),
    **alike(Field(ATTEMPTS_BEYOND_DEADLINE, "give retries"), "backoffLimit", "backoffLimitPerIndex"),
    **alike(_ONE_POD, "parallelism", "completions", "completionMode", "maxFailedIndexes", "successPolicy"),
    "podFailurePolicy": Field(TOLERATES_LOSS, "leave it out: an eviction costs no attempt"),
    "podReplacementPolicy": Field(RUN_BEYOND_INTERVAL, "leave it out: never two pods of a run at once"),
    "ttlSecondsAfterFinished": said("ttl"),
    "suspend": _WAITS,
    "managedBy": Field(START_WINDOW, "leave it out: nobody else knows when it failed"),
    **alike(SELECTS, "selector", "manualSelector"),
    "template": {"metadata": metadata(*_OF_PODS), "spec": _POD},
}
_JOB: Fields = {"metadata": metadata(), "spec": _RUN}
_CRON_JOB: Fields = {
    "metadata": metadata(),
    "spec": {
        "schedule": said("schedule"),
        "timeZone": said("timezone"),
        "concurrencyPolicy": Field(RUN_BEYOND_INTERVAL, "give concurrency"),
        "startingDeadlineSeconds": Field(START_WINDOW, "give start"),
        **alike(said("history"), "successfulJobsHistoryLimit", "failedJobsHistoryLimit"),
        "suspend": _WAITS,
        "jobTemplate": {"metadata": metadata(), "spec": _RUN},
    },
}
_NETWORK: Fields = {
    "metadata": metadata(),
    "spec": {
        "podSelector": SELECTS,
        "ingress": _CALLED,
        **alike(Field(PAST_THE_PROXY, "give calls"), "egress", "policyTypes"),
    },
}
JOB_KINDS: Mapping[str, Fields] = {
    "job": _JOB,
    "cronjob": _CRON_JOB,
    "account": OF_ACCOUNT,
    "network": _NETWORK,
}
"""By the word for the object."""
_KEPT = Field(START_WINDOW, "leave it out: what is gone would run again; it stays until the next one has succeeded")
MIGRATION_KINDS: Mapping[str, Fields] = {
    "job": {**_JOB, "spec": {**_RUN, "ttlSecondsAfterFinished": _KEPT}},
    "network": _NETWORK,
}
"""The same of a migration, whose account is its service's."""
