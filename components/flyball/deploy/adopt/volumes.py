"""Volumes of a pod: folders that may be written, files that are only read, and what a replica cannot have."""

import re
from collections.abc import Iterator
from typing import Any

from flyball.deploy.adopt.found import Manifest, mapping, maps
from flyball.deploy.adopt.notes import looks_secret
from flyball.deploy.adopt.work import Work, amount
from flyball.guards.workload.files import VOLUME
from flyball.guards.workload.init_containers import PROXY
from flyball.guards.workload.spec import ROTATION_VOLUME

_MODE = 0o444
"""Of files that are only read, where nothing is said."""
_OCTAL = re.compile(r"0[0-7]{1,4}")
_MOST = 64 * 1024
"""Letters of a ConfigMap that enter the stack file; a larger one is named."""
_OF_OTHERS = "is for its other containers, and is mounted here out of the way"
_DATA = "what is kept is for the application alone; it is of the group of its user, and needs no other owner"
_WRITTEN = "a scratch folder may be written by whoever has it mounted"
_HELD = {
    "persistentVolumeClaim": "what is kept in it is not there for a replica, which keeps nothing",
    "hostPath": "a folder of the node: pods here have none of it",
    "downwardAPI": "what it tells is not told to the application",
    "csi": "nothing in a stack file mounts it",
    "serviceAccountToken": "a token for others is not made",
    "nfs": "nothing in a stack file mounts it",
    "ephemeral": "it would be a scratch folder on the node's own disk",
}


def describe(work: Work) -> dict[str, Any]:
    """`scratch` and `files`."""
    scratch: dict[str, dict[str, str]] = {}
    files: dict[str, dict[str, Any]] = {}
    for i, volume in enumerate(maps(work.pod.get("volumes"))):
        at = f"{work.pod_path}.volumes[{i}]"
        name = str(volume.get("name"))
        if name in work.kept:
            continue
        own = _mounts(work, name)
        theirs = [(part, path, mount) for part in work.parts for path, mount in _mounts(part, name)]
        if not own and not theirs:
            if not (work.item.is_ours and name in (PROXY, ROTATION_VOLUME)):
                work.lose(at, f"the volume {name} is not mounted by the application itself")
            continue
        if "emptyDir" in volume:
            _scratch(work, name, mapping(volume["emptyDir"]), own or [_aside(work, name, theirs)], at, scratch)
            _share(theirs, name, files=False)
            if not own:
                work.say(_OF_OTHERS, "scratch", name)
        elif "configMap" in volume or "secret" in volume or "projected" in volume:
            _other_sources(work, volume, at)
            before = {*files}
            for source, path, mount in _placed(work, _sources(volume), own):
                _files(work, _called(work, name), source, mount, (at, path), files)
            _share(theirs, _whole(work, volume, theirs, at, before, files), files=True)
        else:
            kind = next((key for key in volume if key != "name"), "?")
            work.lose(f"{at}.{kind}", _HELD.get(kind, "nothing in a stack file mounts it"))
    _of_its_data(work)
    return {**_folders(work, scratch), **({"files": files} if files else {})}


def _mounts(work: Work, volume: str) -> list[tuple[str, Manifest]]:
    """Where a container has a volume mounted, with the place of that in the manifest."""
    given = enumerate(maps(work.container.get("volumeMounts")))
    return [(f"{work.path}.volumeMounts[{i}]", each) for i, each in given if each.get("name") == volume]


def _aside(work: Work, name: str, theirs: list[tuple[Work, str, Manifest]]) -> tuple[str, Manifest]:
    """A folder of the application for what its other containers share and it did not have, where nothing else is."""
    taken = {each.get("mountPath") for each in maps(work.container.get("volumeMounts"))}
    paths = (f"/mnt/{name}", *(f"/mnt/{name}-{i}" for i in range(2, 1000)))
    return theirs[0][1], {"mountPath": next(path for path in paths if path not in taken)}


def _whole(
    work: Work,
    volume: Manifest,
    theirs: list[tuple[Work, str, Manifest]],
    at: str,
    before: set[str],
    files: dict[str, dict[str, Any]],
) -> str | None:
    """The entry of `files`, other than those `before`, that holds what a volume does, and is made where further
    containers need one; None where no entry can: of several sources, or of chosen files, but of one under its name."""
    sources, name = _sources(volume), str(volume["name"])
    chosen = [(each.get("key"), each.get("path")) for source in sources for each in maps(source["items"])]
    if len(sources) != 1 or len(chosen) > 1 or any(key != path for key, path in chosen):
        return None
    wanted = chosen[0][0] if chosen else None
    found = next((key for key, each in files.items() if key not in before and each.get("key") == wanted), None)
    if found is None and any(not mount.get("subPath") for _, _, mount in theirs):
        path, mount = _aside(work, name, theirs)
        known = {*files}
        _files(work, _called(work, name), sources[0], mount, (at, path), files)
        found = next(key for key in files if key not in known)
        work.say(_OF_OTHERS, "files", found)
    return found


def _share(theirs: list[tuple[Work, str, Manifest]], folder: str | None, *, files: bool) -> None:
    """A folder of the application as further containers have it mounted; None where it has none like it."""
    for part, path, mount in theirs:
        one = mount.get("subPath") or mount.get("subPathExpr")
        if folder is None or (one and files):
            part.lose(path, "the files of one ConfigMap or Secret are shared together, under the names that they have")
            continue
        if one:
            part.lose(f"{path}.{'subPath' if mount.get('subPath') else 'subPathExpr'}", "a folder is mounted whole")
        if mount.get("readOnly") and not files:
            part.lose(f"{path}.readOnly", _WRITTEN)
        if folder in part.mounts:
            part.lose(path, "a second place of one folder")
        part.mounts.setdefault(folder, str(mount.get("mountPath")))


def _of_its_data(work: Work) -> None:
    """Say which further containers have what the application keeps mounted."""
    claims = [mapping(each.get("metadata")).get("name") for each in maps(work.item.spec.get("volumeClaimTemplates"))]
    for part in work.parts:
        for i, each in enumerate(maps(part.container.get("volumeMounts"))):
            if each.get("name") in {*claims, *work.kept}:
                part.lose(f"{part.path}.volumeMounts[{i}]", _DATA)


def _called(work: Work, volume: str) -> str:
    """The name of files by that of their volume."""
    return volume.removeprefix(VOLUME.format("")) if work.item.is_ours else volume


def _folders(work: Work, scratch: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The folders that may be written, where they are not those that everybody has."""
    if scratch == {"tmp": {"path": "/tmp", "size": "64Mi"}}:
        return {}
    if work.item.is_ours or not scratch:
        return {"scratch": scratch} if work.item.is_ours else {}
    if not any(each["path"] == "/tmp" for each in scratch.values()):
        scratch = {**scratch, "tmp": {"path": "/tmp"}}
    return {"scratch": scratch}


def _scratch(
    work: Work, name: str, volume: Manifest, own: list[tuple[str, Manifest]], at: str, found: dict[str, dict[str, str]]
) -> None:
    size = volume.get("sizeLimit")
    for i, (path, mount) in enumerate(own):
        if mount.get("subPathExpr"):
            work.lose(f"{path}.subPathExpr", "a folder is mounted whole")
        if mount.get("readOnly"):
            work.lose(f"{path}.readOnly", _WRITTEN)
        if i or mount.get("subPath"):
            why = "a second place of one folder" if i else "a folder is mounted whole"
            work.lose(f"{path}.subPath" if mount.get("subPath") else path, why)
        if i == 0:
            found[name] = {"path": str(mount.get("mountPath")), **({"size": amount(size)} if size else {})}
    if not size:
        work.say("had no limit; a full one ends the pod, so see how much it holds", "scratch", name)
    if volume.get("medium"):
        work.lose(f"{at}.emptyDir.medium", "it would be on the node's disk, not in memory")


def _other_sources(work: Work, volume: Manifest, at: str) -> None:
    """Say what of a volume is not there for the application, or is there for it in another way."""
    given = mapping(volume.get("projected"))
    sources = [(f"{at}.projected.sources[{i}]", each) for i, each in enumerate(maps(given.get("sources")))]
    for path, source in sources or [(at, volume)]:
        for key, value in source.items():
            inner = mapping(value)
            if key not in ("name", "projected", "configMap", "secret"):
                work.lose(f"{path}.{key}", _HELD.get(key, "nothing in a stack file mounts it"))
            if inner.get("optional"):
                work.lose(f"{path}.{key}.optional", "no pod starts without it here")
            if any("mode" in each for each in maps(inner.get("items"))):
                work.lose(f"{path}.{key}.items", "the files of a volume have one mode")


def _sources(volume: Manifest) -> list[dict[str, Any]]:
    """ConfigMaps and Secrets of a volume, in one form."""
    given = volume.get("projected")
    mode = mapping(given).get("defaultMode") if given else None
    found: list[dict[str, Any]] = []
    for each in maps(mapping(given).get("sources")) if given else [volume]:
        for kind in ("configMap", "secret"):
            source = mapping(each.get(kind))
            name = source.get("name") or source.get("secretName")
            if name:
                found.append(
                    {
                        "kind": kind,
                        "name": str(name),
                        "items": source.get("items"),
                        "mode": source.get("defaultMode", mode),
                    }
                )
    return found


def _placed(
    work: Work, sources: list[dict[str, Any]], own: list[tuple[str, Manifest]]
) -> Iterator[tuple[dict[str, Any], str, Manifest]]:
    """Each source where it is mounted; of a single file that one which has it."""
    for source in sources:
        for path, mount in own:
            if mount.get("subPathExpr"):
                work.lose(f"{path}.subPathExpr", "all files are there, under the path that is mounted")
            if not mount.get("subPath") or source is _holding(work, sources, str(mount["subPath"])):
                yield source, path, mount


def _holding(work: Work, sources: list[dict[str, Any]], path: str) -> dict[str, Any]:
    """That of several sources which has a file at a path; the first where none is known to."""

    def holds(source: dict[str, Any]) -> bool:
        if chosen := maps(source["items"]):
            return any(each.get("path") == path for each in chosen)
        there = work.found.get("ConfigMap", source["name"]) if source["kind"] == "configMap" else None
        return path in mapping(there.manifest.get("data")) if there else source["kind"] == "secret"

    return next((each for each in sources if holds(each)), sources[0])


def _files(
    work: Work,
    name: str,
    source: dict[str, Any],
    mount: Manifest,
    at: tuple[str, str],
    found: dict[str, dict[str, Any]],
) -> None:
    """One entry of `files` for the whole, or one for each file where these are chosen or called otherwise."""
    folder, sub = str(mount.get("mountPath")), mount.get("subPath")
    chosen = [(str(each.get("key")), str(each.get("path"))) for each in maps(source["items"])]
    if sub:
        key = next((key for key, path in chosen if path == sub), str(sub))
        entries = [(key, folder)]
    elif chosen:
        entries = [(key, f"{folder.rstrip('/')}/{path}") for key, path in chosen]
    else:
        entries = [(None, folder)]
    rights = _rights(source["mode"])
    for key, path in entries:
        if any(each["path"] == path for each in found.values()):
            work.lose(
                at[0], f"what the {source['kind']} {source['name']} puts into {path} is not there: it has one source"
            )
            continue
        entry = {"path": path, **({"key": key} if key else {}), **rights, **_content(work, source, key, at)}
        found[_free(name if len(entries) == 1 else f"{name}-{key}", found)] = entry


def _rights(mode: object) -> dict[str, str]:
    """Those of files that are only read; nothing for the usual ones. 0400 is a text, of which Kubernetes' own reader of
    YAML makes the number that it is in octal digits."""
    if isinstance(mode, str) and _OCTAL.fullmatch(mode):
        mode = int(mode, 8)
    read = mode & 0o555 if isinstance(mode, int) else 0
    return {"mode": f"{read:04o}"} if read not in (0, _MODE) else {}


def _content(work: Work, source: dict[str, Any], key: str | None, at: tuple[str, str]) -> dict[str, Any]:
    """The text of a ConfigMap that was found, so that a change of it is a rollout; else the name of what exists."""
    if source["kind"] == "secret":
        return {"secret": source["name"]}
    there = work.found.get("ConfigMap", source["name"])
    data = {k: v for k, v in mapping(there.manifest.get("data")).items() if isinstance(v, str)} if there else {}
    texts = {k: v for k, v in data.items() if key is None or k == key}
    if not texts or (there and there.manifest.get("binaryData")):
        return {"configmap": source["name"]}
    if sum(map(len, texts.values())) > _MOST or any(looks_secret(k, v) for k, v in texts.items()):
        work.lose(
            at[0], f"the ConfigMap {source['name']} stays as it is: it is too large, or holds what looks like a secret"
        )
        return {"configmap": source["name"]}
    return {"content": texts}


def _free(name: str, found: dict[str, Any]) -> str:
    """A name for an entry that no other has."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:36] or "files"
    word = word if word[0].isalpha() else f"f-{word}"
    return next(each for each in (word, *(f"{word}-{i}" for i in range(2, 1000))) if each not in found)
