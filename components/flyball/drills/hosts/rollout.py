"""Two releases under load: a bad one, and a good one during which a host loses its power."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flyball.drills.errors import DrillError
from flyball.drills.hosts import shop
from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.hosts.load import users
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host

RATE = 20
"""Requests per second."""
UNDER_WAY = 2
"""Requests that may be lost with a host that loses its power: those that it was answering."""
_VERSION = "dpkg-query --show --showformat='${Version}' shop"
_CHANGING = f"until [ -e /var/lib/flyball/drain ] || {_VERSION} | grep -q 3; do sleep 0.1; done"


def script(scene: Scene) -> Figures:
    """Roll out the bad release, then the good one."""
    apps, fleet = [scene.lab[name] for name in shop.APPS], shop.fleet(scene.lab)
    shop.wait_until_balanced(scene.lab)
    origin = f"http://{scene.lab[shop.BALANCER].address}"
    with users(scene.lab, [origin], RATE, scene.report) as people:
        scene.recorder.begin()
        time.sleep(2)
        shop.offer(scene.lab, "2", 500)
        scene.recorder.event("a bad release")
        _change(scene, fleet, origin, "2")
        hit = sum(app.run(_VERSION) == "2" for app in apps)
        shop.offer(scene.lab, "3")
        good = time.time()
        scene.recorder.event("a good release")
        with _power_loss(scene, apps[2], once_changing=apps[1]):
            _change(scene, fleet, origin, "3")
        time.sleep(2)
        counted = people.record(scene.recorder)
    lost = [request.at for request in people.lost]
    return {
        **counted,
        "lost_in_bad_release": sum(at < good for at in lost),
        "lost_in_good_release": sum(at >= good for at in lost),
        "hosts_with_bad_release": hit,
    }


def _change(scene: Scene, fleet: Ansible, origin: str, version: str) -> None:
    """Bring every host to a version: by `roll`, or by a playbook as it is commonly written. Either may fail."""
    wanted = [f"shop={version}"]
    if scene.guard:
        fleet.play("roll", roll_packages=wanted, roll_units=["shop.service"], roll_roles=[], roll_through=[origin])
        return
    tasks = [
        {"apt": {"name": wanted, "update_cache": True}},
        {"systemd_service": {"name": "shop", "state": "restarted"}},
    ]
    playbook = scene.lab.folder / "plain.json"
    playbook.write_text(json.dumps([{"hosts": "web", "gather_facts": False, "tasks": tasks}]))
    fleet.play(playbook)


@contextmanager
def _power_loss(scene: Scene, host: Host, *, once_changing: Host) -> Iterator[None]:
    """A host loses its power as soon as another is being changed."""
    done = threading.Event()
    once_changing.write("/root/changing.sh", _CHANGING)
    looks = once_changing.popen("sh /root/changing.sh")

    def wait() -> None:
        if looks.wait() == 0:
            host.power_loss()
            scene.recorder.event(f"{host.name} loses its power")
            done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        looks.kill()
        thread.join()
    if not done.is_set():
        raise DrillError(f"{once_changing.name} was never changed, so {host.name} never lost its power")


DRILL = HostDrill(
    name="rollout",
    title="A bad release, then a good one during which a host dies",
    story=f"Three hosts behind a balancer answer {RATE} requests/s. A release that answers everything with 500 is "
    "rolled out, then its successor, which is sound; while that is under way the third host loses its power.",
    with_guard="roll.yml: a canary, drained before and asked afterwards, then batches that leave what the peak needs; "
    "it stops at the first host that fails or falls silent",
    without_guard="a playbook as it is commonly written: install and restart, on all hosts at once",
    set_up=shop.set_up,
    script=script,
    held=lambda figures: figures["lost_in_bad_release"] == 0 and figures["lost_in_good_release"] <= UNDER_WAY,
    summary=lambda figures: f"{figures['requests_lost']:,} of {figures['requests_sent']:,} requests lost",
)
