"""What the parts of `make bench` measure, as tables; and the document that keeps what each of them measured last."""

import datetime
import os
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Report = Callable[[str], None]
DOCUMENT = Path(__file__).parents[2] / "docs" / "bench.md"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a head, with a sentence about what they are."""

    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        return "\n".join([self.about, "", *(f"| {' | '.join(line)} |" for line in lines)])


def machine() -> str:
    """What the figures depend on, without a name of anything: processors, memory, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = re.match(r"\d+\.\d+", platform.release())
    return (
        f"{os.cpu_count()} processors, {memory:.0f} GiB of memory,"
        f" {platform.system()} {system.group() if system else ''}, Python {platform.python_version()}"
    )


def section(name: str, title: str, tables: Sequence[Table], minutes: float) -> str:
    """What one part measured, when, how long it took, and on what."""
    load = os.getloadavg()[2] if hasattr(os, "getloadavg") else 0
    told = f"{datetime.date.today():%Y-%m-%d}, in {minutes:.1f} minutes; {machine()}; load {load:.1f}."
    return "\n\n".join([f"## {name}: {title}", told, *map(str, tables)]) + "\n"


def keep(document: Path, name: str, text: str, order: Sequence[str]) -> None:
    """Put a part's section where the document has it, or in `order` among the others; all else stays as it is."""
    head, *parts = re.split(r"(?m)^(?=## )", document.read_text(encoding="utf-8") if document.exists() else "# Bench\n")
    # What people wrote has no name of a part before a colon.
    written = [part for part in parts if _name(part) not in order]
    measured = {_name(part): part.rstrip() + "\n" for part in parts if _name(part) in order} | {name: text}
    blocks = [head, *written, *(measured[each] for each in order if each in measured)]
    document.write_text("\n".join(block.rstrip() + "\n" for block in blocks), encoding="utf-8")


def _name(part: str) -> str:
    return part.removeprefix("## ").partition(":")[0]
