"""When people are told that a job failed, or did not run."""

LATE = 900
"""Seconds after a run was due: a control plane that restarts, or a freeze that is lifted, has started it by then."""
