"""A stack with a Governor whose services change while they run: from each state to each other."""

from pathlib import Path
from typing import Any

import pytest
from tests.cluster.scaling import changes
from tests.cluster.scaling.service import wait
from tests.cluster.shop import Shop, context_of

from flyball.deploy import up as local
from flyball.kubectl import Kubectl, KubectlError
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.stack import target

pytestmark = pytest.mark.cluster


@pytest.fixture
def stack(scaled_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A stack of no service yet, which brings its Governor, without Pulumi's engine."""
    monkeypatch.setenv("KUBECONFIG", str(scaled_plane.kubeconfig))
    monkeypatch.setenv("FLYBALL_ENGINE", "off")
    return Shop(tmp_path / "Pulumi.changes.yaml", "changes")


def config(plane: ControlPlane, services: changes.Services) -> dict[str, Any]:
    return {
        "flyball:environment": "test",
        "flyball:owner": "shop",
        "flyball:namespace": changes.NAMESPACE,
        "flyball:cluster": context_of(plane.kubectl),
        "flyball:zones": ["local-a", "local-b", "local-c"],
        "flyball:governor": {},
        "flyball:services": services,
    }


def in_force(kubectl: Kubectl) -> bool:
    """Whether the policies refuse already what they should."""
    try:
        kubectl.run("scale", "deployment/always", "--replicas=0", f"-n={changes.NAMESPACE}", "--dry-run=server")
    except KubectlError:
        return True
    return False


def test_every_change_of_a_service_is_applied_while_it_runs(scaled_plane: ControlPlane, stack: Shop) -> None:
    """Never with fewer replicas than the lower of both peaks needs, and then nothing is left to change."""
    kubectl = scaled_plane.kubectl
    needed: dict[str, int] = {}
    with changes.watched(kubectl) as watch:
        for states in changes.rounds():
            stack.write(config(scaled_plane, changes.services(states)))
            watch.begin()
            outcome = local.up(target.find(str(stack.file)), print, lambda done, total: None)
            fewest, before = watch.end(), needed
            needed = {name.removesuffix("new"): one.sizing.need for name, one in outcome.services.items()}
            wanted = {name: min(needed[name], before[name]) for name in needed.keys() & before.keys()}
            assert {name: fewest[name] for name in wanted if fewest[name] < wanted[name]} == {}, states
            wait(lambda: in_force(kubectl), "the policies")
            changes.grow(kubectl, outcome.services.values())
    assert local.preview(target.find(str(stack.file)), print) == ""
    moved = {"flyball:namespace": "moved", "flyball:services": {"always": changes.PLAIN}}
    stack.write(config(scaled_plane, {}) | moved)
    outcome = local.up(target.find(str(stack.file)), print, lambda done, total: None)
    assert outcome.result is not None
    assert f"namespace/{changes.NAMESPACE}" in outcome.result.pruned
