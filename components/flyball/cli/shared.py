"""What the commands have in common: how a stack is named, and what is said where something is refused."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from flyball.stack.target import Target

Command = Callable[..., Any]
_STACK_HELP = "Stack: a name (stacks/Pulumi.NAME.yaml) or the path of a stack file."
stack_option = click.option("-s", "--stack", "stack", required=True, metavar="STACK", help=_STACK_HELP)
context_option = click.option(
    "--context", "kube_context", metavar="NAME", help="Use this kubeconfig context instead of its cluster."
)

_FILE = click.Path(path_type=Path)
_NO_PLACE = (errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
"""What goes wrong with a folder that is no place to keep anything."""


def server_options(command: Command) -> Command:
    """How a Prometheus lets one in, beside the option that names it."""
    for option in (
        click.option("--token-file", type=_FILE, metavar="FILE", help="File with a bearer token instead, one line."),
        click.option("--password-file", type=_FILE, metavar="FILE", help="File with the user's password, one line."),
        click.option("--user", metavar="NAME", help="User of the Prometheus; its password is in --password-file."),
    ):
        command = option(command)
    return command


def target_of(context: click.Context, stack: str, kube_context: str | None = None) -> "Target":
    from flyball.stack.target import find

    target = find(stack, context.obj, kube_context)
    if target.is_example:
        say(f"no Pulumi.yaml here or above: {target.file} is built by the program that comes with flyball")
    return target


def say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def refusals() -> Iterator[None]:
    """Bad input and failures as a message and exit code 1, never as a traceback."""
    from flyball.errors import FlyballError
    from flyball.guards.reading.problem import Refused

    try:
        yield
    except Refused as refused:
        click.echo(f"refused, and nothing was changed:\n{refused}", err=True)
        sys.exit(1)
    except (click.exceptions.Exit, click.ClickException):
        raise
    except Exception as error:
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            # One that names no file is most likely of what the standard output goes to. A reader that has gone is
            # click's: exit code 1 without a word.
            where = "" if error.filename is None else f"{error.filename}: "
            click.echo(f"{where}{error.strerror or error}{_remedy(error)}", err=True)
            _drop_output()
        elif isinstance(error, FlyballError) or _is_run_error(error):
            click.echo(f"{error}", err=True)
        else:
            raise
        sys.exit(1)


def _remedy(error: OSError) -> str:
    """Another place, where what failed is the folder that flyball keeps things in, or one around it."""
    from flyball import paths

    if not isinstance(error.filename, str) or error.errno not in _NO_PLACE:
        return ""
    path, kept = Path(error.filename), paths.cache_dir()
    if not (path.is_relative_to(kept) or kept.is_relative_to(path)):
        return ""
    return "; name a folder for what flyball builds and runs as XDG_CACHE_HOME"


def _drop_output() -> None:
    """What is still to be written to the standard output goes nowhere: Python would try again at its end, and make that
    an exit code of its own. Without a file there is none to write to."""
    with suppress(OSError):
        sys.stdout.flush()
        return
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_place(option: str, path: Path | None, *, folder: bool = False) -> None:
    """Refuse a file or a folder that could not be written, before the work whose outcome would then be lost."""
    if path is None:
        return
    import tempfile

    from flyball.guards.reading.problem import Problem, Refused
    from flyball.guards.reading.rules import INVALID_PATH

    try:
        around = path if _is_there(path) and folder else path.parent
        while folder and not _is_there(around):
            around = around.parent
        if around.is_dir() and os.access(around, os.W_OK | os.X_OK):
            # Root has the right everywhere, and yet can make no file in some places, as /proc. This one has no name.
            tempfile.TemporaryFile(dir=around).close()
            return
        why = f"{around} is no folder to write in"
    except OSError as error:
        why = str(error.strerror)
    raise Refused([Problem((option,), INVALID_PATH, f"{path} cannot be written: {why}", "name another place")])


def _is_there(path: Path) -> bool:
    """Raises OSError for what never could be."""
    with suppress(FileNotFoundError):
        return bool(path.stat())
    return False


def _is_run_error(error: Exception) -> bool:
    """Whether it is Pulumi's `RunError`, raised for people to read too; told by its name, as Pulumi loads slowly."""
    return any(f"{kind.__module__}.{kind.__name__}" == "pulumi.errors.RunError" for kind in type(error).__mro__)
