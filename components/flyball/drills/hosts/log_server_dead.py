"""The server that takes all logs loses its power, and comes back."""

import time

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.host import Host

LINES, RATE = 3600, 300
"""Written in 12 s."""
DEAD_AFTER, DEAD_FOR = 3, 5
"""Seconds."""
_WRITER = f"""
import syslog, time
syslog.openlog("shop")
begun = time.monotonic()
for number in range({LINES}):
    syslog.syslog(f"order number={{number:06d}} placed")
    time.sleep(max(number / {RATE} - (time.monotonic() - begun), 0))
"""
_SERVER = """
module(load="imrelp")
module(load="imtcp")
input(type="imrelp" port="2514" ruleset="all")
input(type="imtcp" port="514" ruleset="all")
ruleset(name="all") { action(type="omfile" file="/var/log/all.log") }
"""
_PLAIN = """
module(load="imuxsock")
*.* /var/log/syslog
*.* @@{address}:514
"""
_COUNT = "grep -ao 'order number=[0-9]*' {file} | sort -u | wc -l"


def script(scene: Scene) -> Figures:
    """Count every line, at both ends."""
    app, logs = scene.lab.add("app1", "logs1")
    logs.run("apt-get install -qq -y rsyslog rsyslog-relp")
    logs.write("/etc/rsyslog.conf", _SERVER)
    logs.run("systemctl restart rsyslog")
    if scene.guard:
        Ansible(scene.lab, {}, {"app1": {"log_shipping_host": logs.address}}).apply("app1", "log_shipping").succeeded()
    else:
        app.run("apt-get install -qq -y rsyslog")
        app.write("/etc/rsyslog.conf", _PLAIN.format(address=logs.address))
        app.run("systemctl restart rsyslog")
    app.write("/root/shop.py", _WRITER)
    scene.recorder.begin()
    scene.follow("lines at the application", app, _COUNT.format(file="/var/log/syslog"))
    scene.follow("lines at the log server", logs, _COUNT.format(file="/var/log/all.log"))
    app.run("systemd-run --unit=shop python3 /root/shop.py")
    time.sleep(DEAD_AFTER)
    logs.run("sync")
    logs.power_loss()
    scene.recorder.event("the log server loses its power")
    time.sleep(DEAD_FOR)
    logs.start()
    logs.wait_up()
    scene.recorder.event("the log server is back")
    local = wait_for(app, "/var/log/syslog", LINES, 240 if scene.guard else 20)
    arrived = wait_for(logs, "/var/log/all.log", LINES, 240 if scene.guard else 10)
    return {"lines_sent": LINES, "lines_local": local, "lines_arrived": arrived, "lines_lost": LINES - arrived}


def wait_for(host: Host, file: str, lines: int, seconds: float) -> int:
    """How many different lines of the service are in a file, once there are `lines` of them or time is up."""
    deadline = time.monotonic() + seconds
    while (found := _lines(host, file)) < lines and time.monotonic() < deadline:
        time.sleep(1)
    return found


def _lines(host: Host, file: str) -> int:
    try:
        return int(host.run(_COUNT.format(file=file)))
    except HostsError:
        return 0


DRILL = HostDrill(
    name="log-server-dead",
    title="The log server dies, and comes back",
    story=f"A service logs {RATE} lines/s; after {DEAD_AFTER} s the log server loses its power for {DEAD_FOR} s.",
    with_guard="the log_shipping role: acknowledged lines, and a bounded queue on disk while nobody takes them",
    without_guard="one line of rsyslog.conf: everything to the server over TCP",
    script=script,
    held=lambda figures: figures["lines_lost"] == 0 and figures["lines_local"] == LINES,
    summary=lambda figures: f"{figures['lines_lost']:,} of {figures['lines_sent']:,} lines lost",
)
