"""What a team adds to the pods of an application: containers before it and beside it, and the last resort, patches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flyball.guards.reading.units import Bytes, Millicores, Milliseconds
from flyball.guards.workload import init_containers
from flyball.guards.workload.application import Application
from flyball.guards.workload.init_containers import Init, OwnSidecar
from flyball.guards.workload.resources import Resources


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

    @property
    def asked(self) -> tuple[Millicores, Bytes]:
        """What a pod asks for, processor and memory, with all that is beside the application, and before it."""
        return self.asked_with(())

    def asked_with(self, more: Iterable[Resources]) -> tuple[Millicores, Bytes]:
        """The same, with `more` that stays beside the application after its proxy."""
        beside = [self.sidecar.resources] if self.proxied else []
        started = [(True, each) for each in (*beside, *more)]
        own = init_containers.in_order(self.init, self.sidecars)
        started += [(isinstance(each, OwnSidecar), each.resources) for _, each in own]
        return (
            init_containers.effective([(stay, each.cpu) for stay, each in started], self.resources.cpu),
            init_containers.effective([(stay, each.memory) for stay, each in started], self.resources.memory),
        )
