"""Durations and quantities as people write them, and as whole numbers that add up exactly.

Durations become milliseconds, memory and disk become bytes, processor time becomes millicores: integers, because
`0.1 + 0.2 > 0.3` would break a deadline that is met to the millisecond. The suffixes of quantities are those of
Kubernetes (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
"""

import math
import re
from fractions import Fraction
from functools import lru_cache

from flyball.guards.reading.problem import Broken
from flyball.guards.reading.rules import OUT_OF_RANGE, UNIT

Milliseconds = int
Bytes = int
Millicores = int

_DURATION_UNITS: dict[str, Milliseconds] = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
LONGEST_DURATION: Milliseconds = 24 * 86_400_000
"""HAProxy's timers end at 2**31 - 1 ms, 20 hours later; nothing here waits for weeks."""
LARGEST_SIZE: Bytes = 2**50
"""1024Ti. Kubernetes ends at 2**63 - 1, which a sum of some thousand of these does not reach."""
LARGEST_CPU: Millicores = 1_000_000
"""A thousand processors, more than a machine has."""
# Not more digits than these: the interpreter refuses to read numbers of some thousand digits.
_NUMBER = r"[0-9]{1,20}(?:\.[0-9]{1,20})?"
_DURATION = re.compile(rf"(?:{_NUMBER}(?:ms|[smhd]))+")
_DURATION_PART = re.compile(rf"({_NUMBER})(ms|[smhd])")
_SIZE_UNITS: dict[str, Bytes] = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
_SIZE = re.compile(rf"({_NUMBER})(Ki|Mi|Gi|Ti|k|M|G|T|)")
_CPU = re.compile(r"([0-9]{1,20})m|([0-9]{1,20}(?:\.[0-9]{1,3})?)")


def exact(value: float | int | Fraction) -> Fraction:
    """The number as it was written: 0.8 becomes 4/5, not the binary float next to it.

    Raises ValueError for NaN and infinities, which no rule can reckon with.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


@lru_cache(maxsize=1024)
def duration(text: str, longest: Milliseconds = LONGEST_DURATION) -> Milliseconds:
    """`250ms`, `2s`, `1m30s`, `1.5s` -> milliseconds, at most 24 days, or what is said.

    Raises `Broken` for anything else, a bare number included.
    """
    if not _DURATION.fullmatch(text):
        raise Broken(UNIT, f"{text!r} is not a duration", "write a number with its unit, as in 250ms, 2s, 1m30s")
    total = sum(Fraction(number) * _DURATION_UNITS[unit] for number, unit in _DURATION_PART.findall(text))
    if total.denominator != 1:
        raise Broken(UNIT, f"{text!r} is finer than a millisecond")
    if total > longest:
        raise Broken(OUT_OF_RANGE, f"{text!r} is too long", f"at most {show_duration(longest)}")
    return int(total)


@lru_cache(maxsize=1024)
def size(text: str) -> Bytes:
    """`64Mi`, `1.5Gi`, `500M` -> bytes, at most 1024Ti; `Broken` for anything else, and for parts of a byte."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise Broken(UNIT, f"{text!r} is not a size", "write a number with its unit, as in 64Mi, 1Gi, 500M")
    total = Fraction(match[1]) * _SIZE_UNITS[match[2]]
    if total.denominator != 1:
        raise Broken(UNIT, f"{text!r} is not a whole number of bytes")
    if total > LARGEST_SIZE:
        raise Broken(OUT_OF_RANGE, f"{text!r} is too much", f"at most {show_size(LARGEST_SIZE)}")
    return int(total)


def cpu(text: str) -> Millicores:
    """`100m`, `0.5`, `2` -> millicores, at most a thousand processors; `Broken` for anything else."""
    match = _CPU.fullmatch(text)
    if not match:
        raise Broken(UNIT, f"{text!r} is not a share of a processor", "write 100m, 0.5 or 2")
    total = int(match[1]) if match[1] else int(Fraction(match[2]) * 1000)
    if total > LARGEST_CPU:
        raise Broken(OUT_OF_RANGE, f"{text!r} is too much", f"at most {LARGEST_CPU // 1000}")
    return total


def show_duration(milliseconds: Milliseconds) -> str:
    """The shortest way to write it: 1500 -> `1.5s`, 90000 -> `1m30s`, 250 -> `250ms`."""
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    days, rest = divmod(milliseconds, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, part = divmod(rest, 1000)
    seconds = f"{whole}.{part:03d}".rstrip("0") if part else f"{whole}"
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if n]
    return "".join([*parts, f"{seconds}s"] if rest or not parts else parts)


def show_size(count: Bytes) -> str:
    """In the largest binary unit that divides it, as Kubernetes prints it: 67108864 -> `64Mi`."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if count and count % _SIZE_UNITS[unit] == 0:
            return f"{count // _SIZE_UNITS[unit]}{unit}"
    return str(count)


def show_count(count: int, what: str) -> str:
    """With what it counts: `1 client`, `2 clients`, `0 clients`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def show_are(count: int, what: str = "") -> str:
    """The same before what is said of it: `1 client is`, `2 clients are`; `1 is` where it is known what is counted."""
    return f"{show_count(count, what) if what else count} {'is' if count == 1 else 'are'}"


def show_number(value: Fraction | float | int, digits: int = 3) -> str:
    """Without a trailing `.0`: a rule's message should show the number as its user wrote it.

    What `digits` places after the point would show as 0, and what has more than 15 before it, is written as 1e-09.
    """
    try:
        number = float(value) or 0.0  # never -0.0
    except OverflowError:
        return "more than 1e+308" if value > 0 else "less than -1e+308"
    short = f"{number:.{digits}f}"
    if not abs(number) < 1e15 or (number and not float(short)):
        return f"{number:.{digits}g}"
    return short.rstrip("0").rstrip(".") if "." in short else short


def ceil_div(dividend: int | Fraction, divisor: int | Fraction) -> int:
    """Division of what is exact, rounded up."""
    return -(-dividend // divisor)
