"""Objects that are made as manifests, as resources of Pulumi's."""

from collections.abc import Mapping
from typing import Final

import pulumi
import pulumi_kubernetes as k8s

from flyball.kubernetes.known import PLAIN, Making
from flyball.kubernetes.objects import Manifest

_admission, _rights = k8s.admissionregistration.v1, k8s.rbac.v1
_CLASSES: Final[dict[str, type[pulumi.CustomResource]]] = {
    "ClusterRole": _rights.ClusterRole,
    "ClusterRoleBinding": _rights.ClusterRoleBinding,
    "ConfigMap": k8s.core.v1.ConfigMap,
    "CronJob": k8s.batch.v1.CronJob,
    "DaemonSet": k8s.apps.v1.DaemonSet,
    "Deployment": k8s.apps.v1.Deployment,
    "MutatingAdmissionPolicy": _admission.MutatingAdmissionPolicy,
    "MutatingAdmissionPolicyBinding": _admission.MutatingAdmissionPolicyBinding,
    "Namespace": k8s.core.v1.Namespace,
    "NetworkPolicy": k8s.networking.v1.NetworkPolicy,
    "PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
    "PriorityClass": k8s.scheduling.v1.PriorityClass,
    "Role": _rights.Role,
    "RoleBinding": _rights.RoleBinding,
    "ServiceAccount": k8s.core.v1.ServiceAccount,
    "ValidatingAdmissionPolicy": _admission.ValidatingAdmissionPolicy,
    "ValidatingAdmissionPolicyBinding": _admission.ValidatingAdmissionPolicyBinding,
}
"""By kind, which says the API too; others are of kinds that a cluster has of its own."""


def registered(
    name: str,
    manifest: Manifest,
    opts: pulumi.ResourceOptions,
    labels: Mapping[str, str] | None = None,
    make: Making = PLAIN,
) -> pulumi.CustomResource:
    """Register a manifest as a resource called `name`, with more `labels` on the object."""
    metadata = manifest["metadata"]
    found = {**manifest, "metadata": {**metadata, "labels": {**metadata["labels"], **labels}}} if labels else manifest
    kind = _CLASSES.get(manifest["kind"])
    if kind is None:
        return make(k8s.apiextensions.CustomResource, name, found, opts)
    return make(kind, name, {key: value for key, value in found.items() if key not in ("apiVersion", "kind")}, opts)
