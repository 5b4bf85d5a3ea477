"""What a cluster holds of objects, and who holds which of their fields: asked for kind by kind, several at one time."""

import json
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from flyball.deploy.at_creation import Key
from flyball.deploy.manifests import Object
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubectl_get import plural

AT_ONE_TIME = 4
"""Kinds."""
Live = dict[Key, Mapping[str, Any]]


@dataclass(frozen=True, order=True, slots=True)
class _Question:
    """Which objects of a kind: those in a namespace, or everywhere; with a selector those with such labels."""

    api: str
    kind: str
    namespace: str = ""
    selector: str = ""


def of(kubectl: Kubectl, objects: Iterable[Object]) -> Live:
    """Those of `objects` that are there: one request for each kind and namespace, not one for each object."""
    objects = list(objects)
    keys = {o.key for o in objects}
    found = _answers(kubectl, {_Question(o.manifest["apiVersion"], o.kind, o.namespace) for o in objects})
    return {key: item for key, item in found.items() if key in keys}


def labelled(kubectl: Kubectl, selector: str, kinds: Collection[str], objects: Iterable[Object]) -> Live:
    """All of `kinds` (`Deployment.apps`) with such labels, wherever it is; in the API version that `objects` have."""
    known = {kind_and_group(o): _Question(o.manifest["apiVersion"], o.kind, selector=selector) for o in objects}
    found = _answers(kubectl, {known[kind] for kind in kinds if kind in known})
    others = sorted({*kinds} - known.keys())
    return found | _keyed(_by_kubectl(kubectl, others, "", selector)) if others else found


def kind_and_group(o: Object) -> str:
    """The kind as kubectl takes it and as an ApplySet notes it."""
    return f"{o.kind}.{o.key[0]}" if o.key[0] else o.kind


def _answers(kubectl: Kubectl, questions: Iterable[_Question]) -> Live:
    with ThreadPoolExecutor(AT_ONE_TIME) as several:
        answers = several.map(lambda question: _answer(kubectl, question), sorted(questions))
        return _keyed(item for items in answers for item in items)


def _answer(kubectl: Kubectl, question: _Question) -> list[dict[str, Any]]:
    try:
        return kubectl.listed(plural(question.kind), question.namespace, question.selector, api=question.api)
    except KubectlError as error:
        if "NotFound" not in str(error):
            raise
    # Called otherwise, or not served in this version: kubectl knows, and says so where there is no such kind.
    kind = f"{question.kind}.{question.api.partition('/')[0]}" if "/" in question.api else question.kind
    return _by_kubectl(kubectl, [kind], question.namespace, question.selector)


def _by_kubectl(kubectl: Kubectl, kinds: Collection[str], namespace: str, selector: str) -> list[dict[str, Any]]:
    where = [f"--namespace={namespace}"] if namespace else ["--all-namespaces"]
    which = [f"--selector={selector}"] if selector else []
    command = ("get", ",".join(kinds), *where, *which, "--show-managed-fields", "--ignore-not-found", "--output=json")
    text = kubectl.run(*command, timeout=120)
    return json.loads(text)["items"] if text.strip() else []


def _keyed(items: Iterable[Mapping[str, Any]]) -> Live:
    return {Object(item, ()).key: item for item in items}
