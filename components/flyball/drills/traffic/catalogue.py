"""All drills with traffic, in the order in which they run."""

from flyball.drills.traffic import chain, database_stops, hop, overload, retry_storm, slow_senders
from flyball.drills.traffic.drill import TrafficDrill

DRILLS: tuple[TrafficDrill, ...] = (
    *hop.DRILLS,
    database_stops.DRILL,
    overload.DRILL,
    slow_senders.DRILL,
    retry_storm.DRILL,
    chain.DRILL,
)
