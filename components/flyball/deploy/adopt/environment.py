"""Variables of a container: plain ones, those from ConfigMaps that were found too, and Secrets by their names alone."""

import re
from typing import Any

from flyball.deploy.adopt.found import Item, Manifest, mapping, maps
from flyball.deploy.adopt.notes import looks_secret
from flyball.deploy.adopt.work import Work, labels_of

_FIELDS = {"metadata.name": "the pod's own name", "spec.nodeName": "the node's name"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Others the kubelet leaves out, and notes an event."""
_NAMED = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_REFERENCE = "secretKeyRef"
_NEEDED = "no pod starts without it here"


def describe(work: Work) -> dict[str, Any]:
    """`env`, `refs` and `variables`."""
    env: dict[str, str] = {}
    refs: dict[str, dict[str, str]] = {}
    whole = _whole(work, env)
    for i, each in enumerate(maps(work.container.get("env"))):
        name = each.get("name")
        if not isinstance(name, str) or name in work.given:
            continue
        source = mapping(each.get("valueFrom"))
        env.pop(name, None)
        refs.pop(name, None)
        if not source:
            value = each.get("value")
            env[name] = "" if value is None else str(value)
        elif _REFERENCE in source:
            refs[name] = _ref(work, mapping(source[_REFERENCE]), f"{work.path}.env[{i}].valueFrom.{_REFERENCE}")
        else:
            value = _known(work, name, source, f"{work.path}.env[{i}].valueFrom")
            if value is not None:
                env[name] = value
    if not whole:
        env = {name: _literal(value, {*env, *refs, *work.given}) for name, value in env.items()}
    for name in [name for name in env if not _NAME.fullmatch(name)]:
        del env[name]
        work.lose(f"{work.path}.env ({name})", "is no name that every shell takes for a variable, and is left out")
    work.text.update(env)
    hidden = sorted(name for name, value in env.items() if looks_secret(name, value))
    for name in hidden:
        del env[name]
        refs[name] = {"name": work.secrets, "key": name}
    if hidden:
        made = f"kubectl create secret generic {work.secrets}"
        literals = " ".join(f"--from-literal={name}=…" for name in hidden)
        work.say(f"a question: what looks like a secret is not here, and has to be in one: {made} {literals}", "refs")
        what = f"what looks like a secret stays out, and has to be in the Secret {work.secrets}"
        work.lose(f"{work.path}.env ({', '.join(hidden)})", what)
    return {
        **({"env": dict(sorted(env.items()))} if env else {}),
        **({"refs": dict(sorted(refs.items()))} if refs else {}),
        **({"variables": whole} if whole else {}),
    }


def _ref(work: Work, ref: Manifest, path: str) -> dict[str, str]:
    if ref.get("optional"):
        work.lose(f"{path}.optional", _NEEDED)
    return {"name": str(ref.get("name")), "key": str(ref.get("key"))}


def _literal(value: str, known: set[str]) -> str:
    """A reference to no variable stays as it is written, which is said by another sign."""
    return _NAMED.sub(lambda match: match[0] if match[1] in known else f"${match[0]}", value)


def all_of(config: Item, prefix: str) -> dict[str, str]:
    """The variables that a ConfigMap brings as a whole."""
    values = mapping(config.manifest.get("data")).items()
    return {f"{prefix}{k}": str(v) for k, v in values if _NAME.fullmatch(f"{prefix}{k}")}


def _known(work: Work, name: str, source: Manifest, path: str) -> str | None:
    """A value that is the same in all pods; None, and said, where it is not."""
    if "configMapKeyRef" in source:
        ref = mapping(source["configMapKeyRef"])
        there = work.found.get("ConfigMap", ref.get("name"))
        value = mapping(there.manifest.get("data")).get(str(ref.get("key"))) if there else None
        if value is None:
            left = ", and is optional: it is left out" if ref.get("optional") else ", so its value is not known"
            what = (
                f"the ConfigMap {ref.get('name')} was not found with the rest"
                if there is None
                else (f"{there} has no {ref.get('key')}")
            )
            work.lose(f"{path}.configMapKeyRef", what + left)
        return None if value is None else str(value)
    if "fieldRef" in source:
        field = str(mapping(source["fieldRef"]).get("fieldPath"))
        if field == "metadata.namespace" and work.found.namespace:
            return work.found.namespace
        key = field.removeprefix("metadata.labels['").removesuffix("']")
        if key != field and key in labels_of(work.template):
            return str(labels_of(work.template)[key])
        work.lose(f"{path}.fieldRef", f"{_FIELDS.get(field, field)} is not told to the application, as {name}")
        return None
    work.lose(path, f"is not told to the application, as {name}")
    return None


def _whole(work: Work, env: dict[str, str]) -> list[dict[str, str]]:
    """What `envFrom` brings: of ConfigMaps that were found their values, so that a change of them is a rollout."""
    whole: list[dict[str, str]] = []
    for i, each in enumerate(maps(work.container.get("envFrom"))):
        prefix = str(each.get("prefix") or "")
        for key, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
            ref = mapping(each.get(key))
            if not ref.get("name"):
                continue
            there = work.found.get("ConfigMap", ref["name"]) if kind == "configmap" else None
            at = f"{work.path}.envFrom[{i}].{key}"
            if there:
                env.update(values := all_of(there, prefix))
                if unnamed := sorted({f"{prefix}{k}" for k in mapping(there.manifest.get("data"))} - values.keys()):
                    work.lose(at, f"{', '.join(unnamed)} of {there} is no name of a variable")
            elif ref.get("optional") and kind == "configmap":
                work.lose(
                    at, f"the ConfigMap {ref['name']} was not found with the rest, and is optional: it is left out"
                )
            else:
                if ref.get("optional"):
                    work.lose(f"{at}.optional", _NEEDED)
                whole.append({kind: str(ref["name"]), **({"prefix": prefix} if prefix else {})})
    return whole
