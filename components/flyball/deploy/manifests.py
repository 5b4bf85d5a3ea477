"""From registered resources to Kubernetes objects: in order, each with a file name, without the values of secrets."""

import fnmatch
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flyball.deploy.as_yaml import to_yaml
from flyball.deploy.identity import Identified
from flyball.deploy.registered import Registered
from flyball.guards.fail_fast.rules import FOLDER_IN_USE
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import GIVEN_TWICE, MISSING, SECRET_IN_PLAIN_TEXT

PLAN_FILE = "plan.jsonl"
"""One resource on a line. `kubectl apply -f FOLDER` reads every .json of a folder, and leaves this one alone."""
WITHHELD = "withheld"
"""Stands in rendered files where a secret's value would."""
_ORDER = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "NetworkPolicy",
    "ConfigMap",
    "Secret",
    "Service",
    "PodDisruptionBudget",
    "Deployment",
    "StatefulSet",
    "HorizontalPodAutoscaler",
)
"""What others need comes first: a pod its account, its secret and its budget, an autoscaler its Deployment."""
_LAST = 99
"""All other kinds; their files keep their names when a kind is added above."""
_TYPE = re.compile(r"kubernetes:[^:]+:\w+(?<!Patch)")
"""An object as a whole. A patch is a part of somebody else's object, which a file of its own would replace."""


@dataclass(frozen=True, slots=True)
class Object(Identified):
    """A Kubernetes object to be; `ignored` are paths that are ours only at its creation.

    `urn` is what the program calls it by, and `after` what it comes after.
    """

    ignored: tuple[str, ...]
    urn: str = field(default="", compare=False)
    after: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it one object and no other: API group, kind, namespace, name."""
        group, _, version = self.manifest["apiVersion"].rpartition("/")
        del version
        return (group, self.kind, self.namespace, self.name)

    @property
    def file_name(self) -> str:
        """`13-deployment-shop.cart.yaml`: the same as long as the object is, and in the order of creation."""
        owner = f"{self.namespace}.{self.name}" if self.namespace else self.name
        return f"{_rank(self.kind):02d}-{self.kind.lower()}-{owner}.yaml"

    def shown(self) -> dict[str, Any]:
        """The manifest without the values of a secret."""
        if self.kind != "Secret":
            return dict(self.manifest)
        parts = {
            key: dict.fromkeys(self.manifest[key], WITHHELD) for key in ("data", "stringData") if key in self.manifest
        }
        return {**self.manifest, **parts}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a program comes to: objects of Kubernetes in order, and resources of other clouds."""

    objects: tuple[Object, ...]
    others: tuple[Registered, ...]


def rendered(resources: Iterable[Registered]) -> Rendered:
    """Sort registered resources. Raises `Refused` for objects registered twice or with a secret in a visible place."""
    objects: list[Object] = []
    others: list[Registered] = []
    problems: list[Problem] = []
    for resource in resources:
        if is_object(resource.type, resource.inputs):
            objects.append(_object(resource, problems))
        elif resource.custom and not resource.type.startswith("pulumi:providers:"):
            others.append(resource)
    refuse([*problems, *_twice(objects)])
    objects.sort(key=lambda o: (_rank(o.kind), o.kind, o.namespace, o.name))
    return Rendered(tuple(objects), tuple(sorted(others, key=lambda other: other.urn)))


def is_object(type: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a resource is an object of Kubernetes as a whole."""
    return _TYPE.fullmatch(type) is not None and "apiVersion" in inputs


def _object(resource: Registered, problems: list[Problem]) -> Object:
    manifest = {key: value for key, value in resource.inputs.items() if value is not None}
    kind = manifest["kind"]
    visible = resource.secrets - ({"data", "stringData"} if kind == "Secret" else set())
    for part in sorted(visible):
        hint = "give secret values under `secrets`, which keeps them in a Secret"
        problems.append(
            Problem(
                (f"{kind} {resource.name}: {part}",),
                SECRET_IN_PLAIN_TEXT,
                "holds a secret where everybody can read it",
                hint,
            )
        )
    name = manifest.get("metadata", {}).get("name")
    if not name:
        problems.append(
            Problem((f"{kind} {resource.name}",), MISSING, "has no metadata.name", "name it; apply needs stable names")
        )
        manifest["metadata"] = {**manifest.get("metadata", {}), "name": resource.name}
    head = {
        "apiVersion": manifest.pop("apiVersion"),
        "kind": manifest.pop("kind"),
        "metadata": manifest.pop("metadata"),
    }
    return Object({**head, **manifest}, resource.ignored, resource.urn, resource.after)


def _twice(objects: list[Object]) -> list[Problem]:
    count = Counter(o.key for o in objects)
    return [
        Problem(
            (f"{kind} {namespace}/{name}".replace(" /", " "),),
            GIVEN_TWICE,
            "is made by two resources",
            "rename one of them",
        )
        for _, kind, namespace, name in sorted(key for key, times in count.items() if times > 1)
    ]


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else _LAST


def write(result: Rendered, folder: Path, beside: Mapping[str, Mapping[str, Any]] | None = None) -> list[Path]:
    """One YAML file for each object, all other resources in `plan.jsonl`; files of an earlier render are removed.

    `beside` is what is no object of the cluster, by file name.

    Raises `Refused` for a folder that holds anything else, lest it be deleted.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / PLAN_FILE).is_file())):
        raise Refused(
            [Problem((str(folder),), FOLDER_IN_USE, "is no folder of rendered files", "name a new or an empty one")]
        )
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {o.file_name: to_yaml(o.shown()) for o in result.objects}
    wanted |= {name: to_yaml(content) for name, content in (beside or {}).items()}
    wanted[PLAN_FILE] = "".join(json.dumps(_planned(other), sort_keys=True) + "\n" for other in result.others)
    there = {path.name for path in folder.iterdir()}
    for old in fnmatch.filter(there - wanted.keys(), "[0-9][0-9]-*.yaml"):
        (folder / old).unlink()
    paths = [folder / name for name in wanted]
    for path, text in zip(paths, wanted.values(), strict=True):
        if path.name not in there or path.read_bytes() != text.encode():
            path.write_text(text, encoding="utf-8")
    return paths


def write_documents(files: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path) -> list[Path]:
    """Files of YAML documents, by name. Raises `Refused` for a folder that holds anything else: what is of an earlier
    time must not be taken for new."""
    if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - files.keys()):
        message = "is no folder of these files alone"
        refuse([Problem((str(folder),), FOLDER_IN_USE, message, "name a new or an empty one")])
    folder.mkdir(parents=True, exist_ok=True)
    for name, documents in files.items():
        (folder / name).write_text("---\n".join(to_yaml(document) for document in documents), encoding="utf-8")
    return [folder / name for name in files]


def _planned(resource: Registered) -> dict[str, Any]:
    values = {key: WITHHELD if key in resource.secrets else value for key, value in resource.inputs.items()}
    return {"type": resource.type, "name": resource.name, "urn": resource.urn, "inputs": values}
