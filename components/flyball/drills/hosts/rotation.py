"""The log of a service is rotated that knows nothing of it: it has no handler for the signal."""

import json
import time

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible

LINES, PER_SECOND = 160, 20
ROTATED_AT = LINES // 2
"""Lines that are there when the log is rotated."""
_SHOP = f"""
import time
log = open("/var/log/shop/shop.log", "a")
for number in range({LINES}):
    log.write(f"{{number}}\\n")
    log.flush()
    time.sleep(1 / {PER_SECOND})
time.sleep(3600)
"""
_UNIT = "[Service]\nExecStart=python3 /usr/local/lib/shop.py\n"
_COMMON = """/var/log/shop/*.log {
  daily
  rotate 7
  compress
  delaycompress
  sharedscripts
  postrotate
    systemctl kill -s HUP shop.service
  endscript
}
"""
_WRITTEN = "cat /var/log/shop/* 2>/dev/null | wc -l"
_LIMIT = 240


def script(scene: Scene) -> Figures:
    """Rotate in the middle of its lines, and count those that are there when all should be."""
    (host,) = scene.lab.add("app1")
    host.run("mkdir -p /var/log/shop")
    if scene.guard:
        # It does not run yet, so nobody can see that it would be ended.
        logs = [{"name": "shop", "paths": ["/var/log/shop/*.log"], "unit": "shop.service"}]
        Ansible(scene.lab, {}, {"all": {"logrotate_logs": logs}}).apply("all", "logrotate").succeeded()
    else:
        host.run("apt-get install -qq -y logrotate")
        host.write("/etc/logrotate.d/shop", _COMMON)
    host.write("/usr/local/lib/shop.py", _SHOP)
    host.write("/usr/local/lib/systemd/system/shop.service", _UNIT)
    scene.recorder.begin()
    scene.follow("lines in the log", host, _WRITTEN)
    host.run("systemctl daemon-reload && systemctl start shop")
    _wait(scene, ROTATED_AT)
    scene.recorder.event("its log is rotated")
    host.run("logrotate --force /etc/logrotate.conf", check=False)
    _wait(scene, LINES)
    runs = host.run("systemctl is-active shop", check=False).strip() == "active"
    heard = host.run("journalctl --identifier=flyball --priority=alert --no-pager --output=json")
    written = int(host.run(_WRITTEN))
    said = sum("does not catch HUP" in json.loads(line)["MESSAGE"] for line in heard.splitlines())
    return {"lines_lost": LINES - written, "service_runs": int(runs), "people_told": min(said, 1)}


def _wait(scene: Scene, lines: int) -> None:
    """Until so many lines are there, or the service is gone that writes them."""
    host, given_up = scene.lab["app1"], time.monotonic() + _LIMIT
    while int(host.run(_WRITTEN)) < lines and time.monotonic() < given_up:
        if host.run("systemctl is-active shop", check=False).strip() != "active":
            return
        time.sleep(0.2)


DRILL = HostDrill(
    name="rotation",
    title="The log of a service that knows nothing of rotation",
    story=f"A service without a handler for HUP writes {LINES} lines; after {ROTATED_AT} of them its log is rotated.",
    with_guard="the logrotate role: looks at the signals that the process catches, sends none that would end it, leaves"
    " the log as it is, and says so",
    without_guard="logrotate as commonly configured: HUP after each rotation",
    script=script,
    held=lambda figures: figures["lines_lost"] == 0 and figures["service_runs"] == 1,
    summary=lambda figures: (
        f"{figures['lines_lost']:,} of {LINES:,} lines lost, the service"
        f" {'runs' if figures['service_runs'] else 'has ended'}"
    ),
)
