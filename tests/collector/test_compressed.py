"""The real collector goes on in a file that was compressed meanwhile; of all records one may come in two parts."""

import gzip
import time
from typing import BinaryIO

import pytest

from flyball.drills.logs.lab import Lab, lab
from flyball.drills.logs.programs.writer import SECRET

pytestmark = [pytest.mark.collector, pytest.mark.long]
WINDOW = 32 * 1024
"""Bytes that are unpacked at a time (RFC 1951)."""
MORE, AFTER = 20, 5
"""Records until the collector is at work, and such as it has not seen when it is killed."""


def record(number: int, size: int = WINDOW) -> bytes:
    """A line of so many bytes."""
    head = f"2026-01-01T00:00:00.000000000Z stdout F id={number:09} {SECRET}{number} "
    return f"{head:x<{size - 1}}\n".encode()


def write_and_kill(made: Lab, file: BinaryIO) -> None:
    """It is killed while it waits for the rest of the newest record, for which it takes half a second."""
    waited = 1.0
    while waited > 0.3:
        made.begin()
        made.pause(1.0)
        for number in range(made.written, made.written + MORE):
            file.write(record(number))
            time.sleep(0.05)
        made.written += MORE
        wrote = time.monotonic()
        made.kill()
        waited = time.monotonic() - wrote


@pytest.mark.parametrize("cut", [10, 80], ids=["before its text", "within it"])
def test_no_record_is_lost_and_only_the_one_it_goes_on_with_is_in_two_parts(cut: int) -> None:
    """All begin so many bytes before a window ends, and are as long as one."""
    with lab(True, print) as made:
        current = made.logs / "0.log"
        with current.open("ab", buffering=0) as file:
            file.write(record(0, WINDOW - cut))
            made.written = 1
            write_and_kill(made, file)
            for number in range(made.written, made.written + AFTER):
                file.write(record(number))
            made.written += AFTER
        (made.logs / "0.log.20260101-000001.gz").write_bytes(gzip.compress(current.read_bytes()))
        current.unlink()
        # For longer than it waits for the rest of a line.
        time.sleep(1.0)
        made.begin()
        made.caught_up()
        found = made.taken()
        assert found["distinct"] == made.written
        # The part that does not begin as a line does: the first where its beginning was cut, else the second.
        assert found["torn"] == 1
