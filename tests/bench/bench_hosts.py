"""What the roles cost: a converged run of `site.yml` against a plain playbook for the same services.

Run as ``python -m tests.bench.bench_hosts [--hosts 1 3 10] [--runs 3]``, as root. Both are run on the same hosts, by
turns, once there is nothing left to change: that is what a run costs every day. The plain one has nothing but a package
task, a template task for each file and a service task for each daemon, for what `site.yml` sets up on these hosts:
journal, connections, time, log rotation, shipping, and nginx. `tasks` are those that ran on each host.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from flyball.drills.hosts import shop
from flyball.lab.hosts.ansible import Ansible, Played
from flyball.lab.hosts.lab import lab

SIZES = (1, 3, 10)
PACKAGES = ["systemd-timesyncd", "logrotate", "rsyslog", "rsyslog-relp", "nginx", "unattended-upgrades"]
FILES = (
    "/etc/systemd/journald.conf.d/flyball.conf",
    "/etc/systemd/timesyncd.conf.d/flyball.conf",
    "/etc/sysctl.d/60-flyball.conf",
    "/etc/apt/apt.conf.d/52flyball",
    "/etc/systemd/system/logrotate.timer.d/flyball.conf",
    "/etc/systemd/system/logrotate.service.d/flyball.conf",
    "/etc/logrotate.d/nginx",
    "/etc/logrotate.d/rsyslog",
    "/etc/rsyslog.conf",
    "/etc/nginx/nginx.conf",
)
"""Of those that the roles write; what is in them makes no difference to what writing them costs."""
SERVICES = ("logrotate.timer", "rsyslog", "nginx")


class Cost(NamedTuple):
    """Seconds of the whole run, and tasks on each host."""

    seconds: float
    tasks: float


def plain(folder: Path, fleet: Ansible) -> Path:
    """The plain playbook, whose templates are the files that the roles have written."""
    host = next(iter(fleet.lab.hosts.values()))
    missing = [file for file in FILES if not host.run(f"test -f {file} && echo there || true")]
    assert not missing, f"the roles no longer write {missing}"
    tasks: list[dict[str, Any]] = [{"apt": {"name": PACKAGES, "update_cache": True, "cache_valid_time": 3600}}]
    for file in FILES:
        source = folder / file.replace("/", "_")
        source.write_text(f"{{% raw %}}{host.run(f'cat {file}')}{{% endraw %}}")
        tasks.append({"template": {"src": str(source), "dest": file, "mode": "0644"}})
    tasks += [{"systemd_service": {"name": name, "state": "started", "enabled": True}} for name in SERVICES]
    playbook = folder / "plain.json"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return playbook


def timed(fleet: Ansible, playbook: str | Path, names: list[str]) -> Cost:
    """One run, which must change nothing."""
    started = time.perf_counter()
    played = fleet.play(playbook, "--limit", ",".join(names)).succeeded()
    seconds = time.perf_counter() - started
    assert played.total("changed") == 0, played.output
    return Cost(seconds, _tasks(played) / len(names))


def _tasks(played: Played) -> int:
    return played.total("ok") + played.total("skipped")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=SIZES, help="[%(default)s]")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median is taken [%(default)s]")
    given = parser.parse_args()
    with lab(print) as made:
        names = [f"app{i}" for i in range(1, max(given.hosts) + 1)]
        made.add(*names)
        fleet = Ansible(made, {"web": names}, {"web": shop.WEB, "all": {"log_shipping_host": "192.0.2.1"}})
        fleet.play("site").succeeded()
        playbook = plain(made.folder, fleet)
        fleet.play(playbook).succeeded()
        costs: dict[int, dict[str, list[Cost]]] = {size: {"site": [], "plain": []} for size in given.hosts}
        for size, ways in costs.items():
            for _ in range(given.runs):
                ways["site"].append(timed(fleet, "site", names[:size]))
                ways["plain"].append(timed(fleet, playbook, names[:size]))
    show(costs)


def show(costs: dict[int, dict[str, list[Cost]]]) -> None:
    table = Table("hosts", "site.yml", "a host", "tasks", "plain", "tasks", "ratio", "ratio a task", box=None)
    for size, ways in costs.items():
        site, base = (_median(ways[way]) for way in ("site", "plain"))
        ratio, tasks = site.seconds / base.seconds, site.tasks / base.tasks
        cells = (f"{site.seconds:.1f} s", f"{site.seconds / size:.1f} s", f"{site.tasks:.0f}")
        table.add_row(
            str(size), *cells, f"{base.seconds:.1f} s", f"{base.tasks:.0f}", f"{ratio:.2f}", f"{ratio / tasks:.2f}"
        )
    Console(width=120).print(table)
    least, most = min(costs), max(costs)
    if most > least:
        growth = _median(costs[most]["site"]).seconds / _median(costs[least]["site"]).seconds
        Console().print(f"growth from {least} to {most} hosts: {growth:.1f}x (linear is {most / least:g}x)")


def _median(costs: list[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


if __name__ == "__main__":
    main()
