"""Paths of files on a host, as they may stand in the configuration of any daemon, and of what is mounted in a pod."""

import posixpath
import re

_FILE = re.compile(r"/(?:[A-Za-z0-9._@+-]{0,255}/)*(?!\.{1,2}\Z)[A-Za-z0-9._@+-]{1,255}")


def is_file(text: str) -> bool:
    """Whether a text is an absolute path of a file, without spaces and whatever else a configuration would take apart,
    and without a way up."""
    return _FILE.fullmatch(text) is not None and ".." not in text.split("/")


def plain(text: str) -> str:
    """The shortest form of a path from the root, which one without a slash before it is taken for."""
    return posixpath.normpath(f"/{text.lstrip('/')}")


def mounted(text: str) -> str | None:
    """The shortest form of an absolute path at which something may be mounted; None of any other, of / itself, of one
    that leads up, and of one with a colon, which Kubernetes takes for none."""
    found = plain(text)
    good = text.startswith("/") and found != "/" and ":" not in text and ".." not in text.split("/")
    return found if good else None
