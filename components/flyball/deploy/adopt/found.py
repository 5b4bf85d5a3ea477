"""Manifests as they are found: in files or in a cluster, each with where it was; without the values of any secret."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from flyball import wellknown
from flyball.deploy.adopt import shape
from flyball.deploy.adopt.selectors import Selectors
from flyball.deploy.identity import Identified
from flyball.documents import read_text, read_yaml_documents
from flyball.guards.reading import bounds
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import GIVEN_TWICE, MISSING, UNKNOWN_VALUE, UNREADABLE_FILE, WRONG_TYPE
from flyball.wellknown import SYSTEM_NAMESPACE

Manifest = Mapping[str, Any]
_SUFFIXES = (".yaml", ".yml", ".json")
_DERIVED = ("ControllerRevision", "Event", "Lease")
"""What the cluster makes of the others, as it does what has a controller."""
RUN = ("Deployment", "StatefulSet", "CronJob", "Job")
"""What a stack file describes; what else runs stays as it is."""
_DATA = ("data", "stringData", "binaryData")
_GAP = "{{"
_FILLED_IN = "it has {{, as a template of a chart: adopt what `helm template` writes"


@dataclass(frozen=True, slots=True)
class Item(Identified):
    """One manifest; `origin` says where it was found."""

    origin: str

    @property
    def spec(self) -> Manifest:
        return mapping(self.manifest.get("spec"))

    @property
    def inner(self) -> Manifest:
        """Its spec; of a CronJob that of its Jobs."""
        return mapping(mapping(self.spec.get("jobTemplate")).get("spec")) if self.kind == "CronJob" else self.spec

    @property
    def template(self) -> Manifest:
        """That of its pods; empty where it has none."""
        return mapping(self.inner.get("template"))

    @property
    def is_ours(self) -> bool:
        """Whether flyball made it."""
        labels = mapping(self.manifest["metadata"].get("labels"))
        return labels.get(wellknown.MANAGED_BY_LABEL) == wellknown.MANAGED_BY

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Way:
    """A path of an Ingress, which stands `at` in there, with the rule that has it."""

    ingress: Item
    at: str
    rule: Manifest
    path: Manifest

    @property
    def backend(self) -> object:
        """The Service that it leads to; in the words of older versions too."""
        backend = mapping(self.path.get("backend"))
        return mapping(backend.get("service")).get("name") or backend.get("serviceName")


@dataclass(frozen=True)
class Found:
    """All that was found in one namespace."""

    items: tuple[Item, ...]
    namespace: str
    by_kind: Mapping[str, Mapping[str, Item]] = field(default_factory=dict)
    others: tuple[Item, ...] = ()
    """What is in other namespaces, but for what flyball has made there."""

    def of(self, *kinds: str) -> Iterator[Item]:
        """The items of some kinds, by kind and name."""
        for kind in kinds:
            yield from self.by_kind.get(kind, {}).values()

    def get(self, kind: str, name: object) -> Item | None:
        return self.by_kind.get(kind, {}).get(str(name))

    def services(self, labels: Manifest) -> list[Item]:
        """The Services that lead to pods with these labels; one without a selector leads to none."""
        return self._services.matching(labels)

    @cached_property
    def _services(self) -> Selectors[Item]:
        return Selectors((mapping(each.spec.get("selector")), each) for each in self.of("Service"))

    def ways(self, services: Iterable[str]) -> list[Way]:
        """The paths of Ingresses that lead to any of these Services, in order."""
        numbered = sorted((each for name in set(services) for each in self._ways.get(name, ())), key=lambda e: e[0])
        return [way for _, way in numbered]

    @cached_property
    def _ways(self) -> dict[object, list[tuple[int, Way]]]:
        by_backend: dict[object, list[tuple[int, Way]]] = {}
        for i, way in enumerate(way for ingress in self.of("Ingress") for way in ways_of(ingress)):
            by_backend.setdefault(way.backend, []).append((i, way))
        return by_backend


def mapping(value: object) -> Manifest:
    """The value where it is a map, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def maps(value: object) -> list[Manifest]:
    """The maps of a list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def ways_of(ingress: Item) -> Iterator[Way]:
    """Its paths, in order."""
    for i, rule in enumerate(maps(ingress.spec.get("rules"))):
        for j, path in enumerate(maps(mapping(rule.get("http")).get("paths"))):
            yield Way(ingress, f"spec.rules[{i}].http.paths[{j}]", rule, path)


def in_files(path: Path, namespace: str | None = None, *, rather: str = "") -> Found:
    """What a file holds, or all files of a folder and the folders in it.

    Raises `Refused` with every manifest that cannot be read as one, and where more than one namespace has something
    that runs, `namespace` says none, and `rather` is none of them.
    """
    if not path.exists():
        refuse([Problem((str(path),), UNREADABLE_FILE, "is not there", "name a file or a folder of manifests")])
    files = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES) if path.is_dir() else [path]
    if not files:
        message = f"has no file that ends with {', '.join(_SUFFIXES)}"
        refuse([Problem((str(path),), UNREADABLE_FILE, message, "name a file or a folder of manifests")])
    problems: list[Problem] = []
    items: list[Item] = []
    for file in files:
        try:
            documents = read_yaml_documents(file)
        except Refused as refused:
            problems += _of_template(file, refused.problems)
            continue
        for i, document in enumerate(documents):
            items += _items(document, file.name, f"{file.name}[{i}]" if len(documents) > 1 else file.name, problems)
    return gathered(items, namespace, problems, rather)


def _of_template(file: Path, problems: Iterable[Problem]) -> Iterable[Problem]:
    """The problems of a file that cannot be read, as those of what is hardly ever YAML before it is filled in."""
    with suppress(Refused):
        if _GAP in read_text(file):
            return [replace(each, remedy=_FILLED_IN) for each in problems]
    return problems


def items_of(document: object, origin: str) -> list[Item]:
    """The manifests of one document. Raises `Refused` where it is none."""
    problems: list[Problem] = []
    found = _items(document, origin, origin, problems)
    refuse(problems)
    return found


def in_answer(answer: Manifest, namespace: str) -> Found:
    """What a cluster answered: one List."""
    problems: list[Problem] = []
    return gathered(_items(answer, "the cluster", "the cluster", problems), namespace, problems)


def gathered(items: Iterable[Item], namespace: str | None, problems: list[Problem], rather: str = "") -> Found:
    """What is of one namespace. Raises `Refused` for the problems, for what is there twice, and where nothing runs."""
    items = [item for item in items if not _is_derived(item)]
    running = [item for item in items if item.kind in RUN and item.namespace]
    # What the Governor brings there is of the cluster, and of no stack's services.
    spaces = sorted({item.namespace for item in running if not (item.is_ours and item.namespace == SYSTEM_NAMESPACE)})
    if namespace is None and rather in spaces:
        namespace = rather
    if namespace is None and len(spaces) > 1 and not problems:
        message = f"something runs in {', '.join(spaces)}, and a stack has one namespace"
        problems.append(Problem((), UNKNOWN_VALUE, message, "name one with --namespace"))
    chosen = namespace if namespace is not None else (spaces[0] if spaces else "")
    own, elsewhere = list[Item](), list[Item]()
    for item in items:
        (own if item.namespace in ("", chosen) or item.kind == "Namespace" else elsewhere).append(item)
    by_kind: dict[str, dict[str, Item]] = {}
    for item in own:
        there = by_kind.setdefault(item.kind, {}).setdefault(item.name, item)
        if there is not item:
            message = f"{item} is in {there.origin} too"
            problems.append(Problem((item.origin,), GIVEN_TWICE, message, "leave one of them out"))
    if not problems and not any(item.kind in RUN for item in own):
        where = f"in the namespace {chosen}" if chosen else "there"
        hint = f"there is something in {', '.join(spaces)}" if spaces else "name Deployments, StatefulSets or CronJobs"
        problems.append(Problem((), MISSING, f"nothing runs {where}", hint))
    refuse(problems)
    return Found(tuple(own), chosen, by_kind, tuple(item for item in elsewhere if not item.is_ours))


def _is_derived(item: Item) -> bool:
    owners = maps(mapping(item.manifest["metadata"]).get("ownerReferences"))
    return item.kind in _DERIVED or any(each.get("controller") for each in owners)


def _items(document: object, file: str, origin: str, problems: list[Problem]) -> list[Item]:
    """The manifests of a document; a List is what it lists."""
    if not isinstance(document, Mapping):
        problems.append(Problem((origin,), WRONG_TYPE, "is no map", "a manifest has apiVersion, kind and metadata"))
        return []
    kind = document.get("kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(document.get("items"), list):
        head = (
            {"kind": kind.removesuffix("List"), "apiVersion": document.get("apiVersion", "v1")}
            if kind != "List"
            else {}
        )
        listed = enumerate(document["items"])
        within = (
            ({**head, **each} if isinstance(each, Mapping) else each, f"{origin}.items[{i}]") for i, each in listed
        )
        return [item for each, at in within for item in _items(each, file, at, problems)]
    if document.get("kind") == "Kustomization":
        hint = "adopt what `kubectl kustomize` writes: it changes the manifests that it names"
        problems.append(Problem((origin,), WRONG_TYPE, "is a Kustomization, and no manifest", hint))
        return []
    document = _named(document)
    lacking = [key for key in ("apiVersion", "kind") if not isinstance(document.get(key), str)]
    if not isinstance(mapping(document.get("metadata")).get("name"), str):
        lacking.append("metadata.name")
    if lacking:
        hint = "a manifest has apiVersion, kind and metadata; other files belong elsewhere"
        problems.append(Problem((origin,), MISSING, f"has no {', no '.join(lacking)}", hint))
        return []
    if _GAP in document["metadata"]["name"]:
        problems.append(Problem((origin,), WRONG_TYPE, f"is called {document['metadata']['name']}", _FILLED_IN))
        return []
    found = _checked(document, origin, problems)
    return [Item(_without_values(document), origin)] if found else []


def _named(document: Manifest) -> Manifest:
    """With the stem of its name, where each one that is made gets a name of its own."""
    meta = mapping(document.get("metadata"))
    stem = meta.get("generateName")
    if "name" in meta or not isinstance(stem, str) or not stem.strip("-."):
        return document
    return {**document, "metadata": {**meta, "name": stem.rstrip("-.")}}


def _checked(document: Manifest, origin: str, problems: list[Problem]) -> bool:
    """Whether it is of the types that the rest relies on, and what runs has a pod with a container in it."""
    at = f"{origin}: {document['kind'].lower()} {document['metadata']['name']}"
    bad = bounds.problems(document, (at,)) or [*_of_pod(document, at)] or shape.problems(document, at)
    problems += bad
    return not bad


def _of_pod(document: Manifest, at: str) -> Iterator[Problem]:
    if document["kind"] not in ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"):
        return
    step, path = document, ""
    for key in ("spec", *(("jobTemplate", "spec") if document["kind"] == "CronJob" else ()), "template", "spec"):
        path = f"{path}.{key}".lstrip(".")
        if not isinstance(step.get(key), Mapping):
            what = "is missing" if step.get(key) is None else "is no map"
            yield Problem((at, path), MISSING if step.get(key) is None else WRONG_TYPE, what)
            return
        step = step[key]
    containers = step.get("containers")
    if not isinstance(containers, list) or not maps(containers) or len(maps(containers)) != len(containers):
        yield Problem((at, f"{path}.containers"), MISSING, "has no container", "name at least one")
        return
    before = step.get("initContainers")
    yield from _of_containers(containers, (at, f"{path}.containers"))
    yield from _of_containers(before if isinstance(before, list) else [], (at, f"{path}.initContainers"))


def _of_containers(containers: list[Any], at: tuple[str, str]) -> Iterator[Problem]:
    for i, each in enumerate(containers):
        if not isinstance(each, Mapping):
            yield Problem((*at, i), WRONG_TYPE, "is no map")
            continue
        for key in ("name", "image"):
            if not isinstance(each.get(key), str):
                yield Problem((*at, i, key), MISSING, "is missing or no text")
            elif _GAP in each[key]:
                yield Problem((*at, i, key), WRONG_TYPE, f"is {each[key]}", _FILLED_IN)


def _without_values(document: Manifest) -> Manifest:
    """A Secret with the names of its keys alone."""
    if document["kind"] != "Secret":
        return document
    parts = {key: dict.fromkeys(mapping(document[key]), "") for key in _DATA if key in document}
    notes = {k: v for k, v in mapping(document["metadata"]).items() if k != "annotations"}  # kubectl's copy is there
    return {**{k: v for k, v in document.items() if k not in _DATA}, **parts, "metadata": notes}
