"""When people are told of members, of what stands alone, and of the volumes of both."""

from flyball.guards.alerting import hosts

QUORUM_LOST_FOR = 60
"""Seconds: nothing is decided meanwhile, and no member comes back sooner than that by itself."""
MISSING_FOR = 900
"""Seconds: an update, a drain or a restart of a node takes one member for less."""
ALONE_FOR = 180
"""Seconds: what stands alone is away for its way out and its start whenever its node is drained."""
ALONE_WINDOW = 900
"""Seconds for which it is told that it was away."""
FULL_PERCENT = hosts.DISK_FULL_PERCENT - 5
"""Of a volume used: it is enlarged while what writes to it still runs, which takes longer than to delete a log."""
FULL_FOR = hosts.DISK_FULL_FOR
TREND, TREND_FOR, AHEAD = hosts.DISK_TREND, hosts.DISK_TREND_FOR, hosts.DISK_AHEAD
TREND_USED_PERCENT = hosts.DISK_TREND_USED_PERCENT
