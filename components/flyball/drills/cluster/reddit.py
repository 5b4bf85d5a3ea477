"""Reddit, 11 August 2016: a package manager revives an autoscaler in mid-migration.

The autoscaler had been stopped by hand for a migration of the data that it decides by. The package management system
noticed the change and put it back; the autoscaler read a half-migrated store and terminated many servers
(https://www.reddit.com/r/announcements/comments/4y0m56/why_reddit_was_down_on_aug_11/).
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from flyball.alerts.rule import Severity
from flyball.drills.cluster import governor, plain, rogue
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.scene import Scene
from flyball.drills.errors import DrillError
from flyball.drills.result import Figures
from flyball.kubectl import documents
from flyball.kubernetes.governor import names

PEAK, REPLICA = 1500, 100
NEED = 19
"""What carries the peak at 80 %: the size that is commonly written down."""
TOOL = "autoscaler"
SOURCES = 8
"""Entries of the load figures, of which the migration has moved half."""
NOTICED = 5
"""Until people have seen what happens and stop it [s]: a minute, sooner than they could."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    kubectl, recorder = scene.kubectl, scene.recorder
    _install_autoscaler(scene)
    _scale_tool(scene, 0)
    recorder.event("migration: autoscaler stopped")
    if scene.guard:
        governor.freeze(kubectl, "migration of the load figures")
        recorder.event("freeze set")
    _write_figures(scene, SOURCES // 2)
    recorder.pass_time(2)
    recorder.event("package manager revives it")
    _apply(scene, [_tool(1)])
    attempts = _run_autoscaler(scene)
    _people_repair(scene)
    if scene.guard:
        _break_glass(scene)
    accepted = [a for a in attempts if a["accepted"]]
    return {
        "writes_tried": len(attempts),
        "writes_accepted": len(accepted),
        "nodes_deleted": sum(1 for a in accepted if a["way"] == "node deleted"),
    }


def held(recording: ClusterRecording, figures: Figures) -> bool:
    """No request was lost, and not one write of the autoscaler's went through."""
    return recording.figures()["overload_seconds"] == 0 and figures["writes_accepted"] == 0


def _run_autoscaler(scene: Scene) -> list[dict[str, Any]]:
    """The process that the revived pod stands for: it begins when the pod is ready."""
    recorder = scene.recorder

    def is_ready() -> bool:
        return scene.kubectl.json("get", "deployment", TOOL)["status"].get("readyReplicas", 0) == 1

    recorder.wait(is_ready, "the autoscaler's pod")
    recorder.event("autoscaler reads half the data")
    kubeconfig = scene.folder / TOOL / "kubeconfig.json"
    kubeconfig.parent.mkdir()
    kubeconfig.write_text(json.dumps(_kubeconfig(scene)))
    command = [sys.executable, "-m", rogue.__name__, str(scene.kubectl.program), str(kubeconfig), NAMESPACE, SERVICE]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise DrillError(f"the autoscaler failed: {done.stderr.strip()[-300:]}")
    attempts = [json.loads(line) for line in done.stdout.splitlines()]
    recorder.event("autoscaler is through")
    return [attempt for attempt in attempts if attempt["way"] != "read"]


def _people_repair(scene: Scene) -> None:
    """They stop the autoscaler again, and bring the service back to what it was."""
    recorder = scene.recorder
    size = recorder.samples[0].ready
    recorder.pass_time(NOTICED)
    if not scene.guard:
        # Nobody mends it before somebody is called for it.
        scene.await_told(Severity.PAGE)
    scene.collect()
    _scale_tool(scene, 0)
    recorder.event("people stop it")
    if not scene.guard:
        # The Deployment and its autoscaler, as they were written; with the guard nothing has changed.
        scene.apply()
    recorder.wait(lambda: recorder.ready == size, f"{size} ready pods")
    recorder.pass_time(2)


def _break_glass(scene: Scene) -> None:
    """Somebody with the right to override has the autoscaler's maximum above the ceiling, and is seen to."""
    # Who does so has heard of the freeze.
    scene.await_told(Severity.WARNING)
    person = ("--as=on-call", f"--as-group={names.OVERRIDE_GROUP}", "--as-group=system:masters")
    beyond = json.dumps({"spec": {"maxReplicas": scene.sizing.ceiling + 1}})
    scene.kubectl.run("patch", "hpa", SERVICE, f"--namespace={NAMESPACE}", "--type=merge", f"--patch={beyond}", *person)
    scene.recorder.event("somebody overrides the ceiling")
    scene.await_told(Severity.PAGE)


def _install_autoscaler(scene: Scene) -> None:
    """As operations tools are commonly installed: with the right to edit everything, and nodes."""
    account = {"kind": "ServiceAccount", "name": TOOL, "namespace": "default"}
    api = "rbac.authorization.k8s.io"
    nodes = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "delete"]}
    bindings = [
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{TOOL}-{role}"},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role},
            "subjects": [account],
        }
        for role in ("edit", f"{TOOL}-nodes")
    ]
    head = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": TOOL, "namespace": "default"}}
    role = {"apiVersion": f"{api}/v1", "kind": "ClusterRole", "metadata": {"name": f"{TOOL}-nodes"}, "rules": [nodes]}
    _apply(scene, [head, role, *bindings, _tool(1)])
    _write_figures(scene, SOURCES)


def _tool(replicas: int) -> Manifest:
    return plain.deployment(TOOL, "default", "registry.example/autoscaler:2.0.1", replicas)


def _write_figures(scene: Scene, sources: int) -> None:
    """The load as far as it is in the old store: all of it with all sources."""
    data = {f"source-{n}": f"{PEAK / SOURCES:g}" for n in range(sources)}
    head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": rogue.FIGURES, "namespace": "default"}}
    _apply(scene, [{**head, "data": data}])


def _scale_tool(scene: Scene, replicas: int) -> None:
    scene.kubectl.run("scale", f"deployment/{TOOL}", f"--replicas={replicas}", "--namespace=default")


def _apply(scene: Scene, manifests: list[Manifest]) -> None:
    scene.kubectl.run("apply", "--filename=-", stdin=documents(manifests))


def _kubeconfig(scene: Scene) -> dict[str, Any]:
    """The same server, with the service account's token and nothing of the administrator's."""
    server = scene.kubectl.json("config", "view", "--raw", "--minify")["clusters"][0]
    token = scene.kubectl.run("create", "token", TOOL, "--namespace=default").strip()
    context = {"cluster": server["name"], "user": TOOL, "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [server],
        "users": [{"name": TOOL, "user": {"token": token}}],
        "contexts": [{"name": TOOL, "context": context}],
        "current-context": TOOL,
    }


def _plain() -> list[Manifest]:
    return [
        plain.deployment(SERVICE, NAMESPACE, IMAGE, NEED),
        plain.autoscaler(SERVICE, NAMESPACE, NEED, 100),
    ]


DRILL = ClusterDrill(
    name="reddit-2016",
    title="A package manager revives the autoscaler in mid-migration",
    story="People have stopped the autoscaler for a migration of the data that it decides by. The package manager "
    "puts back what they changed. The autoscaler finds half the data, writes a tenth of the replicas by every way "
    "there is, deletes the pods, then half of the nodes.",
    with_guard="The Governor's admission policies and a freeze: while it is on, automation may not take anything "
    "away, whoever revives it. People are told of it, and called when somebody overrides the Governor after it.",
    without_guard="The autoscaler is stopped by scaling it to zero, and nothing in the cluster says that it has to "
    "stay so; it has the built-in role edit and may delete nodes. People repair within a minute.",
    load=PEAK,
    args={"load": {"peak": PEAK, "replica": REPLICA}},
    plain=_plain,
    script=_script,
    governed=True,
    held=held,
)
