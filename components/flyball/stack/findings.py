"""Broken rules as plain values, for `plan --json`."""

from typing import Any

from flyball.guards.reading.problem import Problem


def finding(problem: Problem) -> dict[str, Any]:
    """Where it is, which rule, what is wrong and how to mend it."""
    return {
        "path": list(problem.path),
        "where": problem.where,
        "rule": problem.rule.id,
        "message": problem.message,
        "remedy": problem.remedy,
    }
