"""What a container asks for, and the most it may use."""

from dataclasses import dataclass

from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast.rules import LIMIT_BELOW_REQUEST
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Bytes, Millicores

LEAST_MEMORY: Bytes = MI
"""No process starts in less; 256 without a unit are bytes."""


@dataclass(frozen=True, slots=True)
class Resources:
    cpu: Millicores
    memory: Bytes
    cpu_limit: Millicores
    memory_limit: Bytes


def read(r: Reader, cpu: Millicores = 250, memory: Bytes = 256 * MI) -> Resources:
    """What a container asks for, `cpu` and `memory` where it does not say; limits below that are a problem."""
    limits = r.at("limits")
    cpu, memory = r.cpu("cpu", cpu), r.size("memory", memory, LEAST_MEMORY)
    resources = Resources(cpu, memory, limits.cpu("cpu", 2 * cpu), limits.size("memory", memory, LEAST_MEMORY))
    for key, asked, most in (("cpu", cpu, resources.cpu_limit), ("memory", memory, resources.memory_limit)):
        if most < asked and r.readable(key) and limits.readable(key):
            limits.problem(key, LIMIT_BELOW_REQUEST, "is less than is requested", "raise the limit or request less")
    return resources
