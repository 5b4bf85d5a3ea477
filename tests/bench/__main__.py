"""`make bench`: what all of it costs, each part by name, beside a baseline of the same run.

``python -m tests.bench [PART ...] [--small] [--document FILE]``: without a name every part but those for which one
has to ask. What each part measured is written to the document, `docs/bench.md`, in place of what it measured before.
`--small` is for the tests: the least that a part can measure.
"""

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.bench.figures import DOCUMENT, keep, section

PARTS = {
    "register": 1.2,
    "aws": 0.6,
    "command": 0.5,
    "engine": 5,
    "up": 4,
    "governor": 0.7,
    "sidecar": 1,
    "collector": 0.5,
    "alerts": 6,
    "hosts": 2,
    "plane": 10,
}
"""Each a module of its name, and about how many minutes it takes on two quiet processors."""
ASKED = ("alerts", "aws", "plane")
"""Measured only where asked for by name."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"{', '.join(unknown)}: not a part; parts are {', '.join(PARTS)}")
    names = [name for name in PARTS if name in given.parts or (not given.parts and name not in ASKED)]
    failed: list[str] = []
    for number, name in enumerate(names, 1):
        rest = sum(PARTS[each] for each in names[number - 1 :])
        print(f"part {number} of {len(names)}: {name}; about {rest:g} minutes remain", flush=True)
        try:
            run(name, given.small, given.document)
        except Exception:  # the other parts are worth as much without it
            traceback.print_exc()
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, small: bool, document: Path) -> None:
    """Measure one part, show it, and keep it."""
    part: Any = importlib.import_module(f"tests.bench.{name}")
    started = time.monotonic()
    tables = part.measure(small, lambda line: print(f"  {line}", flush=True))
    text = section(name, part.TITLE, tables, (time.monotonic() - started) / 60)
    print(text, flush=True)
    keep(document, name, text, list(PARTS))


if __name__ == "__main__":
    sys.exit(main())
