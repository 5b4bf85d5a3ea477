"""Manifests that are none: a problem with its path, whatever stands where, and never a traceback."""

from pathlib import Path
from typing import Any

import yaml
from tests.deploy.adopt.test_adopt import deployment, refused


def service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def web(**container: Any) -> dict[str, Any]:
    """A Deployment that the Service web leads to."""
    template = {"spec": {"containers": [{"name": "web", "image": "web:1", **container}]}}
    return deployment("web", template={"metadata": {"labels": {"app": "web"}}, **template})


def test_a_port_without_a_number(tmp_path: Path) -> None:
    ports = [{"name": "http", "port": 80}, {"name": "further", "targetPort": 9000}]
    assert refused(tmp_path, web(), service(selector={"app": "web"}, ports=ports)) == (
        "a.yaml[1]: service web.spec.ports[1].port: is missing; it is a whole number"
    )
