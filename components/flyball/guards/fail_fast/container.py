"""Lesson 2 for what goes into a container: an image that stays the same, names that Kubernetes takes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.fail_fast.rules import IMAGE_NOT_PINNED, OWN_LABEL, VARIABLE_TAKEN
from flyball.guards.reading import process
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import EMPTY, INVALID_NAME, INVALID_TEXT

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_DOMAIN = rf"{_PART}(?:\.{_PART})*"
"""A subdomain of RFC 1123 as Kubernetes has it, whose parts may have more than 63 letters."""
_LABEL_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/){_DOMAIN}/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{{0,61}}[A-Za-z0-9])?")
_OBJECT_NAME = re.compile(rf"(?=.{{1,253}}\Z){_DOMAIN}")
_SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
_HOST = r"[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?"
_REPOSITORY = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?P<name>(?:(?:{_HOST}(?:\.{_HOST})*|\[[0-9A-Fa-f:]+\])(?::[0-9]{{1,5}})?/)?{_REPOSITORY}(?:/{_REPOSITORY})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)
"""A reference to an image, with its tag and its digest, as far as it has them: what a kubelet can pull
(https://pkg.go.dev/github.com/distribution/reference has the grammar)."""
LONGEST_IMAGE = 255
"""Letters of its name, registry included (the same)."""


def check_container(args: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Problems of `image`, `env`, `secrets`, `refs`, `labels` and `annotations`, as far as they are plain values."""
    if not isinstance(args, Mapping):
        return
    if isinstance(image := args.get("image"), str):
        yield from check_image(image, (*path, "image"))
    yield from process.check(args, path)
    yield from _check_variables(args, path)
    yield from _check_refs(args.get("refs"), (*path, "refs"))
    if isinstance(labels := args.get("labels"), Mapping):
        yield from check_labels(labels, (*path, "labels"))
        for key in wellknown.OWN_LABELS:
            if key in labels:
                hint = "flyball sets it itself, and finds its objects by it; use a key of your own"
                yield Problem((*path, "labels", key), OWN_LABEL, "is not free", hint)
    yield from check_annotations(args, path)


def check_annotations(args: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Refuse keys of `annotations` that Kubernetes would not take."""
    for key in _keys(args, "annotations"):
        yield from check_annotation(key, (*path, "annotations", key))


def check_annotation(key: str, path: Path) -> Iterator[Problem]:
    """Refuse a key that no annotation can have."""
    if not _LABEL_KEY.fullmatch(key):
        yield Problem(path, INVALID_NAME, "is no annotation key", "as example.org/name, or name")


def check_qualified(name: str, what: str, path: Path) -> Iterator[Problem]:
    """Refuse what is no name with a domain before it, or without one."""
    if not _LABEL_KEY.fullmatch(name):
        yield Problem(path, INVALID_NAME, f"{name!r} is no name for {what}", "as example.org/name, or name")


def check_image(image: str, path: Path) -> Iterator[Problem]:
    """Refuse an image that may be another one tomorrow: without a digest, and with no tag or the tag `latest`."""
    match = IMAGE.fullmatch(image)
    if not match or len(match["name"]) > LONGEST_IMAGE:
        yield Problem(path, INVALID_NAME, f"{image!r} is no image reference", "write it as registry/name:tag")
    elif not match["digest"] and match["tag"] in (None, "latest"):
        hint = "give a version as its tag, or a digest: what restarts must be what was tested"
        yield Problem(path, IMAGE_NOT_PINNED, f"{image!r} is not pinned to a version", hint)


def check_labels(labels: Mapping[Any, Any], path: Path) -> Iterator[Problem]:
    """Refuse what Kubernetes would (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/)."""
    for key, value in labels.items():
        yield from check_label_key(str(key), (*path, str(key)))
        if isinstance(value, str):
            yield from check_label(value, (*path, str(key)))


def check_label_key(key: str, path: Path) -> Iterator[Problem]:
    """Refuse a key that no label can have."""
    if not _LABEL_KEY.fullmatch(key):
        yield Problem(path, INVALID_NAME, "is no label key", "as example.org/name, or name")


def check_label(value: str, path: Path) -> Iterator[Problem]:
    """Refuse a value that no label can have."""
    if not _LABEL_VALUE.fullmatch(value):
        hint = "at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends"
        yield Problem(path, INVALID_TEXT, f"{value!r} is no label value", hint)


def check_word(value: str, path: Path) -> Iterator[Problem]:
    """Refuse what is empty, or no label can have."""
    if not value:
        yield Problem(path, EMPTY, "is empty", "give a name")
    yield from check_label(value, path)


def check_secret_name(name: str, path: Path) -> Iterator[Problem]:
    """Refuse a name that no Secret can have."""
    yield from check_object_name(name, "a Secret", path)


def check_object_name(name: str, kind: str, path: Path) -> Iterator[Problem]:
    """Refuse a name that most kinds of objects cannot have, this `kind` among them: no RFC 1123 subdomain."""
    if not _OBJECT_NAME.fullmatch(name):
        hint = "lower-case letters, digits, dashes and dots"
        yield Problem(path, INVALID_NAME, f"{name!r} is no name for {kind}", hint)


def _check_variables(args: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    sources: dict[str, str] = {}
    for source in ("env", "secrets", "refs"):
        for name in _keys(args, source):
            at = (*path, source, name)
            if not _VARIABLE.fullmatch(name):
                hint = "letters, digits and underscores, not starting with a digit"
                yield Problem(at, INVALID_NAME, "is no name for an environment variable", hint)
            if name in sources:
                yield Problem(at, VARIABLE_TAKEN, f"is set in {sources[name]} too", "keep one of them")
            sources[name] = source


def _check_refs(refs: object, path: Path) -> Iterator[Problem]:
    """Refuse names that no Secret and no key in one can have."""
    for variable, ref in refs.items() if isinstance(refs, Mapping) else ():
        given = ref if isinstance(ref, Mapping) else {}
        for key, allowed, hint in (
            ("name", _OBJECT_NAME, "lower-case letters, digits, dashes and dots"),
            ("key", _SECRET_KEY, "letters, digits, dashes, dots and underscores"),
        ):
            if isinstance(value := given.get(key), str) and not allowed.fullmatch(value):
                what = "Secret" if key == "name" else "key in a Secret"
                yield Problem((*path, str(variable), key), INVALID_NAME, f"{value!r} is no name for a {what}", hint)


def _keys(args: Mapping[str, Any], key: str) -> list[str]:
    """Names in a map, as far as they are text; what else there is the type check reports."""
    inner = args.get(key)
    return [name for name in inner if isinstance(name, str)] if isinstance(inner, Mapping) else []
