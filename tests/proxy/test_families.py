"""A pod's proxy where there is IPv4, IPv6, or both: reached at every address of the pod, and it reaches others."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.programs import workload
from tests.proxy import network
from tests.proxy.harness import HAPROXY

pytestmark = [pytest.mark.haproxy, pytest.mark.hosts]
V4, V6 = "10.9.9.9", "fd09::9"
METRICS, GUARD, CALL = 21_001, 21_000, 21_010


def pod(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command of a workload's proxy, its configuration in a folder, and the fields that its variables name."""
    call = {"host": "db.example", "port": 9090, "protocol": "http", "timeout": "500ms"}
    found = workload(public=True, calls={"db": call})
    container = found["Deployment web"]["spec"]["template"]["spec"]["initContainers"][0]
    (text,) = (o["data"]["haproxy.cfg"] for name, o in found.items() if name.startswith("ConfigMap "))
    file = folder / "haproxy.cfg"
    file.write_text(text)
    command = [HAPROXY, *container["command"][1:-1], str(file)]
    return command, {v["name"]: v["valueFrom"]["fieldRef"]["fieldPath"] for v in container.get("env", ())}


def seen(folder: Path, addresses: list[str], application: str, *ports: int) -> dict[str, Any]:
    """What becomes of requests to ports of every address of a pod that has these, and of a call of its application."""
    command, fields = pod(folder)
    values = {"status.podIP": addresses[0], "status.podIPs": ",".join(addresses)}
    given = {
        "addresses": addresses,
        "ipv6": any(":" in address for address in addresses),
        "application": application,
        "command": command,
        "environment": {name: values[field] for name, field in fields.items()},
        "folder": str(folder),
        "ask": [*((host, port) for host in addresses for port in ports or (METRICS, GUARD)), ("127.0.0.1", CALL)],
    }
    unshare = ["unshare", "--net", "--mount", "--propagation", "private"]
    done = subprocess.run(
        [*unshare, sys.executable, network.__file__],
        input=json.dumps(given),
        text=True,
        capture_output=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_only_ipv4(tmp_path: Path) -> None:
    """Where the kernel has no IPv6 at all, not even a socket of it can be had, so none is asked for."""
    found = seen(tmp_path, [V4], "ipv4")
    assert found["answers"] == ["200 ok", "200 application", "200 ipv4"]
    assert found["ipv6"] == 0


def test_only_ipv6(tmp_path: Path) -> None:
    found = seen(tmp_path, [V6], "both")
    assert found["answers"][:2] == ["200 ok", "200 application"]
    assert found["heard"] == [V6]


def test_only_ipv6_inside_and_outside(tmp_path: Path) -> None:
    """The application listens on nothing else, and names that have both families lead where the pod can go.

    HAProxy before 2.8 cannot tell of which family the pod's address is.
    """
    version = subprocess.run([HAPROXY, "-v"], capture_output=True, text=True, check=True).stdout.split()[2]
    if tuple(map(int, version.split(".")[:2])) >= (2, 8):
        assert seen(tmp_path, [V6], "ipv6")["answers"] == ["200 ok", "200 application", "200 ipv6"]
    else:
        assert seen(tmp_path, [V6], "ipv6", METRICS)["answers"] == ["200 ok", "200 ipv4"]


@pytest.mark.parametrize("addresses", [[V4, V6], [V6, V4]], ids=["IPv4 first", "IPv6 first"])
def test_both(tmp_path: Path, addresses: list[str]) -> None:
    """A client of either family is called by its own address."""
    found = seen(tmp_path, addresses, "ipv4")
    assert found["answers"] == ["200 ok", "200 application"] * 2 + ["200 ipv4"]
    assert found["heard"] == addresses
