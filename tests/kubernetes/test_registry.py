"""Where images come from, said once: those of everything that a stack brings."""

from typing import Any

import pulumi
import pytest
from tests.kubernetes.programs import arguments, objects

from flyball.guards.reading.reader import Reader
from flyball.guards.workload import registry
from flyball.guards.workload.file_logs import IMAGE as ROTATES
from flyball.guards.workload.pipeline import IMAGE
from flyball.kubernetes import Job, LogPipeline, Services, Workload

PLATFORM: Any = {
    "registry": {"secrets": ["pull"], "mirrors": {"docker.io": "hub.example/m", "registry.k8s.io": "hub.example/k"}}
}
SET: Any = {
    "namespace": "shop",
    "platform": PLATFORM,
    "governor": {},
    "services": {"web": {"image": "shop/web:1", "port": 8080, "load": {"peak": 100, "replica": 20}}},
    "jobs": {"report": {"image": "busybox:1.37", "schedule": "0 4 * * *", "calls": {"web": {"timeout": "2s"}}}},
    "caches": {"sessions": {"memory": "1Gi", "ttl": "1h", "survive": "node"}},
}


def pods(found: dict[str, Any]) -> dict[str, tuple[set[str], list[str]]]:
    """Of each object with pods: their images, and the Secrets that open a registry."""
    found = {name: _pod(o["spec"]) for name, o in found.items() if "spec" in o}
    return {
        name: (
            {each["image"] for key in ("initContainers", "containers") for each in pod.get(key, ())},
            [each["name"] for each in pod.get("imagePullSecrets", ())],
        )
        for name, pod in found.items()
        if pod
    }


def _pod(spec: dict[str, Any]) -> dict[str, Any] | None:
    template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
    return template["spec"] if template else None


def test_everything_comes_from_the_mirror() -> None:
    haproxy = "hub.example/m/library/haproxy:3.2.4-alpine"
    assert pods(objects(lambda: Services("shop", SET))) == {
        "Deployment web": ({"hub.example/m/shop/web:1", haproxy}, ["pull"]),
        "CronJob report": ({"hub.example/m/library/busybox:1.37", haproxy}, ["pull"]),
        "StatefulSet sessions": (
            {"hub.example/m/valkey/valkey:8.1.1", "hub.example/m/oliver006/redis_exporter:v1.69.0", haproxy},
            ["pull"],
        ),
        "CronJob flyball-balance": ({"hub.example/k/descheduler/descheduler:v0.36.0"}, ["pull"]),
    }
    logs = objects(lambda: LogPipeline("logs", {"to": {"otlp": "https://logs.example"}, "platform": PLATFORM}))
    ((images, secrets),) = pods(logs).values()
    assert secrets == ["pull"]
    assert images == {f"hub.example/m/{image.removeprefix('docker.io/')}" for image in (IMAGE, ROTATES)}


def test_an_image_that_is_only_known_later_does_too() -> None:
    def program() -> None:
        Workload("web", arguments(image=pulumi.Output.from_input("shop/web:1"), platform=PLATFORM))
        Job("report", {"image": pulumi.Output.from_input("ghcr.io/shop/job:1"), "platform": PLATFORM})

    found = pods(objects(program))
    assert [images for name, (images, _) in found.items() if "web" in name] == [
        {"hub.example/m/shop/web:1", "hub.example/m/library/haproxy:3.2.4-alpine"}
    ]
    assert [images for name, (images, _) in found.items() if "web" not in name] == [{"ghcr.io/shop/job:1"}]


@pytest.mark.parametrize(
    ("image", "whole"),
    [
        ("haproxy:3.2", "docker.io/library/haproxy:3.2"),
        ("otel/collector:1", "docker.io/otel/collector:1"),
        ("localhost/a:1", "localhost/a:1"),
        ("registry:5000/a:1", "registry:5000/a:1"),
        ("ghcr.io/a/b@sha256:" + "0" * 64, "ghcr.io/a/b@sha256:" + "0" * 64),
    ],
)
def test_the_registry_of_an_image(image: str, whole: str) -> None:
    assert registry.whole(image) == whole


def test_the_longest_place_counts_and_ends_at_a_folder() -> None:
    given = {"mirrors": {"docker.io": "a.example", "docker.io/shop": "b.example", "docker.io/shop/web": "c.example"}}
    found = registry.read(Reader(given, (), []))
    images = ("shop/web/main:1", "shop/webs:1", "shops/web:1", "quay.io/shop/web:1")
    assert [found.image(image) for image in images] == [
        "c.example/main:1",
        "b.example/webs:1",
        "a.example/shops/web:1",
        "quay.io/shop/web:1",
    ]
