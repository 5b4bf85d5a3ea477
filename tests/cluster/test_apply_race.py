"""An autoscaler that is quicker than the apply which hands its field over to it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from tests.kubernetes.programs import arguments, registered

from flyball.deploy.apply import CREATION_MANAGER, ApplySet
from flyball.deploy.manifests import rendered
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes import Workload

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Raced(Kubectl):
    """Runs a command of somebody else's before the first one of the second manager's."""

    before: Sequence[str] = ()
    ran: list[str] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        if f"--field-manager={CREATION_MANAGER}" in arguments and not self.ran:
            self.ran.append(super().run(*self.before))
        return super().run(*arguments, stdin=stdin, timeout=timeout, accept=accept)


def applied(kubectl: Kubectl, namespace: str, before: Sequence[str]) -> dict[str, str]:
    """The Deployment's replicas and who owns them, after an apply in which `before` came in between."""
    raced = Raced(kubectl.program, kubectl.kubeconfig, before=before)
    objects = rendered(registered(lambda: Workload("web", arguments(namespace=namespace)))).objects
    ApplySet(raced, namespace).apply(objects)
    assert len(raced.ran) == 1
    found = kubectl.json("get", "deployment", "web", f"--namespace={namespace}", "--show-managed-fields")
    owners = [
        f["manager"]
        for f in found["metadata"]["managedFields"]
        if '"f:replicas"' in json.dumps(f["fieldsV1"].get("f:spec"))
    ]
    return {"replicas": found["spec"]["replicas"], "owners": ", ".join(owners)}


def test_its_value_stays_and_is_its_own(kubectl: Kubectl, namespace: str) -> None:
    scale = ("scale", "deployment", "web", "--replicas=11", f"--namespace={namespace}")

    assert applied(kubectl, namespace, scale) == {"replicas": 11, "owners": "kubectl"}


def test_another_error_is_not_taken_for_it(kubectl: Kubectl, namespace: str) -> None:
    with pytest.raises(KubectlError, match=r"spec\.selector: Required value"):
        applied(kubectl, namespace, ("delete", "deployment", "web", f"--namespace={namespace}", "--wait=true"))
