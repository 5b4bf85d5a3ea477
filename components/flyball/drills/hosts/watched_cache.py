"""Who is told of what befalls a cache in a drill, by what its exporter counts."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
from flyball.lab.monitoring import figures, monitor

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
    with ExitStack() as at_end:
        pods = {f"{cache.name}-{number}": host for number, host in enumerate(hosts)}
        port = at_end.enter_context(figures.served({pod: partial(_figures, host) for pod, host in pods.items()}))
        scraped = [
            {
                "job_name": pod,
                "metrics_path": f"/{pod}",
                "static_configs": [
                    {"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": cache.namespace, "pod": pod}}
                ],
            }
            for pod in pods
        ]
        notifying = partial(watch.notifying, factor=FACTOR)
        running = monitor.running(scene.lab.folder, scraped, watch.times(FACTOR), notifying, scene.report)
        found = at_end.enter_context(running)
        groups = caches.rules([cache], Place(namespace=cache.namespace, owner="drill", environment="drill"))
        found.load(watch.shortened(rule_file(groups), FACTOR))
        people = Watch(found)
        yield people
        people.settle(longer=LONGER)
        scene.recorder.tell(people.told(time.monotonic() - scene.recorder.now))


def _figures(host: Host) -> str:
    """What the exporter says: hosts are reached by nobody but each other."""
    _, found, body = host.run(f'bash -c "{_ASK}"').partition("\n\n")  # lines end alike once they are text
    if not found:
        raise HostsError(f"{host.name}: its exporter gives no figures")
    return body
