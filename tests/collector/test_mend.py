"""The real collector ends on a file whose tree has no root; what is beside it puts that file aside, and it goes on."""

import os
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.cluster.scaling.service import wait

from flyball.collector import mend
from flyball.collector.config import OFFSETS, WAITING
from flyball.drills.errors import DrillError
from flyball.drills.logs.lab import Lab, lab

pytestmark = [pytest.mark.collector, pytest.mark.long]
LINES = 2000
PAGE = 4096


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    with lab(True, print) as found:
        yield found


@contextmanager
def mending(made: Lab) -> Iterator[Path]:
    """It runs beside; gives the file with what it says."""
    script, said = made.folder / "mend.sh", made.folder / "mend.out"
    script.write_text(mend.script(made.node, look=1))
    with said.open("w") as out:
        process = subprocess.Popen(["/bin/bash", str(script)], stdout=out, start_new_session=True)
        try:
            yield said
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def newest_root(file: Path) -> int:
    """The page of the root of the tree, by the newer of the two pages at the beginning."""
    text = file.read_bytes()
    pages = [struct.unpack_from("<QQQQQ", text, at + 32) for at in (0, PAGE)]
    return max(pages, key=lambda page: page[4])[0]


def destroy(file: Path) -> None:
    root = newest_root(file)
    with file.open("r+b") as damaged:
        damaged.seek(root * PAGE)
        damaged.write(bytes(PAGE))


def ends(made: Lab) -> None:
    """The collector ends by itself, at once or when it comes to the file."""
    with suppress(DrillError):
        process = made.begin()
        wait(lambda: process.exit_code is not None, "the collector's end")


def write(made: Lab, lines: int = LINES) -> None:
    made.write(lines).wait_for(["done"])
    made.caught_up()


def test_it_goes_on_without_what_waited_in_a_damaged_queue(made: Lab) -> None:
    made.begin()
    made.pause(1.0)
    write(made)
    made.be(503)
    made.write(LINES).wait_for(["done"])
    wait(lambda: made.look().get("otelcol_exporter_queue_size", 0) > 0, "lines in the queue")
    made.kill()
    [queue] = (made.folder / "state" / WAITING).iterdir()
    destroy(queue)
    ends(made)
    made.be()
    with mending(made) as said:
        aside = queue.with_name(f"{queue.name}.{mend.ASIDE}")
        wait(lambda: said.read_text().endswith("\n"), "the file to be put aside, and that to be said")
        assert aside.exists()
        assert f"{queue} is damaged, and the collector ended on it: put aside as {aside};" in said.read_text()
        made.begin()
        made.write(LINES).wait_for(["done"])
        made.caught_up()
        # A collector at work is left alone, whatever its files look like meanwhile.
        assert len(said.read_text().splitlines()) == 1
    found = made.taken()
    lost = made.written - found["distinct"]
    assert 0 < lost <= LINES
    assert found["last"] == made.written - 1


def test_places_in_files_are_found_anew_and_nothing_is_lost(made: Lab) -> None:
    """What was there is read again."""
    before = made.taken()["distinct"]
    made.kill()
    [places] = (made.folder / "state" / OFFSETS).glob("receiver_*containers")
    destroy(places)
    ends(made)
    with mending(made):
        wait(places.with_name(f"{places.name}.{mend.ASIDE}").exists, "the file to be put aside")
        made.begin()
        made.write(LINES).wait_for(["done"])
        wait(lambda: made.taken()["last"] == made.written - 1, "the newest line")
    assert made.taken()["distinct"] >= before + LINES


NO_TREES = {"cut": None, "other": b"x" * 3 * PAGE, "zeros": bytes(3 * PAGE)}


@pytest.mark.parametrize("name", NO_TREES)
def test_what_else_is_no_tree(name: str, made: Lab) -> None:
    """Nothing runs: a sound file stays, one that is cut off or was never one is put aside."""
    made.kill()
    [sound] = (made.folder / "state" / WAITING).glob("exporter_*logs")
    before = sound.read_bytes()
    damaged, text = sound.with_name(name), NO_TREES[name]
    damaged.write_bytes(before[: len(before) // 2 // PAGE * PAGE] if text is None else text)
    with mending(made):
        wait(lambda: not damaged.exists(), "the file to be put aside")
    assert sound.read_bytes() == before
