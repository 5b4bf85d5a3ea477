"""Files of services that lie beside the stack file: their text takes the place of their path."""

from collections.abc import Mapping
from pathlib import Path as Folder
from typing import Any

from flyball.documents import read_text
from flyball.guards.reading.problem import Path, Problem, Refused
from flyball.guards.reading.rules import GIVEN_TWICE, INVALID_PATH
from flyball.guards.reading.strict import check

BESIDE, CONTENT = "beside", "content"


def with_files(config: Mapping[str, Any], folder: Folder) -> tuple[dict[str, Any], list[Problem]]:
    """The configuration with the texts of all files that `beside` names, in the folder of the stack file, as `content`;
    and what is wrong with those names. Files that cannot be read are empty."""
    problems: list[Problem] = []
    found = dict(config)
    for key in ("services", "jobs"):
        if isinstance(named := config.get(key), Mapping):
            found[key] = {name: _service(args, folder, (key, str(name)), problems) for name, args in named.items()}
    if "defaults" in config:
        found["defaults"] = _service(config["defaults"], folder, ("defaults",), problems)
    return found, problems


def _service(args: Any, folder: Folder, path: Path, problems: list[Problem]) -> Any:
    files = args.get("files") if isinstance(args, Mapping) else None
    if not isinstance(files, Mapping) or not any(_has(each) for each in files.values()):
        return args
    read = {
        name: _files(each, folder, (*path, "files", str(name)), problems) if _has(each) else each
        for name, each in files.items()
    }
    return {**args, "files": read}


def _has(files: Any) -> bool:
    return isinstance(files, Mapping) and BESIDE in files


def _files(files: Mapping[str, Any], folder: Folder, path: Path, problems: list[Problem]) -> dict[str, Any]:
    rest = {key: value for key, value in files.items() if key != BESIDE}
    given, content = files[BESIDE], files.get(CONTENT, {})
    wrong = list(check(given, dict[str, str], (*path, BESIDE)))
    problems += wrong
    # What cannot be read counts as there: that it is not is said already.
    texts = dict.fromkeys(given if isinstance(given, Mapping) else ("unread",), "")
    for key, name in given.items() if not wrong else ():
        at = (*path, BESIDE, key)
        if isinstance(content, Mapping) and key in content:
            problems.append(Problem(at, GIVEN_TWICE, f"is among the files of {CONTENT} too", "keep one of them"))
            continue
        try:
            texts[key] = _text(folder, name, at)
        except Refused as refused:
            problems += refused.problems
    return {**rest, CONTENT: {**content, **texts} if isinstance(content, Mapping) else content}


def _text(folder: Folder, name: str, at: Path) -> str:
    """The text of one file. Raises `Refused` where there is none."""
    given = Folder(name)
    if not name.strip() or not name.isprintable() or given.is_absolute() or ".." in given.parts:
        hint = "give its path from the folder of the stack file on, as shop/nginx.conf"
        raise Refused([Problem(at, INVALID_PATH, f"is {name!r}", hint)])
    try:
        return read_text(folder / given)
    except Refused as refused:
        raise Refused(
            Problem(at, problem.rule, f"{name} {problem.message}", problem.remedy) for problem in refused.problems
        ) from None
