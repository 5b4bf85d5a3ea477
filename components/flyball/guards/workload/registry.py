"""Where images come from: a mirror in place of their registry, and what opens a registry that asks who pulls; and the
digests that keep a tag the same image.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from flyball.guards.fail_fast.container import IMAGE, check_secret_name
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE, INVALID_ADDRESS, INVALID_NAME, INVALID_TEXT

HUB = "docker.io"
"""The registry of a name without one, and `library` its folder there of a name without a slash
(https://github.com/distribution/reference/blob/main/normalize.go)."""
_PLACE = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[a-z0-9](?:[-._a-z0-9]*[a-z0-9])?)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class RegistryArgs(TypedDict):
    """Where images come from; of the proxy, caches, collectors and descheduler too."""

    secrets: NotRequired[list[str]]
    """Names of Secrets with which they are pulled, in the namespace of the pods; of caches and jobs too [none]."""
    mirrors: NotRequired[dict[str, str]]
    """In place of a registry, or of a folder there, where its images are copied to: `docker.io` by `mirror.example/hub`
    [none]."""
    digests: NotRequired[dict[str, str]]
    """Of images with their tags, as they are written, the digest by which each is pulled: `registry.example/web:1.0` by
    `sha256:` and 64 hex digits [none]."""
    pinned: NotRequired[bool]
    """Whether images are refused that have no digest, neither in themselves nor in `digests` [false]."""


@dataclass(frozen=True, slots=True)
class Registry:
    """`mirrors` are pairs of what is replaced and by what, the longest first; `digests` are by image with its registry,
    and `written` are these images as the map has them."""

    secrets: tuple[str, ...] = ()
    mirrors: tuple[tuple[str, str], ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    pinned: bool = False

    @property
    def changes(self) -> bool:
        """Whether any image is pulled as another one than is written."""
        return bool(self.mirrors or self.digests)

    def image(self, name: str) -> str:
        """The image as it is pulled: one that no mirror has from where it says, one without a digest by its tag."""
        full = whole(name)
        digest = self.digests.get(full)
        return self._place(name, full) + (f"@{digest}" if digest else "")

    def _place(self, name: str, full: str) -> str:
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
    mirrors = r.texts("mirrors")
    hint = "as mirror.example, mirror.example:5000 or mirror.example/hub"
    for place, mirror in mirrors.items():
        if not _PLACE.fullmatch(place):
            r.problem(("mirrors", place), INVALID_ADDRESS, f"{place!r} is no place of images", hint)
        elif not _PLACE.fullmatch(mirror):
            r.problem(("mirrors", place), INVALID_ADDRESS, f"is {mirror!r}", hint)
    digests = _digests(r.at("digests"))
    return Registry(
        secrets,
        tuple(sorted(mirrors.items(), key=lambda each: (-len(each[0]), each[0]))),
        {whole(image): digest for image, digest in digests.items()},
        tuple(digests),
        r.value("pinned", bool, False),
    )


def _digests(r: Reader) -> dict[str, str]:
    """By image, as it is written; what is wrong is left out."""
    found: dict[str, str] = {}
    first: dict[str, str] = {}
    for given, digest in r.values.items():
        image = str(given)
        match = IMAGE.fullmatch(image)
        if not match or not match["tag"] or match["digest"]:
            wrong = "has a digest itself" if match and match["digest"] else "has no tag" if match else "is no image"
            hint = "give the image as it is written elsewhere, as registry.example/web:1.0"
            r.problem(image, INVALID_NAME, wrong, hint)
        elif (twin := first.setdefault(whole(image), image)) != image:
            r.problem(image, GIVEN_TWICE, f"is the image {twin!r} too", "remove one of them")
        elif isinstance(digest, str) and not _DIGEST.fullmatch(digest):
            r.problem(image, INVALID_TEXT, f"is {digest!r}", "allowed is sha256: and 64 hex digits, in lower case")
        elif isinstance(digest, str):
            found[image] = digest
    return found
