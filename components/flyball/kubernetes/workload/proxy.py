"""The proxy beside an application: what reaches it goes through it, and so do the calls that it makes.

A native sidecar (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/): it has started before the
application does, and is stopped after the application has ended, so that the way out drains through it. Its probes ask
whether the proxy is well, those of the application go past it to the application.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flyball.guards.clean_up import retention
from flyball.guards.reading.units import Milliseconds
from flyball.guards.timeouts import hops
from flyball.guards.timeouts.calls import Outside
from flyball.guards.workload import fixed_names
from flyball.guards.workload.application import Placed
from flyball.guards.workload.calls import Call
from flyball.guards.workload.init_containers import PROXY
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.sidecar import Sidecar
from flyball.guards.workload.spec import Spec
from flyball.kubernetes.objects import (
    Manifest,
    as_user,
    confined,
    container_port,
    content_hash,
    from_pod,
    metadata,
    requests_and_limits,
)
from flyball.proxy import Address, Families, InboundHop, Outbound, Proxy, Server, proxy_config
from flyball.proxy.base import LEAVE
from flyball.proxy.families import IP, IPS

NAME = PROXY
"""Of the container and of its volume."""
USER = 65_532
FOLDER, FILE = "/etc/haproxy", "haproxy.cfg"
EVERYWHERE = ""
_AFTER_A_JOB: Milliseconds = 1_000
"""The proxy is told to end when the job has ended, and then nobody waits for an answer any more."""
_FAREWELL: Milliseconds = 1_000
"""What clients of gRPC have to go elsewhere before the application is told to end."""


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What a proxied workload's pods have more: the container, its volume, and the variables of the application."""

    container: Manifest
    volume: Manifest
    variables: tuple[Manifest, ...]
    config_map: Manifest


def sidecar(s: Placed) -> Sidecars | None:
    """The proxy of a workload or a job, None where nothing is to pass through it."""
    if not s.spec.proxied:
        return None
    text = proxy_config(_proxy(s))
    name = f"{s.name}-{NAME}-{content_hash(text)}"
    ports = s.spec.sidecar.call_ports(s.spec.calls)
    return Sidecars(
        container=_container(s),
        volume={"name": NAME, "configMap": {"name": name}},
        variables=tuple(
            {"name": hops.variable(callee, call.hop), "value": _url(call.hop.protocol, ports[callee])}
            for callee, call in sorted(s.spec.calls.items())
        ),
        config_map={"metadata": metadata(s, name), "data": {FILE: text}, "immutable": True},
    )


def _url(protocol: str, port: int) -> str:
    """With its scheme for http; what dials gRPC or plain TCP takes host and port."""
    return f"{'http://' if protocol == 'http' else ''}127.0.0.1:{port}"


def _proxy(s: Placed) -> Proxy:
    spec, ports, named = s.spec, s.spec.sidecar.call_ports(s.spec.calls), fixed_names.places(s.spec.calls)
    return Proxy(
        name=s.name,
        inbound=_inbound(spec) if isinstance(spec, Spec) and spec.fronted else None,
        outbound=tuple(
            Outbound(name, Address(ports[name]), _servers(s, call), call.times, call.hop, _named(named, name, call))
            for name, call in sorted(spec.calls.items())
        ),
        metrics=Address(spec.sidecar.metrics_port, EVERYWHERE),
        headers=spec.sidecar.headers,
        drain=_drain(s),
        families=Families.POD,
    )


def _named(places: Mapping[str, str], name: str, call: Call) -> tuple[Address, ...]:
    """Where it listens for those who call it by a name."""
    return tuple(Address(port, places[name]) for port in sorted({to.port for to in call.names}))


def _drain(s: Placed) -> Milliseconds:
    """How long a process that is told to end may take; one that a farewell has relieved, as long as calls may."""
    if not isinstance(s, Service):
        return _AFTER_A_JOB
    own = s.spec.shutdown
    return own.stop + (_FAREWELL + own.drain if s.spec.fronted and s.spec.protocol == "grpc" else 0)


def _inbound(spec: Spec) -> InboundHop | None:
    if spec.port is None:
        return None
    app = Server("127.0.0.1", spec.port)
    return InboundHop(Address(spec.inbound.port, EVERYWHERE), app, spec.protocol, spec.deadline, spec.inbound)


def _servers(s: Placed, call: Call) -> tuple[Server, ...]:
    to = call.to
    if isinstance(to, Outside):
        return tuple(Server(host, to.port) for host in (to.host, *to.hosts))
    return (Server(f"{to.name}.{to.namespace}.svc.{s.spec.sidecar.domain}", to.port),)


def _container(s: Placed) -> Manifest:
    own, guard = s.spec.sidecar, s.spec.inbound if isinstance(s, Service) and s.spec.fronted else None
    return {
        "name": NAME,
        "image": own.image,
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        # The image's own entry point, written out; as a master with a worker, it leaves gracefully.
        "command": ["haproxy", "-W", "-db", "-f", f"{FOLDER}/{FILE}"],
        "env": [from_pod(IP, "status.podIP"), from_pod(IPS, "status.podIPs")],
        "ports": [
            *([container_port("guard", guard.port)] if guard else []),
            container_port("metrics", own.metrics_port),
        ],
        "resources": requests_and_limits(own.resources, retention.ephemeral_storage(1)),
        **_probes(own),
        **({"lifecycle": {"preStop": _leave(s.spec)}} if isinstance(s, Service) and s.spec.fronted else {}),
        "securityContext": {**confined(), **as_user(USER)},
        "volumeMounts": [{"name": NAME, "mountPath": FOLDER, "readOnly": True}],
    }


def _leave(spec: Spec) -> Manifest:
    """On the way out, while the application still answers: no Service leads here any more, but connections that are
    kept stay, and would end with the application.

    HTTP/1 is told with its next answer. The farewell of HTTP/2 is for all who have a connection, and HAProxy says it
    when a reload relieves its process; whoever comes later has missed it. So it is said when nobody comes any more. It
    takes a shell in the image. Where the pod shares its processes, the first is none of HAProxy's.
    """
    if spec.protocol != "grpc":
        return {"httpGet": {"path": LEAVE, "port": spec.sidecar.metrics_port}}
    seconds = (spec.shutdown.prestop - _FAREWELL) // 1000
    return {"exec": {"command": ["sh", "-c", f"sleep {seconds}; kill -USR2 1 || pkill -USR2 -o haproxy"]}}


def _probes(own: Sidecar) -> Manifest:
    """Whether the proxy answers by itself; it says nothing of the application, nor of anybody it calls."""
    answers = {"httpGet": {"path": "/healthz", "port": own.metrics_port}}
    listens = {"tcpSocket": {"port": own.metrics_port}}
    return {
        "startupProbe": {**answers, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**answers, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 3},
        "livenessProbe": {**listens, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 6},
    }
