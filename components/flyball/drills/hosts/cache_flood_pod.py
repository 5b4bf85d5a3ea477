"""A cache of a pod is flooded, by keys, by clients that do not read, and by a replica that is filled meanwhile."""

from concurrent.futures import ThreadPoolExecutor

from flyball.drills.hosts import watched_cache
from flyball.drills.hosts.drill import HostDrill, Scene
from flyball.drills.result import Figures
from flyball.drills.watch import Watch
from flyball.guards.workload import caches
from flyball.guards.workload.caches import Cache, GuardedCacheArgs
from flyball.kubernetes.cache import configuration
from flyball.lab.hosts.host import Host

MEMORY_MI = 256
"""What the pod's container may take. It is measured and not enforced, so that the whole of the damage is seen."""
COMMON_MI = MEMORY_MI * 3 // 4
"""maxmemory as it is commonly set, with an eviction; all else as packaged."""
VALUE_KI, VALUES = 16, 16_800
"""262 MiB in all; every second key has a time to live."""
UNREAD, ASKED, LARGE_MI = 50, 8, 1
"""Clients that do not read, and how many values of which size each of them asks for: 8 MiB each."""
UNREAD_FOR = 5
"""Seconds that they stay: people are told of clients that do not read for two minutes, which are two seconds here."""
LONGEST_UNREAD = 240
"""Seconds for which they do not, at the most, without the guard."""
PASSWORD = "of-the-cache-of-the-drill"
_FLOOD = f"""
import json, os, re, socket, sys, time
password, value = os.environ["REDISCLI_AUTH"].encode(), os.urandom({VALUE_KI * 1024})
def packed(*words):
    return b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words)
def connected(held=0):
    connection = socket.socket()
    if held:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, held)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", {configuration.BEHIND}))
    connection.sendall(packed(b"AUTH", password))
    replies = connection.makefile("rb")
    assert replies.readline() == b"+OK\\r\\n"
    return connection, replies
def flood(last, every=100):
    connection, replies = connected()
    done = 0
    for first in range(0, last, every):
        batch = range(first, min(first + every, last))
        ends = lambda number: (b"EX", b"600") if number % 2 else ()
        connection.sendall(b"".join(packed(b"SET", b"key%d" % n, value, *ends(n)) for n in batch))
        done += sum(replies.readline() == b"+OK\\r\\n" for _ in batch)
    return done
if sys.argv[1] == "flood":
    print(flood({VALUES}))
elif sys.argv[1] == "unread":
    connection, replies = connected()
    connection.sendall(packed(b"SET", b"large", os.urandom({LARGE_MI} * 2**20), b"EX", b"600"))
    assert replies.readline() == b"+OK\\r\\n"
    waiting = []
    for _ in range({UNREAD}):
        # What the kernel would hold for it is the server's to hold.
        connection, _ = connected(4096)
        connection.settimeout(5)
        waiting.append(connection)
    for connection in waiting:
        try:
            connection.sendall(packed(b"GET", b"large") * {ASKED})
        except OSError:
            pass
    open("/run/waiting", "w").close()
    time.sleep(float(sys.argv[2]))
else:
    connection, _ = connected()
    while True:
        connection.sendall(packed(b"INFO"))
        said = connection.recv(65536)
        # With few keys it is filled between two looks: then once more than before.
        times = re.search(rb"sync_full:(\\d+)", said)
        filled = times and int(times[1]) > int(sys.argv[2]) and b"state=online" in said
        if filled or b"rdb_bgsave_in_progress:1" in said:
            break
        time.sleep(0.01)
    print(flood({VALUES} // 2))
"""
_PEAK = """
import glob, time
most = 0
while True:
    held = 0
    for comm in glob.glob("/proc/[0-9]*/comm"):
        try:
            # The child that fills a replica has a name of its own.
            if (name := open(comm).read().strip()).startswith("valkey") and name != "valkey-cli":
                for line in open(comm.replace("comm", "smaps_rollup")):
                    if line.startswith("Pss:"):
                        held += int(line.split()[1])
        except OSError:
            continue
    most = max(most, held)
    open("/run/held.part", "w").write(f"{held // 1024} {most // 1024}")
    __import__("os").replace("/run/held.part", "/run/held")
    time.sleep(0.05)
"""


def _cache() -> Cache:
    args = {"memory": f"{MEMORY_MI}Mi", "ttl": "10m", "survive": "node"}
    cache, problems = caches.read(args, "keys", "shop", ("caches", "keys"), GuardedCacheArgs)
    assert cache, problems
    return cache


CACHE = _cache()
_COMMON = f"""\
bind * -::*
port {configuration.BEHIND}
dir {configuration.DATA}
save ""
maxmemory {COMMON_MI}mb
maxmemory-policy allkeys-lru
"""


def script(scene: Scene) -> Figures:
    """The flood, the clients that do not read, and the replica, one after the other."""
    hosts = scene.lab.add("cache1", "cache2")
    names = "".join(f"{host.address} {configuration.member(CACHE, number)}\n" for number, host in enumerate(hosts))
    files = configuration.files(CACHE) | ({} if scene.guard else {"valkey.conf": _COMMON})
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(lambda host: _install(host, names, files), hosts))
    for unit, file in (("start", "start.sh"), ("elect", "elect.sh")):
        for number, host in enumerate(hosts):
            host.run(f"{_run(unit, number)} /bin/sh {configuration.FOLDER}/{file}")
    first, second = hosts
    host_ready = f"until {_ask()} role | head -n 1 | grep -q {{}}; do sleep 0.2; done"
    first.run(f"timeout 120 sh -c '{host_ready.format('master')}'")
    second.run(f"timeout 120 sh -c 'until {_ask()} role | grep -q connected; do sleep 0.2; done'")
    first.run("systemd-run --quiet --unit=peak python3 /root/peak.py && until [ -e /run/held ]; do sleep 0.1; done")
    with watched_cache.watched(scene, CACHE, hosts) as people:
        written = _flood(scene, people, first, second)
    peak = int(first.run("cut -d' ' -f2 /run/held"))
    facts = dict(
        line.split(":", 1) for line in first.run(f"{_ask()} info").replace("\r", "").splitlines() if ":" in line
    )
    space = dict(part.split("=") for part in facts["db0"].split(","))
    return {
        "writes_refused": VALUES - written,
        "peak_mib": peak,
        "over_limit_mib": max(peak - MEMORY_MI, 0),
        "evicted": int(facts["evicted_keys"]),
        "clients_evicted": int(facts["evicted_clients"]),
        "keys_without_ttl": int(space["keys"]) - int(space["expires"]),
    }


def _flood(scene: Scene, people: Watch, first: Host, second: Host) -> int:
    """How many keys were taken of those that came first."""
    scene.recorder.begin()
    scene.follow("memory of the cache [MiB]", first, "cut -d' ' -f1 /run/held")
    scene.recorder.event("keys")
    written = int(first.run(f"{_python()} flood"))
    scene.recorder.event("clients that do not read")
    _leave_unread(scene.guard, people, first)
    scene.recorder.event("a replica is filled under writes")
    times = int(first.run(f"{_ask()} info stats | tr -d '\\r' | sed -n 's/^sync_full://p'"))
    # Another of that name begins when systemd has let this one go, a moment after it has ended.
    gone = '[ "$(systemctl show --property=LoadState --value start)" = not-found ]'
    second.run(f"systemctl kill --signal=KILL start; timeout 120 sh -c 'until {gone}; do sleep 0.1; done'")
    first.run(
        f"systemd-run --quiet --unit=writes --setenv=REDISCLI_AUTH={PASSWORD} python3 /root/flood.py again {times}"
    )
    second.run(f"{_run('start', 1)} /bin/sh {configuration.FOLDER}/start.sh")
    first.run("while systemctl is-active --quiet writes; do sleep 0.2; done")
    second.run(f"timeout 120 sh -c 'until {_ask()} role | grep -q connected; do sleep 0.2; done'")
    return written


def _leave_unread(guard: bool, people: Watch, first: Host) -> None:
    """Clients ask and do not read: for a while with the guard, which closes them, else until people are told."""
    seconds = UNREAD_FOR if guard else LONGEST_UNREAD
    start = f"systemd-run --quiet --unit=unread --setenv=REDISCLI_AUTH={PASSWORD} python3 /root/flood.py unread"
    first.run(f"{start} {seconds} && until [ -e /run/waiting ]; do sleep 0.1; done")
    if not guard:
        people.await_alert("CacheClientsUnread", LONGEST_UNREAD)
        first.run("systemctl stop unread")
    first.run("while systemctl is-active --quiet unread; do sleep 0.2; done")


def _install(host: Host, names: str, files: dict[str, str]) -> None:
    host.run("apt-get install -qq -y --no-install-recommends valkey-server && systemctl disable --now valkey-server")
    host.run(f"mkdir -p {configuration.FOLDER} {configuration.RUN} {configuration.DATA}")
    for name, text in files.items():
        host.write(f"{configuration.FOLDER}/{name}", text)
    host.write("/root/names", names)
    host.run("cat /root/names >> /etc/hosts")
    host.write("/root/flood.py", _FLOOD)
    host.write("/root/peak.py", _PEAK)
    watched_cache.install(host, configuration.BEHIND, PASSWORD)


def _run(unit: str, number: int) -> str:
    variables = f"--setenv={configuration.PASSWORD}={PASSWORD} --setenv={configuration.POD}=keys-{number}"
    return f"systemd-run --quiet --collect --unit={unit} {variables}"


def _ask() -> str:
    return f"env REDISCLI_AUTH={PASSWORD} valkey-cli -p {configuration.BEHIND}"


def _python() -> str:
    return f"env REDISCLI_AUTH={PASSWORD} python3 /root/flood.py"


DRILL = HostDrill(
    name="cache-flood-pod",
    title="A cache in a pod is flooded",
    story=(
        f"{VALUES * VALUE_KI // 1024} MiB of keys go into a cache whose container may take {MEMORY_MI} MiB, {UNREAD}"
        f" clients ask for {ASKED * LARGE_MI} MiB each and do not read, and its replica is filled under writes."
    ),
    with_guard="the configuration and the scripts of a `Cache` that survives a node: 30 % for keys, 10 % of that for"
    " all clients, what is left for the replica",
    without_guard="75 % for keys and an eviction; all else as Valkey is packaged",
    script=script,
    held=lambda figures: figures["writes_refused"] == 0 and figures["over_limit_mib"] == 0,
    summary=lambda figures: f"{figures['peak_mib']} MiB at the most, {figures['over_limit_mib']} MiB above the limit",
    method="On two hosts: Debian 13 with systemd, with Valkey as Debian packages it. Memory is the proportional share"
    " of all processes of the cache, read 20 times a second.",
    suite="trixie",
)
