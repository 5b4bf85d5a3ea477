"""Images by digest, said once: each that a stack, a set or a component brings, and none that could still change."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import UNKNOWN
from tests.kubernetes.programs import arguments, objects, registered

from flyball import show
from flyball.deploy.manifests import rendered
from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.guards.reading.reader import Reader
from flyball.guards.workload import registry
from flyball.guards.workload.digests import ByDigest
from flyball.guards.workload.platform import ANY
from flyball.guards.workload.registry import whole
from flyball.kubernetes import Cache, Job, LogPipeline, Services, Workload
from flyball.kubernetes.images import pulled
from flyball.stack.plan import plan
from flyball.stack.read import read

ZEROS, ONES = "sha256:" + "0" * 64, "sha256:" + "1" * 64
OWN = f"registry.example/own:2@{ONES}"
MIRRORS = {"docker.io": "mirror.example/hub"}
PROJECT = Path(__file__).parents[2]
_SMALL = {"cpu": "50m", "memory": "64Mi"}
STACK: dict[str, Any] = {
    "environment": "test",
    "owner": "shop",
    "namespace": "shop",
    "cluster": "there",
    "governor": {},
    "logs": {"to": {"otlp": "https://logs.example"}},
    "services": {
        "web": {
            "image": "shop/web:1",
            "port": 8080,
            "load": {"peak": 100, "replica": 20},
            "calls": {"sessions": {"timeout": "200ms"}},
            "logs": {"path": "/logs", "preset": "reopens", "image": "registry.example/rotate:3"},
            "init": {"copy": {"image": "registry.example:5000/copy:1", "resources": _SMALL}},
            "sidecars": {
                "store": {"image": OWN, "port": 9200, "probes": {"readiness": {"path": "/"}}, "resources": _SMALL}
            },
            "migrate": {
                "image": "registry.example/migrate:1",
                "init": {"wait": {"image": "registry.example/wait:1", "resources": _SMALL}},
            },
        },
        "kept": {
            "image": "registry.example/kept:1",
            "port": 5432,
            "protocol": "tcp",
            "load": {"peak": 100, "replica": 200},
            "replicas": "one",
            "data": {"path": "/data", "size": "10Gi"},
            "probes": {"readiness": {"exec": ["is-well"]}},
        },
    },
    "jobs": {
        "report": {"image": "busybox:1.37", "schedule": "0 4 * * *", "calls": {"web": {"timeout": "2s"}}},
    },
    "caches": {"sessions": {"memory": "1Gi", "ttl": "1h", "survive": "node"}},
}
TAGGED = [
    "shop/web:1",
    "registry.example/rotate:3",
    "registry.example:5000/copy:1",
    "registry.example/migrate:1",
    "registry.example/wait:1",
    "registry.example/kept:1",
    "busybox:1.37",
    "haproxy:3.2.4-alpine",
    "docker.io/valkey/valkey:8.1.1",
    "docker.io/oliver006/redis_exporter:v1.69.0",
    "registry.k8s.io/descheduler/descheduler:v0.36.0",
    "docker.io/otel/opentelemetry-collector-k8s:0.165.0",
    "docker.io/phusion/baseimage:noble-1.0.2",
]
DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"sha256:{number:064x}")


def stack(**given: Any) -> dict[str, Any]:
    return {**STACK, "platform": {"registry": given}}


def manifests(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(each.manifest) for each in rendered(run_program(PROJECT, "test", config)).objects]


def images(found: Any) -> set[str]:
    """Of all containers, wherever pods are described."""
    if isinstance(found, list):
        return {image for each in found for image in images(each)}
    if not isinstance(found, dict):
        return set()
    own = {each["image"] for key in ("containers", "initContainers") for each in found.get(key, ())}
    return own | {image for each in found.values() for image in images(each)}


@cache
def untouched() -> list[dict[str, Any]]:
    return manifests(STACK)


def test_of_each_image_that_is_rendered_it_is_known_where_it_is_said() -> None:
    assert {each.image for each in read(STACK).images} == images(untouched()) == {OWN, *map(_written, TAGGED)}


def _written(key: str) -> str:
    """The proxy's default has its registry, and its key may do without."""
    return whole(key) if key.startswith("haproxy") else key


@given(st.dictionaries(st.sampled_from(TAGGED), DIGESTS), st.booleans())
def test_each_image_has_the_digest_of_the_map_or_its_own(digests: dict[str, str], mirrored: bool) -> None:
    given = {"digests": digests, "mirrors": MIRRORS if mirrored else {}}
    platform = replace(ANY, registry=registry.read(Reader(given, (), [])))
    found = [pulled(pod, platform) for pod in pods(untouched())]
    assert images(found) == {OWN, *(_pulled(key, digests.get(key), mirrored) for key in TAGGED)}
    assert plan(stack(**given)).images == ByDigest(len(TAGGED) + 1, len(digests) + 1)
    if not digests and not mirrored:
        assert found == pods(untouched())


def pods(found: Any) -> list[dict[str, Any]]:
    """The spec of each, wherever it is described."""
    if isinstance(found, list):
        return [pod for each in found for pod in pods(each)]
    if not isinstance(found, dict):
        return []
    return [found] if "containers" in found else [pod for each in found.values() for pod in pods(each)]


def test_nothing_else_of_the_objects_changes() -> None:
    digests = dict.fromkeys(TAGGED[1:], ZEROS)
    found = manifests(stack(digests=digests))
    assert images(found) == {OWN, *(_pulled(key, digests.get(key), False) for key in TAGGED)}
    assert _without(found) == untouched()


def _pulled(key: str, digest: str | None, mirrored: bool) -> str:
    place = whole(key).replace("docker.io/", "mirror.example/hub/") if mirrored else _written(key)
    place = place if "mirror.example/" in place else _written(key)
    return f"{place}@{digest}" if digest else place


def _without(found: Any) -> Any:
    """Objects without the digests of the map."""
    if isinstance(found, list):
        return [_without(each) for each in found]
    if isinstance(found, dict):
        return {key: _without(each) for key, each in found.items()}
    return found.removesuffix(f"@{ZEROS}") if isinstance(found, str) else found


def test_where_all_have_a_digest_pinned_asks_for_no_more() -> None:
    assert read(stack(pinned=True, digests=dict.fromkeys(TAGGED, ZEROS))).place.platform.registry.pinned
    lacking = stack(pinned=True, digests=dict.fromkeys(TAGGED[1:], ZEROS))
    with pytest.raises(Refused) as refused:
        read(lacking)
    assert str(refused.value) == (
        "services.web.image: 'shop/web:1' has no digest; write shop/web:1: sha256:<64 hex digits> under"
        " platform.registry.digests"
    )


def test_the_command_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    show.plan(plan(stack(digests={"busybox:1.37": ZEROS})))
    assert "\n2 of 14 images are pulled by digest\n" in capsys.readouterr().out
    show.plan(plan({**STACK, "services": {"kept": STACK["services"]["kept"]}, "jobs": {}, "caches": {}}))
    assert "by digest" not in capsys.readouterr().out


PINNED: Any = {"registry": {"pinned": True, "digests": {"haproxy:3.2.4-alpine": ZEROS, "shop/gone:1": ZEROS}}}
COMPONENTS: dict[str, tuple[Callable[[], object], str]] = {
    "workload": (
        lambda: Workload("web", arguments(image="shop/web:1", platform=PINNED)),
        "web.image: 'shop/web:1' has no digest; write shop/web:1: sha256:<64 hex digits> under",
    ),
    "job": (
        lambda: Job("report", {"image": "shop/report:1", "platform": PINNED}),
        "report.image: 'shop/report:1' has no digest; write shop/report:1: sha256:<64 hex digits> under",
    ),
    "later": (
        lambda: Job("report", {"image": pulumi.Output.from_input("shop/report:1"), "platform": PINNED}),
        "report.image: 'shop/report:1' has no digest; write shop/report:1: sha256:<64 hex digits> under",
    ),
    "cache": (
        lambda: Cache(
            "held", {"memory": "1Gi", "ttl": "1h", "image": OWN, "exporter": "x:1", "callers": [], "platform": PINNED}
        ),
        "held.exporter: 'x:1' has no digest; write x:1: sha256:<64 hex digits> under",
    ),
    "logs": (
        lambda: LogPipeline(
            "logs", {"to": {"otlp": "https://logs.example"}, "image": OWN, "mender": "x:1", "platform": PINNED}
        ),
        "logs.mender: 'x:1' has no digest; write x:1: sha256:<64 hex digits> under",
    ),
    "set": (
        lambda: Services("shop", {"jobs": {"report": {"image": OWN}}, "governor": {}, "platform": PINNED}),
        "shop.governor: 'registry.k8s.io/descheduler/descheduler:v0.36.0' has no digest; write"
        " registry.k8s.io/descheduler/descheduler:v0.36.0: sha256:<64 hex digits> under",
    ),
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_program_is_held_to_it_too(name: str) -> None:
    program, message = COMPONENTS[name]
    with pytest.raises(pulumi.RunError) as refused:
        objects(program)
    first = message.partition(".")[0]
    assert str(refused.value).endswith(f"{message} {first}.platform.registry.digests")
    assert str(refused.value).count("has no digest") == 1


def test_what_a_preview_does_not_know_may_have_a_digest() -> None:
    def program() -> None:
        unknown: Any = UNKNOWN
        Job("report", {"image": pulumi.Output.from_input(unknown), "platform": PINNED})

    assert registered(program, preview=True)


def test_an_image_that_is_known_later_is_pulled_by_its_digest() -> None:
    platform: Any = {"registry": {"digests": {"shop/web:1": ZEROS}}}
    found = objects(lambda: Job("report", {"image": pulumi.Output.from_input("shop/web:1"), "platform": platform}))
    assert images([*found.values()]) == {f"shop/web:1@{ZEROS}"}


@pytest.mark.parametrize("more", [{}, {"mirrors": {"docker.io": "mirror.example"}}])
def test_a_digest_does_not_make_a_job_run_again(more: dict[str, Any]) -> None:
    def name(given: dict[str, Any]) -> str:
        args: Any = {"image": OWN, **({"platform": {"registry": given}} if given else {})}
        found = objects(lambda: Job("once", args))
        return next(each for each in found if each.startswith("Job "))

    assert name({**more, "digests": {"shop/web:1": ZEROS}, "pinned": False}) == name(more)
