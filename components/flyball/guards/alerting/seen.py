"""How soon people see that a freeze has begun, or that somebody has overridden the Governor: within a minute.

What is counted falls between two scrapes, these between two evaluations, and a message waits for more of its kind: at
the worst all three in full, and what is left of the minute is for the way to whoever is told.
"""

WITHIN = 60
SCRAPED = 30
"""Seconds between two scrapes, of a Prometheus as the chart sets it up."""
EVALUATED = 15
"""Seconds between two evaluations of the rules on the Governor."""
GATHERED = 5
"""Seconds that a message about one of the two waits."""
SUBJECTS = ("freeze", "override")
