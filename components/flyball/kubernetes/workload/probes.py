"""Probes as the kubelet asks them."""

from flyball.guards.interruptions.probes import Probe
from flyball.kubernetes.objects import Manifest


def probe(asked: Probe, port: int | None) -> Manifest:
    """A probe; the address stays the pod's, so that it asks what a client would. Without a port it asks a command."""
    handlers: dict[str, Manifest] = {
        "path": {"httpGet": {"path": asked.path, "port": port}},
        "grpc": {"grpc": {"port": port}},
        "tcp": {"tcpSocket": {"port": port}},
        "exec": {"exec": {"command": list(asked.exec)}},
    }
    return {
        **handlers[asked.kind],
        "periodSeconds": asked.period,
        "timeoutSeconds": asked.timeout,
        "failureThreshold": asked.failures,
    }
