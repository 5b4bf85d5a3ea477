"""What all Kubernetes objects of a workload have in common, and how they refer to each other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flyball import wellknown
from flyball.guards.reading.units import Bytes, Millicores, show_size
from flyball.guards.workload.resources import Resources
from flyball.guards.workload.sizing import Sizing
from flyball.guards.workload.spec import Spec

Manifest = dict[str, Any]
_CAPITAL = re.compile(r"(?=[A-Z])")

BASE_PART = "base"
SPOT_PART = "spot"
SPOT_SUFFIX = "-spot"
SECRET_SUFFIX = "-env"
"""Of the Secret with a workload's secret environment variables."""
PORT_NAME = "main"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A workload with all rules applied, and where it goes; what every builder of a manifest is given."""

    spec: Spec
    sizing: Sizing
    namespace: str
    environment: str
    owner: str
    zones: Sequence[str] = ()
    callers: Sequence[str] = ()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def labels(self) -> dict[str, str]:
        """On every object; what the user adds never replaces what flyball relies on."""
        return {
            **self.spec.labels,
            **self.selector,
            **ownership(self.environment, self.owner),
        }

    @property
    def selector(self) -> dict[str, str]:
        """What all pods of the workload have in common, on demand and on spot."""
        return {wellknown.NAME_LABEL: self.name}

    @property
    def autoscaled(self) -> str:
        """The Deployment that the autoscaler sizes: with spot on, the one above the on-demand base."""
        return self.name + (SPOT_SUFFIX if self.sizing.split else "")

    @property
    def autoscaled_from(self) -> int:
        """Replicas of the workload that the autoscaler does not see."""
        return self.sizing.split.base if self.sizing.split else 0

    def metadata(self, name: str | None = None, annotations: Mapping[str, str] | None = None) -> Manifest:
        """Metadata of a namespaced object; without a name of its own it is called as the workload."""
        merged = {**self.spec.annotations, **(annotations or {})}
        meta: Manifest = {"name": name or self.name, "namespace": self.namespace, "labels": self.labels}
        return {**meta, "annotations": merged} if merged else meta


def properties(manifest: Manifest) -> Manifest:
    """A manifest as keyword arguments of its resource class, which wants its outermost keys in snake case."""
    return {_CAPITAL.sub("_", key).lower(): value for key, value in manifest.items()}


def requests_and_limits(resources: Resources, ephemeral_storage: Bytes) -> Manifest:
    """A container's resources; of ephemeral storage it asks for all that it may use, since it is bounded anyway."""
    storage = show_size(ephemeral_storage)
    asked = {"cpu": show_cpu(resources.cpu), "memory": show_size(resources.memory)}
    most = {"cpu": show_cpu(resources.cpu_limit), "memory": show_size(resources.memory_limit)}
    return {
        "requests": {**asked, "ephemeral-storage": storage},
        "limits": {**most, "ephemeral-storage": storage},
    }


def show_cpu(millicores: Millicores) -> str:
    """As Kubernetes prints it: whole processors without a unit."""
    return f"{millicores}m" if millicores % 1000 else f"{millicores // 1000}"


def ownership(environment: str, owner: str) -> dict[str, str]:
    """Labels that every object has, also those that belong to no workload."""
    return {
        wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY,
        wellknown.ENVIRONMENT_LABEL: environment,
        wellknown.OWNER_LABEL: owner,
    }
