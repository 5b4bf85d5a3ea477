"""What a service survives: how many replicas each loss takes, and whether those that are left carry the peak."""

from collections.abc import Mapping

from flyball.guards.headroom.headroom import carried
from flyball.guards.headroom.queueing import erlang_c
from flyball.guards.reading.units import ceil_div, exact
from flyball.guards.workload.resolve import Service

LOSSES = ("replica", "node", "zone", "spot")


def lost(service: Service, nodes: int | None = None) -> dict[str, int]:
    """Replicas that each loss takes from the floor, spread evenly over what there is to be spread over.

    Without a number of `nodes`, each replica has one to itself.
    """
    floor, split = service.sizing.floor, service.sizing.split
    return {
        "replica": service.spec.lose,
        "node": ceil_div(floor, min(nodes or floor, floor)),
        "zone": ceil_div(floor, max(len(service.place.zones), 1)),
        "spot": split.above if split else 0,
    }


def utilization(service: Service, lost: int = 0) -> float | None:
    """Load of each replica at the peak, with the floor running and some of it lost; None where nobody is left."""
    left = carried(service.sizing.peak, service.spec.replica, service.sizing.floor - lost)
    return None if left is None else float(left)


def waiting(service: Service) -> tuple[float, float]:
    """Probability that a request waits at the peak, before and after the loss that the service is sized for."""
    floor, erlangs = service.sizing.floor, service.sizing.peak / exact(service.spec.replica)
    return erlang_c(floor, erlangs), erlang_c(max(floor - service.sizing.loss.of(floor), 0), erlangs)


def survived(service: Service, left: Mapping[str, int]) -> list[str]:
    """The losses of which each leaves what the peak needs: `left` is the number of replicas after each."""
    return [loss for loss, count in left.items() if count >= service.sizing.need]
