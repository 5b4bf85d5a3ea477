"""How a Job has ended, by its conditions."""

from collections.abc import Mapping
from typing import Any

from flyball.kubectl import condition, is_true

COMPLETE, FAILED = "Complete", "Failed"


def ended(job: Mapping[str, Any]) -> str | None:
    """How a Job has ended, `COMPLETE` or `FAILED`; None while it has not."""
    return next((how for how in (COMPLETE, FAILED) if is_true(job, how)), None)


def why(job: Mapping[str, Any]) -> str:
    """Why it has failed."""
    failed = condition(job, FAILED)
    return failed.get("message") or failed.get("reason") or "nobody says why"
