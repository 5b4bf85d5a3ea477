"""A drill with the log collector: a script of what befalls it, and the promise that it has to keep."""

from collections.abc import Callable
from dataclasses import dataclass

from flyball.drills.drill import Report
from flyball.drills.logs.lab import Lab, lab
from flyball.drills.result import Figures, Result
from flyball.lab.cluster import toolchain

_METHOD = (
    "With logs: the collector is the real one, a process on this machine; files are written and rotated as container "
    "runtime and kubelet do it. Lines are numbered, and counted where they have to arrive. Buffers are small, so that "
    "seconds do what hours do elsewhere."
)


@dataclass(frozen=True, slots=True)
class LogDrill:
    """One drill."""

    name: str
    title: str
    story: str
    """What happens, for the report."""
    with_guard: str
    without_guard: str
    """How the collector is run without the guard: as it is commonly set up."""
    script: Callable[[Lab], Figures]
    held: Callable[[Figures], bool]
    summary: Callable[[Figures], str]
    """The outcome in a few words."""
    method: str = _METHOD
    """How it is measured, for the report."""


def lacks(_drill: LogDrill, _guard: bool) -> str:
    """What is missing on this machine to build the collector; empty where it is built or can be."""
    tools = toolchain.tools_dir()
    tool = toolchain.TOOLS["otelcol"]
    if toolchain.cached_path(tool, tools).is_file():
        return ""
    try:
        toolchain.check_go(tools / tool.module)
    except toolchain.GoMissingError as error:
        return str(error)
    return ""


def once(drill: LogDrill, guard: bool, report: Report) -> Result:
    """One run. Raises `DrillError` where it could not be carried out."""
    with lab(guard, report) as made:
        figures = drill.script(made)
        recording = made.recorder.finish()
    return Result(drill.name, guard, drill.held(figures), figures, drill.summary(figures), recording)
