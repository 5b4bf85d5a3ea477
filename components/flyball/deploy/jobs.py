"""Jobs without a schedule, which run once: a Job that ended is removed after its time, and must not run again for it.

A Job's name tells what it does, so the names of those that were made are enough to know. They are kept with the stack,
as the engine keeps them in its state.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flyball.deploy import migrations
from flyball.deploy.at_creation import MANAGER
from flyball.deploy.job_status import COMPLETE, FAILED, ended, why
from flyball.deploy.manifests import Object
from flyball.deploy.others import PART_OF
from flyball.deploy.owned import held
from flyball.kubectl import Kubectl

MADE = "flyball.dev/jobs"
"""Annotation of a stack: its Jobs that were made."""


def is_job(o: Object) -> bool:
    """Whether it runs once. A CronJob makes its Jobs by itself."""
    return o.kind == "Job"


def name(o: Object) -> str:
    return f"{o.namespace}/{o.name}"


def note_of(stack: Mapping[str, Any]) -> str:
    """What is noted with a stack, which is empty where there is none yet."""
    return stack.get("metadata", {}).get("annotations", {}).get(MADE, "")


def to_apply(objects: Iterable[Object], note: str, live: Mapping[Any, Mapping[str, Any]]) -> list[Object]:
    """All but the Jobs that were made by the note, and are there no more; those that are there, as they were made.

    A Job cannot be changed: what its pods would be today is for the next one.
    """
    made = note.split()
    found: list[Object] = []
    for o in objects:
        if not is_job(o):
            found.append(o)
        elif there := live.get(o.key):
            found.append(_as_made(o, there))
        elif migrations.is_one(o) or name(o) not in made:
            found.append(Object(o.manifest, ()))
    return found


def _as_made(o: Object, there: Mapping[str, Any]) -> Object:
    was = held(there, MANAGER)
    if was is None:
        return o
    labels = {key: value for key, value in was["metadata"].get("labels", {}).items() if key != PART_OF}
    meta = {**was["metadata"], "labels": labels, "name": o.name, "namespace": o.namespace}
    return Object({"apiVersion": o.manifest["apiVersion"], "kind": o.kind, **was, "metadata": meta}, ())


def bound(manifest: Mapping[str, Any], there: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A Job that is there, so that the apply is refused, and makes no second one, where it has just gone."""
    if manifest["kind"] != "Job" or there is None:
        return manifest
    return {**manifest, "metadata": {**manifest["metadata"], "uid": there["metadata"]["uid"]}}


def superseded(left: Iterable[Object]) -> list[Object]:
    """Of the members that go the Jobs: they end before anything that takes their place begins. A migration has ended,
    and stays until that of the next release has succeeded."""
    return [o for o in left if is_job(o) and not migrations.is_one(o)]


def remove(kubectl: Kubectl, gone: Iterable[Object]) -> None:
    """Delete Jobs, and wait until their pods have gone."""
    for o in gone:
        place = (o.name, f"--namespace={o.namespace}", "--ignore-not-found", "--cascade=foreground")
        kubectl.run("delete", "job", *place, timeout=600)


def note(objects: Iterable[Object]) -> str:
    """What says of all Jobs that they were made, each as namespace/name; empty where there is none. Migrations stay,
    and say so themselves.

    One that went is no longer among them, and runs again should it come back while there are others.
    """
    return " ".join(sorted(name(o) for o in objects if is_job(o) and not migrations.is_one(o)))


def said(kubectl: Kubectl, objects: Iterable[Object]) -> Iterator[str]:
    """How far each Job is, in words: a migration that failed is not seen by the services that stand."""
    once = [o for o in objects if is_job(o)]
    found: dict[str, Mapping[str, Any]] = {}
    for namespace in sorted({o.namespace for o in once}):
        for item in kubectl.listed("jobs", namespace, api="batch/v1"):
            found[f"{namespace}/{item['metadata']['name']}"] = item
    yield from (f"job {o.name} {state(found.get(name(o)))}" for o in once)


def state(job: Mapping[str, Any] | None) -> str:
    """How far a Job is; None for one that is not there."""
    if job is None:
        return "has run before, and nothing is kept of it any more"
    how = ended(job)
    if how == FAILED:
        return f"failed: {why(job)}"
    return "has run" if how == COMPLETE else "is under way"
