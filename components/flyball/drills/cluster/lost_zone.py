"""A zone is taken out of use, one more node vanishes, the load rises, and a release comes: all while the zone is away.

With the guard: pods are spread over the zones that can take them, so that a zone that is away holds nobody up.
Without it: the spread as Kubernetes' own pages show it, for which a zone that is away is one with no pods in it, beside
which no other may have more than one.
"""

from collections.abc import Mapping

from flyball import wellknown
from flyball.drills.cluster import plain
from flyball.drills.cluster.drain import drain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, NEXT_IMAGE, SERVICE, ZONES, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.recorder import PATIENCE
from flyball.drills.cluster.scene import Scene
from flyball.lab.cluster.nodes import NodeGroup

PEAK, REPLICA = 400, 50
LOAD = 380
"""At the beginning: just below the peak, for which the floor is enough."""
FLOOR = 15
"""What leaves enough for the peak at 80 % when one of three zones is lost; both runs begin with it."""
CEILING = 45
RISE = 600
"""More than the peak that was stated, and within what the service may grow to."""
_ROLLOUT = {"settle": "1s", "surge": 100}
"""In one step, so that the drill ends before it is time to say that one more zone could not be lost."""
_NEVER = 20.0
"""How long to wait for what does not come without the guard while the zone is away [s]."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder, limit = scene.recorder, PATIENCE if scene.guard else _NEVER
    size = recorder.ready
    recorder.pass_time(2)
    lost = scene.node_names(ZONES[0])
    recorder.event(f"{ZONES[0]} is drained")
    drain(scene, *lost)
    recorder.reached(lambda: recorder.ready >= size, limit / 2)
    scene.lose(scene.node_names(ZONES[1])[:1])
    recorder.reached(lambda: recorder.ready >= size, limit / 2)
    recorder.event("the load rises")
    recorder.ramp(6, RISE)
    recorder.pass_time(9)
    recorder.event("release")
    scene.apply(NEXT_IMAGE)
    released = recorder.reached(lambda: scene.rolled_out(NEXT_IMAGE), limit)
    recorder.pass_time(2)
    return {"replicas": size, "released": int(released), "pods_pending": recorder.pods - recorder.ready}


def _plain() -> list[Manifest]:
    constraint = {
        "maxSkew": 1,
        "topologyKey": wellknown.ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {wellknown.NAME_LABEL: SERVICE}},
    }
    return [
        plain.deployment(SERVICE, NAMESPACE, IMAGE, FLOOR, {"topologySpreadConstraints": [constraint]}),
        plain.autoscaler(SERVICE, NAMESPACE, FLOOR, CEILING, target=53),
    ]


DRILL = ClusterDrill(
    name="lost-zone",
    title="A zone is lost, then a node, and the load rises before a release",
    story="One of three zones is taken out of use and drained. While it is away one more machine vanishes, the load "
    "rises by half, and a new version is rolled out.",
    with_guard="survive: zone. Pods are spread evenly over the zones whose nodes can take them; one that is away does "
    "not count.",
    without_guard=f"The same {FLOOR} replicas and the same autoscaler's target, with an even spread over the zones as "
    "a must and nothing said of nodes that take no pods: a zone that is away counts as one without pods.",
    load=LOAD,
    args={"load": {"peak": PEAK, "replica": REPLICA}, "survive": "zone", "proven": 30, "rollout": _ROLLOUT},
    plain=_plain,
    script=_script,
    nodes=tuple(NodeGroup(zone, False, 3) for zone in ZONES),
)
