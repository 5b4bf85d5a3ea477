"""Reddit, August 2016, on a host: people stop an autoscaler for a migration, and a package manager revives it.

https://www.reddit.com/r/announcements/comments/4y0m56/why_reddit_was_down_on_aug_11/
"""

import time

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.lab.hosts import packages
from flyball.lab.hosts.ansible import Ansible

SERVERS = 12
# In mid-migration it reads half of the data, and takes the servers it does not find there for superfluous.
_SCALER = f"""
import pathlib, time
if not pathlib.Path("/var/lib/migrating").exists():
    while True:
        time.sleep(60)
for number in range({SERVERS}):
    with open("/var/lib/terminated", "a") as file:
        file.write(f"server{{number}}\\n")
    time.sleep(0.05)
time.sleep(600)
"""
_UPGRADE = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get"
_TERMINATED = "cat /var/lib/terminated 2>/dev/null | wc -l"
WATCHED_SECONDS = 4
"""The scaler needs 0.6 s for its work."""


def script(scene: Scene) -> Figures:
    """Stop the scaler, begin the migration, and let the package manager do its nightly work."""
    (host,) = scene.lab.add("app1")
    first, second = (packages.build(scene.lab.folder, "scaler", version, _SCALER) for version in ("1.0", "1.1"))
    packages.offer(host, first)
    host.run(f"{_UPGRADE} install -qq -y scaler")
    if scene.guard:
        hold = {"freeze_units": ["scaler.service"], "freeze_packages": ["scaler"]}
        variables = {"freeze_reason": "moving the database, nothing may scale", **hold}
        Ansible(scene.lab, {}, {"all": variables}).apply("all", "freeze").succeeded()
    else:
        host.run("systemctl stop scaler.service")
    host.run("touch /var/lib/migrating")
    scene.recorder.begin()
    scene.follow("servers that run", host, f"echo $(( {SERVERS} - $({_TERMINATED}) ))")
    scene.recorder.event("migration: autoscaler stopped")
    packages.offer(host, second)
    scene.recorder.event("nightly upgrade")
    host.run(f"{_UPGRADE} upgrade -qq -y")
    # The next tool insists: what is held is upgraded too.
    host.run(f"{_UPGRADE} install -qq -y --allow-change-held-packages scaler")
    time.sleep(WATCHED_SECONDS)
    return {
        "servers_terminated": int(host.run(_TERMINATED)),
        "scaler_running": int(host.run("systemctl is-active scaler || true").strip() == "active"),
        "upgraded": int("1.1" in host.run("dpkg-query --show scaler")),
    }


DRILL = HostDrill(
    name="revived",
    title="A package manager revives what people have stopped",
    story="An autoscaler is stopped for a migration; the nightly upgrade of its package comes in the middle of it.",
    with_guard="the freeze role: unit held, package held, no start by any package until a person thaws the host",
    without_guard="systemctl stop",
    script=script,
    held=lambda figures: figures["servers_terminated"] == 0,
    summary=lambda figures: f"{figures['servers_terminated']} of {SERVERS} servers terminated",
)
