"""Who is told of what befalls a cache in a drill, by what its exporter counts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from flyball.alerts import caches
from flyball.alerts.rule import rule_file
from flyball.drills import watch
from flyball.drills.hosts.drill import Scene
from flyball.drills.watch import Watch
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache
from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.host import Host
from flyball.lab.monitoring import figures

FACTOR = 60
"""What comes in a flood of seconds here comes in one of minutes elsewhere."""
LONGER = ("ClusterCacheKeysWithoutTimeToLive",)
"""Waits for two hours, which are two minutes here: longer than the drill."""
_PORT = 9121
_ASK = f"exec 3<>/dev/tcp/127.0.0.1/{_PORT}; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"


def install(host: Host, port: int, password: str) -> None:
    """The exporter, beside a cache that listens on a port of the loopback interface."""
    name = "prometheus-redis-exporter"
    host.run(f"apt-get install -qq -y --no-install-recommends {name} && systemctl disable --now {name}")
    variables = f"--setenv=REDIS_ADDR=redis://127.0.0.1:{port} --setenv=REDIS_PASSWORD={password}"
    host.run(f"systemd-run --quiet --unit=exporter {variables} {name} --web.listen-address=127.0.0.1:{_PORT}")


@contextmanager
def watched(scene: Scene, cache: Cache, hosts: Sequence[Host]) -> Iterator[Watch]:
    """The cache's pods are watched meanwhile, a host for each, and at the end until all has been told."""
    pods = {f"{cache.name}-{number}": host for number, host in enumerate(hosts)}
    rules = rule_file(caches.rules([cache], Place(namespace=cache.namespace, owner="drill", environment="drill")))
    with figures.served({pod: partial(_figures, host) for pod, host in pods.items()}) as port:
        scraped = [watch.of_pod(cache.namespace, pod, port, f"/{pod}") for pod in pods]
        with watch.watched(
            scene.lab.folder, FACTOR, scraped, rules, lambda: scene.recorder.now, scene.report, LONGER
        ) as people:
            yield people
    scene.recorder.tell(people.told())


def _figures(host: Host) -> str:
    """What the exporter says: hosts are reached by nobody but each other."""
    _, found, body = host.run(f'bash -c "{_ASK}"').partition("\n\n")  # lines end alike once they are text
    if not found:
        raise HostsError(f"{host.name}: its exporter gives no figures")
    return body
