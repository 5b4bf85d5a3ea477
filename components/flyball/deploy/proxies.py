"""HAProxy's own word on every configuration that is about to go into pods, before anything is applied."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flyball import paths, wellknown
from flyball.deploy.manifests import Object
from flyball.guards.fail_fast.rules import PROXY_CONFIGURATION
from flyball.guards.reading.problem import Problem, refuse
from flyball.kubernetes.workload.proxy import FILE

_SYSTEM = "/usr/sbin"
"""Where Debian puts it, which is not on the PATH of every user."""
_LIMIT = 30.0
"""Seconds for one configuration; it takes some hundredths."""
_REMEMBERED = 20_000
"""Configurations that were taken, of each HAProxy: what a second `up` of the largest stack asks about, twice."""


def check(objects: Iterable[Object], report: Callable[[str], None]) -> None:
    """Raise `Refused` for each configuration that HAProxy does not take; without HAProxy here, say so."""
    texts = {f"{o.kind} {o.namespace}/{o.name}: {FILE}": o.manifest["data"][FILE] for o in objects if _is_one(o)}
    if not texts:
        return
    program = shutil.which("haproxy", path=os.pathsep.join([os.environ.get("PATH", os.defpath), _SYSTEM]))
    if program is None:
        report(f"haproxy is not on PATH: {len(texts)} configurations for it are applied without having been tried")
        return
    taken = _Taken(program)
    new = {path: text for path, text in texts.items() if text not in taken}
    refuse(_problems(program, new))
    taken.add(new.values())


class _Taken:
    """The configurations that this HAProxy has taken before, by their digests: it would say the same again."""

    def __init__(self, program: str) -> None:
        found = os.stat(program)
        build = f"{program} {found.st_size} {found.st_mtime_ns}"
        self._file = paths.cache_dir() / "haproxy" / _digest(build)
        try:
            self._digests = self._file.read_text(encoding="ascii").split()
        except OSError:
            self._digests = []
        self._known = set(self._digests)

    def __contains__(self, text: str) -> bool:
        return _digest(text) in self._known

    def add(self, texts: Iterable[str]) -> None:
        """Remember these too; the oldest are forgotten."""
        if new := [digest for text in texts if (digest := _digest(text)) not in self._known]:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # In one move: another process may do the same, and then one of them asks again some time.
            other = self._file.with_suffix(f".{os.getpid()}")
            other.write_text("\n".join([*self._digests, *new][-_REMEMBERED:]), encoding="ascii")
            other.replace(self._file)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_one(o: Object) -> bool:
    files = wellknown.FILES_ANNOTATION in o.manifest["metadata"].get("annotations", {})
    return o.kind == "ConfigMap" and FILE in o.manifest.get("data", {}) and not files


def _problems(program: str, texts: Mapping[str, str]) -> list[Problem]:
    with tempfile.TemporaryDirectory(prefix="flyball-haproxy-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        files = [Path(folder, f"{i}.cfg") for i in range(len(texts))]
        for file, text in zip(files, texts.values(), strict=True):
            file.write_text(text, encoding="utf-8")
        said = pool.map(lambda file: _said(program, file), files)
        return [
            Problem(
                (path,),
                PROXY_CONFIGURATION,
                f"haproxy refuses it: {line}",
                "this is a fault of flyball's; please report it",
            )
            for path, line in zip(texts, said, strict=True)
            if line
        ]


def _said(program: str, file: Path) -> str:
    """What HAProxy says against a configuration, on one line; empty if it takes it."""
    command = [program, "-c", "-f", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)
    if done.returncode == 0:
        return ""
    return " ".join(done.stderr.replace(str(file), FILE).split()) or f"exit code {done.returncode}"
