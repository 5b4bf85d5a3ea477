"""Everything that befalls a log pipeline, one after the other, while a container writes."""

from pathlib import Path

from flyball.drills.logs.drill import LogDrill
from flyball.drills.logs.lab import FILE_SIZE, LIMIT, MEMORY, QUEUE, RATE, Lab
from flyball.drills.result import Figures
from flyball.drills.traffic.process import Process
from flyball.guards.alerting.logs import QUEUE_SHARE
from flyball.guards.clean_up.retention import MI
from flyball.guards.workload.pipeline import BATCH, DISK_FACTOR

STEADY, DOWN, AWAY, SLOW = 2.0, 8.0, 6.0, 2.0
"""Seconds; in those that the collector is down a file is rotated twice."""
KILLS = 2
SLOWNESS = 0.4
"""Seconds for a post of 1,000 lines: half as fast as they are written."""
LINES = 22 * RATE
MORE = 2 * RATE
FULL, BEYOND, KEPT = 4 * RATE, 20 * RATE, 3
"""Lines of 115 bytes that fill the queue, those beyond all buffers, and files that are kept meanwhile: 6 MiB."""
_PAGE = 4096
"""Bytes of a page."""
FAULTS = KILLS + 3
"""Times that the collector was killed: each time a batch may come twice, and what was read in the last second; and the
record that it goes on with in two parts, see `flyball.collector.config`."""


def script(made: Lab) -> Figures:
    """The faults, and what has come in the end."""
    event = made.recorder.event
    made.begin()
    # Without a place of its own in the file it reads none of what is there at its start.
    made.pause(1.0)
    writer = made.write(LINES)
    made.pause(STEADY)
    for _ in range(KILLS):
        event("killed")
        made.kill()
        made.begin()
        _recovered(made, writer)
    event("down")
    made.kill()
    made.pause(DOWN)
    made.begin()
    _recovered(made, writer)
    event("the remote is away")
    made.be(503)
    made.pause(AWAY / 2)
    event("killed")
    made.kill()
    made.begin()
    made.pause(AWAY / 2)
    event("back, and slow")
    made.be(delay=SLOWNESS)
    made.pause(SLOW)
    made.be()
    writer.wait_for(["done"])
    event("written")
    made.caught_up()
    event("the queue's file is damaged")
    made.kill()
    _damage(made.folder / "state")
    made.begin()
    made.pause(1.0)
    made.write(MORE).wait_for(["done"])
    made.caught_up()
    found = made.taken()
    lost = made.written - found["distinct"]
    counted = made.counted()
    return {
        "lines_lost": lost,
        "lines_twice": found["twice"],
        "lines_counted_as_lost": counted,
        "without_pod": found["without_pod"],
        "secrets_out": found["secrets"],
        "traces_torn": found["torn"],
        "memory_mib": made.most("memory"),
        "disk_mib": made.most("disk"),
        **_beyond(made, lost),
    }


def _recovered(made: Lab, writer: Process) -> None:
    """Until what waited has come, and the next fault finds it at work as usual; where lines are lost, by the newest."""
    written = next((int(words[0]) for words in reversed(writer.lines()) if words[-1] == "written"), 0)
    came = "distinct" if made.guard else "last"
    made.pause(LIMIT if made.guard else 10.0, lambda: made.taken()[came] >= written)
    made.pause(1.0)


def _damage(state: Path) -> None:
    """As a disk that lost its power in mid-write: one of the two pages that are written in turn, and say where the rest
    is, is not what it was (https://github.com/etcd-io/bbolt)."""
    for file in (state / "queue").glob("exporter_*"):
        with file.open("r+b") as damaged:
            damaged.write(bytes(_PAGE))


def _beyond(made: Lab, lost_before: int) -> Figures:
    """The remote is away for longer than queue and files last; whether that was told while every line was there."""
    made.recorder.event("away beyond all buffers")
    made.be(503)
    made.write(FULL, 4 * RATE).wait_for(["done"])
    told = made.pause(LIMIT if made.guard else 3.0, lambda: made.queue_share() > QUEUE_SHARE)
    made.recorder.event("told" if told else "not told")
    made.write(BEYOND, 4 * RATE, KEPT).wait_for(["done"])
    made.recorder.event("back")
    made.be()
    made.write(RATE).wait_for(["done"])
    made.caught_up()
    lost = made.written - made.taken()["distinct"] - lost_before
    return {"beyond_lost": lost, "beyond_told": int(told)}


def _held(figures: Figures) -> bool:
    return (
        figures["lines_lost"] == figures["without_pod"] == figures["secrets_out"] == 0
        and figures["traces_torn"] <= FAULTS
        and figures["lines_twice"] <= FAULTS * (BATCH + RATE)
        and figures["memory_mib"] < MEMORY / MI
        and figures["disk_mib"] <= DISK_FACTOR * QUEUE / MI
        and figures["beyond_told"] == 1
    )


DRILL = LogDrill(
    name="pipeline",
    title="Faults of a log pipeline",
    story=(
        f"A container writes {RATE:,} lines a second, in files of {FILE_SIZE // MI} MiB that are compressed"
        " once they are rotated. The collector is killed, is down while files are rotated twice, cannot deliver for"
        f" {AWAY:g} s and is killed then too, delivers slowly, and finds its queue's file damaged. At last nobody takes"
        " the logs for longer than all buffers last."
    ),
    with_guard=f"the collector as LogPipeline configures it, with a queue of {QUEUE // MI} MiB",
    without_guard="the collector as its chart's preset for logs configures it",
    script=script,
    held=_held,
    summary=lambda figures: (
        f"{figures['lines_lost']:,} lines lost, {figures['lines_counted_as_lost']:,} counted as lost,"
        f" {figures['lines_twice']:,} twice; beyond all buffers {figures['beyond_lost']:,} lost,"
        f" {'told before' if figures['beyond_told'] else 'and nobody told'}"
    ),
)
