"""What was seen of hosts over time: any number of values, each read every so often, and how they are drawn."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flyball.drills.axes import BELOW, EVENTS, Axes, Points, marks, picture, seconds
from flyball.drills.measure import Event, Told

HEIGHT, GAP = 150, 34
"""Units of the picture: one pair of axes, and the room for the name of the next."""
PERIOD = 0.5
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class HostRecording:
    """`series` are values over time, by what they are, their unit included; `seconds` is how long it was."""

    series: Mapping[str, Points]
    events: Sequence[Event]
    seconds: float

    @property
    def top(self) -> tuple[float, ...]:
        return tuple(max(1.0, *(value for _, value in points)) for points in self.series.values())

    def plot(self, seconds: float, top: Sequence[float], label: str) -> str:
        return plot(self, seconds, top, label)

    def legend(self) -> Mapping[str, str]:
        return {"what is named above": '<path class="capacity" d="M0 6H30"/>'}


def plot(recording: HostRecording, length: float, top: Sequence[float], label: str) -> str:
    """One pair of axes below the other, from 0 to `length` seconds, each up to its highest."""
    parts: list[str] = []
    above, axes = float(EVENTS), Axes(length, 1, EVENTS, EVENTS + HEIGHT)
    for (name, points), highest in zip(recording.series.items(), top, strict=True):
        axes = Axes(length, highest, above, above + HEIGHT, ticks=4)
        parts += [*axes.grid(name), f'<path class="capacity" d="{axes.line(_steps(points, recording.seconds))}"/>']
        above += HEIGHT + GAP
    parts += [*seconds(axes), *marks(recording.events, axes)]
    return picture(axes.below + BELOW, label, parts)


def _steps(points: Points, end: float) -> Points:
    """A value holds until the next one is read, and the last one to the end."""
    following = [*(at for at, _ in points[1:]), end]
    return [
        step for (at, value), until in zip(points, following, strict=True) for step in ((at, value), (until, value))
    ]


class HostRecorder:
    """Keeps what is seen. Its clock runs from its making, or from `begin`."""

    def __init__(self) -> None:
        self._began = time.time()
        self._series: dict[str, list[tuple[float, float]]] = {}
        self._events: list[Event] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """What comes before is set-up, and not part of it."""
        self._began = time.time()

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return time.time() - self._began

    def event(self, text: str) -> None:
        """Mark the moment in the plots."""
        self._events.append(Event(self.now, text))

    def tell(self, told: Sequence[Told]) -> None:
        """Mark when people were told of what."""
        self._events = sorted([*self._events, *told], key=lambda event: event.at)

    def follow(self, name: str, look: Callable[[], float | None]) -> None:
        """Read a value every `PERIOD` from now on; where it cannot be read it is None, and the last one holds."""
        points = self._series.setdefault(name, [(self.now, look() or 0.0)])

        def read() -> None:
            while not self._over.wait(PERIOD):
                if (value := look()) is not None:
                    points.append((self.now, value))

        thread = threading.Thread(target=read, daemon=True)
        self._threads.append(thread)
        thread.start()

    def add(self, name: str, moments: Sequence[float], per: float = PERIOD) -> None:
        """A rate, from moments [s since 1970] at which something happened: counts in whole bins of `per` seconds."""
        bins = [0] * max(int(self.now / per), 1)
        for moment in moments:
            if 0 <= (at := moment - self._began) < len(bins) * per:
                bins[int(at / per)] += 1
        self._series[name] = [(i * per, count / per) for i, count in enumerate(bins)]

    def finish(self) -> HostRecording:
        """What was seen. Ends the reading."""
        length = self.now
        self.close()
        # A look that had begun may have ended after the last moment.
        seen = {name: [(min(at, length), value) for at, value in points] for name, points in self._series.items()}
        return HostRecording(seen, tuple(self._events), length)

    def close(self) -> None:
        """End the reading."""
        self._over.set()
        for thread in self._threads:
            thread.join()
