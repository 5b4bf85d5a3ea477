"""One thing that runs, while it is being described: its manifest, its pod, and its place in the stack file."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from flyball import wellknown
from flyball.deploy.adopt.found import Found, Item, Manifest, mapping, maps
from flyball.deploy.adopt.notes import Notes, Place
from flyball.guards.workload.init_containers import LOGROTATE, PROXY

_POWER, _THOUSANDTHS = re.compile(r"[0-9]+(?:\.[0-9]*)?[eE]\+?[0-9]{1,2}"), re.compile(r"[0-9]+(?:\.[0-9]*)?m")


@dataclass(frozen=True, slots=True)
class Work:
    """`name` is that in the stack file, `section` services or jobs there; `text` are variables whose values are known,
    those too that do not enter the stack file."""

    item: Item
    found: Found
    notes: Notes
    name: str
    section: str
    pod_path: str
    template: Manifest
    container: Manifest
    index: int
    text: dict[str, str] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    """Variables that flyball sets by itself."""
    kept: set[str] = field(default_factory=set)
    """Volumes that are described as its data."""
    parts: list["Work"] = field(default_factory=list, repr=False, compare=False)
    """Further containers of the pod, those that flyball puts there left out."""
    parent: "Work | None" = field(default=None, repr=False, compare=False)
    """For a further container, that of the application."""
    at: str = ""
    within: Place = ()
    """For a further container, where it stands in the manifest, and below the service in the stack file."""
    mounts: dict[str, str] = field(default_factory=dict)
    """Folders of the application that a further container shares, and where."""

    @property
    def pod(self) -> Manifest:
        return mapping(self.template.get("spec"))

    @property
    def path(self) -> str:
        """Where the container stands in the manifest."""
        return self.at or f"{self.pod_path}.containers[{self.index}]"

    @property
    def secrets(self) -> str:
        """The Secret that is to be made for what looks like one."""
        return "-".join((self.name, *self.within[1:], "secrets"))

    def say(self, text: str, *place: str) -> None:
        self.notes.say((self.section, self.name, *self.within, *place), text)

    def lose(self, path: str, loses: str) -> None:
        self.notes.lose(self.item, path, loses)

    def rest(self, values: Manifest, known: Collection[str], path: str, words: Mapping[str, str]) -> None:
        self.notes.rest(self.item, values, known, path, **words)


def pod_of(item: Item) -> tuple[str, Manifest]:
    """Where the pod's template stands, and the template."""
    within = "spec.jobTemplate.spec" if item.kind == "CronJob" else "spec"
    return f"{within}.template.spec", item.template


def labels_of(template: Manifest) -> Mapping[str, Any]:
    return mapping(mapping(template.get("metadata")).get("labels"))


def is_made(item: Item, container: Manifest) -> bool:
    """Whether it is what flyball puts beside an application."""
    return item.is_ours and container.get("name") in (PROXY, LOGROTATE)


def services_of(found: Found, template: Manifest) -> list[Item]:
    """The Services that select the pods, by name."""
    return found.services(labels_of(template))


def ports_of(service: Item) -> Iterator[Manifest]:
    """The ports of a Service; without a name or a protocol they have those of the API's defaults."""
    for port in maps(service.spec.get("ports")):
        yield {"name": "", "protocol": "TCP", **port}


def target(port: Manifest, containers: list[Manifest]) -> tuple[int | None, int]:
    """The port of the pods behind a port of a Service, and the container that has it, the first where none says so."""
    wanted = port.get("targetPort") or port.get("port")
    for i, container in enumerate(containers):
        for each in maps(container.get("ports")):
            if wanted in (each.get("containerPort"), each.get("name")):
                return each.get("containerPort"), i
    return (wanted if isinstance(wanted, int) else None), 0


def amount(value: object) -> str:
    """Bytes as a stack file writes them, which knows neither powers of ten nor thousandths."""
    text = str(value)
    if _POWER.fullmatch(text):
        return str(ceil(float(text)))
    return str(ceil(float(text[:-1]) / 1000)) if _THOUSANDTHS.fullmatch(text) else text


def is_cache(item: Item) -> bool:
    """Whether it is a cache of flyball's, which is no service."""
    if item.kind != "StatefulSet" or not item.is_ours:
        return False
    containers = maps(mapping(item.template.get("spec")).get("containers"))
    return all(each.get("name") != item.name for each in containers)


def is_part_of_spot(item: Item) -> bool:
    """Whether it is the part of a workload of flyball's that runs on spot machines."""
    return (
        item.is_ours
        and mapping(mapping(item.spec.get("selector")).get("matchLabels")).get(wellknown.PART_LABEL) == "spot"
    )
