"""The key `alerts` of a stack file: who hears of what, or why nobody does."""

from collections.abc import Mapping
from typing import Any

from flyball.guards.alerting import stack
from flyball.guards.alerting.stack import Alerting
from flyball.guards.reading.problem import Problem


def read_alerts(config: Mapping[str, Any]) -> tuple[Alerting | None, list[Problem]]:
    """Who hears, and what is wrong with it; None where nobody does, whether that is said or not."""
    if "alerts" not in config:
        return None, []
    owner = config.get("owner")
    return stack.read(config["alerts"], owner if isinstance(owner, str) else "", ("alerts",))
