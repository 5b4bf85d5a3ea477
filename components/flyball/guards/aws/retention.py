"""Lesson 4 for what AWS keeps: everything forgets, after a number of days."""

import re

from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE, UNIT

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Of a group of logs (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html)."""
_TEXT = re.compile(r"([0-9]{1,6})d")


def read_days(r: Reader, key: str, default: int, least: int = 1, most: int = 36_500) -> int:
    """Whole days, as `90d`, within limits; longer than the durations that services have."""
    text = r.values.get(key)
    if not isinstance(text, str):
        return default
    match = _TEXT.fullmatch(text)
    if not match:
        r.problem(key, UNIT, f"{text!r} is no number of days", "write it as 90d")
        return default
    if not least <= int(match[1]) <= most:
        r.problem(key, OUT_OF_RANGE, f"is {text}", f"allowed is from {least}d to {most}d")
        return default
    return int(match[1])


def read_retention(r: Reader, key: str, default: int) -> int:
    """How long a group of logs keeps them, in days; what CloudWatch does not know is a problem."""
    found = read_days(r, key, default)
    if found not in DAYS:
        r.problem(key, OUT_OF_RANGE, f"is {found}d", f"CloudWatch knows {', '.join(f'{days}d' for days in DAYS)}")
        return default
    return found
