"""What the roles cost: a converged run of `site.yml` against a plain playbook for the same services.

Needs root. Both are run on the same hosts, by
turns, once there is nothing left to change: that is what a run costs every day. The plain one has nothing but a package
task, a template task for each file and a service task for each daemon, for what `site.yml` sets up on these hosts:
journal, connections, time, log rotation, shipping, and nginx. `tasks` are those that ran on each host.
"""

import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.figures import Report, Table

from flyball.drills.hosts import shop
from flyball.lab.hosts.ansible import Ansible, Played
from flyball.lab.hosts.lab import lab

TITLE = "what the roles cost"
SIZES = (1, 3)
RUNS = 2
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


def measure(small: bool, report: Report) -> list[Table]:
    sizes = SIZES[:1] if small else SIZES
    with lab(report, is_warm=False) as made:  # as it is for who uses them
        names = [f"app{i}" for i in range(1, max(sizes) + 1)]
        made.add(*names)
        fleet = Ansible(made, {"web": names}, {"web": shop.WEB, "all": {"log_shipping_host": "192.0.2.1"}})
        fleet.play("site").succeeded()
        playbook = plain(made.folder, fleet)
        fleet.play(playbook).succeeded()
        costs: dict[int, dict[str, list[Cost]]] = {size: {"site": [], "plain": []} for size in sizes}
        for size, ways in costs.items():
            for _ in range(1 if small else RUNS):
                report(f"{size} hosts")
                ways["site"].append(timed(fleet, "site", names[:size]))
                ways["plain"].append(timed(fleet, playbook, names[:size]))
    return [_table(costs)]


def _table(costs: dict[int, dict[str, list[Cost]]]) -> Table:
    rows: list[tuple[str, ...]] = []
    for size, ways in costs.items():
        site, base = (_median(ways[way]) for way in ("site", "plain"))
        ratio, tasks = site.seconds / base.seconds, site.tasks / base.tasks
        cells = (f"{site.seconds:.1f} s", f"{site.seconds / size:.1f} s", f"{site.tasks:.0f}")
        rows.append(
            (str(size), *cells, f"{base.seconds:.1f} s", f"{base.tasks:.0f}", f"{ratio:.2f}", f"{ratio / tasks:.2f}")
        )
    return Table(
        "A run of `site.yml` that changes nothing, by the clock; baseline: a plain playbook for the same files.",
        ("hosts", "site.yml", "a host", "tasks", "plain", "tasks", "ratio", "ratio a task"),
        tuple(rows),
    )


def _median(costs: list[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))
