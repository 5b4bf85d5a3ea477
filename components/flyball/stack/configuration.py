"""The stack's configuration as Pulumi hands it to the program."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import get_config_env, is_config_secret
from pulumi.runtime.config import CONFIG

from flyball.guards.aws.platform import Platform
from flyball.guards.reading.problem import Refused
from flyball.stack import either
from flyball.stack.beside import with_files
from flyball.stack.file import STACKS, alone, as_value, stack_file
from flyball.stack.on_platform import is_resolved, with_platform
from flyball.stack.read import Stack
from flyball.stack.schema import PROJECT

_SECRETIVE = ("services", "jobs", "caches")
"""Keys whose values may hold secrets."""
FOLDER_VARIABLE = "FLYBALL_STACKS"
"""Names the folder of the stack's file, for one run of the program [stacks, where Pulumi.yaml has it]."""
_READ: ContextVar[Stack | Platform | None] = ContextVar("stack", default=None)


@contextmanager
def already_read(stack: Stack | Platform | None) -> Iterator[None]:
    """Within it, `configured` is this stack: what was read already is not read again by a program in this process."""
    token = _READ.set(stack)
    try:
        yield
    finally:
        _READ.reset(token)


def configured() -> Stack | Platform:
    """The stack that Pulumi is about to build.

    Raises `pulumi.RunError`, with every problem at once and before anything is registered, where a rule is broken.
    """
    if stack := _READ.get():
        return stack
    decrypted = any(is_config_secret(f"{PROJECT}:{key}") for key in _SECRETIVE)
    # The CLI has read the file, and does not say which.
    folder = Path(os.environ.get(FOLDER_VARIABLE) or STACKS)
    values, unread = with_files(_values(), folder)
    if not is_resolved(values):
        values, unnamed = with_platform(values, lambda name: stack_file(name, Path(), folder), alone)
        unread += unnamed
    try:
        if unread:
            raise Refused([*unread, *either.problems(values, decrypted=decrypted)])
        return either.read_either(values, decrypted=decrypted)
    except Refused as refused:
        raise pulumi.RunError(f"the stack is refused, and nothing was created:\n{refused}") from None


def _values() -> dict[str, Any]:
    """All keys of the project, unknown ones too, which `pulumi.Config` could not list. Values arrive as JSON text."""
    values: dict[str, Any] = {}
    for full, text in {**get_config_env(), **CONFIG.get()}.items():
        prefix, _, rest = full.partition(":")
        if prefix == PROJECT:
            name = rest.removeprefix("config:")
            values[name] = as_value(name, text)
    return values
