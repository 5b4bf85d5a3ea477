"""The key `logs` of a stack file: where the logs of the cluster's pods go, or why they stay."""

from collections.abc import Mapping
from typing import Any

from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.strict import check
from flyball.guards.workload import pipeline
from flyball.guards.workload.pipeline import Pipeline
from flyball.stack.schema import UnshippedArgs


def read_logs(config: Mapping[str, Any]) -> tuple[Pipeline | None, list[Problem]]:
    """The pipeline of a configuration, and what is wrong with it; None where logs stay, whether that is said or not."""
    path, given = ("logs",), config.get("logs")
    if "logs" not in config:
        return None, []
    if isinstance(given, Mapping) and given.get("to") == "none":
        unsaid = pipeline.check_reason(given.get("reason"), path)
        return None, [*unsaid, *check({"reason": "", **given}, UnshippedArgs, path)]
    problems = [*check(given, pipeline.PipelineArgs, path)]
    return pipeline.read(Reader(given, path, problems)), problems
