"""Prints the table of the documentation: ``python -m tests.cluster.governor.write_ways_round``."""

from tests.cluster.governor import ways_frozen, ways_of_governor, ways_of_objects, ways_of_writing
from tests.cluster.governor.ways import table

CHAPTERS = (*ways_of_writing.CHAPTERS, *ways_of_objects.CHAPTERS, ways_of_governor.GOVERNOR, ways_frozen.FROZEN)

if __name__ == "__main__":
    print(table(CHAPTERS), end="")
