"""JSON schemas of the pinned Kubernetes, KEDA, Prometheus' operator and Karpenter for kubeconform, made from the APIs'
own descriptions, offline."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from flyball import paths
from flyball.alerts import operator
from flyball.kubernetes.pools import names as pools
from flyball.lab.cluster import toolchain
from flyball.lab.locks import exclusive

TEMPLATE = "{{.ResourceKind}}{{.KindSuffix}}.json"
"""kubeconform's name for the schema of a kind: ``deployment-apps-v1.json``."""

_LAYOUT = "strict-2"
"""Changes with what `convert` makes, so that schemas of an older flyball are not taken for its own."""
_KUBERNETES, _KEDA = "k8s.io/kubernetes", "github.com/kedacore/keda/v2"
KARPENTER = "github.com/aws/karpenter-provider-aws"
OPERATOR = "github.com/prometheus-operator/prometheus-operator"
_REFERENCE = "#/definitions/"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def location() -> str:
    """The value for kubeconform's ``-schema-location``."""
    return f"{schemas()}/{TEMPLATE}"


def schemas() -> Path:
    """The folder with one schema for each kind of the pinned Kubernetes and KEDA, and for those of Prometheus' operator
    and of Karpenter that a stack makes; made if it is not there yet.

    Raises `ToolchainError` outside a checkout, or if Go is missing when the schemas have to be made.
    """
    folders = {_KUBERNETES: "controlplane", _KEDA: "keda", OPERATOR: "monitoring", KARPENTER: "karpenter_aws"}
    modules = {name: toolchain.tools_dir() / folder for name, folder in folders.items()}
    versions = [toolchain.pinned_version(module, name) for name, module in modules.items()]
    folder = paths.schemas_dir() / "-".join([*versions, _LAYOUT])
    if folder.is_dir():
        return folder
    with exclusive(paths.schemas_dir() / "lock", lambda: None):
        if not folder.is_dir():
            sources = {name: toolchain.source(module, name) for name, module in modules.items()}
            swagger = json.loads((sources[_KUBERNETES] / "api" / "openapi-spec" / "swagger.json").read_text())
            described = [*(sources[_KEDA] / "config/crd/bases").glob("*.yaml"), *operator_crds(sources[OPERATOR])]
            described += karpenter_crds(sources[KARPENTER])
            crds = [yaml.load(file.read_text(), _Loader) for file in described]
            partial = paths.schemas_dir() / "partial"
            shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
            partial.mkdir()
            for name, schema in {**convert(swagger["definitions"]), **convert_crds(crds)}.items():
                (partial / name).write_text(json.dumps(schema))
            partial.rename(folder)
    return folder


def operator_crds(source: Path) -> list[Path]:
    """The files that describe the kinds of Prometheus' operator that a stack makes, in the source of its module."""
    return [source / "example/prometheus-operator-crd" / f"{operator.GROUP}_{kind}.yaml" for kind in operator.CRDS]


def karpenter_crds(source: Path) -> list[Path]:
    """The files that describe Karpenter's kinds, in the source of its module for AWS."""
    named = [kind.partition(".") for kind in pools.KINDS]
    return [source / "pkg/apis/crds" / f"{group}_{plural}.yaml" for plural, _, group in named]


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """Takes a bare `=` for the text that it is, as all readers of YAML 1.2 do."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def convert(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """File names and schemas, one for each kind, from the definitions of an OpenAPI 2 document.

    Strict: a field that an object does not define is an error, unless the API says that it keeps unknown fields.
    """
    strict = {name: _strict(name, definition) for name, definition in definitions.items()}
    files = {}
    for name, definition in definitions.items():
        kinds = definition.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1:  # those with several are arguments of requests, such as DeleteOptions
            reached = _reach(name, strict)
            files[_file_name(kinds[0])] = strict[name] | {"definitions": {n: strict[n] for n in sorted(reached)}}
    return files


def convert_crds(crds: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The same from CustomResourceDefinitions."""
    return {
        _file_name({"kind": spec["names"]["kind"], "group": spec["group"], "version": version["name"]}): _plain(
            _closed(version["schema"]["openAPIV3Schema"])
        )
        for spec in (crd["spec"] for crd in crds)
        for version in spec["versions"]
    }


def _closed(node: Any) -> Any:
    """A nested schema in which an object has no fields but its own, unless it says that it keeps unknown ones."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    fields = {name: _closed(field) for name, field in node.get("properties", {}).items()}
    closed = {key: _closed(value) for key, value in node.items() if key != "properties"}
    if fields:
        closed["properties"] = fields
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            closed["additionalProperties"] = False
    return closed


def _file_name(kind: Mapping[str, str]) -> str:
    group = kind["group"].split(".")[0]
    return "-".join(part for part in (kind["kind"].lower(), group, kind["version"]) if part) + ".json"


def _strict(name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    if name == _QUANTITY:
        return {"type": ["string", "number"]}
    schema = _plain(definition)
    if "properties" in schema and not definition.get("x-kubernetes-preserve-unknown-fields"):
        schema["additionalProperties"] = False
    return schema


def _plain(node: Any) -> Any:
    """Without prose and extensions; what may be a number or a string says so."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    if "properties" in node:  # names of fields, which may be "description" too
        fields = {name: _plain(field) for name, field in node["properties"].items()}
        rest = {key: value for key, value in node.items() if key != "properties"}
        return _plain(rest) | {"properties": fields}
    return {k: _plain(v) for k, v in node.items() if k != "description" and not k.startswith("x-kubernetes-")}


def _reach(name: str, definitions: Mapping[str, Any]) -> set[str]:
    """The definitions that the one named refers to, directly or through others."""
    reached: set[str] = set()
    todo = {name}
    while todo:
        found = set(re.findall(rf'"{_REFERENCE}([^"]+)"', json.dumps(definitions[todo.pop()])))
        todo |= found - reached
        reached |= found
    return reached
