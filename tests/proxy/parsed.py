"""A configuration of HAProxy as the tests look at it: its sections, and the numbers of its timeouts."""

import re
import subprocess
from pathlib import Path

from tests.proxy.harness import HAPROXY

Sections = dict[str, list[str]]


def sections(text: str) -> Sections:
    """Lines by section: `backend app`."""
    found: Sections = {}
    for line in text.splitlines():
        if line.startswith(" "):
            found[next(reversed(found))].append(line.strip())
        elif line:
            assert line not in found, f"{line} is there twice"
            found[line] = []
    return found


def timeouts(lines: list[str]) -> dict[str, int]:
    """Milliseconds by what is limited: `connect`."""
    return {match[1]: int(match[2]) for line in lines if (match := re.fullmatch(r"timeout ([-a-z]+) (\d+)ms", line))}


def number(lines: list[str], pattern: str) -> int:
    """The one number that a pattern finds in the lines."""
    found = [int(match[1]) for line in lines if (match := re.search(pattern, line))]
    assert len(found) == 1, f"{pattern} is there {len(found)} times"
    return found[0]


def what_haproxy_says(text: str, folder: Path) -> str:
    """Complaints of `haproxy -c`, warnings too; empty for a configuration that is valid."""
    file = folder / "haproxy.cfg"
    file.write_text(text)
    done = subprocess.run([HAPROXY, "-c", "-f", str(file)], capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in done.stderr.splitlines() if "[WARNING]" in line or "[ALERT]" in line]
    return "\n".join(complaints or ([] if done.returncode == 0 else [f"exit code {done.returncode}"]))
