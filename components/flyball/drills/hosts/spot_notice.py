"""A host that serves gets the notice of a spot machine, and loses its power when the notice is over."""

import datetime
import json
import time
from pathlib import Path

from flyball.drills.hosts import balanced
from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.hosts.load import users
from flyball.drills.result import Figures
from flyball.lab.hosts import ec2_metadata
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host

RATE = 40
NOTICE_SECONDS = 9
"""In place of 120, to keep it short; every time of the way out is shortened too, and the rules hold as they are."""
BEFORE, AFTER = 2, 3
"""Seconds of load before the notice, and after its end."""
VARIABLES = {
    "spot_drain_poll": "1s",
    "spot_drain_request": "300ms",
    "spot_drain_shutdown": {"prestop": "2s", "drain": "2s"},
    "spot_drain_units": [{"name": "shop.service", "stop": "2s"}],
}
METADATA = "/run/metadata"
_PORT = 8169


def give_metadata(host: Host) -> str:
    """Run the stand-in for the instance's metadata on a host, and return its endpoint."""
    host.copy(Path(ec2_metadata.__file__), "/root/ec2_metadata.py")
    host.run(
        f"mkdir {METADATA} && systemd-run --quiet --unit=metadata python3 /root/ec2_metadata.py {METADATA} {_PORT}"
    )
    return f"http://127.0.0.1:{_PORT}"


def give_notice(host: Host, seconds: float) -> None:
    """Let the stand-in say that the host goes in so many seconds."""
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    notice = {"action": "terminate", "time": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    host.write(f"{METADATA}/instance-action.part", json.dumps(notice))
    host.run(f"mv {METADATA}/instance-action.part {METADATA}/instance-action")


def script(scene: Scene) -> Figures:
    """The notice, and the end, under load."""
    balancer, spot, other = scene.lab.add("lb1", "app1", "app2")
    for host in (spot, other):
        balanced.serve(host)
    balanced.balance(balancer, [spot, other])
    endpoint = give_metadata(spot)
    if scene.guard:
        variables = {**VARIABLES, "spot_drain_endpoint": endpoint}
        Ansible(scene.lab, {}, {"app1": variables}).apply("app1", "spot_drain").succeeded()
    with users(scene.lab, [f"http://{balancer.address}"], RATE, scene.report) as people:
        scene.recorder.begin()
        time.sleep(BEFORE)
        give_notice(spot, NOTICE_SECONDS)
        scene.recorder.event("notice")
        time.sleep(NOTICE_SECONDS)
        stopped = spot.run("systemctl is-active shop", check=False).strip() != "active"
        spot.silence()
        spot.power_loss()
        scene.recorder.event("its power is cut")
        time.sleep(AFTER)
        counted = people.record(scene.recorder)
    return {**counted, "stopped_in_time": int(stopped)}


DRILL = HostDrill(
    name="spot-notice",
    title="A spot machine gets its notice, and goes",
    story=f"One of two hosts gets a notice under {RATE} requests/s; {NOTICE_SECONDS} s later its power is cut.",
    with_guard="the spot_drain role: seen, out of the balancer, what is under way answered, stopped in time",
    without_guard="nobody looks at the instance's metadata",
    script=script,
    held=lambda figures: figures["requests_lost"] == 0,
    summary=lambda figures: f"{figures['requests_lost']:,} of {figures['requests_sent']:,} requests lost",
)
