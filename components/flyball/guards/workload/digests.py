"""Images by digest: what each container is pulled from, where that is said, and which of them could still change.

A tag can be moved to another image, a digest cannot (https://github.com/opencontainers/image-spec/blob/main/
descriptor.md#digests). Digests are said once, in `platform.registry.digests`, whoever pulls the image.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flyball.guards.fail_fast.container import check_image
from flyball.guards.fail_fast.rules import DIGEST_DIFFERS, DIGEST_UNUSED, IMAGE_WITHOUT_DIGEST
from flyball.guards.reading.problem import Path, Problem, show
from flyball.guards.reading.strict import Words
from flyball.guards.reading.units import show_count
from flyball.guards.workload import caches, file_logs, migration, pipeline, sidecar
from flyball.guards.workload.application import Placed
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.pipeline import Pipeline
from flyball.guards.workload.registry import Registry, whole
from flyball.guards.workload.resolve import Service

WHERE = ("platform", "registry", "digests")
DEFAULTS = (sidecar.IMAGE, file_logs.IMAGE, caches.IMAGE, caches.EXPORTER, pipeline.IMAGE)
"""Images that a service, a job, a cache or the log pipeline may have without saying so."""
_KEYS = ("image", "exporter", "router", "mender")


@dataclass(frozen=True, slots=True)
class Used:
    """The image of a container, as it is written, and where that is or could be said."""

    path: Path
    image: str


@dataclass(frozen=True, slots=True)
class ByDigest:
    """How many different images there are, and how many of them are pulled by digest."""

    count: int
    by_digest: int

    def __str__(self) -> str:
        images = show_count(self.count, "image")
        return f"{self.by_digest} of {images} {'is' if self.by_digest == 1 else 'are'} pulled by digest"


NO_IMAGES = ByDigest(0, 0)


def of_service(s: Service) -> Iterator[Used]:
    """Of its containers, and of those of its migration."""
    yield from of_job(s)
    if s.spec.rotated:
        yield Used((*s.path, "logs", "image"), s.spec.rotated.image)
    own = migration.given(s.given) or {}
    for each in of_job(s.migration) if s.migration else ():
        at = each.path[len(s.path) + 1 :]
        # What it does not say itself it has from the service.
        yield each if at[0] in own else Used((*s.path, *at), each.image)


def of_job(j: Placed) -> Iterator[Used]:
    """Of the application, of its own init containers and sidecars, and of the proxy beside it."""
    yield from _said(j.given, j.path)
    if j.spec.proxied:
        yield Used((*j.path, "proxy", "image"), j.spec.sidecar.image)


def of_cache(cache: Cache, path: Path) -> Iterator[Used]:
    """Of a cache at a path."""
    yield Used((*path, "image"), cache.image)
    yield Used((*path, "exporter"), cache.exporter)
    if cache.paired:
        yield Used((*path, "router"), cache.router)


def of_pipeline(logs: Pipeline, path: Path) -> Iterator[Used]:
    """Of the log pipeline, whose arguments are at a path."""
    yield Used((*path, "image"), logs.image)
    yield Used((*path, "mender"), logs.mender)


def of_set(
    services: Mapping[str, Service], jobs: Mapping[str, Job], held: Mapping[str, Cache], root: Path
) -> Iterator[Used]:
    """Of a set whose arguments are at a path."""
    for service in services.values():
        yield from of_service(service)
    for job in jobs.values():
        yield from of_job(job)
    for name, cache in held.items():
        yield from of_cache(cache, (*root, "caches", name))


def said(args: object, path: Path) -> Iterator[Used]:
    """Images that arguments name which could not be read."""
    yield from _said(args, path)
    for part in ("proxy", "logs", migration.KEY):
        yield from _said(_map(args, part), (*path, part))


def unread(given: Mapping[str, object], read: Mapping[str, object], path: Path) -> list[Used]:
    """Images of those that are given by name, and could not be read."""
    return [each for name, args in given.items() if name not in read for each in said(args, (*path, name))]


def _said(args: object, path: Path) -> Iterator[Used]:
    for key in _KEYS:
        if isinstance(args, Mapping) and isinstance(image := args.get(key), str):
            yield Used((*path, key), image)
    for kind in ("init", "sidecars"):
        for name, each in _map(args, kind).items():
            if isinstance(each, Mapping) and isinstance(image := each.get("image"), str):
                yield Used((*path, kind, str(name), "image"), image)


def _map(args: object, key: str) -> Mapping[object, object]:
    found = args.get(key) if isinstance(args, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def check(used: Iterable[Used], registry: Registry, root: Path) -> Iterator[Problem]:
    """Refuse a digest that contradicts the map, and where all are to be pinned, each image without any, once.

    `root` is where `platform` is said. An image without a version has a problem of its own already.
    """
    lacking: dict[str, list[Used]] = {}
    for each in dict.fromkeys(used):
        tagged, _, digest = each.image.partition("@")
        known = registry.digests.get(whole(tagged))
        if digest and known and digest != known:
            message = f"has {digest}, and {show((*root, *WHERE, tagged))} is {known}"
            yield Problem(each.path, DIGEST_DIFFERS, message, "a tag is one image: remove the wrong one")
        elif registry.pinned and not digest and not known and not [*check_image(each.image, each.path)]:
            lacking.setdefault(whole(tagged), []).append(each)
    for first, *others in lacking.values():
        places = f", here and at {show_count(len(others), 'other place')}" if others else ""
        hint = f"write {first.image}: sha256:<64 hex digits> under {show((*root, *WHERE))}"
        yield Problem(first.path, IMAGE_WITHOUT_DIGEST, f"{first.image!r} has no digest{places}", hint)


def check_unused(used: Iterable[Used], registry: Registry, root: Path) -> Iterator[Problem]:
    """Refuse digests of images that no container has, which would silently do nothing."""
    images = list(dict.fromkeys(each.image.partition("@")[0] for each in used))
    pulled = {whole(image) for image in images}
    words = Words(images)
    for key in registry.written:
        if whole(key) not in pulled:
            hint = words.nearest(key) if images else "remove it"
            yield Problem((*root, *WHERE, key), DIGEST_UNUSED, "is the image of no container", hint)


def count(used: Iterable[Used], registry: Registry) -> ByDigest:
    """How many different images there are, and by digest."""
    images = {registry.image(each.image) for each in used}
    return ByDigest(len(images), sum("@" in image for image in images))
