"""Paths of files on a host, as they may stand in the configuration of any daemon."""

import re

_FILE = re.compile(r"/[A-Za-z0-9._/@+-]+")


def is_file(text: str) -> bool:
    """Whether a text is an absolute path, without spaces and whatever else a configuration would take apart."""
    return _FILE.fullmatch(text) is not None
