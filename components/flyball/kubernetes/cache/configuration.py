"""What the processes of a cache are told: the configuration of Valkey, and the scripts around it.

The password is in none of it: it comes from a Secret into the environment, and from there into a file of its own in
memory. It is in no argument of a process.

Two of a pair keep each other's keys. Who starts is empty, so it lets the other one be what is written to, and follows
it; who follows and has not reached the other one for some seconds takes over. Where both can be written to, after their
network was cut in two, the one with fewer keys follows. What was written to it meanwhile is lost: it is a cache.
"""

from flyball.guards.clean_up.caches import BACKLOG, CLIENTS_PERCENT, OUTPUT_SECONDS
from flyball.guards.workload.caches import OVERHEAD_CLIENTS, PORT, Cache
from flyball.guards.workload.names import PEERS_SUFFIX
from flyball.proxy import families
from flyball.proxy.inputs import Address, Families
from flyball.proxy.words import section

FOLDER, RUN, DATA = "/etc/cache", "/run/cache", "/data"
BEHIND = PORT + 1
"""Where each of a pair listens, behind what leads clients to the one that is written to."""
PASSWORD = "REDISCLI_AUTH"
"""Variable with the password; valkey-cli and redis-cli read it too."""
POD = "POD"
MISSED = 5
"""Seconds without an answer of the other one, after which who follows takes over: two looks where it is silent."""
KEEPALIVE = 60
LEAVING = 3
"""Seconds in which clients are led to the other one before a pod of a pair ends."""


def port(cache: Cache) -> int:
    """At which Valkey itself listens."""
    return BEHIND if cache.paired else PORT


def member(cache: Cache, number: int) -> str:
    """The name of one of a pair."""
    return f"{cache.name}-{number}.{cache.name}{PEERS_SUFFIX}.{cache.namespace}.svc.{cache.domain}"


def files(cache: Cache) -> dict[str, str]:
    """All files by name, without the password."""
    found = {"valkey.conf": valkey(cache), "start.sh": start(cache), "ready.sh": ready(cache)}
    if cache.paired:
        found |= {"elect.sh": elect(cache), "leave.sh": leave(cache), "haproxy.cfg": router(cache)}
    return found


def files_kept(cache: Cache) -> list[str]:
    """Scripts that run while the container does."""
    return ["ready.sh", "leave.sh"] if cache.paired else ["ready.sh"]


def valkey(cache: Cache) -> str:
    """For Valkey, and for Redis 7 (https://valkey.io/topics/valkey.conf/)."""
    lines = [
        "bind * -::*",
        f"port {port(cache)}",
        "protected-mode yes",
        "daemonize no",
        'logfile ""',
        f"dir {DATA}",
        "# Bounded by memory: beyond it the keys used least are evicted, and writes go on.",
        f"maxmemory {cache.maxmemory}",
        f"maxmemory-policy {cache.eviction}",
        f"maxclients {cache.clients + OVERHEAD_CLIENTS}",
        "# What clients do not read is held for them: of all together a share of what keys have, and so of each.",
        f"maxmemory-clients {CLIENTS_PERCENT}%",
        *(f"client-output-buffer-limit {kind} {_buffer(cache)}" for kind in ("normal", "pubsub")),
        f"timeout {cache.idle}",
        f"tcp-keepalive {KEEPALIVE}",
        "# A cache is filled anew: no copy of its memory for a file on disk.",
        'save ""',
        "appendonly no",
        "lazyfree-lazy-eviction yes",
        "lazyfree-lazy-expire yes",
        "lazyfree-lazy-user-flush yes",
    ]
    if cache.replica is not None:
        lines += [
            "# A replica is filled from memory, at once; one with more than this to catch up with is closed.",
            f"client-output-buffer-limit replica {cache.replica} 0 0",
            f"repl-backlog-size {BACKLOG}",
            "repl-diskless-sync yes",
            "repl-diskless-sync-delay 0",
            "repl-timeout 20",
        ]
    return "".join(f"{line}\n" for line in lines)


def _buffer(cache: Cache) -> str:
    return f"{cache.output} {cache.output // 4} {OUTPUT_SECONDS}"


def start(cache: Cache) -> str:
    """What the container runs, for any POSIX shell.

    What it is asked by later, and leaves by, it keeps as it is now: those files may be of the next version by then, of
    one that is no pair any more, while the pod is still to be replaced.
    """
    kept = " ".join(f"{FOLDER}/{name}" for name in files_kept(cache))
    copied = f"cp {kept} {RUN}/\n"
    return f"""\
umask 077
{copied}case ${PASSWORD} in '' | *[[:space:]\\"\\'\\\\]*)
  echo "the password is empty, or holds a space, a quote or a backslash" >&2; exit 1 ;;
esac
{{
  cat {FOLDER}/valkey.conf
  printf 'requirepass "%s"\\nmasterauth "%s"\\n' "${PASSWORD}" "${PASSWORD}"
}} > {RUN}/valkey.conf
{_follow(cache) if cache.paired else ""}exec valkey-server {RUN}/valkey.conf
"""


def _other(cache: Cache) -> str:
    """Shell that knows whom a pod has beside it, and asks either of them."""
    return f"""\
case ${POD} in *-0) other={member(cache, 1)} ;; *) other={member(cache, 0)} ;; esac
ask() {{
  host=$1; shift
  timeout 2 valkey-cli -h "$host" -p {BEHIND} "$@" 2>/dev/null
}}
"""


def _follow(cache: Cache) -> str:
    """At a start: the other one may have keys, and who starts has none."""
    return f"""\
{_other(cache)}for try in 1 2 3; do
  if [ "$(ask "$other" replicaof no one)" = OK ]; then
    echo "replicaof $other {BEHIND}" >> {RUN}/valkey.conf
    break
  fi
  sleep 1
done
"""


def ready(cache: Cache) -> str:
    """Whether it answers; of a pair, whether it has what the other one has."""
    if not cache.paired:
        return f'[ "$(timeout 2 valkey-cli -p {PORT} ping)" = PONG ]\n'
    return f"""\
case $(timeout 2 valkey-cli -p {BEHIND} role | tr '\\n' ' ') in
  master* | *' connected '*) ;;
  *) exit 1 ;;
esac
"""


def elect(cache: Cache) -> str:
    """Beside it: sees to it that one of a pair can be written to, and that it is one only."""
    return f"""\
trap 'exit 0' TERM
{_other(cache)}missed=
while :; do
  sleep 1 &
  wait $!
  now=$(date +%s)
  mine=$(ask 127.0.0.1 role | head -n 1)
  theirs=$(ask "$other" role | head -n 1)
  case $mine-$theirs in
    slave-)
      missed=${{missed:-$now}}
      [ $(($(date +%s) - missed)) -lt {MISSED} ] || ask 127.0.0.1 replicaof no one ;;
    slave-slave)
      missed=
      case ${POD} in *-0) ask 127.0.0.1 replicaof no one ;; esac ;;
    master-master)
      missed=
      keys=$(ask 127.0.0.1 dbsize) others=$(ask "$other" dbsize)
      [ "$keys" ] && [ "$others" ] || continue
      case ${POD} in *-0) ;; *) others=$((others + 1)) ;; esac
      [ "$keys" -ge "$others" ] || ask 127.0.0.1 replicaof "$other" {BEHIND} ;;
    *)
      missed= ;;
  esac
done
"""


def leave(cache: Cache) -> str:
    """Before it ends: the other one takes over, and clients are led there while this one still answers."""
    return f"""\
{_other(cache)}[ "$(ask 127.0.0.1 role | head -n 1)" = master ] || exit 0
[ "$(ask "$other" replicaof no one)" = OK ] || exit 0
ask 127.0.0.1 replicaof "$other" {BEHIND}
sleep {LEAVING}
"""


def router(cache: Cache) -> str:
    """For HAProxy 2.6 and newer: to the one of the pair that is written to, the first one where both are."""
    idle = f"{cache.idle}s"
    return "\n".join(
        [
            section(
                "global",
                [
                    "log stdout format raw local0 notice",
                    f"maxconn {cache.clients + OVERHEAD_CLIENTS}",
                    "nbthread 1",
                    "hard-stop-after 5s",
                    *families.variables(Families.POD),
                ],
            ),
            section(
                "defaults",
                [
                    "mode tcp",
                    "log global",
                    "timeout connect 1s",
                    "timeout queue 1s",
                    "timeout check 1s",
                    f"timeout client {idle}",
                    f"timeout server {idle}",
                    f"timeout tunnel {idle}",
                    "timeout client-fin 5s",
                    "timeout server-fin 5s",
                ],
            ),
            section(
                "resolvers dns",
                [
                    "parse-resolv-conf",
                    "accepted_payload_size 8192",
                    "timeout resolve 1s",
                    "timeout retry 1s",
                    "hold valid 1s",
                    *(f"hold {kind} 1h" for kind in ("other", "refused", "timeout")),
                ],
            ),
            section(
                "frontend clients",
                [
                    *families.binds(Address(PORT, ""), Families.POD),
                    f"maxconn {cache.clients}",
                    "option clitcpka",
                    "default_backend written",
                ],
            ),
            section(
                "backend written",
                [
                    "option srvtcpka",
                    "option tcp-check",
                    "tcp-check connect",
                    f'tcp-check send "AUTH ${{{PASSWORD}}}\\r\\n"',
                    "tcp-check expect string +OK",
                    'tcp-check send "INFO replication\\r\\n"',
                    "tcp-check expect string role:master",
                    "default-server check inter 1s fastinter 500ms downinter 500ms fall 2 rise 1"
                    " on-marked-down shutdown-sessions init-addr none resolvers dns"
                    f' resolve-prefer "${{{families.PREFER}}}"',
                    f"server first {member(cache, 0)}:{BEHIND}",
                    f"server second {member(cache, 1)}:{BEHIND} backup",
                ],
            ),
        ]
    )
