"""A cache's pods on hosts: their containers as processes, by the commands and the environment that are rendered."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

from flyball.guards.workload import caches
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache, GuardedCacheArgs
from flyball.kubernetes.cache import configuration, objects
from flyball.lab.hosts.host import Host

PASSWORD = "of-a-cache-that-is-tried"
_PACKAGES = "haproxy", "prometheus-redis-exporter", "valkey-server"
_ENTRYPOINTS = {"exporter": ["prometheus-redis-exporter"]}
"""What a container runs that states no command."""
_NAMES = """
import json, socket, struct
names = json.load(open("/root/names.json"))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    while True:
        query, client = server.recvfrom(2048)
        end, labels = 12, []
        while query[end]:
            labels.append(query[end + 1 : end + 1 + query[end]].decode())
            end += 1 + query[end]
        end += 5
        (kind,) = struct.unpack("!H", query[end - 4 : end - 2])
        address = names.get(".".join(labels))
        answer = b""
        if address and kind == 1:
            answer = b"\\xc0\\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(address)
        counts = struct.pack("!5H", 0x8180 if address else 0x8183, 1, bool(answer), 0, 0)
        server.sendto(query[:2] + counts + query[12:end] + answer, client)
"""
"""A name server that knows the names of a pair, as that of a cluster does."""


def cache(name: str, **args: Any) -> Cache:
    found, problems = caches.read({"ttl": "10m", **args}, name, "shop", (name,), GuardedCacheArgs)
    assert found, problems
    return found


def install(host: Host) -> None:
    """What the images hold, as Debian 13 packages it."""
    host.run(
        "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d"
        f" && apt-get install -qq -y --no-install-recommends {' '.join(_PACKAGES)} && rm /usr/sbin/policy-rc.d"
        f" && systemctl disable --quiet {' '.join(_PACKAGES)}"
    )


class Pod:
    """One of a cache's pods; its containers are the host's units of the same names, which start again as they end."""

    def __init__(self, host: Host, cache: Cache, number: int, peers: Sequence[Host]) -> None:
        self.host, self.cache = host, cache
        self.name = f"{cache.name}-{number}"
        names = {configuration.member(cache, i): peer.address for i, peer in enumerate(peers)}
        host.write("/root/names.json", json.dumps(names))
        host.write("/root/names.py", _NAMES)
        for name, text in configuration.files(cache).items():
            host.write(f"{configuration.FOLDER}/{name}", text)
        template = objects.stateful_set(cache, Place(), "", {})["spec"]["template"]["spec"]
        self.containers = {each["name"]: each for each in template["containers"]}

    def start(self) -> None:
        """All of it anew, as on another node: nothing is left of what it had."""
        folders = f"{configuration.RUN} {configuration.DATA}"
        self.host.run(f"rm -rf {folders}; install -d -o {objects.USER} -g {objects.USER} {folders}")
        self.host.run(
            "echo nameserver 127.0.0.1 > /etc/resolv.conf; systemd-run -q --unit=names python3 /root/names.py"
        )
        for name, container in self.containers.items():
            command = container.get("command") or _ENTRYPOINTS[name]
            again = "--property=Restart=always --property=RestartSec=100ms --property=StartLimitIntervalSec=0"
            variables = " ".join(f"--setenv={key}={shlex.quote(value)}" for key, value in self._environment(container))
            # A user that no file names, as in a container.
            user = f"setpriv --reuid={objects.USER} --regid={objects.USER} --clear-groups"
            self.host.run(f"systemd-run -q --unit={name} {again} {variables} {user} {shlex.join(command)}")

    def ask(self, *words: str) -> str:
        """What its Valkey answers; empty where it does not."""
        command = (
            f"REDISCLI_AUTH={PASSWORD} timeout 5 valkey-cli -p {configuration.port(self.cache)} {shlex.join(words)}"
        )
        return self.host.run(command, check=False).strip()

    @property
    def role(self) -> str:
        return self.ask("role").partition("\n")[0]

    @property
    def follows(self) -> bool:
        """Whether it has what the other one has."""
        words = self.ask("role").split()
        return words[:1] == ["slave"] and "connected" in words

    @property
    def keys(self) -> int:
        return int(self.ask("dbsize") or -1)

    @property
    def is_ready(self) -> bool:
        return self._succeeds(self.containers["cache"]["readinessProbe"]["exec"]["command"])

    def leave(self) -> None:
        """As the kubelet ends it: what is to happen before, then all containers."""
        self._succeeds(self.containers["cache"]["lifecycle"]["preStop"]["exec"]["command"])
        self.host.run(f"systemctl stop names {' '.join(self.containers)}")

    def _environment(self, container: dict[str, Any]) -> list[tuple[str, str]]:
        fields = {"metadata.name": self.name, "status.podIP": self.host.address, "status.podIPs": self.host.address}

        def value(variable: dict[str, Any]) -> str:
            source = variable.get("valueFrom", {})
            return fields[source["fieldRef"]["fieldPath"]] if "fieldRef" in source else variable.get("value", PASSWORD)

        return [(variable["name"], value(variable)) for variable in container["env"]]

    def _succeeds(self, command: Sequence[str]) -> bool:
        variables = " ".join(f"{key}={value}" for key, value in self._environment(self.containers["cache"]))
        done = self.host.run(f"env {variables} {shlex.join(command)} && echo succeeded", check=False)
        return done.endswith("succeeded\n")
