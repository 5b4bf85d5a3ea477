"""A real control plane for each test process, ended with it."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.cluster.engine_world import World
from tests.cluster.governor.api import Api
from tests.measure.played import Answer, data, played

from flyball import paths
from flyball.deploy import engine as engines
from flyball.deploy.engine import Engine
from flyball.kubectl import Kubectl
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster import toolchain
from flyball.lab.cluster.control_plane import ControlPlane

_NAME = f"test-{os.getpid()}"  # so that several runs, and xdist's workers, don't meet


def built(*names: str) -> dict[str, Path]:
    """The programs, built if need be; without Go the test is skipped, in CI it fails."""
    try:
        return toolchain.ensure(names, print)
    except toolchain.GoMissingError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"cannot build {', '.join(names)}: {error}")


def karpenter_kinds() -> list[Path]:
    """The files that describe Karpenter's own kinds of objects, from its pinned modules."""
    tools = toolchain.tools_dir()
    core = toolchain.source(tools / "karpenter", "sigs.k8s.io/karpenter") / "pkg/apis/crds"
    aws = toolchain.source(tools / "karpenter_aws", "github.com/aws/karpenter-provider-aws") / "pkg/apis/crds"
    kinds = [core / f"karpenter.sh_{kind}.yaml" for kind in ("nodepools", "nodeclaims")]
    return [*kinds, aws / "karpenter.k8s.aws_ec2nodeclasses.yaml"]


@pytest.fixture(scope="session")
def kubeconform() -> Path:
    """The checker of manifests."""
    return built("kubeconform")["kubeconform"]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Pulumi's engine, built if need be."""
    return engines.find() or engines.build(print)


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Pulumi's engine on the shared control plane, with a state of the module's own."""
    folder = tmp_path_factory.mktemp("engine")
    (folder / "state").mkdir()
    return World(engine, control_plane, folder)


@pytest.fixture(scope="session")
def programs() -> None:
    """The programs of a control plane, for tests that start one of their own."""
    built(*planes.PROGRAMS)


@pytest.fixture(scope="session")
def control_plane(at_group_end: ExitStack) -> ControlPlane:
    """A control plane with the default nodes, for all tests that use it: they keep to namespaces of their own."""
    built(*planes.PROGRAMS)
    _end_leftovers()
    at_group_end.callback(planes.stop, _NAME)
    return planes.start(_NAME, report=print)


@pytest.fixture
def another_name(control_plane: ControlPlane) -> Iterator[str]:
    """The name of a further control plane, which the test may start; it is ended after the test."""
    name = f"{control_plane.name}-{uuid.uuid4().hex[:8]}"
    yield name
    planes.stop(name)


@pytest.fixture
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """kubectl on that control plane: ``kubectl.json("get", "pods")`` gives the parsed answer, ``run`` the text."""
    return control_plane.kubectl


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Api:
    """The API of that control plane, for what each test needs: a kubectl takes a tenth of a second of a processor."""
    return Api(control_plane.kubeconfig)


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A namespace of the test's own, without any label."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    api.post("/api/v1/namespaces", {"metadata": {"name": name}}).expect()
    yield name
    api.delete(f"/api/v1/namespaces/{name}").expect()


def _end_leftovers() -> None:
    """End the control planes of test runs that were killed."""
    for folder in paths.clusters_dir().glob("test-*"):
        process = folder.name.split("-")[1]
        if not process.isdigit():
            continue
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            planes.stop(folder.name)
        except PermissionError:
            continue


class Figures:
    """Of so many requests, what share failed, and for which series somebody asked."""

    def __init__(self) -> None:
        self.share = 0.0
        self.asked: set[str] = set()
        self.url = ""

    def answer(self, path: str, query: Mapping[str, str]) -> Answer:
        asked = query["query"]
        self.asked.add(asked.partition("{")[0])
        value = 1000 * (self.share if 'code="5xx"' in asked else 1)
        return data({"result": [{"value": [0, str(value)]}]})(path, query)


@pytest.fixture
def figures() -> Iterator[Figures]:
    found = Figures()
    with played(found.answer) as server:
        found.url = server.url
        yield found
