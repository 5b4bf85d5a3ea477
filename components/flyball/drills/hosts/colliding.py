"""Two changes of one group at once, and then one in the middle of which its host loses its power."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from flyball.drills.errors import DrillError
from flyball.drills.hosts import shop
from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.hosts.load import users
from flyball.drills.hosts.recording import PERIOD
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host

NEED = 2
"""Of them, at the peak (`shop.WEB`)."""
RATE = 10
"""Requests per second."""
OUT_SECONDS = 6
"""That a host is out for in a change as it is commonly written: as long as a slow installation takes."""
SERVED_SECONDS = 5
"""In which people meet the host that came back half changed."""
_LIMIT = 900
_MIGRATED = "/var/lib/migrated"
_HALF = f"200 if __import__('os').path.exists('{_MIGRATED}') else 500"
"""What the third release answers: it needs a migration, which is the second part of its change."""
_MIGRATION = f"[Service]\nType=oneshot\nExecStart=sleep 600\nExecStart=touch {_MIGRATED}\n"
_ASK = f"""
import sys, time, urllib.request
def serves(address):
    try:
        for path in ("/flyball/health", "/"):
            urllib.request.urlopen(f"http://{{address}}{{path}}", timeout=2)
    except OSError:
        return False
    return True
while True:
    print(sum(map(serves, sys.argv[1:])), flush=True)
    time.sleep({PERIOD})
"""
_INSTALL = "flock /run/change sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install {}'"
"""One at a time: apt ends at once where another one holds its lock, and which change then fails is chance."""
_SERVING = "/run/serving"
"""How many hosts served, a line for each time that they were asked."""


def script(scene: Scene) -> Figures:
    """Both changes of the second release, then that of the third."""
    apps, balancer = [scene.lab[name] for name in shop.APPS], scene.lab[shop.BALANCER]
    fleet = shop.fleet(scene.lab)
    shop.wait_until_balanced(scene.lab)
    balancer.write("/root/ask.py", _ASK)
    addresses = " ".join(app.address for app in apps)
    unit = f"--unit=ask --property=StandardOutput=file:{_SERVING}"
    balancer.run(f"systemd-run --quiet {unit} python3 /root/ask.py {addresses}")
    balancer.run(f"until [ -s {_SERVING} ]; do sleep 0.1; done")
    with users(scene.lab, [f"http://{balancer.address}"], RATE, scene.report) as people:
        scene.recorder.begin()
        scene.follow("hosts that serve", balancer, f"tail -n 1 {_SERVING}")
        shop.offer(scene.lab, "2")
        scene.recorder.event("two changes at once")
        done = _both(scene, fleet, _change("2"))
        fewest = min(map(int, balancer.run(f"cat {_SERVING}").split()))
        shop.offer(scene.lab, "3", _HALF)
        apps[0].write("/usr/local/lib/systemd/system/migrate.service", _MIGRATION)
        scene.recorder.event("a change that is cut off")
        _cut_off(scene, fleet, apps[0])
        time.sleep(SERVED_SECONDS)
        counted = people.record(scene.recorder)
    return {**counted, "fewest_serving": fewest, "changes_done": done}


def _change(version: str, *units: str) -> dict[str, Any]:
    return {"roll_packages": [f"shop={version}"], "roll_units": [*units, "shop.service"], "roll_roles": []}


def _both(scene: Scene, fleet: Ansible, change: dict[str, Any]) -> int:
    """Two people change the group at one moment; how many of them were told that it is done."""
    codes: list[int] = []

    def play(order: str) -> None:
        played = fleet.play("roll", **change) if scene.guard else fleet.play(_plain(scene, change, order))
        codes.append(played.code)

    threads = [threading.Thread(target=play, args=[order]) for order in ("inventory", "reverse_inventory")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes.count(0)


def _plain(scene: Scene, change: dict[str, Any], order: str) -> Path:
    """A rolling change as it is commonly written: nginx stopped meanwhile, host by host."""
    units = [{"systemd_service": {"name": unit, "state": "restarted"}} for unit in change["roll_units"]]
    tasks = [
        {"systemd_service": {"name": "nginx", "state": "stopped"}},
        {"shell": {"cmd": _INSTALL.format(" ".join(change["roll_packages"]))}},
        *units,
        {"pause": {"seconds": OUT_SECONDS}},
        {"systemd_service": {"name": "nginx", "state": "started"}},
    ]
    playbook = scene.lab.folder / f"plain-{order}.json"
    play = {"hosts": "web", "gather_facts": False, "serial": 1, "order": order, "tasks": tasks}
    playbook.write_text(json.dumps([play]))
    return playbook


def _cut_off(scene: Scene, fleet: Ansible, host: Host) -> None:
    """The host loses its power in the middle of its change, and comes back."""
    change = _change("3", "migrate.service")
    thread = threading.Thread(
        target=lambda: fleet.play("roll", **change) if scene.guard else fleet.play(_plain(scene, change, "inventory"))
    )
    thread.start()
    given_up = time.monotonic() + _LIMIT
    while host.run("systemctl is-active migrate", check=False).strip() != "activating":
        if time.monotonic() > given_up or not thread.is_alive():
            thread.join()
            raise DrillError(f"{host.name} was never changed, so it never lost its power in the middle of that")
        time.sleep(0.2)
    host.power_loss()
    scene.recorder.event(f"{host.name} loses its power")
    # The run is to find it dead: it would go on with a host that is back.
    thread.join()
    host.start()
    host.wait_up()
    host.run("until systemctl is-active --quiet nginx shop; do sleep 0.2; done")
    scene.recorder.event(f"{host.name} is back, half changed")


DRILL = HostDrill(
    name="colliding-changes",
    title="Two changes at once, and one that is cut off",
    story=f"Three hosts, of which the peak needs {NEED}, answer {RATE} requests/s. Two people roll the same release out"
    " at one moment. Then the next one, which needs a migration, is cut off in the middle of it: its host loses its"
    " power, and comes back.",
    with_guard="roll.yml: one run has the group, the other is refused; the host that was cut off has a mark on disk,"
    " and serves nobody until a run is through",
    without_guard="rolling playbooks as commonly written, host by host: nginx stopped, the change, nginx started",
    set_up=shop.set_up,
    script=script,
    held=lambda figures: figures["fewest_serving"] >= NEED and figures["requests_lost"] == 0,
    summary=lambda figures: (
        f"{figures['fewest_serving']} hosts served at the least, {figures['requests_lost']:,} of"
        f" {figures['requests_sent']:,} requests lost"
    ),
)
