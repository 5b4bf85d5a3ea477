"""What a team adds to the pods of an application: containers before it and beside it, and the last resort, patches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flyball.guards.reading.units import Milliseconds
from flyball.guards.workload import init_containers
from flyball.guards.workload.application import Application
from flyball.guards.workload.init_containers import Init, OwnSidecar


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended(Application):
    """An application with what is added; `patches` are by the word for the object, the others by name."""

    init: Mapping[str, Init] = field(default_factory=dict)
    sidecars: Mapping[str, OwnSidecar] = field(default_factory=dict)
    patches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def ways_out(self) -> Milliseconds:
        """What its own sidecars take to end, once it has."""
        return init_containers.ways_out(self.sidecars)
