"""One setting of all caches is changed, while a backend that cannot do without them serves."""

import json
from concurrent.futures import ThreadPoolExecutor

from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host

CACHES = ("cache1", "cache2", "cache3")
KEYS, RATE = 1200, 200
"""Over all caches, and how many of them are asked for in a second."""
CLIENTS = 900
"""The new setting; as packaged 10,000 clients may come, and the role lets 1,000."""
_CHANGED = {"maxclients": str(CLIENTS)}
AFTER = 6
"""Seconds for which the users go on after the change: all keys are asked for once."""
_USERS = f"""
import json, os, socket, sys, time
caches = [(address, 6379) for address in sys.argv[1:]]
password, connections = os.environ.get("REDIS_PASSWORD", ""), {{}}
def ask(place, *words):
    for _ in range(2):
        try:
            if place not in connections:
                connection = socket.create_connection(place, 5)
                connections[place] = connection, connection.makefile("rb")
                if password:
                    ask(place, b"AUTH", password.encode())
            connection, replies = connections[place]
            connection.sendall(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(w), w) for w in words))
            line = replies.readline()
            if not line:
                raise OSError
            if line.startswith(b"$") and not line.startswith(b"$-1"):
                replies.read(int(line[1:]) + 2)
            return line
        except OSError:
            connections.pop(place, None)
    return b"$-1\\r\\n"
asked, begun = 0, time.monotonic()
while not os.path.exists("/root/stop"):
    number = asked % {KEYS}
    key, place = b"key%d" % number, caches[number % len(caches)]
    if ask(place, b"GET", key).startswith(b"$-1"):
        with open("/root/backend", "a") as backend:
            backend.write("%f\\n" % time.time())
        ask(place, b"SET", key, b"value", b"EX", b"3600")
    asked += 1
    time.sleep(max(asked / {RATE} - (time.monotonic() - begun), 0))
"""
_ASKED = "cat /root/backend 2>/dev/null | wc -l"
"""How often the backend was, since no cache knew."""
PASSWORD = "of-the-caches-of-the-drill"
_CLI = f"REDISCLI_AUTH={PASSWORD} redis-cli"


def script(scene: Scene) -> Figures:
    """Fill the caches by use, change the setting, and count what the backend gets after it."""
    app, *caches = scene.lab.add("app1", *CACHES)
    ansible = Ansible(scene.lab, {"cache": CACHES}, {cache.name: _variables(cache) for cache in caches})
    if scene.guard:
        ansible.apply("cache", "redis").succeeded()
    else:
        for cache in caches:
            cache.run("apt-get install -qq -y redis-server")
            settings = f'save ""\nrequirepass {PASSWORD}\nbind 127.0.0.1 {cache.address}\n'
            cache.run(f"cat >> /etc/redis/redis.conf <<'END'\n{settings}END\nsystemctl restart redis-server")
    app.write("/root/users.py", _USERS)
    addresses = " ".join(cache.address for cache in caches)
    app.run(f"systemd-run --quiet --unit=users --setenv=REDIS_PASSWORD={PASSWORD} python3 /root/users.py {addresses}")
    app.run(f"while [ $({_ASKED}) -lt {KEYS} ]; do sleep 0.2; done")
    scene.recorder.begin()
    for cache in caches:
        cache.run(f"{_CLI} set mark 1")
    if scene.guard:
        anew = Ansible(scene.lab, ansible.groups, {**ansible.variables, "cache": {"redis_max_clients": CLIENTS}})
        anew.apply("cache", "redis").succeeded()
    else:
        # What a playbook with a handler does: the file on all hosts, then the restart on all hosts.
        command = f"echo 'maxclients {CLIENTS}' >> /etc/redis/redis.conf; systemctl restart redis-server"
        with ThreadPoolExecutor(len(caches)) as pool:
            list(pool.map(lambda cache: cache.run(command), caches))
    scene.recorder.event("every cache has the new setting")
    emptied = [cache.run(f"{_CLI} exists mark").strip() for cache in caches].count("0")
    app.run(f"sleep {AFTER}; touch /root/stop; while systemctl is-active --quiet users; do sleep 0.2; done")
    moments = [float(line) for line in app.run("cat /root/backend").split()][KEYS:]
    scene.recorder.add("requests that reach the backend [1/s]", moments)
    changed = [json.loads(cache.run(f"{_CLI} --json config get maxclients")) == _CHANGED for cache in caches]
    return {"caches_changed": sum(changed), "caches_emptied": emptied, "backend_requests": len(moments)}


def _variables(cache: Host) -> dict[str, object]:
    return {"redis_bind": ["127.0.0.1", cache.address], "redis_password": PASSWORD}


DRILL = HostDrill(
    name="cache-setting",
    title="One setting of all caches is changed",
    story=f"{len(CACHES)} caches hold {KEYS:,} answers, asked for {RATE} times a second; their maxclients is changed.",
    with_guard="the redis role: set in place, or one restart at a time where only a start can change it",
    without_guard="a playbook that writes the file, and a handler that restarts every Redis",
    script=script,
    held=lambda figures: figures["backend_requests"] == 0 and figures["caches_changed"] == len(CACHES),
    summary=lambda figures: (
        f"{figures['caches_emptied']} caches emptied, {figures['backend_requests']:,} requests reached the backend"
    ),
)
