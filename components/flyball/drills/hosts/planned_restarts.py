"""Regular restarts of three hosts fall on one moment, and on the failure of one of them."""

import time

from flyball.drills.hosts import balanced
from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.hosts.load import users
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab

HOSTS = ("app1", "app2", "app3")
RATE = 30
"""Requests per second: two hosts take more than half as much again, since a busy machine answers late."""
HOST_RATE = 25
"""What one host can do in a second: with at most 0.8 of it used, two hosts are needed."""
START_SECONDS = 2
"""The service needs this to start."""
SEEN_SECONDS = 2
"""In which the balancer notices that a host has gone, or is back."""
PASSWORD = "of-the-lock-of-the-drill"
_RESTART = {True: "systemctl start flyball-planned-restart", False: "systemctl restart shop"}


def script(scene: Scene) -> Figures:
    """Twice all timers fire at the same moment: while one host is dead, and when it is back."""
    balancer, *apps = scene.lab.add("lb1", *HOSTS)
    for app in apps:
        balanced.serve(app, f"ExecStartPre=/bin/sleep {START_SECONDS}")
    connections = int(HOST_RATE * balanced.WORK_SECONDS)
    balanced.balance(balancer, apps, f"maxconn {connections}")
    if scene.guard:
        _guard(scene.lab, balancer)
    dead = apps[2]
    dead.power_loss()
    time.sleep(SEEN_SECONDS)
    with users(scene.lab, [f"http://{balancer.address}"], RATE, scene.report) as people:
        scene.recorder.begin()
        time.sleep(1)
        scene.recorder.event("all timers fire; one host is dead")
        while_dead = _fire(apps[:2], scene.guard)
        dead.start()
        dead.wait_up()
        dead.run(f"while ! systemctl is-active --quiet shop; do sleep 0.2; done; sleep {SEEN_SECONDS}")
        scene.recorder.event("it is back, and all timers fire")
        when_back = _fire(apps, scene.guard)
        time.sleep(SEEN_SECONDS)
        counted = people.record(scene.recorder)
    return {**counted, "restarts_while_dead": while_dead, "restarts_when_back": when_back}


def _guard(lab: Lab, balancer: Host) -> None:
    balancer.run("apt-get install -qq -y redis-server")
    settings = f"requirepass {PASSWORD} bind '127.0.0.1 {balancer.address}'"
    balancer.run(f"redis-cli config set {settings}")
    variables = {
        "planned_restart_units": ["shop.service"],
        "planned_restart_shutdown": {"prestop": f"{SEEN_SECONDS}s", "drain": "2s"},
        "planned_restart_lock_host": balancer.address,
        "planned_restart_lock_password": PASSWORD,
        "rollout_load": {"peak": RATE, "host": HOST_RATE},
    }
    Ansible(lab, {"web": HOSTS}, {"web": variables}).apply("web", "planned_restart").succeeded()


def _fire(apps: list[Host], guard: bool) -> int:
    """Do on each host at the same moment what its timer does; how many hosts restarted their service."""
    before = [_serving(app) for app in apps]
    fired = [app.popen(_RESTART[guard]) for app in apps]
    for process in fired:
        process.communicate(timeout=120)
    return sum(_serving(app) != old for app, old in zip(apps, before, strict=True))


def _serving(app: Host) -> str:
    return app.run("systemctl show --property=MainPID --value shop").strip()


DRILL = HostDrill(
    name="planned-restarts",
    title="Regular restarts, all at one moment",
    story=f"Three hosts, of which {RATE} requests/s need two, restart at one moment: while one is dead, and with it.",
    with_guard="the planned_restart role: not below the need, one at a time, drained first",
    without_guard="a timer on each host that restarts the service",
    script=script,
    held=lambda figures: figures["requests_lost"] == 0,
    summary=lambda figures: f"{figures['requests_lost']:,} of {figures['requests_sent']:,} requests lost",
)
