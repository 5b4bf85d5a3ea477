"""What keeps data or must not run twice: StatefulSets, and Deployments of one pod with a volume of their own."""

from typing import Any

from flyball.deploy.adopt.found import Manifest, mapping, maps
from flyball.deploy.adopt.work import Work, amount

_SIZE = "1Gi"
_KEY = "data"
_ALONE = "ReadWriteOnce"


def describe(work: Work) -> dict[str, Any]:
    """`replicas`, `quorum` and `data`; nothing for replicas that are alike."""
    count = work.item.spec.get("replicas", 1)
    if work.item.kind == "StatefulSet":
        data = _of_templates(work)
        if count == 0:
            work.lose("spec.replicas", "none of it runs; here there is one")
            return {"replicas": "one", **data}
        if count == 1:
            return {"replicas": "one", **data}
        if not data:
            work.say("had pods with names of their own; here they are replicas that are alike")
            return {}
        if work.item.is_ours:
            work.given.update(("MEMBER", "MEMBERS"))
        else:
            work.say("a guess: more than half", "quorum")
            if work.item.spec.get("podManagementPolicy") != "Parallel":
                work.lose("spec.podManagementPolicy", "members begin one after the other; here all at once")
        if count == 2:
            work.lose("spec.replicas", "of two members no majority is left when one goes; here there are three")
            count = 3
        return {"quorum": f"{count // 2 + 1} of {count}", **data}
    data = _of_claims(work) if count == 1 else {}
    recreated = mapping(work.item.spec.get("strategy")).get("type") == "Recreate"
    return {"replicas": "one", **data} if data or (recreated and count == 1) else {}


def _mount(work: Work, name: object) -> tuple[str, Manifest] | None:
    """Where a volume is mounted by the application."""
    for i, each in enumerate(maps(work.container.get("volumeMounts"))):
        if each.get("name") == name:
            return f"{work.path}.volumeMounts[{i}]", each
    return None


def _of_templates(work: Work) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for i, template in enumerate(maps(work.item.spec.get("volumeClaimTemplates"))):
        at, name = f"spec.volumeClaimTemplates[{i}]", mapping(template.get("metadata")).get("name")
        mounted = _mount(work, name)
        if mounted is None or found:
            work.lose(at, f"{name} is a further volume, and a member has one here" if found else "nothing mounts it")
            continue
        found = {_KEY: _volume(work, mounted, mapping(template.get("spec")), f"{at}.spec")}
    kept = mapping(work.item.spec.get("persistentVolumeClaimRetentionPolicy"))
    if found and kept.get("whenDeleted") == "Delete":
        found[_KEY]["keep"] = False
    return found


def _of_claims(work: Work) -> dict[str, Any]:
    """A claim that a single pod names: here it gets one of its own, which begins empty."""
    for i, volume in enumerate(maps(work.pod.get("volumes"))):
        claim = mapping(volume.get("persistentVolumeClaim")).get("claimName")
        mounted = _mount(work, volume.get("name")) if claim else None
        if mounted:
            there = work.found.get("PersistentVolumeClaim", claim)
            work.kept.add(str(volume["name"]))
            at = f"{work.pod_path}.volumes[{i}].persistentVolumeClaim"
            work.lose(at, f"its data stays in {claim}; here it gets a volume of its own, so copy it over")
            return {_KEY: _volume(work, mounted, there.spec if there else {})}
    return {}


def _volume(work: Work, mounted: tuple[str, Manifest], claim: Manifest, claimed: str = "") -> dict[str, Any]:
    """`claimed` is where the claim stands in the manifest, unless it is one of its own."""
    at, mount = mounted
    size = mapping(mapping(claim.get("resources")).get("requests")).get("storage")
    if size is None:
        work.say("a guess: nothing says how large it is", _KEY)
    if claimed and claim.get("accessModes") not in (None, [_ALONE]):
        work.lose(f"{claimed}.accessModes", "a member has its volume alone, and writes to it")
    if mount.get("readOnly"):
        work.lose(f"{at}.readOnly", "what is kept may be written")
    if mount.get("subPathExpr"):
        work.lose(f"{at}.subPathExpr", "a folder within a volume has one name here, for all members")
    folder, storage = mount.get("subPath"), claim.get("storageClassName")
    return {
        "path": str(mount.get("mountPath")),
        **({"folder": str(folder)} if folder else {}),
        "size": amount(size or _SIZE),
        **({"class": storage} if storage else {}),
    }
