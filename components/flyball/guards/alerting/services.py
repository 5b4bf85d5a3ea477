"""When people are told that a service in a cluster has less than it needs, or about as much as it may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flyball.guards.alerting.objectives import Objective
from flyball.guards.governor import envelope, freeze
from flyball.guards.headroom.members import Members

BELOW_NEED_FOR = 120
"""Seconds: pods that went all at once are replaced in less, where there is room for them."""
BELOW_FLOOR_FOR = 900
"""Seconds: an update, a drain or a lost node takes pods below the floor for a while, which is what headroom is for."""
HEADROOM_FOR = 600
"""Seconds: an autoscaler has grown by then, which takes it a look, a start and a step or two."""
LOAD_WINDOW = 300
"""Seconds over which load is averaged."""
UNKNOWN_FOR = 900
"""Seconds without figures: who gives them may restart meanwhile."""
NEAR_CAP_FOR = envelope.WARN_FOR_SECONDS
AT_CAP_FOR = envelope.PAGE_FOR_SECONDS
BLIND_FOR = 600
"""Seconds without figures for an autoscaler; who gives them may restart meanwhile."""
BLIND_TOGETHER = 3
"""So many that are blind at once, and most of all, have one cause."""
HALFWAY_FOR = 7200
"""Seconds for which a new version is beside the old one: twice as long as all pauses of a release may take."""
BUDGET_FOR = 3600
"""Seconds in which no pod may be evicted: updates and drains use a budget up for less."""
RESTARTS, RESTARTS_WINDOW = 5, 1800
"""Restarts of a workload's containers within so many seconds that no update and no lost node explains."""
MEMORY_WINDOW = 900
"""Seconds for which a container that was killed for its memory is told of."""
EVICTED_WINDOW = 3600
"""Seconds for which an eviction is told of; the pod stays in the list for days."""
OVERRIDE_WINDOW = 300
"""Seconds for which an override is told of."""
SPOT_LEFT = 0.5
"""Share of the wanted pods on spot machines: with less of them ready, these go faster than new ones come."""
SPOT_FOR = 300
"""Seconds: a single machine is replaced within this."""
DENIED, DENIED_WINDOW = 20, 900
"""Refused writes within so many seconds: a person tries again a few times, a program for ever."""
FREEZE_LONGEST = int(freeze.LONGEST.total_seconds())


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What holds for a workload, in replicas of all its Deployments.

    `need` and `floor` are the lowest of the day: at other hours the autoscaler's own minimum is higher. `ceiling` is
    None where it is the floor, so that the workload is always at its cap, and that means nothing. One replica can do
    `replica` requests per second, and is to carry `utilization` of that. `deadline` is that of a request [s], None
    where no proxy counts requests. `zones` is how many there are where the loss of one is to be survived. `hops` has
    the timeout [s] of each call whose requests are counted. `objective` is held by what `protocol` tells of errors.
    `members` are those of what keeps data or must not run twice, None of replicas that are alike.
    """

    namespace: str
    name: str
    owner: str
    environment: str
    need: int
    floor: int
    warn: int
    ceiling: int | None
    replica: float = 1.0
    utilization: float = 1.0
    deadline: float | None = None
    zones: int | None = None
    hops: Mapping[str, float] = field(default_factory=dict[str, float])
    objective: Objective | None = None
    protocol: str = "http"
    members: Members | None = None
