"""The proxy beside a job is told to end once the job has ended, and its pod ends only with it."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from tests.kubernetes.programs import objects
from tests.proxy.harness import HAPROXY, wait_for

from flyball.guards.workload.sidecar import CALLS_FROM
from flyball.kubernetes import Job
from flyball.lab.ports import free, is_served

pytestmark = pytest.mark.haproxy


def test_it_does_not_wait_for_answers_that_nobody_hears(tmp_path: Path) -> None:
    first = next(port for port in free(20) if not is_served(port + 1) and not is_served(port + CALLS_FROM))
    file = tmp_path / "haproxy.cfg"
    with socket.create_server(("127.0.0.1", 0)) as hung:
        call = {"host": "127.0.0.1", "port": hung.getsockname()[1], "protocol": "http", "timeout": "10m"}
        made = objects(
            lambda: Job(
                "report",
                {"image": "registry.example/job:1", "calls": {"slow": call}, "proxy": {"port": first}},  # pyright: ignore
            )
        )
        (text,) = (o["data"]["haproxy.cfg"] for name, o in made.items() if name.startswith("ConfigMap "))
        (run,) = (o for name, o in made.items() if name.startswith("Job "))
        (proxy,) = run["spec"]["template"]["spec"]["initContainers"]
        # In a pod it listens at all of its addresses; here at those of the loopback interface.
        file.write_text(text.replace(f"bind :{first + 1}", f"bind 127.0.0.1:{first + 1}"))
        # Without the master, which hears signals some moments later than its worker serves.
        options = [word for word in proxy["command"][1:-1] if word != "-W"]
        command = [HAPROXY, *options, str(file)]
        env = {**os.environ, "POD_IP": "127.0.0.2", "POD_IPS": "127.0.0.2"}
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(first + CALLS_FROM)
            with socket.create_connection(("127.0.0.1", first + CALLS_FROM)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: slow\r\n\r\n")
                hung.settimeout(60)
                under_way, _ = hung.accept()
                process.send_signal(signal.SIGUSR1)  # the image's own signal to stop
                assert process.wait(timeout=60) == 0
                under_way.close()
        finally:
            process.kill()
            process.wait(timeout=20)
