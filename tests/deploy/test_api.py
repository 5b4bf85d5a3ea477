"""Which kinds a cluster knows, by what its API server answers about their groups."""

import json
from pathlib import Path
from typing import Any

from flyball.deploy import api
from flyball.kubectl import Kubectl
from flyball.kubectl_proxy import Answer

GROUP = "karpenter.sh"


class Cluster(Kubectl):
    """Answers to paths as an API server does, and to kubectl with the kind that only that gives."""

    def __init__(self, pages: dict[str, Any], status: int = 404) -> None:
        super().__init__(Path("kubectl"), None)
        self.__dict__.update(pages=pages, status=status, ran=[])

    def by_proxy(self, path: str, timeout: float) -> Answer:
        page = self.__dict__["pages"].get(path)
        return Answer(self.__dict__["status"], "404 page not found") if page is None else Answer(200, json.dumps(page))

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        self.__dict__["ran"].append(arguments)
        return "kubectls.karpenter.sh\n"


def group(*versions: str) -> dict[str, Any]:
    return {"name": GROUP, "versions": [{"groupVersion": f"{GROUP}/{each}"} for each in versions]}


def resources(*names: str) -> dict[str, Any]:
    return {"resources": [{"name": name} for name in names]}


def test_kinds_of_all_versions_of_a_group_without_their_subresources() -> None:
    cluster = Cluster(
        {
            f"/apis/{GROUP}": group("v1", "v1alpha1"),
            f"/apis/{GROUP}/v1": resources("nodepools", "nodepools/status", "nodeclaims"),
            f"/apis/{GROUP}/v1alpha1": resources("nodepools", "nodeoverlays"),
        }
    )
    kinds = {"nodepools.karpenter.sh", "nodeclaims.karpenter.sh", "nodeoverlays.karpenter.sh"}
    assert api.kinds(cluster, GROUP, "karpenter.k8s.aws") == kinds
    assert cluster.__dict__["ran"] == []


def test_what_the_api_server_does_not_say_is_kubectls_to_find_out() -> None:
    """Such as where a server of that group does not answer, or who asks may not look."""
    asked = ("api-resources", "--api-group=karpenter.sh", "--output=name")
    for cluster in (
        Cluster({}, status=403),
        Cluster({f"/apis/{GROUP}": group("v1", "v2"), f"/apis/{GROUP}/v1": resources("nodepools")}, status=503),
    ):
        assert api.kinds(cluster, GROUP) == {"kubectls.karpenter.sh"}
        assert cluster.__dict__["ran"] == [asked]
