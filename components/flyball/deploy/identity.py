"""By what an object of Kubernetes is known within a stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Named = tuple[str, str, str]
"""Kind, namespace (empty for an object of the whole cluster) and name."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What has a manifest, with kind and name."""

    manifest: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.manifest["kind"]

    @property
    def name(self) -> str:
        return self.manifest["metadata"]["name"]

    @property
    def namespace(self) -> str:
        """Empty for an object of the whole cluster, and where nothing is said of one."""
        return self.manifest["metadata"].get("namespace") or ""

    @property
    def named(self) -> Named:
        return (self.kind, self.namespace, self.name)
