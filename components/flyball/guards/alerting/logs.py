"""When people are told that logs wait on their nodes, or are lost on the way."""

QUEUE_SHARE = 0.5
"""Of a node's queue: where it stays above this, nobody takes what comes in. Beyond it there is the other half, and then
what the kubelet keeps of each container's files, before a line is lost, which no counter would tell."""
FULL_SHARE = 0.8
"""Of a node's queue: at the rate that filled it so far the rest lasts a quarter of that time."""
FILLING_FOR = 300
"""Seconds: a restart of who takes the logs is shorter."""
REFUSED_FOR = 600
"""Seconds that a refusal is told for."""
UNKNOWN_FOR = 900
"""Seconds without figures of any collector: who scrapes them may restart meanwhile."""
ENDS, ENDS_WITHIN = 3, 3600
"""Times that a collector ends within so many seconds before people are told: once is a node without memory, and what it
finds damaged is put aside after two."""
