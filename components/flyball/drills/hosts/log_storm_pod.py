"""nginx writes more than the volume of its pod's logs holds."""

import json

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.guards.clean_up.retention import MI, FileLogs
from flyball.guards.reading.units import ceil_div
from flyball.guards.workload.file_logs import PRESETS, LogFiles, Writer
from flyball.kubernetes.workload import rotation

REQUESTS = 200_000
RATE_MI = 3
"""What nginx writes in a second: lines of 512 bytes, 98 MiB in all. A busy machine has to compress as much."""
VOLUME_MI = 64
LOGS = LogFiles(
    path="/var/log/web",
    preset="nginx",
    pattern="*.log",
    limits=FileLogs(size=2 * MI, files=3, volume=VOLUME_MI * MI),
    rate=RATE_MI * MI,
    writer=PRESETS["nginx"] or Writer(),
)
"""By the rule there is a look each second: half of (64 / 5 - 2) / 3, in whole seconds."""
USER = 65_532
_LINE = 512
_CONFIG = f"""
worker_processes 1;
daemon off;
pid /run/web/pid;
error_log stderr;
events {{}}
http {{
  log_format line $arg_n-$arg_pad;
  access_log {LOGS.path}/access.log line;
  client_body_temp_path /run/web/body;
  proxy_temp_path /run/web/proxy;
  fastcgi_temp_path /run/web/fastcgi;
  uwsgi_temp_path /run/web/uwsgi;
  scgi_temp_path /run/web/scgi;
  keepalive_requests {10 * REQUESTS};
  server {{
    listen 127.0.0.1:8080;
    return 204;
  }}
}}
"""
_CLIENT = f"""
import base64, json, os, socket, time
connection = socket.create_connection(("127.0.0.1", 8080))
answers = connection.makefile("rb")
answered, due, batch = 0, time.monotonic(), 100
for first in range(0, {REQUESTS}, batch):
    text = ""
    for number in range(first, first + batch):
        pad = base64.urlsafe_b64encode(os.urandom({_LINE})).decode()[:{_LINE} - 9]
        text += f"GET /?n={{number:07}}&pad={{pad}} HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n"
    connection.sendall(text.encode())
    for number in range(batch):
        answered += answers.readline().split()[1] == b"204"
        while answers.readline().strip():
            pass
    # Never faster than it was said: what the machine did not let it send in time is not made up for.
    due = max(due, time.monotonic()) + batch * {_LINE} / {RATE_MI * MI}
    time.sleep(max(due - time.monotonic(), 0))
print(answered)
"""
_MOST = f"""
import os, time
most = 0
while True:
    volume = os.statvfs("{LOGS.path}")
    used = (volume.f_blocks - volume.f_bfree) * volume.f_frsize // 1024
    if used > most:
        most = used
        with open("/run/most.part", "w") as file:
            print(most, file=file)
        os.replace("/run/most.part", "/run/most")
    time.sleep(0.05)
"""
_COUNT = f"""
import glob, gzip, json
kept = []
age = lambda path: int((path.partition(".log")[2] + ".0").split(".")[1])
for path in sorted(glob.glob("{LOGS.path}/access.log*"), key=age, reverse=True):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        kept += [int(line[:7]) for line in file if line[:7].isdigit() and line.endswith(b"\\n")]
gaps = {REQUESTS} - kept[0] - len(set(kept)) if kept else {REQUESTS}
print(json.dumps({{"lines_kept": len(kept), "lines_lost": gaps}}))
"""


def script(scene: Scene) -> Figures:
    """The storm, from its first request to its last."""
    (host,) = scene.lab.add("app1", disks={LOGS.path: f"{VOLUME_MI}m"})
    host.run("apt-get install -qq -y --no-install-recommends nginx logrotate && systemctl disable --now nginx")
    for path in (LOGS.path, rotation.FOLDER, "/run/web"):
        # As the kubelet hands out a volume with fsGroup.
        host.run(f"mkdir -p {path} && chown 0:{USER} {path} && chmod 2777 {path}")
    host.write("/etc/web.conf", _CONFIG)
    for name, text in (("client", _CLIENT), ("count", _COUNT), ("most", _MOST)):
        host.write(f"/root/{name}.py", text)
    # A user that no file names, as in a container.
    run, user = "systemd-run --quiet", f"setpriv --reuid={USER} --regid={USER} --clear-groups"
    host.run(f"{run} --unit=web {user} nginx -c /etc/web.conf -e stderr")
    if scene.guard:
        host.write("/root/rotate.sh", rotation.script(LOGS), 0o755)
        host.run(f"cp /root/rotate.sh /run/rotate.sh && {run} --unit=rotate {user} /bin/sh /run/rotate.sh")
    host.run("timeout 60 bash -c 'until : 2>/dev/null < /dev/tcp/127.0.0.1/8080; do sleep 0.1; done'")
    scene.recorder.begin()
    usage = f"df --output=used --block-size=1K {LOGS.path} | tail -n1"
    scene.follow("volume used [KiB]", host, usage)
    scene.recorder.event("the storm begins")
    host.run(f"{run} --unit=most python3 /root/most.py")
    answered = int(host.run("python3 /root/client.py"))
    scene.recorder.event("the storm is over")
    used = int(host.run("cat /run/most"))
    rotation_ran = scene.guard and host.run("systemctl is-active rotate || true").strip() == "active"
    if rotation_ran:
        # As the kubelet ends a container: its first process is told, and ends what it is at.
        host.run("systemctl kill --kill-whom=main rotate; while systemctl is-active -q rotate; do sleep 0.1; done")
    found = json.loads(host.run("python3 /root/count.py"))
    return {
        **found,
        "requests_failed": REQUESTS - answered,
        "volume_used_percent": ceil_div(used * 100, VOLUME_MI * 1024),
        "rotation_ran": int(rotation_ran),
    }


DRILL = HostDrill(
    name="log-storm-pod",
    title="A log storm in a pod",
    story=(
        f"nginx answers {REQUESTS:,} requests and writes {REQUESTS * _LINE // MI} MiB of log at {RATE_MI} MiB/s into a"
        f" volume of {VOLUME_MI} MiB, lines that cannot be compressed."
    ),
    with_guard="logrotate beside it as `logs: {preset: nginx}` renders it, looking as often as volume and rate ask for",
    without_guard="a volume for the logs, and nobody who rotates them",
    script=script,
    held=lambda figures: (
        figures["lines_lost"] == 0 and figures["requests_failed"] == 0 and figures["volume_used_percent"] < 100
    ),
    summary=lambda figures: (
        f"{figures['lines_lost']:,} lines lost, volume {figures['volume_used_percent']} % full at most"
    ),
)
