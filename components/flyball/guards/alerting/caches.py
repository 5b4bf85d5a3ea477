"""When people are told that a cache is about to be more than its memory, or less than a cache."""

MEMORY_PERCENT = 90
"""Of the container's memory, as the kernel counts it: beyond the keys lie buffers and fragments, for which the rest is
reserved; at 100 the kernel ends the process with all keys."""
MEMORY_FOR = 600
BUFFERS_PERCENT = 80
"""Of what the buffers of all clients may take; beyond it the largest client is closed."""
BUFFERS_FOR = 120
EVICTED_PERCENT, EVICTED_WINDOW = 10, 600
"""Of the keys that a cache holds, evicted within so many seconds: they go before anybody could use them again. A few
evictions are what a full cache does."""
EVICTED_FOR = 600
UNKNOWN_FOR = 900
"""Seconds without figures: who gives them may restart meanwhile."""
