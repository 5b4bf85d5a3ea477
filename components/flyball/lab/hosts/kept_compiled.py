"""What Python compiles out of zip files on a host of a lab, kept there and read the next time.

Each task of Ansible brings its modules' source in a zip file, of which Python keeps nothing compiled: most of what a
task costs a host. This file stands alone in a host's Python, and begins with it: it imports nothing but what Python has
loaded by then.
"""

from __future__ import annotations

import _imp
import marshal
import os
import sys
import zipimport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

FOLDER = "/var/cache/compiled"
_COMPILING, _NAMING = "_compile_source", "_fix_co_filename"


def keeping(compiling: Callable[[str, bytes], CodeType], folder: str) -> Callable[[str, bytes], CodeType]:
    """`compiling` of a path and its source, done once for each source and kept in a folder that may be written."""

    def compiled(path: str, source: bytes) -> CodeType:
        file = f"{folder}/{_imp.source_hash(len(source), source).hex()}.{sys.implementation.cache_tag}"
        try:
            with open(file, "rb") as kept:
                code = marshal.loads(kept.read())
            getattr(_imp, _NAMING)(code, path)  # else errors would name the zip file of the task before
        except (OSError, EOFError, ValueError, TypeError):
            code = compiling(path, source)
            _keep(file, marshal.dumps(code))
        return code

    return compiled


def _keep(file: str, content: bytes) -> None:
    part = f"{file}.{os.getpid()}"
    try:
        with open(part, "wb") as new:
            new.write(content)
        os.replace(part, file)
    except OSError:  # not everybody may write there
        pass


def begin() -> None:
    """Let Python import out of zip files that way."""
    setattr(zipimport, _COMPILING, keeping(getattr(zipimport, _COMPILING), FOLDER))
