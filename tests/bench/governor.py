"""What the Governor adds to a scale write: two control planes that differ in the policies only, written to in turn.

For each number of guarded workloads, medians and 99th percentiles, and ratios to the control plane without.
A write is one step up by an ordinary user, on one connection that is kept alive. The Deployments are paused, so that
no controller answers with pods. Nothing is asserted: the figures are those of the machine.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.figures import Report, Table
from tests.cluster.governor.api import Answer, Api
from tests.cluster.governor.world import deployment

from flyball.kubernetes.governor import names, policies
from flyball.kubernetes.governor.limits import Limits, config_map
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster.nodes import NodeGroup

TITLE = "what the Governor adds to a write of replicas"
WORKLOADS, PER_NAMESPACE, WRITES = (1, 100, 1000), 20, 300
HPA = "system:serviceaccount:kube-system:horizontal-pod-autoscaler"
LIMITS = Limits(floor=3, ceiling=1_000_000, budget=1, named=True)
WRITERS: dict[str, Callable[[Api, str, int], Answer]] = {
    "kubectl scale": lambda api, path, size: api.patch(f"{path}/scale", {"spec": {"replicas": size}}),
    "kubectl patch": lambda api, path, size: api.patch(path, {"spec": {"replicas": size}}),
    "autoscaler": lambda api, path, size: api.put(
        f"{path}/scale", {"metadata": {"name": path.split("/")[-1]}, "spec": {"replicas": size}}
    ),
}


class Plane:
    """A control plane under measurement, with the sizes of its workloads."""

    def __init__(self, name: str, report: Report, *, governed: bool) -> None:
        self.name = name
        nodes = [NodeGroup("local-a", spot=False, count=1)]
        self.api = Api(planes.start(name, nodes=nodes, report=report).kubeconfig)
        self.writers = {
            writer: self.api.as_user(HPA if writer == "autoscaler" else "developer", *groups)
            for writer, groups in {"kubectl scale": ["dev"], "kubectl patch": ["dev"], "autoscaler": []}.items()
        }
        self.governed = governed
        self.sizes: dict[str, int] = {}
        binding = {
            "metadata": {"name": "dev"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "dev"}],
        }
        self.api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding).expect()
        if governed:
            for manifest in policies.manifests():
                kind = manifest["kind"].lower()
                plural = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
                self.api.post(f"/apis/{manifest['apiVersion']}/{plural}", manifest).expect()

    def grow(self, workloads: int, per_namespace: int) -> None:
        """Add workloads until there are as many."""
        for number in range(len(self.sizes), workloads):
            namespace, name = f"shop-{number // per_namespace}", f"web-{number}"
            if number % per_namespace == 0:
                labels = {names.GOVERNED: "true"}
                self.api.post("/api/v1/namespaces", {"metadata": {"name": namespace, "labels": labels}}).expect()
            path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
            manifest = deployment(name, 10, ours=True)
            manifest["spec"]["paused"] = True
            self.api.post(path, manifest).expect()
            self.sizes[f"{path}/{name}"] = 10
        self._limit()

    def _limit(self) -> None:
        workloads: dict[str, dict[str, Limits]] = {}
        for path in self.sizes:
            parts = path.split("/")
            workloads.setdefault(parts[5], {})[parts[7]] = LIMITS
        for namespace, limits in workloads.items():
            manifest: dict[str, Any] = config_map(namespace, limits)
            path = f"/api/v1/namespaces/{namespace}/configmaps"
            if not self.api.put(f"{path}/{names.LIMITS}", manifest).ok:
                self.api.post(path, manifest).expect()

    def write(self, writer: str, path: str) -> float:
        """Milliseconds of one step up."""
        size = self.sizes[path] + 1
        start = time.perf_counter()
        answer = WRITERS[writer](self.writers[writer], path, size)
        taken = time.perf_counter() - start
        assert answer.expect()["spec"]["replicas"] == size
        self.sizes[path] = size
        return taken * 1000

    def proves_itself(self) -> None:
        """The policies of the one refuse, the other admits: what is compared is what it says."""
        path = next(iter(self.sizes))
        answer = self.writers["kubectl scale"].patch(f"{path}/scale", {"spec": {"replicas": 1}}, dryRun="All")
        assert answer.ok is not self.governed, answer


@contextmanager
def both(report: Report) -> Iterator[tuple[Plane, Plane]]:
    started = ["bench-plain", "bench-governed"]
    try:
        yield Plane(started[0], report, governed=False), Plane(started[1], report, governed=True)
    finally:
        for name in started:
            planes.stop(name)


def _compare(plain: Plane, governed: Plane, writer: str, writes: int) -> dict[str, float]:
    """Medians and 99th percentiles of alternating writes, each pair to the same workload, in random order."""
    times: dict[str, list[float]] = {plain.name: [], governed.name: []}
    for _ in range(writes):
        path = random.choice(list(plain.sizes))
        for plane in random.sample([plain, governed], 2):
            times[plane.name].append(plane.write(writer, path))
    figures: dict[str, float] = {}
    for name, taken in times.items():
        figures[f"{name} median"] = statistics.median(taken)
        figures[f"{name} p99"] = statistics.quantiles(taken, n=100)[98]
    for which in ("median", "p99"):
        figures[f"ratio {which}"] = figures[f"{governed.name} {which}"] / figures[f"{plain.name} {which}"]
    return figures


def measure(small: bool, report: Report) -> list[Table]:
    rows: list[tuple[str, ...]] = []
    with both(report) as (plain, governed):
        time.sleep(2)
        for workloads in WORKLOADS[:1] if small else WORKLOADS:
            report(f"{workloads} workloads")
            for plane in (plain, governed):
                plane.grow(workloads, PER_NAMESPACE)
                plane.proves_itself()
            for writer in WRITERS:
                _compare(plain, governed, writer, 5 if small else 50)  # warm
                found = _compare(plain, governed, writer, 5 if small else WRITES)
                cells = (f"{found[f'{each.name} {w}']:.2f} ms" for w in ("median", "p99") for each in (plain, governed))
                ratios = (f"{found[f'ratio {which}']:.2f}" for which in ("median", "p99"))
                rows.append((str(workloads), writer, *cells, *ratios))
    return [
        Table(
            "A step up by an ordinary user on one connection; baseline: a control plane without the Governor.",
            ("workloads", "writer", "without", "with", "without, p99", "with, p99", "ratio", "ratio, p99"),
            tuple(rows),
        )
    ]
