"""A control plane for one run of a drill, with the service on it."""

import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball import paths
from flyball.alerts.rule import Severity
from flyball.deploy import rollout
from flyball.deploy.apply import ApplySet
from flyball.deploy.manifests import rendered
from flyball.deploy.program import run
from flyball.deploy.volumes import wanted
from flyball.drills.cluster import alerts, governor
from flyball.drills.cluster.alerts import Watch
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ZONES, ClusterDrill
from flyball.drills.cluster.figures import Figures, served
from flyball.drills.cluster.plain import MILLICORES, Manifest
from flyball.drills.cluster.proxies import Proxies
from flyball.drills.cluster.recorder import PATIENCE, Recorder
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.settings import CALM, COLLECTED, CONTROLLER_FLAGS, PERIOD, STARTUP
from flyball.drills.errors import DrillError
from flyball.drills.result import Result
from flyball.guards.reading.units import show_count
from flyball.guards.workload.sizing import Sizing
from flyball.kubectl import Kubectl, documents
from flyball.lab.cluster import control_plane, karpenter, keda, volumes
from flyball.lab.cluster.control_plane import Options, Report
from flyball.lab.locks import exclusive
from flyball.stack.build import build
from flyball.stack.read import Stack, read

_COLLECTOR = "system:serviceaccount:kube-system:pod-garbage-collector"
_START = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-starts-slowly}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
      - {key: .status.phase, operator: In, values: [Pending]}
  # kwok's own stage for this has weight 0, so this one is always taken.
  weight: 1
  delay: {durationMilliseconds: %d}
  next:
    statusTemplate: |
      phase: Running
      startTime: {{ Now | Quote }}
      conditions:
      {{ range $type := list "Initialized" "ContainersReady" "Ready" }}
      - {type: {{ $type }}, status: "True", lastTransitionTime: {{ Now | Quote }}}
      {{ end }}
      containerStatuses:
      {{ range .spec.containers }}
      - name: {{ .name | Quote }}
        image: {{ .image | Quote }}
        ready: true
        started: true
        restartCount: 0
        state: {running: {startedAt: {{ Now | Quote }}}}
      {{ end }}
"""
"""How kwok, which plays the kubelets, starts a pod (https://kwok.sigs.k8s.io/docs/user/stages-configuration/)."""


_BEHAVIOR = {
    "behavior": {"up": {"period": f"{PERIOD}s"}, "down": {"period": f"{PERIOD}s"}, "calm": f"{CALM}s"},
}
"""The rules' own steps, their times compressed."""


_PROGRAM = threading.Lock()
"""One Pulumi program at a time: the SDK keeps parts of its state for the whole process."""


@dataclass
class Scene:
    """What a script works with."""

    drill: ClusterDrill
    guard: bool
    kubectl: Kubectl
    recorder: Recorder
    stack: Stack
    figures: Figures
    """What the autoscaler believes the pods use."""
    folder: Path
    """For files of this run; gone after it."""
    watch: Watch | None
    """Whom alerts reach; None where the machine cannot have Prometheus."""

    @property
    def sizing(self) -> Sizing:
        """What the rules make of the service."""
        return _sizing(self.stack)

    def apply(self, image: str = IMAGE) -> None:
        """The deployment tool brings the service to its declared state, the way that it was brought up first."""
        bring_up(self.drill, self.guard, self.kubectl, image, wait=False)

    def prepare_again(self) -> None:
        """Arrange for another moment, as `prepare` of the drill does, and bring the service to what is now declared."""
        self.drill = self.drill.prepare(self.drill)
        self.stack = read(config(self.drill, IMAGE))
        bring_up(self.drill, self.guard, self.kubectl, IMAGE)

    def rolled_out(self, image: str) -> bool:
        """Whether all pods that there are run the image and serve."""
        pods = self.kubectl.json("get", "pods", f"--namespace={NAMESPACE}")["items"]
        images = {pod["spec"]["containers"][0]["image"] for pod in pods}
        return images == {image} and len(pods) == self.recorder.ready

    def await_told(self, to: Severity) -> None:
        """What is to be told stays so: wait until it has been, where there is anybody."""
        if self.watch:
            self.watch.await_told(to)

    def lose(self, nodes: Iterable[str]) -> None:
        """Nodes vanish, all at once; their pods are collected after a while, as the real collector does."""
        names = list(nodes)
        self.recorder.event(f"{show_count(len(names), 'node')} vanish{'es' if len(names) == 1 else ''}")
        self.kubectl.run("delete", "node", *names, "--wait=false")
        self.recorder.pass_time(COLLECTED)
        self.collect()

    def collect(self) -> None:
        """Remove the pods of nodes that are gone, in the name of the controller whose work it is."""
        there = set(self.node_names())
        pods = self.kubectl.listed("pods")
        gone = [pod["metadata"] for pod in pods if pod["spec"].get("nodeName", next(iter(there))) not in there]
        for namespace in sorted({pod["namespace"] for pod in gone}):
            names = [pod["name"] for pod in gone if pod["namespace"] == namespace]
            # The group is for kubectl, which reads before it deletes; the collector's own right is to list and delete.
            asking = (f"--as={_COLLECTOR}", "--as-group=system:masters", "--ignore-not-found", "--wait=false")
            command = ("delete", "pod", *names, f"--namespace={namespace}", "--force", "--grace-period=0")
            self.kubectl.run(*command, *asking)

    def node_names(self, zone: str = "", spot: bool | None = None) -> list[str]:
        """Nodes that are there, in order of their names."""
        labels = {node["metadata"]["name"] for node in self.kubectl.listed("nodes")}
        kinds = {None: ("spot", "on-demand"), True: ("spot",), False: ("on-demand",)}[spot]
        return sorted(n for n in labels if n.startswith(zone) and any(f"-{kind}-" in n for kind in kinds))


@contextmanager
def scene(drill: ClusterDrill, guard: bool, report: Report) -> Iterator[Scene]:
    """The service stands at its declared size on a control plane of its own, and the recording has begun."""
    name = f"drill-{drill.name}-{'with' if guard else 'without'}"
    stack = read(config(drill, IMAGE))
    with tempfile.TemporaryDirectory(prefix="flyball-drill-") as folder:
        stage = Path(folder, "stage.yaml")
        stage.write_text(_START % round(STARTUP * 1000))
        flags = {"kwok-controller": {"config": str(stage)}, "kube-controller-manager": CONTROLLER_FLAGS}
        with ExitStack() as at_end:
            lock = paths.cache_dir() / "locks" / f"{name}.run"
            at_end.enter_context(exclusive(lock, lambda: report(f"waiting for another run of {name}")))
            at_end.callback(control_plane.stop, name)
            plane = control_plane.start(name, drill.nodes, report=report, options=Options(flags=flags))
            recorder = Recorder(plane.kubectl, NAMESPACE, SERVICE, drill.load)
            at_end.callback(recorder.close)
            if drill.keda:
                keda.start(plane, report)
            if drill.offers:
                karpenter.start(plane, drill.offers, ZONES, report)
            volumes.offer(plane.kubectl, ZONES, wanted(stack.services.values()))
            if around := drill.around(guard):
                _apply(plane.kubectl, around)
            # All of it runs before the service does: the autoscaler would not wait for it.
            proxies = Proxies(recorder, float(drill.args["load"]["replica"]))
            watch = at_end.enter_context(alerts.watched(plane, recorder, proxies.text, report))
            drill = drill.prepare(drill)
            stack = read(config(drill, IMAGE))
            figures = Figures(recorder, float(drill.args["load"]["replica"]), MILLICORES)
            at_end.enter_context(served(plane, figures))
            bring_up(drill, guard, plane.kubectl, IMAGE)
            if drill.governed and guard:
                governor.install(plane.kubectl, stack)
            if watch:
                watch.begin(stack, drill.governed and guard)
            ready = Scene(drill, guard, plane.kubectl, recorder, stack, figures, Path(folder), watch)
            drill.before(ready)
            recorder.begin(_replicas(plane.kubectl))
            yield ready


def config(drill: ClusterDrill, image: str) -> dict[str, Any]:
    """The guarded service as a stack's configuration; members have no autoscaler to behave."""
    behavior = {} if "quorum" in drill.args else _BEHAVIOR
    return {
        "environment": "drill",
        "owner": "drill",
        "namespace": NAMESPACE,
        "cluster": "local",
        "zones": list(ZONES),
        "services": {SERVICE: {"image": image, "port": 8080, "rollout": {"settle": "1s"}, **behavior, **drill.args}},
    }


def bring_up(drill: ClusterDrill, guard: bool, kubectl: Kubectl, image: str, wait: bool = True) -> None:
    """Apply the service, guarded or plain, and wait until it stands."""
    if guard and not drill.alike:
        stack = read(config(drill, image))
        with _PROGRAM:
            objects = rendered(run(lambda: build(stack), "flyball", drill.name)).objects
        ApplySet(kubectl, drill.name).apply(objects)
        workloads = [o.named for o in objects if o.kind in rollout.KINDS]
    else:
        manifests = [_namespace(), *(_with_image(manifest, image) for manifest in drill.plain())]
        _apply(kubectl, manifests)
        workloads = [(m["kind"], NAMESPACE, m["metadata"]["name"]) for m in manifests if m["kind"] in rollout.KINDS]
    if wait:
        rollout.wait(kubectl, workloads, lambda done, total: None, limit=PATIENCE)


def _apply(kubectl: Kubectl, manifests: list[Manifest]) -> None:
    kubectl.run("apply", "--filename=-", stdin=documents(manifests))


def _namespace() -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _with_image(manifest: Manifest, image: str) -> Manifest:
    return json.loads(json.dumps(manifest).replace(IMAGE, image))


def _sizing(stack: Stack) -> Sizing:
    sizing = stack.services[SERVICE].sizing
    if sizing is None:
        raise DrillError(f"{SERVICE} has no size")
    return sizing


def _replicas(kubectl: Kubectl) -> int:
    sets = (kubectl.listed(kind, NAMESPACE, api="apps/v1") for kind in ("deployments", "statefulsets"))
    return sum(item["spec"]["replicas"] for items in sets for item in items)


def once(drill: ClusterDrill, guard: bool, report: Report) -> Result:
    """One run. Raises `DrillError` where it could not be carried out."""
    with scene(drill, guard, report) as stage:
        own = drill.script(stage)
        recorder = stage.recorder
        if stage.watch:
            stage.watch.deliver()
        length = recorder.finish()
        told = stage.watch.told() if stage.watch else []
        events = sorted([*recorder.events, *told], key=lambda event: event.at)
        replica = float(drill.args["load"]["replica"])
        recording = ClusterRecording(
            tuple(recorder.samples), tuple(events), recorder.load, replica, length, drill.lines
        )
    figures = {**recording.figures(), **own}
    return Result(drill.name, guard, drill.held(recording, figures), figures, drill.summary(figures), recording)
