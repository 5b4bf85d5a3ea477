"""What `down` says that it removed, of a stack in a cluster that is not flyball's."""

import pytest

from flyball.deploy.apply import ApplySet
from flyball.deploy.manifests import Object
from flyball.kubectl import Kubectl

pytestmark = pytest.mark.cluster


def config_map(namespace: str) -> Object:
    return Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}}, ())


def service_account(namespace: str) -> Object:
    return Object({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "b", "namespace": namespace}}, ())


def test_it_names_what_was_there(kubectl: Kubectl, namespace: str) -> None:
    members = ApplySet(kubectl, namespace)
    members.apply([config_map(namespace), service_account(namespace)])
    assert members.delete() == ["configmap/a", "serviceaccount/b"]


def test_what_somebody_else_removed_is_not_named(kubectl: Kubectl, namespace: str) -> None:
    members = ApplySet(kubectl, namespace)
    members.apply([config_map(namespace), service_account(namespace)])
    kubectl.run("delete", "serviceaccount", "b", f"--namespace={namespace}")
    assert members.delete() == ["configmap/a"]


def test_without_anything_it_names_nothing(kubectl: Kubectl, namespace: str) -> None:
    members = ApplySet(kubectl, namespace)
    members.apply([config_map(namespace)])
    kubectl.run("delete", "configmap", "a", f"--namespace={namespace}")
    assert members.delete() == []
    assert members.delete() == []
