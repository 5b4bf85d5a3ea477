"""A service that survives a zone, after its load rose and fell: uneven by the scale-down, even by the descheduler."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.conftest import built
from tests.cluster.scaling.service import Service, wait

from flyball import wellknown
from flyball.kubectl import Kubectl
from flyball.kubernetes.governor import balance, names
from flyball.lab.cluster.nodes import ZONES

pytestmark = pytest.mark.cluster

NEED, FLOOR, CEILING = 10, 15, 45
ONE_NODE = f"{ZONES[0]}-on-demand-2"
"""Without it the first zone has one node, and the others two."""


@pytest.fixture(scope="module")
def descheduler() -> Path:
    return built("descheduler")["descheduler"]


@pytest.fixture
def uneven(kubectl: Kubectl, namespace: str) -> Iterator[Service]:
    """A service of 45 that was scaled down to its floor, where one zone has fewer nodes than the others."""
    kubectl.run("cordon", ONE_NODE)
    try:
        service = Service(kubectl, namespace)
        load = {"peak": 400, "replica": 50}
        service.apply(load=load, survive="zone", zones=list(ZONES), proven=30)
        for replicas in (FLOOR, CEILING, FLOOR):
            kubectl.run("scale", "deployment/web", f"--replicas={replicas}", f"--namespace={namespace}")
            wait(lambda replicas=replicas: sum(zones(service)) == replicas, f"{replicas} ready")
        yield service
    finally:
        kubectl.run("uncordon", ONE_NODE)


@pytest.fixture
def as_the_descheduler(kubectl: Kubectl, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig with its rights, which lie in the namespace of the Governor."""
    kubectl.run("create", "namespace", names.SYSTEM_NAMESPACE)
    granted = [each for each in balance.manifests() if each["kind"] != "CronJob"]
    stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": granted})
    try:
        kubectl.run("create", "--filename=-", stdin=stdin)
        token = kubectl.run("create", "token", balance.NAME, f"--namespace={names.SYSTEM_NAMESPACE}").strip()
        config = kubectl.json("config", "view", "--flatten", "--raw")
        [context] = config["contexts"]
        config["users"] = [{"name": context["context"]["user"], "user": {"token": token}}]
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        yield tmp_path / "kubeconfig"
    finally:
        kubectl.run("delete", "--filename=-", "--ignore-not-found", stdin=stdin)
        kubectl.run("delete", "namespace", names.SYSTEM_NAMESPACE)


def zones(service: Service) -> list[int]:
    """Ready pods of each zone, the fullest last; none while some pod is on its way."""
    nodes = service.kubectl.json("get", "nodes")["items"]
    zone = {node["metadata"]["name"]: node["metadata"]["labels"][wellknown.ZONE] for node in nodes}
    pods = service.kubectl.json("get", "pods", f"--namespace={service.namespace}")["items"]
    if any("deletionTimestamp" in pod["metadata"] or pod["status"]["phase"] != "Running" for pod in pods):
        return []
    return sorted(Counter(zone[pod["spec"]["nodeName"]] for pod in pods).values())


def survivors(service: Service) -> int:
    """Those left when the fullest zone is lost."""
    return sum(zones(service)[:-1])


def test_what_a_scale_down_left_uneven_is_even_again(
    uneven: Service, descheduler: Path, as_the_descheduler: Path, tmp_path: Path
) -> None:
    """Without: fewer than the peak needs would survive, and nothing changes that. With: exactly as many, or more."""
    assert sum(zones(uneven)) == FLOOR
    assert survivors(uneven) < NEED
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(balance.policy()))
    flags = ("--descheduling-interval=0", "--secure-port=0", f"--client-connection-kubeconfig={as_the_descheduler}")
    command = [str(descheduler), f"--policy-config-file={policy}", *flags]

    def is_even() -> bool:
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        assert "forbidden" not in done.stderr, done.stderr
        wait(lambda: sum(zones(uneven)) == FLOOR, "the pods that were evicted")
        return zones(uneven) == [5, 5, 5]

    wait(is_even, "an even spread")
    assert survivors(uneven) == NEED
