"""Prints the table of the documentation: ``python -m tests.cluster.governor.write_ways_round``."""

from tests.cluster.governor import (
    ways_frozen,
    ways_of_budgets,
    ways_of_caches,
    ways_of_governor,
    ways_of_members,
    ways_of_objects,
    ways_of_strangers,
    ways_of_writing,
)
from tests.cluster.governor.ways import table

OPEN_TO_ALL = (
    *ways_of_writing.CHAPTERS,
    *ways_of_objects.CHAPTERS,
    ways_of_strangers.STRANGERS,
    ways_of_budgets.BUDGETS,
    ways_of_caches.CACHES,
    ways_of_members.MEMBER,
    ways_of_governor.GOVERNOR,
)
"""What people may try as well as automation."""
CHAPTERS = (*OPEN_TO_ALL, ways_frozen.FROZEN)

if __name__ == "__main__":
    print(table(CHAPTERS), end="")
