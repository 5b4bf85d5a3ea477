"""A drill on a model: what befalls it second by second, and the promise that it has to keep."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.drill import Report
from flyball.drills.result import Figures, Result

_METHOD = (
    "On a model: no account of AWS is there, and no instance starts. A small model of an Auto Scaling group is given "
    "what Pulumi would hand to AWS, and follows AWS's documented rules second by second: minimum, maximum, rounding, "
    "warm-up, cooldown, schedules, hooks, suspended processes. It shows what these inputs come to by the rules, and "
    "not that AWS keeps them."
)


@dataclass(frozen=True, slots=True)
class ModelDrill:
    """One drill."""

    name: str
    title: str
    story: str
    """What happens, for the report."""
    with_guard: str
    without_guard: str
    """How the fleet is written without the guard: as it commonly is."""
    script: Callable[[bool], tuple[Figures, ClusterRecording]]
    held: Callable[[Figures], bool]
    summary: Callable[[Figures], str]
    """The outcome in a few words."""
    method: str = _METHOD
    """How it is measured, for the report."""


def lacks(_drill: ModelDrill, guard: bool) -> str:
    """What is missing to know what Pulumi would hand over; empty where nothing is."""
    return "" if not guard or find_spec("pulumi_aws") else "pulumi-aws is not installed: pip install 'flyball[aws]'"


def once(drill: ModelDrill, guard: bool, report: Report) -> Result:
    """One run, in a second or two."""
    report("a model of an Auto Scaling group, with what Pulumi would hand to AWS")
    figures, recording = drill.script(guard)
    return Result(drill.name, guard, drill.held(figures), figures, drill.summary(figures), recording)
