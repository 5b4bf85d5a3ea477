"""A thousand stack files as people break them: each is planned, or refused with its problems, and by `render` too."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.examples import so_many

from flyball.deploy import up as local
from flyball.guards.reading.problem import Problem, Refused
from flyball.stack.plan import plan
from flyball.stack.target import Target, find

ROOT = Path(__file__).parents[2]
STACKS = [(ROOT / "stacks" / f"Pulumi.{name}.yaml").read_text(encoding="utf-8") for name in ("local", "dev", "prod")]
EACH = so_many(100)
RENDERED = 1
"""Of each hundred files, or what is tried of them, so many that `plan` accepts are rendered whole."""
ODD = [
    *(
        "",
        "~",
        "null",
        "on",
        "yes",
        "0",
        "-1",
        "007",
        "0x1F",
        "1e400",
        ".inf",
        "-.inf",
        ".nan",
        "1" * 5_000,
        "0x" + "f" * 5_000,
    ),
    *(
        "2028-01-03",
        "22:30",
        "!!int x",
        "!!float x",
        "!!bool x",
        "!!null x",
        "!!int '7'",
        "!!str 7",
        "!!binary aGk=",
        "!thing 7",
    ),
    *(
        "!!timestamp 2028-01-03",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!python/name:os.system ''",
        "!!map [a]",
        "!!seq {a: b}",
    ),
    *(
        "{}",
        "[]",
        "[[]]",
        "{a: {b: c}}",
        "{[a]: b}",
        "{{a: b}: c}",
        "{? a}",
        "{secure: x}",
        "{secure: [x]}",
        "[" * 300,
        "{a: " * 300,
    ),
    *(
        "*day",
        "*nobody",
        "&day x",
        "&a [*a]",
        "{<<: x}",
        "{<<: [*day]}",
        "{<<: {<<: {a: b}}}",
        "|",
        ">-",
        "%",
        "@",
        "`",
        "#",
        "---",
        "...",
    ),
    *(
        "'",
        '"',
        "\t",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "\U0001f600",
        "é",
        "a" * 10_000,
        "''",
        "' '",
        "a b",
        "a: b",
        "- a",
        "? a",
        "$(A)",
    ),
    *(
        "true",
        "1s",
        "1m",
        "64Mi",
        "-1s",
        "0s",
        "1_000",
        "1.5",
        "99999999999999999999",
        "latest",
        "tcp",
        "zone",
        "frontend",
    ),
]


def _line(words: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.splitlines()
    return lines, words.choice([i for i, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"])


def _value(words: random.Random, text: str) -> str:
    """Another value behind a colon, or behind one of a line's."""
    lines, i = _line(words, text)
    places = [place + 2 for place in range(len(lines[i])) if lines[i].startswith(": ", place)]
    place = words.choice(places) if places else len(lines[i])
    end = min((e for e in (lines[i].find(c, place) for c in ",}]") if e > 0), default=len(lines[i]))
    lines[i] = f"{lines[i][:place]} {words.choice(ODD)}{lines[i][end:]}"
    return "\n".join(lines)


def _key(words: random.Random, text: str) -> str:
    lines, i = _line(words, text)
    indent = lines[i][: len(lines[i]) - len(lines[i].lstrip())]
    _, colon, rest = lines[i].lstrip().partition(":")
    lines[i] = f"{indent}{words.choice(ODD)}{colon}{rest}"
    return "\n".join(lines)


def _lines(words: random.Random, text: str) -> str:
    """A line away, twice, elsewhere, further in or out."""
    lines, i = _line(words, text)
    line = lines.pop(i)
    more = words.choice([[], [line, line], ["  " + line], [line[1:]], [line[2:]], ["\t" + line], [line + ":"]])
    place = words.choice([i, words.randrange(len(lines))])
    return "\n".join([*lines[:place], *more, *lines[place:]])


def _letters(words: random.Random, text: str) -> str:
    place = words.randrange(len(text))
    cut = words.choice([0, 1, 1, 2, 20])
    return text[:place] + words.choice(["", *"{}[]:,&*!|>'\"%@`#-?\t\n 0"]) + text[place + cut :]


def _number(words: random.Random, text: str) -> str:
    """Another number in the place of one; most of these are accepted, or broken rules."""
    lines, i = words.choice([(lines, i) for lines in [text.splitlines()] for i in range(len(lines)) if "{" in lines[i]])
    digits = [place for place, letter in enumerate(lines[i]) if letter.isdigit()]
    if digits:
        place = words.choice(digits)
        lines[i] = lines[i][:place] + words.choice(["1", "9", "0", "77", "0.5"]) + lines[i][place + 1 :]
    return "\n".join(lines)


MUTATIONS: list[Callable[[random.Random, str], str]] = [_value, _value, _key, _lines, _letters, _number]


def mutated(seed: int) -> str:
    """The same one for the same seed."""
    words = random.Random(seed)
    text = words.choice(STACKS)
    for _ in range(words.choice([1, 1, 1, 2, 3])):
        text = words.choice(MUTATIONS)(words, text)
    return text


def planned(config: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What `flyball plan` finds; it must be able to say it, too."""
    found = plan(config)
    assert json.dumps(found.as_json())
    return found.findings


def rendered(target: Target) -> tuple[Problem, ...]:
    """What `flyball render` refuses."""
    try:
        local.render(target)
    except Refused as refused:
        return refused.problems
    return ()


@pytest.mark.parametrize("hundred", range(10))
def test_is_planned_or_refused_by_both_commands(hundred: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that cannot be read stop both at the same place, and before anything else."""
    file, program, whole = tmp_path / "Pulumi.odd.yaml", local.run_program, 0
    for seed in range(hundred * EACH, (hundred + 1) * EACH):
        text = mutated(seed)
        file.write_text(text, encoding="utf-8", newline="")
        try:
            target = find(str(file), ROOT)
        except Refused as refused:
            problems = refused.problems
        else:
            problems = planned(target.config)
            run = program if not problems and whole < RENDERED and text not in STACKS else lambda *_: []
            whole += run is program
            monkeypatch.setattr(local, "run_program", run)
            assert rendered(target) == problems, seed
        assert all(problem.message and str(problem) for problem in problems), seed
    assert whole == RENDERED
