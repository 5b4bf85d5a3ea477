"""The signals on which a process may be told to open its logs anew; one that it does not catch would end it."""

SIGNALS: dict[str, int] = {"HUP": 1, "USR1": 10, "USR2": 12}
"""With their numbers on all processors that Linux runs on, but for MIPS and Alpha (signal(7))."""
