"""kubeconform with the schemas of the pinned Kubernetes version, for real."""

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from flyball.lab.cluster import schemas

pytestmark = pytest.mark.checkers

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": "25%"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "example.org/main:1",
                        "resources": {"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": 0.5}},
                        "livenessProbe": {"httpGet": {"port": "http"}},
                    }
                ]
            },
        },
    },
}


def check(kubeconform: Path, *objects: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Kind, verdict and message for each of the objects."""
    result = subprocess.run(
        [kubeconform, "-strict", "-verbose", "-output=json", f"-schema-location={schemas.location()}", "-n=1"],
        input="---\n".join(json.dumps(item) + "\n" for item in objects),
        capture_output=True,
        text=True,
        check=False,
    )
    return [(found["kind"], found["status"], found["msg"]) for found in json.loads(result.stdout)["resources"]]


def test_a_good_object_is_valid(kubeconform: Path) -> None:
    assert check(kubeconform, DEPLOYMENT) == [("Deployment", "statusValid", "")]


def test_a_misspelled_field_deep_inside_is_found(kubeconform: Path) -> None:
    wrong = deepcopy(DEPLOYMENT)
    wrong["spec"]["template"]["spec"]["containers"][0]["imag"] = "x"

    ((kind, status, message),) = check(kubeconform, wrong)

    assert (kind, status) == ("Deployment", "statusInvalid")
    assert message.endswith("at '/spec/template/spec/containers/0': additional properties 'imag' not allowed")


def test_a_value_of_the_wrong_type_is_found(kubeconform: Path) -> None:
    wrong = deepcopy(DEPLOYMENT)
    wrong["spec"]["replicas"] = "3"

    ((kind, status, message),) = check(kubeconform, wrong)

    assert (kind, status) == ("Deployment", "statusInvalid")
    assert message.endswith("at '/spec/replicas': got string, want integer")


def test_a_kind_that_this_version_lacks_is_an_error(kubeconform: Path) -> None:
    gone = {"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"name": "old"}}

    ((kind, status, message),) = check(kubeconform, gone)

    assert (kind, status) == ("PodSecurityPolicy", "statusError")
    assert "could not find schema for PodSecurityPolicy" in message
