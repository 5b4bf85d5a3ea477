"""What tests expect and the cases that they run, out of files beside them: parsed in C, as every worker reads all."""

from pathlib import Path
from typing import Any

import yaml


def documents(file: Path) -> list[Any]:
    return [*yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader)]


def document(file: Path) -> Any:
    (only,) = documents(file)
    return only
