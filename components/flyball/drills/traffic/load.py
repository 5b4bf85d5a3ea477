"""An open load: requests at a stated rate, whether or not the earlier ones were answered.

vegeta sends them (https://github.com/tsenart/vegeta), pinned in ``tools/vegeta``. A load that waited for answers would
slow down with the service and hide what its users see.
"""

import csv
import json
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flyball.drills.errors import DrillError
from flyball.drills.traffic.process import WRAPPED
from flyball.drills.traffic.sample import Request

LONGEST = 300.0
"""Seconds; no attack of a drill is longer."""
MOST = 2_000.0
"""Requests per second; no attack of a drill sends more."""
WORKERS = 50
"""Requests under way for which vegeta is ready at once; it adds more as they are needed."""


@dataclass(frozen=True, slots=True)
class Attack:
    """`rate` requests per second for `seconds`, to the `routes` in turn; a client gives up after `patience` seconds."""

    routes: Sequence[str]
    rate: float
    seconds: float
    patience: float

    def __post_init__(self) -> None:
        assert 0 < self.seconds <= LONGEST, self
        assert 0 < self.rate <= MOST, self


class Running:
    """An attack under way, sent to an origin such as `http://127.0.0.1:8080`; `within` is put before the command."""

    def __init__(self, program: Path, attack: Attack, origin: str, file: Path, within: Sequence[str] = ()) -> None:
        self._program, self._file, self._attack = program, file, attack
        targets = [{"method": "GET", "url": f"{origin}{route}"} for route in attack.routes]
        command = [
            *within,
            *WRAPPED,
            str(program),
            "attack",
            "-format=json",
            f"-output={file}",
            f"-duration={attack.seconds}s",
        ]
        # As many in ten seconds: vegeta takes whole numbers.
        options = [f"-rate={round(attack.rate * 10)}/10s", f"-timeout={attack.patience}s", f"-workers={WORKERS}"]
        self._process = subprocess.Popen(
            [*command, *options, "-keepalive=false", "-redirects=-1", "-max-body=0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin
        self._process.stdin.write("".join(f"{json.dumps(target)}\n" for target in targets).encode())
        self._process.stdin.close()

    def results(self) -> list[Request]:
        """All its requests, in order of their moments, once it has ended. Raises `DrillError` where it failed."""
        try:
            code = self._process.wait(self._attack.seconds + self._attack.patience + 30)
        except subprocess.TimeoutExpired:
            raise DrillError("the load generator does not come to its end") from None
        assert self._process.stderr
        if code:
            raise DrillError(f"the load generator failed: {self._process.stderr.read().decode().strip()[-300:]}")
        encode = [str(self._program), "encode", "-to=csv", str(self._file)]
        text = subprocess.run(encode, capture_output=True, text=True, check=True).stdout
        return sorted(map(_request, csv.reader(text.splitlines())), key=lambda request: request.at)

    def stop(self) -> None:
        """Send no more; what was sent may still be answered."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """End it where it has not ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()


def _request(row: Sequence[str]) -> Request:
    """A line of vegeta's CSV: nanoseconds since 1970, status (0 without an answer), nanoseconds, …, URL."""
    route = "/" + row[10].split("/", 3)[3]
    return Request(int(row[0]) / 1e9, route, int(row[1]), int(row[2]) / 1e9)
