"""A canary by the weights of a route, on a real control plane with the real kind of the Gateway API.

What Prometheus would say of the new version's requests is played; nobody sends by the weights.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.cluster.conftest import Figures
from tests.cluster.scaling.service import wait
from tests.cluster.shop import kill_session
from tests.cluster.test_others import WEB, by_kubectl

from flyball.kubectl import Kubectl
from flyball.kubernetes.workload.way_in import ROUTES
from flyball.lab.cluster import toolchain
from flyball.lab.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster
_WEIGHTS = "jsonpath={.spec.rules[0].backendRefs[*].weight}{'\\n'}"


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """The control plane, with the kind of routes."""
    source = toolchain.source(toolchain.tools_dir() / "gateway", "sigs.k8s.io/gateway-api")
    file = source / "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"
    control_plane.kubectl.run("apply", "--server-side", f"--filename={file}")
    control_plane.kubectl.established(f"crd/{ROUTES}")
    return control_plane.kubectl


@contextmanager
def watched(kubectl: Kubectl, namespace: str) -> Iterator[list[str]]:
    """The weights that the route has had, one after the other, as the server tells of each change."""
    found: list[str] = []
    command = kubectl.command("get", ROUTES, "web", f"--namespace={namespace}", "--watch", f"--output={_WEIGHTS}")
    with subprocess.Popen(command, env=kubectl.environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = process.stdout
        reader = Thread(target=lambda: found.extend(line.strip() for line in lines))
        reader.start()
        try:
            wait(lambda: found, "the weights as they are")
            yield found
        finally:
            process.terminate()
            reader.join()


def test_weights_go_through_the_steps_and_back_and_an_up_beside_another_moves_none(
    kubectl: Kubectl, control_plane: ControlPlane, namespace: str, tmp_path: Path, figures: Figures
) -> None:
    on = by_kubectl(control_plane, tmp_path)
    stack = on.stack(f"{namespace}-r", "shop", namespace, "web", shared=True)
    platform = {"way": {"gateway": "front", "namespace": "edge"}}

    def describe(image: str, pause: str = "10s") -> None:
        abort = {"errors": "2%", "requests": 10}
        canary = {"steps": [5, 25], "by": "route", "pause": pause, "abort": abort, "prometheus": figures.url}
        expose = {"host": "shop.example.com"}
        web = {**WEB, "image": image, "expose": expose, "rollout": {"settle": "1s", "canary": canary}}
        stack.write(stack.config() | {"flyball:platform": platform, "flyball:services": {"web": web}})

    def get(kind: str, name: str = "web") -> Any:
        return kubectl.json("get", kind, name, f"--namespace={namespace}")

    def weights() -> dict[str, int]:
        return {each["name"]: each["weight"] for each in get(ROUTES)["spec"]["rules"][0]["backendRefs"]}

    try:
        describe("registry.example/web:1")
        on.run(stack, "up")
        assert weights() == {"web": 100, "web-canary": 0}
        parts = [get("service", name)["spec"]["selector"]["flyball.dev/part"] for name in ("web", "web-canary")]
        assert parts == ["base", "canary"]

        describe("registry.example/web:2")
        with watched(kubectl, namespace) as had:
            figures.share = 0.05
            said = on.run(stack, "up", code=1)
            assert "web: 2 of the new version beside 3, 5.0 % of what comes from outside" in said
            assert "5.0 % of 1000 requests failed (50), more than 2 %. The release is stopped: it is gone" in said
            figures.share = 0.01
            on.run(stack, "up")
            wait(lambda: had[-1] == "100 0", "the last of the weights")
        steps = [each for each, _ in groupby(had)]
        assert steps == ["100 0", "95 5", "100 0", "95 5", "75 25", "100 0"]
        assert get("deployment")["spec"]["template"]["spec"]["containers"][0]["image"].endswith("web:2")
        assert get("deployment", "web-canary")["spec"]["replicas"] == 0
        assert "0 changed" in on.run(stack, "up")

        describe("registry.example/web:3", "10m")
        going = stack.start("up", env=on.env)
        try:
            wait(lambda: weights() == {"web": 95, "web-canary": 5}, "the first step")
            describe("registry.example/web:2")
            assert "web.rollout.canary: another `up` goes through the steps of web" in on.run(stack, "up", code=1)
            assert weights() == {"web": 95, "web-canary": 5}
        finally:
            kill_session(going)
        on.run(stack, "up")
        assert weights() == {"web": 100, "web-canary": 0}
        assert get("deployment", "web-canary")["spec"]["replicas"] == 0
    finally:
        on.run(stack, "down")
    assert kubectl.find(ROUTES, "web", f"--namespace={namespace}") is None
