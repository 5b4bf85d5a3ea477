"""Restoring an even spread over zones: how often, how much at a time, and what it comes to.

A floor that survives a zone reckons with `ceil(n / zones)` in the fullest. A scale-down chooses by node and age, not by
zone, so that the fullest may hold more than that. Each eviction takes a pod of it to the emptiest zone, which alone the
spread allows then, until no two zones differ by more than one.
"""

EVERY = 300
"""Seconds between two looks."""
LONGEST = 240
"""Seconds that a look may take: it ends before the next one."""
KEPT = 3600
"""Seconds that a finished look can be looked at."""
PER_NODE = 5
"""Pods evicted of a node in one look, at the most."""
PER_NAMESPACE = 50
"""Pods evicted in a namespace in one look, at the most; of each service no more than its disruption budget allows."""
