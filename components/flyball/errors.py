"""The root of everything that flyball raises for people to read, and how long a message may be."""

import re
from collections.abc import Iterable


class FlyballError(Exception):
    """A failure whose message says what is wrong and, as far as is known, what to do; the command prints it."""


SHOWN = 10
"""Lines of a message, at the most: who reads more of them learns nothing more."""
_PARTICULARS = re.compile(r'^\S+: |"[^"]*"|\S*\d\S*')
"""What differs where the same happens to many: what it happens to, and figures."""


def condensed(lines: Iterable[str]) -> str:
    """The lines of a message: of those that are alike but for names and figures the first, and how many there are."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        alike.setdefault(_PARTICULARS.sub("", line), []).append(line)
    shown = [same[0] + (f" (and {len(same) - 1} more like it)" if len(same) > 1 else "") for same in alike.values()]
    rest = len(shown) - SHOWN
    return "\n".join([*shown[:SHOWN], *([f"and {rest} more lines"] if rest > 0 else [])])
