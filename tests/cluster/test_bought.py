"""A stack that brings what buys nodes, by kubectl and by the engine: up, again, and down by whoever may override."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.conftest import karpenter_kinds
from tests.cluster.scaling.service import wait
from tests.cluster.shop import PROJECT, Shop, context_of

from flyball.deploy.engine import Engine
from flyball.kubectl import Kubectl
from flyball.kubernetes.governor import names
from flyball.kubernetes.pools import names as karpenter
from flyball.lab.cluster.control_plane import ControlPlane

pytestmark = [pytest.mark.cluster, pytest.mark.pulumi_cli]
PLATFORM = PROJECT / "stacks/Pulumi.prod-platform.yaml"
SERVICE = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "load": {"peak": 30, "replica": 20},
    "rollout": {"settle": "1s"},
}
POOL, CLASS = f"{karpenter.KINDS[0]}/{karpenter.SPOT}", f"{karpenter.KINDS[2]}/{karpenter.SPOT}"
CONTROLLER = ("get", "deployment", karpenter.ACCOUNT, f"--namespace={karpenter.NAMESPACE}", "--ignore-not-found")
AS_KARPENTER = (f"--as={names.KARPENTER}", "--as-group=system:serviceaccounts")
FINALIZER = "karpenter.sh/termination"


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The shared one, with Karpenter's own kinds for as long as these tests run."""
    given = [f"--filename={file}" for file in karpenter_kinds()]
    control_plane.kubectl.run("create", *given)
    try:
        control_plane.kubectl.established(*given)
        yield control_plane
    finally:
        control_plane.kubectl.run("delete", *given)


@pytest.fixture(params=["kubectl", "engine"])
def stack(request: pytest.FixtureRequest, plane: ControlPlane, tmp_path: Path) -> Shop:
    """A stack of one service on the platform of the shop, whose file lies beside its own."""
    name = f"bought-{request.param}"
    if request.param == "engine":
        engine: Engine = request.getfixturevalue("engine")
        assert engine.pulumi
    shutil.copy(PLATFORM, tmp_path)
    (tmp_path / "state").mkdir()
    found = Shop(tmp_path / f"Pulumi.{name}.yaml", name, with_cli=request.param == "engine")
    found.write(
        {
            "flyball:environment": "test",
            "flyball:owner": "shop",
            "flyball:namespace": name,
            "flyball:cluster": context_of(plane.kubectl),
            "flyball:platform": "prod-platform",
            "flyball:governor": {},
            "flyball:pools": True,
            "flyball:services": {"web": SERVICE},
        }
    )
    return found


def environment(stack: Shop, kubeconfig: Path) -> dict[str, str]:
    state = (stack.file.parent / "state").as_uri()
    return {
        "KUBECONFIG": str(kubeconfig),
        "PULUMI_BACKEND_URL": f"{state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def overriding(plane: ControlPlane, folder: Path) -> Path:
    """A kubeconfig of somebody on call, who has taken on the group of those who may override."""
    config: dict[str, Any] = yaml.safe_load(plane.kubeconfig.read_text())
    config["users"][0]["user"] |= {"as": "on-call", "as-groups": ["system:masters", names.OVERRIDE_GROUP]}
    file = folder / "on-call.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


class Machine:
    """A machine that Karpenter has bought, and Karpenter, which ends it when its pool is to go, and only then."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl
        self.saw: list[tuple[str, bool]] = []
        pool = kubectl.json("get", POOL)
        owner = {
            "apiVersion": f"{karpenter.GROUP}/{karpenter.VERSION}",
            "kind": "NodePool",
            "name": karpenter.SPOT,
            "uid": pool["metadata"]["uid"],
            "blockOwnerDeletion": True,
        }
        template = pool["spec"]["template"]["spec"]
        claim = {
            "apiVersion": f"{karpenter.GROUP}/{karpenter.VERSION}",
            "kind": "NodeClaim",
            "metadata": {
                "name": "spot-1",
                "labels": {"karpenter.sh/nodepool": karpenter.SPOT},
                "finalizers": [FINALIZER],
                "ownerReferences": [owner],
            },
            "spec": {key: template[key] for key in ("nodeClassRef", "requirements", "terminationGracePeriod")},
        }
        kubectl.run("create", "--filename=-", *AS_KARPENTER, stdin=json.dumps(claim))
        self._finalizers(POOL, FINALIZER)

    def _finalizers(self, what: str, *finalizers: str) -> None:
        patch = json.dumps({"metadata": {"finalizers": list(finalizers)}})
        self.kubectl.run("patch", what, "--type=merge", f"--patch={patch}", *AS_KARPENTER)

    def end_with_its_pool(self) -> None:
        """What the finalizers of Karpenter do; `saw` is what went, and whether the controller was still there."""
        wait(lambda: self._leaves(POOL), "the pool to go")
        self.saw.append((POOL, self._controlled()))
        claim = f"{karpenter.KINDS[1]}/spot-1"
        self.kubectl.run("delete", claim, "--wait=false", *AS_KARPENTER)
        wait(lambda: self._leaves(claim), "the machine to go")
        self.saw.append((claim, self._controlled()))
        self._finalizers(claim)
        self._finalizers(POOL)

    def _leaves(self, what: str) -> bool:
        found = self.kubectl.run("get", what, "--ignore-not-found", "--output=json")
        return bool(found.strip()) and "deletionTimestamp" in json.loads(found)["metadata"]

    def _controlled(self) -> bool:
        return bool(self.kubectl.run(*CONTROLLER).strip())


def test_comes_stays_and_goes_by_whoever_may_override(stack: Shop, plane: ControlPlane, tmp_path: Path) -> None:
    kubectl, plain = plane.kubectl, environment(stack, plane.kubeconfig)
    on_call = environment(stack, overriding(plane, tmp_path))
    try:
        stack.run("up", env=plain)
        assert kubectl.json(*CONTROLLER)["status"]["readyReplicas"] == 2
        assert kubectl.json("get", POOL)["spec"]["limits"] == {"cpu": "96", "memory": "384Gi"}

        again = stack.run("up", env=plain)
        if stack.with_cli:
            assert re.search(r"\d+ unchanged", again)
            assert not re.search(r"\d+ (created|updated|deleted|replaced)", again)
        else:
            assert "0 changed (0 created, 0 changed, " in again

        machine = Machine(kubectl)
        said = stack.run("down", code=1, env=plain)
        assert f"{POOL}, {CLASS} and all their machines go with this stack, which takes the right to override" in said
        assert kubectl.run("get", POOL, CLASS, f"{karpenter.KINDS[1]}/spot-1", "--output=name").count("spot") == 3
        assert kubectl.run("get", "validatingadmissionpolicies", "flyball-pools", "--output=name")
        assert kubectl.run("get", "deployment", "web", f"--namespace={stack.name}", "--output=name")

        ends = threading.Thread(target=machine.end_with_its_pool)
        ends.start()
        printed = stack.run("down", env=on_call)
        ends.join()
        assert machine.saw == [(POOL, True), (f"{karpenter.KINDS[1]}/spot-1", True)]
        assert f"removed {POOL}" in printed
        left = kubectl.run("get", ",".join(karpenter.KINDS), "--output=name")
        assert (left, kubectl.run(*CONTROLLER)) == ("", "")
        assert kubectl.run("get", "validatingadmissionpolicies,mutatingadmissionpolicies", "--output=name") == ""
        assert kubectl.run("get", "namespace", stack.name, "--ignore-not-found") == ""
    finally:
        for what in (f"{karpenter.KINDS[1]}/spot-1", POOL):
            if kubectl.run("get", what, "--ignore-not-found").strip():
                patch = '--patch={"metadata": {"finalizers": null}}'
                kubectl.run("patch", what, "--type=merge", patch, *AS_KARPENTER)
        if kubectl.run("get", "namespace", stack.name, "--ignore-not-found"):
            stack.run("down", env=on_call)
