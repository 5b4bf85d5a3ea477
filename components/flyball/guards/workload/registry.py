"""Where images come from: a mirror in place of their registry, and what opens a registry that asks who pulls."""

import re
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.fail_fast.container import check_secret_name
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS

HUB = "docker.io"
"""The registry of a name without one, and `library` its folder there of a name without a slash
(https://github.com/distribution/reference/blob/main/normalize.go)."""
_PLACE = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[a-z0-9](?:[-._a-z0-9]*[a-z0-9])?)*")


class RegistryArgs(TypedDict):
    """Where images come from; of the proxy, caches, collectors and descheduler too."""

    secrets: NotRequired[list[str]]
    """Names of Secrets with which they are pulled, in the namespace of the pods; of caches and jobs too [none]."""
    mirrors: NotRequired[dict[str, str]]
    """In place of a registry, or of a folder there, where its images are copied to: `docker.io` by `mirror.example/hub`
    [none]."""


@dataclass(frozen=True, slots=True)
class Registry:
    """`mirrors` are pairs of what is replaced and by what, the longest first."""

    secrets: tuple[str, ...] = ()
    mirrors: tuple[tuple[str, str], ...] = ()

    def image(self, name: str) -> str:
        """The image as it is pulled; one that no mirror has stays as it is."""
        full = whole(name)
        for place, mirror in self.mirrors:
            if full.startswith(f"{place}/"):
                return mirror + full[len(place) :]
        return name


DIRECT = Registry()
"""Each image from where its name says."""


def whole(name: str) -> str:
    """An image with its registry named."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"{HUB}/{name}" if slash else f"{HUB}/library/{name}"


def read(r: Reader) -> Registry:
    """The registry of `platform`."""
    secrets = tuple(r.words("secrets"))
    for i, name in enumerate(secrets):
        r.problems.extend(check_secret_name(name, r.to(("secrets", i))))
    mirrors = {place: mirror for place, mirror in r.at("mirrors").values.items() if isinstance(mirror, str)}
    hint = "as mirror.example, mirror.example:5000 or mirror.example/hub"
    for place, mirror in mirrors.items():
        if not _PLACE.fullmatch(str(place)):
            r.problem(("mirrors", str(place)), INVALID_ADDRESS, f"{place!r} is no place of images", hint)
        elif not _PLACE.fullmatch(mirror):
            r.problem(("mirrors", str(place)), INVALID_ADDRESS, f"is {mirror!r}", hint)
    return Registry(secrets, tuple(sorted(mirrors.items(), key=lambda each: (-len(each[0]), each[0]))))
