"""With what a process can be started: a program, and texts that end at the first NUL (execve(2))."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import EMPTY, INVALID_TEXT


def check(args: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Refuse words of `command`, `arguments` and `env` with which no process can be started."""
    for key in ("command", "arguments"):
        if isinstance(words := args.get(key), list | tuple):
            yield from check_command(words, (*path, key), runs=key == "command")
    env = args.get("env")
    for name, value in env.items() if isinstance(env, Mapping) else ():
        yield from _check_nul(value, (*path, "env", str(name)))


def check_command(words: Sequence[object], path: Path, *, runs: bool = True) -> Iterator[Problem]:
    """Refuse words that no process can be given; the first one is the program where these are what `runs`."""
    for i, word in enumerate(words):
        yield from _check_nul(word, (*path, i))
    if runs and words and isinstance(words[0], str) and not words[0].strip():
        hint = "give its path or name, or remove the key"
        yield Problem((*path, 0), EMPTY, f"is {words[0]!r}, and names no program", hint)


def _check_nul(text: object, path: Path) -> Iterator[Problem]:
    if isinstance(text, str) and "\0" in text:
        yield Problem(path, INVALID_TEXT, "has the character NUL, at which it would end", "remove it")
