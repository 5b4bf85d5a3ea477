"""Prometheus and Alertmanager at work: started, awaited and ended."""

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyball.lab.monitoring.errors import MonitorError

READY = 120.0
"""Seconds that one of them has to start; it takes less than one."""
_TEMPLATES = 'mount -t overlay -o "lowerdir=$0/usr/share:/usr/share" overlay /usr/share && exec "$@"'
"""Debian's Alertmanager reads its templates from /usr/share: they are laid over this machine's, for it alone."""


class AtWork:
    """What runs from a folder, a control plane's for one, so that whoever ends that ends these too."""

    def __init__(self, root: Path, home: Path, folder: Path) -> None:
        self._root, self._home, self._folder = root, home, folder
        self._running: dict[Path, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start one of the programs, with its log in `logs` of the home."""
        link, log = self._home / "bin" / name, self._home / "logs" / f"{name}.log"
        for file in (link, log):
            file.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(self._root / "usr" / "bin" / name)
        own = ("unshare", "--mount", "--propagation=private", "sh", "-c", _TEMPLATES, str(self._root))
        with log.open("wb") as output:
            self._running[log] = subprocess.Popen(
                [*own, str(link), *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def await_ready(self, url: str) -> None:
        """Wait until it answers. Raises `MonitorError` where one has ended, or after `READY`."""
        deadline = time.monotonic() + READY
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except OSError as error:
                ended = [log for log, process in self._running.items() if process.poll() is not None]
                if ended or time.monotonic() > deadline:
                    logs = ended[:1] or [*self._running]
                    said = "\n".join(log.read_text(errors="replace")[-500:] for log in logs)
                    raise MonitorError(f"{url} does not answer; see {', '.join(map(str, logs))}: {said}") from error
            time.sleep(0.1)

    def end(self) -> None:
        """End them, by their ids."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()


@contextmanager
def programs(root: Path, home: Path, folder: Path) -> Iterator[AtWork]:
    """Programs out of `root` run meanwhile from `home`, in the folder `folder`."""
    found = AtWork(root, home, folder)
    try:
        yield found
    finally:
        found.end()
