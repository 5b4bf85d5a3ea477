"""How long requests wait: the queueing view of headroom."""

from fractions import Fraction

from flyball.guards.reading.units import exact, show_number


def erlang_c(servers: int, load: float | Fraction) -> float:
    """Probability that a request has to wait, with `servers` replicas and `load` Erlangs (peak / replica) offered.

    1.0 where the replicas cannot keep up (load >= servers) or none is left. The model is M/M/n: arrivals at random,
    any free replica serves. Formula: A. K. Erlang, "Solution of some problems in the theory of probabilities of
    significance in automatic telephone exchanges" (1917). Reckoned through Erlang B by its recursion
    `B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1))`, in which every value stays within [0, 1]: the closed form's powers
    and factorials overflow from about 170 servers on. `C = B / (1 - a/n (1 - B))`.

    Raises ValueError for a negative or non-finite load and for a negative number of servers.
    """
    offered = exact(load)
    if servers < 0 or offered < 0:
        raise ValueError(f"neither servers ({servers}) nor load ({show_number(offered)}) can be negative")
    if offered == 0:
        return 0.0 if servers else 1.0
    if offered >= servers:
        return 1.0
    erlangs = float(offered)
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = erlangs * blocked / (k + erlangs * blocked)
    occupied = min(erlangs / servers, 1.0)
    waiting = blocked / (1.0 - occupied * (1.0 - blocked))
    return min(waiting, 1.0)
