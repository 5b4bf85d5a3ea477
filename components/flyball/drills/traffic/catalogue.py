"""All drills with traffic, in the order in which they run."""

from flyball.drills.traffic import (
    bad_release,
    chain,
    database,
    illnesses,
    overload,
    reloads,
    retry_storm,
    slow_clients,
    slow_uploads,
)
from flyball.drills.traffic.drill import TrafficDrill

DRILLS: tuple[TrafficDrill, ...] = (
    *illnesses.DRILLS,
    database.DRILL,
    overload.DRILL,
    slow_clients.DRILL,
    slow_uploads.DRILL,
    retry_storm.DRILL,
    chain.DRILL,
    reloads.DRILL,
    bad_release.DRILL,
)
