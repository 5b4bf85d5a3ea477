"""All spot nodes vanish at once, and soon after half of one zone.

With the guard: what the load needs runs on demand, spread over the zones; what is above it prefers spot and falls back.
Without it: a Deployment sized for the load, all of it on cheap spot nodes, as cost savings are commonly written.
"""

from collections.abc import Mapping

from flyball import wellknown
from flyball.drills.cluster import plain
from flyball.drills.cluster.drill import IMAGE, NAMESPACE, SERVICE, ClusterDrill
from flyball.drills.cluster.plain import Manifest
from flyball.drills.cluster.scene import Scene

PEAK, REPLICA = 700, 100
NEED = 9
"""What carries the peak at 80 %: the size that is commonly written down, with nothing for a loss."""


def _script(scene: Scene) -> Mapping[str, float | int]:
    recorder = scene.recorder
    size = recorder.ready
    recorder.pass_time(4)
    scene.lose(scene.node_names(spot=True))
    # The second blow falls on a service that has replaced what it lost, and had time to see that it did.
    # The autoscaler may meanwhile have gone further, by what the survivors had to carry.
    recorder.wait(lambda: recorder.ready >= size, "the lost pods' replacements")
    recorder.pass_time(4)
    zone = scene.node_names("local-a", spot=False)
    scene.lose(zone[: len(zone) // 2])
    recorder.wait(lambda: recorder.ready >= size, "the lost pods' replacements")
    recorder.pass_time(2)
    return {"replicas": size}


def _plain() -> list[Manifest]:
    toleration = {"key": wellknown.SPOT_TAINT, "operator": "Exists", "effect": wellknown.SPOT_TAINT_EFFECT}
    on_spot = {"key": wellknown.CAPACITY_TYPE, "operator": "In", "values": [wellknown.CAPACITY_SPOT]}
    preferred = [{"weight": 100, "preference": {"matchExpressions": [on_spot]}}]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    return [
        plain.deployment(SERVICE, NAMESPACE, IMAGE, NEED, {"tolerations": [toleration], "affinity": affinity}),
    ]


DRILL = ClusterDrill(
    name="spot",
    title="All spot machines vanish at once, then half of one zone",
    story="The cloud takes back every spot machine in the same second. The pods are started elsewhere; soon after, "
    "half of the machines of one zone are lost as well.",
    with_guard="survive: zone, spot. What the peak needs runs on demand and is spread over the zones; only what is "
    "above it is on spot, and may fall back.",
    without_guard="A Deployment of 9 replicas, enough for the peak at 80 %, that prefers spot machines; no base on "
    "demand, no spread, nothing for a loss.",
    load=PEAK,
    args={"load": {"peak": PEAK, "replica": REPLICA}, "survive": "zone,spot", "spot": {"enabled": True}},
    plain=_plain,
    script=_script,
)
