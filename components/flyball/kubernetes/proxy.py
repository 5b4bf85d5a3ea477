"""The proxy beside an application: the guard in front of it, and the calls that it makes.

A native sidecar (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/): it has started before the
application does, and is stopped after the application has ended, so that the way out drains through it. Its probes ask
whether the proxy is well, those of the application go past it to the application.
"""

import hashlib
from dataclasses import dataclass

from flyball.guards.clean_up import retention
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import MISSING
from flyball.guards.timeouts import hops
from flyball.guards.workload.sidecar import Sidecar
from flyball.guards.workload.spec import Spec
from flyball.kubernetes.objects import Guarded, Manifest, requests_and_limits
from flyball.proxy import Address, Door, Outbound, Proxy, Server, proxy_config

NAME = "proxy"
"""Of the container and of its volume."""
USER = 65_532
FOLDER, FILE = "/etc/haproxy", "haproxy.cfg"
EVERYWHERE = ""
DIGITS = 10
"""Of the configuration's hash, in its ConfigMap's name."""


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What a proxied workload's pods have more: the container, its volume, and the variables of the application."""

    container: Manifest
    volume: Manifest
    variables: tuple[Manifest, ...]
    config_map: Manifest


def check_addresses(spec: Spec, path: Path) -> list[Problem]:
    """A call within the cluster must say its port. A stack fills it in; a workload by itself knows no other."""
    if not spec.sidecar.enabled:
        return []
    return [
        Problem(
            (*path, "calls", name, "port"),
            MISSING,
            "is missing",
            "the port of the callee's Service, which the proxy calls",
        )
        for name in spec.calls
        if name not in spec.outside and name not in spec.call_ports
    ]


def sidecar(g: Guarded) -> Sidecars | None:
    """The proxy of a workload, None where it has nothing to guard and nobody to call."""
    if not g.spec.proxied:
        return None
    text = proxy_config(_proxy(g))
    name = f"{g.name}-{NAME}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"
    ports = g.spec.sidecar.call_ports(g.spec.hops)
    return Sidecars(
        container=_container(g),
        volume={"name": NAME, "configMap": {"name": name}},
        variables=tuple(
            {"name": hops.variable(call, hop), "value": _url(hop.protocol, ports[call])}
            for call, hop in sorted(g.spec.hops.items())
        ),
        config_map={"metadata": g.metadata(name), "data": {FILE: text}, "immutable": True},
    )


def _url(protocol: str, port: int) -> str:
    """With its scheme for http; what dials gRPC or plain TCP takes host and port."""
    return f"{'http://' if protocol == 'http' else ''}127.0.0.1:{port}"


def _proxy(g: Guarded) -> Proxy:
    spec, ports = g.spec, g.spec.sidecar.call_ports(g.spec.hops)
    app = Server("127.0.0.1", spec.port)
    door = Door(Address(spec.inbound.port, EVERYWHERE), app, spec.protocol, spec.deadline, spec.inbound)
    return Proxy(
        name=g.name,
        door=door if spec.guarded else None,
        outbound=tuple(
            Outbound(name, Address(ports[name]), _servers(g, name), spec.calls[name], hop)
            for name, hop in sorted(spec.hops.items())
        ),
        metrics=Address(spec.sidecar.metrics_port, EVERYWHERE),
        drain=spec.shutdown.stop,
    )


def _servers(g: Guarded, call: str) -> tuple[Server, ...]:
    if outside := g.spec.outside.get(call):
        return tuple(Server(host, outside.port) for host in (outside.host, *outside.hosts))
    name = f"{call}.{g.namespace}.svc.{g.spec.sidecar.domain}"
    return (Server(name, g.spec.call_ports[call]),)


def _container(g: Guarded) -> Manifest:
    own = g.spec.sidecar
    return {
        "name": NAME,
        "image": own.image,
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        # The image's own entry point, written out; as a master with a worker, it leaves gracefully.
        "command": ["haproxy", "-W", "-db", "-f", f"{FOLDER}/{FILE}"],
        "ports": [
            *([_port("guard", g.spec.inbound.port)] if g.spec.guarded else []),
            _port("metrics", own.metrics_port),
        ],
        "resources": requests_and_limits(own.resources, retention.ephemeral_storage(1)),
        **_probes(own),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": NAME, "mountPath": FOLDER, "readOnly": True}],
    }


def _port(name: str, port: int) -> Manifest:
    return {"name": name, "containerPort": port, "protocol": "TCP"}


def _probes(own: Sidecar) -> Manifest:
    """Whether the proxy answers by itself; it says nothing of the application, nor of anybody it calls."""
    answers = {"httpGet": {"path": "/healthz", "port": own.metrics_port}}
    listens = {"tcpSocket": {"port": own.metrics_port}}
    return {
        "startupProbe": {**answers, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**answers, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 3},
        "livenessProbe": {**listens, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 6},
    }
