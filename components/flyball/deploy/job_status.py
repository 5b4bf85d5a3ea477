"""How a Job has ended, by its conditions."""

from collections.abc import Mapping
from typing import Any

COMPLETE, FAILED = "Complete", "Failed"


def ended(job: Mapping[str, Any]) -> str | None:
    """How a Job has ended, `COMPLETE` or `FAILED`; None while it has not."""
    return next(
        (c["type"] for c in _conditions(job) if c["type"] in (COMPLETE, FAILED) and c["status"] == "True"), None
    )


def why(job: Mapping[str, Any]) -> str:
    """Why it has failed."""
    failed: Mapping[str, Any] = next((each for each in _conditions(job) if each["type"] == FAILED), {})
    return failed.get("message") or failed.get("reason") or "nobody says why"


def _conditions(job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return job.get("status", {}).get("conditions", [])
