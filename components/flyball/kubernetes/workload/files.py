"""Files in the pods of a workload: volumes of ConfigMaps and Secrets, and those that are made for them.

What is made is never changed: with other files it is another object, which the pods of the new revision name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from flyball import wellknown
from flyball.guards.workload import files
from flyball.guards.workload.application import Placed
from flyball.guards.workload.files import Files, Variables
from flyball.kubernetes.objects import Manifest, content_hash, metadata
from flyball.kubernetes.workload.environment import digest_of


@dataclass(frozen=True, slots=True)
class Mounted:
    """Files of a pod: the volume, where it is mounted, and the object to be made, None for one that exists."""

    name: str
    volume: Manifest
    mount: Manifest
    secret: bool
    manifest: Manifest | None


def mounted(s: Placed) -> tuple[Mounted, ...]:
    """All files of a workload, in order."""
    given: Mapping[str, Any] = s.given.get("files", {})
    return tuple(_mounted(s, name, each, given[name]) for name, each in sorted(s.spec.files.items()))


def _mounted(s: Placed, name: str, spec: Files, given: Mapping[str, Any]) -> Mounted:
    secret = spec.origin in (files.SECRET, files.SECRETS)
    manifest = _object(s, name, spec, given[spec.origin]) if spec.existing is None else None
    object_name = manifest["metadata"]["name"] if manifest else spec.existing
    volume = files.VOLUME.format(name)
    # Only the file that is asked for: what else there is stays out of the pod.
    items = {"items": [{"key": spec.key, "path": spec.key}]} if spec.key else {}
    source = {"defaultMode": spec.mode, **items}
    held = (
        {"secret": {"secretName": object_name, **source}} if secret else {"configMap": {"name": object_name, **source}}
    )
    one = {"subPath": spec.key} if spec.key else {}
    return Mounted(
        name=name,
        volume={"name": volume, **held},
        mount={"name": volume, "mountPath": spec.path, **one, "readOnly": True},
        secret=secret,
        manifest=manifest,
    )


def _object(s: Placed, name: str, spec: Files, content: Mapping[str, Any]) -> Manifest:
    begin = f"{s.name}-{files.VOLUME.format(name)}"
    notes = {wellknown.FILES_ANNOTATION: name}
    if spec.origin == files.SECRETS:
        place = f"{s.place.environment}/{s.spec.namespace}/{s.name}/{name}"
        named: Any = digest_of(place, content).apply(lambda digest: f"{begin}-{digest}")
        hidden = {key: pulumi.Output.secret(text) for key, text in content.items()}
        kept: Manifest = {"stringData": hidden, "type": "Opaque"}
    else:
        plain = all(isinstance(text, str) for text in content.values())
        named = f"{begin}-{_digest(content)}" if plain else _later(begin, content)
        kept = {"data": dict(content)}
    return {"metadata": {**metadata(s, annotations=notes), "name": named}, **kept, "immutable": True}


def _later(begin: str, content: Mapping[str, Any]) -> pulumi.Output[str]:
    """The name where a text is only known while Pulumi runs."""
    return pulumi.Output.all(**content).apply(lambda known: f"{begin}-{_digest(known)}")


def _digest(content: Mapping[str, str]) -> str:
    return content_hash(json.dumps(dict(content), sort_keys=True))


def env_from(variables: tuple[Variables, ...]) -> list[Manifest]:
    """What brings many variables at once."""
    return [
        {
            **({"prefix": each.prefix} if each.prefix else {}),
            "secretRef" if each.secret else "configMapRef": {"name": each.name},
        }
        for each in variables
    ]
