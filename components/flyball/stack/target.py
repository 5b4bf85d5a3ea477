"""Which stack of which project a command is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball import paths
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import MISSING
from flyball.guards.workload.names import check_context
from flyball.stack.file import load, stack_file
from flyball.stack.read import LOCAL


@dataclass(frozen=True, slots=True)
class Target:
    """One stack of a project: its name, its configuration, and the context to use instead of its cluster, if any."""

    project: Path
    name: str
    file: Path
    config: Mapping[str, Any]
    context: str | None = None
    is_example: bool = False
    """Whether the project is the one that comes with flyball, for want of another."""

    @property
    def is_local(self) -> bool:
        """Whether its cluster is a control plane on this machine."""
        return self.context is None and self.config.get("cluster") == LOCAL

    @property
    def kubeconfig(self) -> Path | None:
        """The kubeconfig of a control plane on this machine; None where the user's own is used."""
        return paths.kubeconfig(self.name) if self.is_local else None


def find(stack: str, folder: Path | None = None, context: str | None = None) -> Target:
    """The stack, by name or by the path of its file, in the project around `folder` [the working directory].

    Where no folder is given and no project is around, flyball's own program builds what a stack file says; by name
    there is then the stack `local` only, an example on this machine. Raises `Refused` for a stack or project that is
    not there, for a file that cannot be read, and for what can be no context.
    """
    if context is not None:
        refuse(check_context(context, ("--context",)))
    project = _project((folder or Path.cwd()).resolve())
    example = project is None and folder is None and (stack == LOCAL or stack.endswith((".yaml", ".yml")))
    if example:
        project = paths.shipped("Pulumi.yaml").parent
    if project is None:
        where = (folder or Path.cwd()).resolve()
        hint = "run inside a project, or give -C" + ("" if folder else f"; without one there is the example {LOCAL!r}")
        raise Refused([Problem((), MISSING, f"there is no Pulumi.yaml in {where} or above it", hint)])
    file = stack_file(stack, project)
    name = file.name.removeprefix("Pulumi.").removesuffix(file.suffix)
    return Target(project, name, file, load(file), context, is_example=example)


def _project(folder: Path) -> Path | None:
    return next((each for each in (folder, *folder.parents) if (each / "Pulumi.yaml").is_file()), None)
