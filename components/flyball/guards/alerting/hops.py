"""When people are told that a dependency is slow, left alone, or that a service turns requests away.

HAProxy's exporter has no histogram. Calls count the answers that took 80 % of their timeout, and the guard in front of
an application those that took 80 % of its deadline (`flyball.proxy.near`): where these, and those without a whole
answer, are more than one request in a hundred, the 99th percentile is beyond that. For other calls it is told in two
ways: where more than one in a hundred ran into the timeout, it is the timeout; and where answers take 80 % of it on
average, it is above that, but for 0.2 %: with a percentile of `p` and a timeout of `T` the mean is at most
`0.99 * p + 0.01 * T`.
"""

NEAR_PERCENT = 80
"""Of a timeout: beyond it one slow moment more, and callers get nothing."""
SLOW_PERCENT = 1
"""Of the requests, in vain: what lies above the 99th percentile."""
LEAST = 5
"""Requests in vain within the window: one of a few is none of a hundred."""
WINDOW = 300
"""Seconds over which requests are counted."""
NEAR_MOST = 8192
"""Answers near a timeout that a proxy keeps for each hop: beyond it the oldest make room, so that one in a hundred is
seen of up to 2,700 requests a second over one hop of one proxy."""
SLOW_FOR = 300
SHED_PERCENT, SHED_MOST_PERCENT = 1, 20
"""Of the requests, turned away at the door: told of, and a page. A fifth is more than the share that the utilization
leaves beside it, so that a service of this size cannot carry what comes."""
SHED_LEAST = 20
"""Requests turned away within the window."""
SHED_FOR = 300
"""Seconds: an autoscaler's first step is done by then."""
OPEN_WINDOW = 120
"""Seconds: four looks of Prometheus, of which one may fail."""
OPEN_FOR = 60
"""Seconds beyond the window: an open circuit that closes at its first probes is none of anybody's business."""
EMPTY_FOR = 900
"""Seconds without figures: who gives them may restart meanwhile."""
