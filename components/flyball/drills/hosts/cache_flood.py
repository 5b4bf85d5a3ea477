"""A client fills a cache with more than the host has memory."""

import json

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible

MEMORY_MI, MAXMEMORY_MI = 640, 96
"""What the process may take, in place of a host's memory, and what the role is to leave to keys."""
VALUE_KI, VALUES = 256, 3200
"""800 MiB in all."""
_FLOOD = f"""
import json, socket
done = refused = 0
value = b"x" * {VALUE_KI * 1024}
connection = None
for number in range({VALUES}):
    try:
        if connection is None:
            connection = socket.create_connection(("127.0.0.1", 6379), 60)
            replies = connection.makefile("rb")
        key = b"key%d" % number
        words = (b"SET", key, value, b"EX", b"600")
        connection.sendall(b"*5\\r\\n" + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words))
        if replies.readline() == b"+OK\\r\\n":
            done += 1
        else:
            refused += 1
            connection = None
    except OSError:
        refused += 1
        connection = None
print(json.dumps({{"writes_done": done, "writes_refused": refused}}))
"""
_RESIDENT = "echo $(( $(ps -o rss= -C redis-server || echo 0) / 1024 ))"


def script(scene: Scene) -> Figures:
    """The flood, until its last write."""
    (host,) = scene.lab.add("cache1")
    # The kernel gives one process no more than this, as a small host would; whoever asks for more is ended.
    limit = f"[Service]\nLimitAS={MEMORY_MI}M\nRestart=no\n"
    host.write("/etc/systemd/system/redis-server.service.d/memory.conf", limit)
    if scene.guard:
        total = int(host.run("grep MemTotal /proc/meminfo").split()[1]) / 1024
        variables = {"redis_maxmemory_share": MAXMEMORY_MI / total}
        Ansible(scene.lab, {}, {"all": variables}).apply("all", "redis").succeeded()
    else:
        host.run("apt-get install -qq -y redis-server")
    host.write("/root/flood.py", _FLOOD)
    scene.recorder.begin()
    scene.follow("memory of Redis [MiB]", host, _RESIDENT)
    ended = json.loads(host.run("python3 /root/flood.py"))
    facts = dict(
        line.split(":", 1)
        for line in host.run("redis-cli info", check=False).replace("\r", "").splitlines()
        if ":" in line
    )
    active = host.run("systemctl is-active redis-server", check=False).strip() == "active"
    return {
        **ended,
        "evicted": int(facts.get("evicted_keys", 0)),
        "used_mib": int(facts.get("used_memory", 0)) // 2**20,
        "died": 0 if active else 1,
    }


DRILL = HostDrill(
    name="cache-flood",
    title="A cache flooded with more than there is memory",
    story=f"A client writes {VALUES * VALUE_KI // 1024} MiB into a Redis that may take {MEMORY_MI} MiB of memory.",
    with_guard="the redis role: maxmemory from the host's memory, the keys used least evicted",
    without_guard="Redis as packaged: maxmemory 0, noeviction",
    script=script,
    held=lambda figures: figures["writes_refused"] == 0 and figures["died"] == 0,
    summary=lambda figures: f"{figures['writes_refused']:,} writes refused, {figures['evicted']:,} keys evicted",
)
