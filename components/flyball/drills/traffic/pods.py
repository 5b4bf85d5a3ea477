"""A service of pods that come and go: each a real application behind its real proxy, and HAProxy shares out among them.

What a cluster would do is done here as plainly as possible: a pod gets connections, in turn with all others, from when
it comes, for it listens, whatever it answers; and none any more from when it is taken away. It ends with the lab.
"""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flyball.drills import watch
from flyball.drills.errors import DrillError
from flyball.drills.traffic.lab import Lab
from flyball.drills.traffic.process import Process
from flyball.drills.traffic.settings import DEADLINE, INBOUND, LATENCY
from flyball.guards.reading.units import ceil_div
from flyball.guards.workload.spec import Rollout
from flyball.kubectl import Played
from flyball.lab import ports
from flyball.proxy import Address, InboundHop, Proxy, Server, proxy_config

NAMESPACE = "shop"
_SOCKET = "service.sock"
_BALANCER = """global
    stats socket {socket} level admin
defaults
    mode tcp
    balance roundrobin
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend service
    bind 127.0.0.1:{port}
    default_backend pods
backend pods
{servers}
"""
"""As a Service shares: by connection, to each pod as much as to any other, knowing nothing of what they answer."""


@dataclass(frozen=True, slots=True)
class Pod:
    """An application behind its proxy, which serves its metrics on a port."""

    name: str
    application: Process
    proxy: Proxy


@dataclass
class Service:
    """Deployments by name, with the pods of each that there are, the oldest first, and those that are to come.

    These run already, so that how long a process needs to start is in nobody's figures.
    """

    lab: Lab
    waiting: dict[str, list[Pod]]
    pods: dict[str, list[Pod]]
    port: int
    """Of the service."""
    fails: int = 0
    """Of how many requests a pod that is to come fails one; 0: none."""
    most_flawed: int = 0
    """Pods that fail some of their requests, at the most at one time."""
    _flawed: list[Pod] = field(default_factory=list[Pod])

    def scale(self, name: str, size: int) -> None:
        """Have so many pods of a Deployment; the newest go first."""
        while len(self.pods[name]) < size:
            self._come(name)
        while len(self.pods[name]) > size:
            self._go(name, -1)

    def roll(self, name: str, factor: int) -> None:
        """Replace all its pods, by the strategy that every Deployment of ours has by default, `factor` times faster: so
        many more at a time, never fewer than before, and each has been ready for a while before an old one goes."""
        old, rollout = len(self.pods[name]), Rollout()
        surge = ceil_div(old * rollout.surge, 100)
        while old:
            for _ in range(min(surge, old)):
                self._come(name)
            time.sleep(rollout.settle / factor)
            for _ in range(min(surge, old)):
                self._go(name, 0)
                old -= 1

    def _come(self, name: str) -> None:
        if not self.waiting[name]:
            raise DrillError(f"there is no other pod of {name}")
        pod = self.waiting[name].pop(0)
        pod.application.say(str(self.fails))
        self.pods[name].append(pod)
        if self.fails:
            self._flawed.append(pod)
            self.most_flawed = max(self.most_flawed, len(self._flawed))
        self._set(pod, "ready")

    def _go(self, name: str, which: int) -> None:
        pod = self.pods[name].pop(which)
        self._set(pod, "maint")
        if pod in self._flawed:
            self._flawed.remove(pod)

    def _set(self, pod: Pod, state: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as commands:
            commands.settimeout(60)
            commands.connect(str(self.lab.folder / _SOCKET))
            commands.sendall(f"set server pods/{pod.name} state {state}\n".encode())
            if said := commands.recv(4096).decode().strip():
                raise DrillError(f"{pod.name} cannot be {state}: {said}")


def service(lab: Lab, sizes: Mapping[str, int]) -> Service:
    """A service that has had no pod yet, and may get so many of each Deployment one after the other."""
    waiting = {name: [_pod(lab, f"{name}-7f9c-x2k{i:02}") for i in range(size)] for name, size in sizes.items()}
    every = [pod for pods in waiting.values() for pod in pods]
    lab.watch(every[0].application)
    servers = [f"    server {pod.name} 127.0.0.1:{pod.proxy.listens[0].port} disabled" for pod in every]
    [port] = ports.free(1)
    config = _BALANCER.format(socket=lab.folder / _SOCKET, port=port, servers="\n".join(servers))
    haproxy = lab.haproxy("balancer", config, port)
    # It takes its name only once all listen: HAProxy binds it under another, and renames it.
    haproxy.wait_until((lab.folder / _SOCKET).exists, "has no socket")
    return Service(lab, waiting, {name: [] for name in waiting}, port)


def _pod(lab: Lab, name: str) -> Pod:
    listen, metrics = ports.free(2)
    application = lab.replica(name, f"--own={LATENCY}")
    hop = InboundHop(Address(listen), Server("127.0.0.1", application.port), "http", DEADLINE, INBOUND)
    proxy = Proxy(name, inbound=hop, metrics=Address(metrics))
    lab.haproxy(f"{name}-haproxy", proxy_config(proxy), listen)
    return Pod(name, application, proxy)


@contextmanager
def counted(service: Service, factor: int) -> Iterator[str]:
    """A real Prometheus scrapes the proxies of all pods meanwhile; its URL."""
    every = [pod for group in (service.pods, service.waiting) for pods in group.values() for pod in pods]
    scraped = [watch.of_pod(NAMESPACE, pod.name, pod.proxy.metrics.port) for pod in every if pod.proxy.metrics]
    with watch.scraping(service.lab.folder, factor, scraped, service.lab.report) as found:
        yield found.prometheus


@dataclass(frozen=True)
class Deployments(Played):
    """What kubectl says of such a service, and does with it, as far as a release asks."""

    service: Service = field(kw_only=True)

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        match arguments:
            case ("scale", "deployment", name, _, replicas):
                self.service.scale(name, int(replicas.rpartition("=")[2]))
                return ""
            case ("annotate", "deployment", *_) | ("api-resources", "--api-group=gateway.networking.k8s.io", _):
                return ""
            case ("get", "deployment", name, *_):
                return json.dumps(self._item(name))
            case _:
                raise DrillError(f"nobody here does {' '.join(arguments)}")

    def listed(self, plural: str, namespace: str = "", selector: str = "", *, api: str = "v1") -> list[dict[str, Any]]:
        if plural != "deployments":
            raise DrillError(f"nobody here has {plural}")
        return [self._item(name) for name in self.service.pods]

    def _item(self, name: str) -> dict[str, Any]:
        size = len(self.service.pods[name])
        counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), size)
        status = {**counts, "observedGeneration": 1}
        return {"metadata": {"name": name, "generation": 1}, "spec": {"replicas": size}, "status": status}
