"""How fast time passes in a drill, and what follows from it for the control plane's parts."""

from typing import Final

COMPRESSION: Final = 12
"""Seconds of real life for one second of a drill."""
PERIOD: Final = 60 // COMPRESSION
"""The period of the autoscaler's steps [s]: 60 s by default (`guards.steps.Rate`)."""
CALM: Final = 300 // COMPRESSION
"""Lower need for this long before the autoscaler goes down [s]: 300 s by default (`guards.steps.Behavior`)."""
STARTUP: Final = 60 / COMPRESSION
"""From a pod's place on a node to its readiness [s]: a minute for its image, its start and its warming up."""
COLLECTED: Final = 60 / COMPRESSION
"""From the loss of a node to the removal of its pods [s].

The pod garbage collector looks every 20 s and waits 40 s more for the node to come back (`gcCheckPeriod` and
`quarantineTime` in pkg/controller/podgc of Kubernetes 1.36).
"""
SYNC: Final = "1250ms"
"""How often the autoscaler looks: every 15 s by default (--horizontal-pod-autoscaler-sync-period)."""

CONTROLLER_FLAGS: Final = {
    "horizontal-pod-autoscaler-sync-period": SYNC,
    # 5 min and 30 s by default: for how long the figures of a young pod are not believed.
    "horizontal-pod-autoscaler-cpu-initialization-period": f"{300 // COMPRESSION}s",
    "horizontal-pod-autoscaler-initial-readiness-delay": "2500ms",
}
