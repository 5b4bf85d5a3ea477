"""The root of everything that flyball raises for people to read, and how long a message may be."""

import re
from collections.abc import Iterable, Sequence


class FlyballError(Exception):
    """A failure whose message says what is wrong and, as far as is known, what to do; the command prints it."""


SHOWN = 10
"""Lines of a message, at the most: who reads more of them learns nothing more."""
_PARTICULARS = re.compile(r'^\S+: |"[^"]*"|\S*\d\S*')
"""What differs where the same happens to many: what it happens to, and figures."""


LONGEST = 200
"""Letters of a value that is shown whole, as an image by its digest. Of a longer one stands in a message how it begins,
and how long it is."""
_MOST = 4_000
"""Letters of a message, at the most: forty names of 63 letters, say."""
_KEPT = 100
_QUOTED = re.compile(rf"""(?<![\w\\])(['"])((?:\\.|(?!\1)[^\\]){{{LONGEST + 1},}})\1""", re.DOTALL)
"""Not the apostrophe of an owner, nor one within a quote: each begins once, which keeps the search short. Nothing in it
is possessive: the first versions of Python 3.11 end such a repetition of a group at another place."""
_WORD = re.compile(rf"[^\s'\"]{{{LONGEST + 1},}}")


def shortened(text: str) -> str:
    """A message with the beginnings of values that are long, be they quoted or a word."""
    if len(text) <= LONGEST:
        return text
    text = _QUOTED.sub(lambda found: f"{found[1]}{beginning(found[2], found[1])}", text)
    text = _WORD.sub(lambda found: beginning(found[0]), text)
    return text if len(text) <= _MOST else beginning(text, kept=_MOST)


def beginning(text: str, quote: str = "", kept: int = _KEPT) -> str:
    """How a long text begins, and how long it is; a quote that was open ends with it."""
    return f"{text[:kept]}…{quote} of {len(text):,} letters"


def named(names: Sequence[str], most: int = SHOWN) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def condensed(lines: Iterable[str]) -> str:
    """The lines of a message: of those that are alike but for names and figures the first, and how many there are."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        alike.setdefault(_PARTICULARS.sub("", line), []).append(line)
    shown = [
        shortened(same[0]) + (f" (and {len(same) - 1} more like it)" if len(same) > 1 else "")
        for same in alike.values()
    ]
    rest = len(shown) - SHOWN
    return "\n".join([*shown[:SHOWN], *([f"and {rest} more lines"] if rest > 0 else [])])
