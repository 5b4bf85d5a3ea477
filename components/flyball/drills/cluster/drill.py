"""A drill on a control plane: a service, two ways to run it, and a script of what befalls it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.cluster.settings import COMPRESSION
from flyball.drills.measure import overload
from flyball.drills.result import Figures
from flyball.lab.cluster.karpenter import Offer
from flyball.lab.cluster.nodes import NodeGroup, default_nodes

if TYPE_CHECKING:
    from flyball.drills.cluster.scene import Scene

SERVICE = "checkout"
NAMESPACE = "shop"
IMAGE = "registry.example/checkout:1.4.2"
NEXT_IMAGE = "registry.example/checkout:1.4.3"
ZONES = ("local-a", "local-b", "local-c")


def served_all(recording: ClusterRecording, figures: Figures) -> bool:
    """The promise of most drills: at no moment was the load more than the pods that served could do."""
    del figures
    return overload(recording.samples, recording.load, recording.replica, recording.seconds).seconds == 0


def requests_served(figures: Figures) -> str:
    """How many requests were not served, and of how many."""
    lost, of = figures["requests_not_served"], figures["requests"]
    return f"{lost:,} of {of:,} requests not served" if lost else f"all {of:,} requests served"


_METHOD = (
    "On a control plane: API server, controllers, scheduler and policies are the real ones; nodes and what runs on "
    "them are simulated by kwok. A pod serves while it is ready, is not on its way out, and its node is there. Each "
    "change of a pod or node is taken from the API server as it happens. Capacity is the number of pods that serve "
    "times what one replica can do; it is held against the stated load at every moment, so that nothing depends on how "
    "often somebody looked. Load is taken to be spread evenly over the pods that serve. Time is compressed: one second "
    f"here stands for {COMPRESSION} in real life, alike for the start of a pod, the autoscaler's periods and the "
    "waiting times of Kubernetes."
)


@dataclass(frozen=True)
class ClusterDrill:
    """One drill. Loads are in requests per second."""

    name: str
    title: str
    story: str
    """What happens, for the report."""
    with_guard: str
    """What the guard is."""
    without_guard: str
    """How the service is run without it: as it is commonly written."""
    load: float
    """At the beginning."""
    args: Mapping[str, Any]
    """Arguments of the guarded service; its `load.replica` is what one pod can do, in both runs."""
    plain: Callable[[], list[Manifest]]
    """What is applied for the run without the guard."""
    script: Callable[["Scene"], Mapping[str, float | int]]
    """What befalls the service; returns figures of its own."""
    nodes: tuple[NodeGroup, ...] = field(default_factory=lambda: default_nodes(ZONES))
    governed: bool = False
    """Whether the guarded run has the Governor's policies in its cluster."""
    held: Callable[[ClusterRecording, Figures], bool] = served_all
    summary: Callable[[Figures], str] = requests_served
    """The outcome in a few words."""
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sizes to mark in the plots, in pods."""
    keda: bool = False
    """Whether KEDA runs beside the control plane."""
    offers: tuple[Offer, ...] = ()
    """What Karpenter may buy, where it runs beside the control plane."""
    around: Callable[[bool], list[Manifest]] = lambda guard: []
    """What is applied before the service, with the guard or without it."""
    alike: bool = False
    """Whether the service is the plain one in both runs, and the guard is of what it runs on."""
    prepare: Callable[["ClusterDrill"], "ClusterDrill"] = lambda drill: drill
    """Called once the control plane runs, for what depends on the time of day."""
    before: Callable[["Scene"], None] = lambda scene: None
    """Called once the service stands, before the recording begins."""
    clock: datetime | None = None
    """When the moment comes that `prepare` has arranged for."""
    method: str = _METHOD
    """How it is measured, for the report."""
