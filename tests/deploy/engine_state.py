"""A small project that the engine has brought up: its program, its state as the engine writes it, and its cluster."""

import copy
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flyball.deploy import unchanged
from flyball.deploy.asked import Live
from flyball.deploy.engine import Engine
from flyball.deploy.manifests import Object
from flyball.stack.file import load
from flyball.stack.target import Target

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s

provider = k8s.Provider("cluster", context="east")
options = pulumi.ResourceOptions(provider=provider)
kept = pulumi.ResourceOptions(provider=provider, retain_on_delete=True)
space = k8s.core.v1.Namespace("shop", metadata={"name": "shop", "labels": {"team": "a"}}, opts=kept)


class Group(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("shop:index:Group", "group", opts=pulumi.ResourceOptions(depends_on=[space]))
        child = pulumi.ResourceOptions(parent=self, provider=provider, ignore_changes=["spec.replicas"])
        web = k8s.apps.v1.Deployment(
            "web",
            metadata={"name": "web", "namespace": space.metadata["name"]},
            spec={"replicas": 3, "paused": False, "template": {"containers": [{"name": "web", "image": "web:1"}]}},
            opts=child,
        )
        self.register_outputs({"size": 2})
        self.web = web


group = Group()
once = {"ttlSecondsAfterFinished": 9}
k8s.batch.v1.Job("once", metadata={"name": "once", "namespace": "shop"}, spec=once, opts=options)
pulumi.export("uid", group.web.metadata["uid"])
"""
FILE = "config:\n  flyball:owner: shop\n  flyball:environment: test\n  flyball:namespace: shop\n"
URN = "urn:pulumi:prod::flyball::"
VERSION = version("pulumi-kubernetes")
STACK = f"{URN}pulumi:pulumi:Stack::flyball-prod"
CLUSTER = f"{URN}pulumi:providers:kubernetes::cluster"
SPACE = f"{URN}kubernetes:core/v1:Namespace::shop"
GROUP = f"{URN}shop:index:Group::group"
WEB = f"{URN}shop:index:Group$kubernetes:apps/v1:Deployment::web"
JOB = f"{URN}kubernetes:batch/v1:Job::once"
TIMES = {"created": "2026-11-27T03:29:44.472762027Z", "modified": "2026-11-27T03:29:44.472762027Z"}


def made(urn: str, inputs: dict[str, Any], uid: str, parent: str = STACK, **noted: Any) -> dict[str, Any]:
    """An object as the state has it; `status` and the like are what the server has added."""
    manager = f"pulumi-kubernetes-{uid}"
    entry = {"manager": manager, "operation": "Apply", "apiVersion": inputs["apiVersion"], "fieldsV1": fields(inputs)}
    meta = {**inputs["metadata"], "uid": uid, "managedFields": [entry]}
    outputs = {**copy.deepcopy(inputs), "metadata": meta, "status": {"phase": "Active"}}
    return {
        "urn": urn,
        "custom": True,
        "id": f"shop/{inputs['metadata']['name']}",
        "type": urn.split("::")[2].split("$")[-1],
        "inputs": inputs,
        "outputs": {
            "__fieldManager": manager,
            "__initialApiVersion": "v1",
            "__inputs": copy.deepcopy(inputs),
            **outputs,
        },
        "parent": parent,
        "provider": f"{CLUSTER}::0f-cluster",
        "propertyDependencies": {key: [] for key in inputs},
        **noted,
        **TIMES,
    }


def fields(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the server notes of an apply of it; of a list, that it is as a whole."""

    def of(value: Any) -> dict[str, Any]:
        return {f"f:{key}": of(inner) for key, inner in value.items()} if isinstance(value, dict) else {}

    labels = {key: value for key, value in manifest["metadata"].items() if key == "labels"}
    rest = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    return of({**rest, "metadata": labels} if labels else rest)


def state() -> list[dict[str, Any]]:
    config = {"context": "east", "version": VERSION}
    containers = [{"name": "web", "image": "web:1"}]
    web = {"replicas": 2, "paused": False, "template": {"containers": containers}}  # as many as at its creation
    found = [
        {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": {"uid": "web-uid"}, **TIMES},
        {
            "urn": CLUSTER,
            "custom": True,
            "id": "0f-cluster",
            "type": "pulumi:providers:kubernetes",
            "inputs": {"__internal": {}, **config},
            "outputs": config,
            "parent": STACK,
            "propertyDependencies": {"context": []},
            **TIMES,
        },
        made(
            SPACE,
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "a"}}},
            "space-uid",
            retainOnDelete=True,
        ),
        {
            "urn": GROUP,
            "custom": False,
            "type": "shop:index:Group",
            "outputs": {"size": 2},
            "parent": STACK,
            "dependencies": [SPACE],
            **TIMES,
        },
        made(
            WEB,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web", "namespace": "shop"},
                "spec": web,
            },
            "web-uid",
            GROUP,
            dependencies=[SPACE],
            ignoreChanges=["spec.replicas"],
        ),
        made(
            JOB,
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "once", "namespace": "shop"},
                "spec": {"ttlSecondsAfterFinished": 9},
            },
            "job-uid",
        ),
    ]
    found[4]["propertyDependencies"]["metadata"] = [SPACE]
    return found


class Place:
    """A project whose stack the engine has brought up, in a file state of its own; `live` is what the cluster holds."""

    def __init__(self, folder: Path) -> None:
        self.project, self.backend = folder / "project", folder / "state"
        self.file = self.project / "stacks" / "Pulumi.prod.yaml"
        self.state = self.backend / ".pulumi" / "stacks" / "flyball" / "prod.json"
        for each in (self.file, self.state):
            each.parent.mkdir(parents=True)
        (self.project / "Pulumi.yaml").write_text("name: flyball\nruntime: {name: python}\nmain: .\n")
        (self.project / "__main__.py").write_text(PROGRAM)
        self.file.write_text(FILE)
        self.write(state())
        self.live: Live = {Object(o, ()).key: o for each in state() if "metadata" in (o := each.get("outputs", {}))}

    def write(self, resources: list[dict[str, Any]], **more: Any) -> None:
        latest = {"manifest": {"version": "v3.274.1"}, "resources": resources, "metadata": {}, **more}
        self.state.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "prod", "latest": latest}}))

    def count(self) -> int | None:
        """Of resources that are as they were; None where the engine is to run."""
        target = Target(self.project, "prod", self.file, load(self.file))
        return unchanged.count(Engine(Path("pulumi"), None), target, None, self.live)
