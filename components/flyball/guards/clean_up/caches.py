"""Lesson 4 for caches: bounded by memory, with room for everything else.

What lies beside the keys, of Redis and Valkey alike: buffers for clients that do not read, and while a replica is
filled a copy of what is written meanwhile, and a buffer for it (https://redis.io/docs/latest/develop/reference/clients/
and https://valkey.io/topics/memory-optimization/).
"""

from flyball.guards.clean_up.retention import MI
from flyball.guards.clean_up.rules import CACHE_BEYOND_HALF, CACHE_SHARE, REPLICA_BUFFER
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import Bytes, Millicores, ceil_div, exact, show_number, show_size

MAXMEMORY_SHARE = 0.6
"""Of the memory there is; the rest is for fragmentation, client buffers and a copy while it saves."""
REPLICATED_SHARE = 0.3
"""With a replica: while that is filled there may be a second copy of all keys, and a buffer of what is written."""
LEAST_MAXMEMORY: Bytes = 2**20
CLIENTS_PERCENT = 10
"""Of maxmemory, for the buffers of all clients together (`maxmemory-clients`): beyond it the largest is closed.

Without it a hundred clients that did not read took 597 MiB of a Redis 7.0.15 with a maxmemory of 200 MB, with it
235 MiB."""
LARGEST_OUTPUT: Bytes = 64 * MI
"""Of one client, however large the cache is."""
OUTPUT_SECONDS = 60
"""For which a client may leave a quarter of its buffer's limit unread."""
OWN: Bytes = 16 * MI
"""What the process takes before it holds a key, and the least that is kept for fragmentation."""
FRAGMENTATION_PERCENT = 25
"""Of the memory there is, where that is more: what the allocator cannot give back at once, in either copy.

Measured with Valkey 8.1.1 in 256 MiB and keys of 16 KiB, once all had been evicted several times: 32 to 35 MiB between
what was used and what was resident. With 10 % kept for it a fill of the replica under writes at full speed took up to
256 MiB, with this 192 MiB."""
SYNC_BYTES: Bytes = 40 * MI
"""Of keys, as they lie in memory, that reach a replica and are loaded there in a second of one processor on each side.

Measured with Redis 7.0.15 under 1 MiB/s of writes, both held to a quarter or a tenth of a processor: 56 MiB with values
of 10 bytes, 82 MiB of 100 bytes, 228 MiB of 4 KiB; the least, less a quarter for what else goes on."""
MOST_PROCESSORS: Millicores = 1000
"""That a fill makes use of: it is one process that writes on the one side, and one that loads on the other."""
STREAM = 2
"""What goes to a replica for each byte that is written: a full cache evicts, and each key that goes is a command too.

Measured 1.4 times as much, values of 4 KiB in place of such of 10 bytes."""
BACKLOG: Bytes = 4 * MI
"""Of writes that are kept for a replica that was away for a moment (`repl-backlog-size`)."""
LOCAL_PERCENT = 50
"""Of a container's memory that a cache within its process may take at the most."""


def maxmemory(memory: Bytes, share: float = MAXMEMORY_SHARE, most: float = MAXMEMORY_SHARE) -> Bytes:
    """`floor(memory * share)`, which no cache on a machine of `memory` may exceed.

    Raises `Broken` for a share that is not above 0 and at most `most` [0.6], and where less than 1 MiB would be left.
    """
    if not 0 < share <= most:
        raise Broken(CACHE_SHARE, f"{show_number(share)} is not above 0 and at most {most}")
    found = int(memory * exact(share))
    if found < LEAST_MAXMEMORY:
        message = f"{show_number(share)} of {show_size(memory)} is less than {show_size(LEAST_MAXMEMORY)}"
        raise Broken(CACHE_SHARE, message)
    return found


def client_buffers(bound: Bytes) -> Bytes:
    """What all clients of a cache with a maxmemory of `bound` may leave unread: 10 % of it."""
    return bound * CLIENTS_PERCENT // 100


def output_buffer(bound: Bytes) -> Bytes:
    """What one client may leave unread before it is closed: what all may together, at most 64 MiB, at least 1 MiB."""
    return max(min(client_buffers(bound), LARGEST_OUTPUT), MI)


def replica_buffer(memory: Bytes, bound: Bytes, writes: Bytes, cpu: Millicores) -> Bytes:
    """The output buffer of a replica, of a cache with a maxmemory of `bound` within `memory`, which `cpu` is kept for.

    All that is left beside two copies of the keys, the buffers of clients, and what the process itself takes:
    `memory - 2 * maxmemory - maxmemory / 10 - max(memory / 4, 16 MiB)`. A replica that has more to catch up with is
    closed, and is filled anew. Raises `Broken` where that is less than what is sent to it, at `writes` bytes a second,
    while all keys go over, and the backlog: it would be filled anew for ever.
    """
    own = max(memory * FRAGMENTATION_PERCENT // 100, OWN)
    left = memory - 2 * bound - client_buffers(bound) - own
    seconds = ceil_div(bound * MOST_PROCESSORS, SYNC_BYTES * min(cpu, MOST_PROCESSORS))
    needed = STREAM * writes * seconds + BACKLOG
    if left < needed:
        message = (
            f"of {show_size(memory)} two copies of {_mi(bound)} of keys, {_mi(client_buffers(bound))} for clients and"
            f" {_mi(own)} for the process leave {_mi(max(left, 0))} for its replica's buffer, and {_mi(needed)} go"
            f" there in the {seconds} s in which it is filled"
        )
        raise Broken(REPLICA_BUFFER, message)
    return left


def check_local(bound: Bytes, memory: Bytes) -> None:
    """Raise `Broken` for a cache within a process that may take more than half of its container's memory."""
    if bound * 100 > memory * LOCAL_PERCENT:
        message = f"{show_size(bound)} is more than half of the container's {show_size(memory)}"
        raise Broken(CACHE_BEYOND_HALF, message)


def _mi(count: Bytes) -> str:
    return f"{ceil_div(count, MI)}Mi"
