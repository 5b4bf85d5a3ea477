"""A canary on a real control plane: a bad release stops itself, a good one goes through.

What Prometheus would say of the new version's requests is played.
"""

from pathlib import Path

import pytest
from tests.cluster.conftest import Figures
from tests.cluster.test_others import WEB, Cluster, by_kubectl

from flyball.lab.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster


def test_a_bad_release_stops_itself_and_a_good_one_goes_through(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, figures: Figures
) -> None:
    on: Cluster = by_kubectl(control_plane, tmp_path)
    stack = on.stack(f"{namespace}-c", "shop", namespace, "web", shared=True)

    def describe(image: str) -> None:
        canary = {"steps": [50], "pause": "10s", "abort": {"errors": "2%"}, "prometheus": figures.url}
        web = {
            **WEB,
            "image": image,
            "load": {"peak": 30, "replica": 20},
            "rollout": {"settle": "1s", "canary": canary},
        }
        stack.write(stack.config() | {"flyball:services": {"web": web}})

    def deployed() -> dict[str, tuple[str, int]]:
        found = on.kubectl.json("get", "deployments", f"--namespace={namespace}")["items"]
        return {
            item["metadata"]["name"]: (
                item["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2],
                item["spec"]["replicas"],
            )
            for item in found
        }

    try:
        describe("registry.example/web:1")
        on.run(stack, "up")
        assert figures.asked == set()  # there is nothing beside which it could be one
        (_, stable), old = deployed()["web"], deployed()
        assert old == {"web": ("1", stable), "web-canary": ("1", 0)}

        describe("registry.example/web:2")
        steps = f"web: beside {stable} come first of the new version {stable} (50.0 %) of the requests, each for 10s"
        assert steps in on.run(stack, "up", "--preview")
        assert deployed() == old
        figures.share = 0.05
        said = on.run(stack, "up", code=1)
        assert f"web: {stable} of the new version beside {stable}, 50.0 % of the requests" in said
        assert "5.0 % of 1000 requests failed (50), more than 2 %. The release is stopped" in said
        assert deployed() == {"web": ("1", stable), "web-canary": ("2", 0)}

        figures.share = 0.01
        on.run(stack, "up")
        assert deployed() == {"web": ("2", stable), "web-canary": ("2", 0)}
        assert figures.asked == {
            "sum(increase(haproxy_frontend_http_requests_total",
            "sum(increase(haproxy_frontend_http_responses_total",
        }
        assert "0 changed" in on.run(stack, "up")
    finally:
        on.run(stack, "down")
