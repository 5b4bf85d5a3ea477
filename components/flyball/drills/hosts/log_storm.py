"""A service logs as fast as it can on a small disk."""

import json
import time

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible

DISK_MI, RATE_MI = 32, 2
"""The disk, and what the service writes in a second; in all it writes half as much again as the disk holds."""
SIZE_MI, FILES = 2, 2
INTERVAL = 1
"""Seconds between two looks; the rule allows (32 / 4 - 2) / 2 = 3."""
_LINE = 1024
_WRITER = f"""
import json, signal, time
path, block = "/var/log/shop/shop.log", ("x" * {_LINE - 1} + "\\n") * 64
log, written, lost, reopen = open(path, "a"), 0, 0, False
def hangup(*_):
    global reopen
    reopen = True
signal.signal(signal.SIGHUP, hangup)
due = time.monotonic()
while written + lost < {3 * DISK_MI // 2} * 1024:
    if reopen:
        reopen = False
        log.close()
        log = open(path, "a")
    try:
        log.write(block)
        log.flush()
        written += 64
    except OSError:
        lost += 64
        log = open(path, "a")
    # Never faster than it was said: what the machine did not let it write in time is not made up for.
    due = max(due, time.monotonic()) + 64 / ({RATE_MI} * 1024)
    time.sleep(max(due - time.monotonic(), 0))
open("/root/storm.json", "w").write(json.dumps({{"lines_written": written, "lines_lost": lost}}))
"""


def script(scene: Scene) -> Figures:
    """The storm, from its first line to its last."""
    (host,) = scene.lab.add("app1", disks={"/var/log/shop": f"{DISK_MI}m"})
    if scene.guard:
        logs = {"name": "shop", "paths": ["/var/log/shop/*.log"], "unit": "shop.service", "files": FILES}
        limits = {"size": f"{SIZE_MI}Mi", "volume": f"{DISK_MI}Mi", "rate": f"{RATE_MI}Mi"}
        variables = {"logrotate_interval": f"{INTERVAL}s", "logrotate_logs": [{**logs, **limits}]}
        Ansible(scene.lab, {}, {"all": variables}).apply("all", "logrotate").succeeded()
    else:
        host.run("apt-get install -qq -y logrotate")
        host.write(
            "/etc/logrotate.d/shop", "/var/log/shop/*.log {\n  daily\n  rotate 7\n  compress\n  copytruncate\n}\n"
        )
    host.write("/usr/local/bin/shop", _WRITER)
    scene.recorder.begin()
    scene.follow("disk used [%]", host, "df --output=pcent /var/log/shop | tail -n1 | tr -d ' %'")
    scene.recorder.event("the storm begins")
    host.run("systemd-run --unit=shop python3 /usr/local/bin/shop")
    fullest = 0
    deadline = time.monotonic() + 10 * DISK_MI / RATE_MI
    while time.monotonic() < deadline:
        used = host.run("df --output=pcent /var/log/shop; systemctl is-active shop || true").split()
        fullest = max(fullest, int(used[1].rstrip("%")))
        if used[2] != "active":
            break
        time.sleep(0.5)
    scene.recorder.event("the storm is over")
    ended = json.loads(host.run("cat /root/storm.json"))
    rotated = int(host.run("ls /var/log/shop | wc -l")) - 1
    return {**ended, "disk_used_percent": fullest, "files_rotated": rotated}


DRILL = HostDrill(
    name="log-storm",
    title="A log storm on a small disk",
    story=f"A service writes {3 * DISK_MI // 2} MiB of log at {RATE_MI} MiB/s onto a disk of {DISK_MI} MiB.",
    with_guard="the logrotate role: rotated by size, looked at as often as disk and rate ask for",
    without_guard="logrotate as packaged: once a day, at no size, with copytruncate",
    script=script,
    held=lambda figures: figures["lines_lost"] == 0,
    summary=lambda figures: f"{figures['lines_lost']:,} lines lost, disk {figures['disk_used_percent']} % full at most",
)
