import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flyball.alerts import operator
from flyball.lab.cluster import schemas, toolchain

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
DEFINITIONS: dict[str, Any] = {
    "apps.v1.Thing": {
        "description": "A thing.",
        "type": "object",
        "required": ["spec"],
        "properties": {
            "kind": {"type": "string", "description": "The kind."},
            "spec": {"$ref": "#/definitions/Spec", "description": "What is wanted."},
        },
        "x-kubernetes-group-version-kind": [{"group": "apps.example.org", "kind": "Thing", "version": "v1"}],
    },
    "Spec": {
        "type": "object",
        "properties": {
            "description": {"type": "string"},
            "size": {"$ref": f"#/definitions/{QUANTITY}"},
            "port": {"type": "string", "format": "int-or-string"},
            "inner": {"type": "array", "items": {"$ref": "#/definitions/Spec"}, "x-kubernetes-list-type": "atomic"},
            "free": {"$ref": "#/definitions/Free"},
        },
    },
    "Free": {"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-preserve-unknown-fields": True},
    "Unused": {"type": "object", "properties": {}},
    QUANTITY: {"type": "string", "description": "A number with a unit."},
    "core.v1.Plain": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "x-kubernetes-group-version-kind": [{"group": "", "kind": "Plain", "version": "v1"}],
    },
    "DeleteOptions": {
        "type": "object",
        "x-kubernetes-group-version-kind": [
            {"group": "", "kind": "DeleteOptions", "version": "v1"},
            {"group": "apps", "kind": "DeleteOptions", "version": "v1"},
        ],
    },
}


def test_each_kind_gets_a_strict_schema_of_its_own_with_all_it_refers_to() -> None:
    assert schemas.convert(DEFINITIONS) == {
        "thing-apps-v1.json": {
            "type": "object",
            "required": ["spec"],
            "properties": {"kind": {"type": "string"}, "spec": {"$ref": "#/definitions/Spec"}},
            "additionalProperties": False,
            "definitions": {
                "Spec": {
                    "type": "object",
                    "properties": {
                        "description": {"type": "string"},
                        "size": {"$ref": f"#/definitions/{QUANTITY}"},
                        "port": {"type": ["string", "integer"]},
                        "inner": {"type": "array", "items": {"$ref": "#/definitions/Spec"}},
                        "free": {"$ref": "#/definitions/Free"},
                    },
                    "additionalProperties": False,
                },
                "Free": {"type": "object", "properties": {"a": {"type": "string"}}},
                QUANTITY: {"type": ["string", "number"]},
            },
        },
        "plain-v1.json": {"type": "object", "additionalProperties": {"type": "string"}, "definitions": {}},
    }


CRD: dict[str, Any] = {
    "spec": {
        "group": "keda.sh",
        "names": {"kind": "Scaled"},
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "description": "What is scaled.",
                        "properties": {
                            "metadata": {"type": "object"},
                            "properties": {"type": "object", "additionalProperties": {"type": "string"}},
                            "steps": {
                                "type": "array",
                                "items": {"type": "object", "properties": {"value": {"type": "integer"}}},
                            },
                            "free": {
                                "type": "object",
                                "properties": {"a": {"type": "string"}},
                                "x-kubernetes-preserve-unknown-fields": True,
                            },
                        },
                    }
                },
            }
        ],
    }
}


def test_a_custom_kind_is_strict_at_every_depth() -> None:
    assert schemas.convert_crds([CRD]) == {
        "scaled-keda-v1.json": {
            "type": "object",
            "properties": {
                "metadata": {"type": "object"},
                "properties": {"type": "object", "additionalProperties": {"type": "string"}},
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"value": {"type": "integer"}},
                        "additionalProperties": False,
                    },
                },
                "free": {"type": "object", "properties": {"a": {"type": "string"}}},
            },
            "additionalProperties": False,
        }
    }


def test_the_folder_is_made_once_for_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source" / "api" / "openapi-spec"
    source.mkdir(parents=True)
    (source / "swagger.json").write_text(json.dumps({"definitions": DEFINITIONS}))
    crds = tmp_path / "source" / "config" / "crd" / "bases"
    crds.mkdir(parents=True)
    (crds / "thing.yaml").write_text(yaml.safe_dump(CRD))
    for file in schemas.operator_crds(tmp_path / "source"):
        file.parent.mkdir(parents=True, exist_ok=True)
        names = {**CRD["spec"]["names"], "kind": file.stem.partition("_")[2]}
        # As it stands there: a bare `=` among the words that are allowed.
        words = 'schema: {openAPIV3Schema: {type: string, enum: [=, "!="]}}'
        file.write_text(
            f"spec: {{group: {operator.GROUP}, names: {json.dumps(names)}, versions: [{{name: v1, {words}}}]}}"
        )
    for file in schemas.karpenter_crds(tmp_path / "source"):
        file.parent.mkdir(parents=True, exist_ok=True)
        group, _, plural = file.stem.partition("_")
        version = {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}}
        spec = {"group": group, "names": {"kind": plural}, "versions": [version]}
        file.write_text(yaml.safe_dump({"spec": spec}))
    asked: list[str] = []

    def find(module: Path, dependency: str) -> Path:
        asked.append(f"{module.name}: {dependency}")
        return tmp_path / "source"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(toolchain, "source", find)
    monkeypatch.setattr(toolchain, "pinned_version", lambda module, dependency: f"v{len(module.name)}")
    (tmp_path / "cache" / "flyball" / "schemas" / "partial").mkdir(parents=True)  # of a run that was killed

    folder = schemas.schemas()

    assert folder == tmp_path / "cache" / "flyball" / "schemas" / "v12-v4-v10-v13-strict-2"
    assert sorted(path.name for path in folder.iterdir()) == [
        "alertmanagerconfigs-monitoring-v1.json",
        "ec2nodeclasses-karpenter-v1.json",
        "nodeclaims-karpenter-v1.json",
        "nodepools-karpenter-v1.json",
        "plain-v1.json",
        "podmonitors-monitoring-v1.json",
        "prometheusrules-monitoring-v1.json",
        "scaled-keda-v1.json",
        "thing-apps-v1.json",
    ]
    assert schemas.location() == f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    assert json.loads((folder / "podmonitors-monitoring-v1.json").read_text())["enum"] == ["=", "!="]
    assert asked == [
        "controlplane: k8s.io/kubernetes",
        "keda: github.com/kedacore/keda/v2",
        "monitoring: github.com/prometheus-operator/prometheus-operator",
        "karpenter_aws: github.com/aws/karpenter-provider-aws",
    ]
