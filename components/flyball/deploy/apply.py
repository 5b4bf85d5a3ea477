"""Brings a program's objects into a cluster without the Pulumi CLI: kubectl applies, prunes and compares.

Everything goes through server-side apply by one field manager and belongs to one ApplySet
(https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#alternative-kubectl-apply-f-directory-prune),
so that what leaves the program is pruned and what is not ours is never touched.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flyball import wellknown
from flyball.deploy import asked, jobs, migrations, others, parts
from flyball.deploy.asked import kind_and_group
from flyball.deploy.at_creation import CREATION_MANAGER, MANAGER, Key, as_it_will_be, is_ours_alone, part, stated
from flyball.deploy.identity import Identified
from flyball.deploy.manifests import Object
from flyball.deploy.others import PART_OF, Item, Report
from flyball.deploy.owned import change, is_as_stated
from flyball.deploy.revisions import as_applied, needed
from flyball.deploy.rollout import KINDS
from flyball.guards.fail_fast.rules import BELONGS_TO_OTHERS
from flyball.guards.reading.problem import Problem, refuse
from flyball.kubectl import UNCHECKED, Kubectl, KubectlError, is_true

PARENT_GROUP, PARENT_KIND, PARENTS = "flyball.dev", "Stack", "stacks"
"""A stack's ApplySet has an object of the whole cluster as its parent: kubectl would keep one with a parent in a
namespace to that namespace, and a stack whose namespace is renamed must find what it made before."""
OF_KINDS = "applyset.kubernetes.io/contains-group-kinds"
UNREAD = 10.0
"""The longest that the server goes by limits that have just changed [s]; usually some milliseconds."""
_GONE = re.compile(r"pruning \S+ \S+: .* not found$", re.MULTILINE)
"""kubectl was about to prune what the namespace that it has just pruned took along."""
GONE_TIMES = 50
"""As often it begins anew; each time less is left."""
_REFUSAL = "denied request: flyball: "
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True, slots=True)
class Result:
    """What an apply did, as `kind/name` in order."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    pruned: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{len(self.created)} created, {len(self.changed)} changed, {len(self.unchanged)} unchanged,"
            f" {len(self.pruned)} pruned"
        )


class ApplySet:
    """The objects of one stack in one cluster; `owner` tells it from another team's stack of the same name."""

    def __init__(self, kubectl: Kubectl, stack: str, owner: str = "", report: Report = lambda line: None) -> None:
        self.kubectl = kubectl
        self.name = stack
        self.owner = owner
        self._report = report

    @property
    def label(self) -> str:
        """Value of the label that kubectl puts on every member (KEP-3659, "ApplySet ID")."""
        text = f"{self.name}..{PARENT_KIND}.{PARENT_GROUP}"
        digest = hashlib.sha256(text.encode()).digest()
        return f"applyset-{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}-v1"

    @property
    def exists(self) -> bool:
        """Whether kubectl has brought up anything of the stack, and not all of it was taken down."""
        return bool(self._parent())

    def apply(
        self,
        objects: Sequence[Object],
        first: Sequence[Object] | None = None,
        stands: Callable[[], None] | None = None,
        stages: Sequence[tuple[Sequence[Object], Callable[[], None]]] = (),
    ) -> Result:
        """Create, change and prune until the cluster holds `objects`.

        Where a Deployment or StatefulSet goes, or where something is to be applied `first`, nothing is pruned before
        all of that has been applied and `stands` has returned, which waits for it: what is new serves before what is
        old goes. Before all that come the `stages`, each the objects of one and what waits for these.
        Raises `Refused`, before anything is changed, where that would take something from others; and `KubectlError`.
        """
        every, objects = objects, self._to_apply(objects)
        if not stages and self._is_there(objects):
            self._note_jobs(every)
            return Result((), (), tuple(f"{o.kind.lower()}/{o.name}" for o in objects), ())
        before = there = self.live(objects)
        refuse(self._check(objects, before))
        self._make_parent()
        left = self._left(objects)
        jobs.remove(self.kubectl, jobs.superseded(left))
        if stages:
            self._note_kinds(objects)
        for some, waits in stages:
            jobs.remove(self.kubectl, migrations.failed(self.kubectl, some))  # to be made anew
            self._apply_first(self._to_apply(some), objects, left)
            waits()
        if stages:
            objects = self._to_apply(every)
            there = self.live(objects)
        if stands and (first is not None or any(member.kind in KINDS for member in left)):
            self._apply_first(objects if first is None else first, objects, left)
            stands()
            there = self.live(objects)
        self._keep_ignored([o for o in objects if o.key in there], there)
        self._limit(objects, there)
        for o in filter(parts.is_limits, left):
            # Of a namespace that goes: what has limits may not be deleted.
            self.kubectl.run("delete", "configmap", o.name, f"--namespace={o.namespace}", "--ignore-not-found")
        flags = (f"--applyset={PARENTS}.{PARENT_GROUP}/{self.name}", "--prune")
        left = self._let_go(left, {o.namespace for o in objects})
        inside = needed(self.kubectl, objects) if left else set()
        kept = [as_applied(member.manifest, PART_OF) for member in left if member.named in inside]
        output = self._apply(
            [*(jobs.bound(stated(o, there), there.get(o.key)) for o in objects), *kept], *flags, patience=UNREAD
        )
        self._note_jobs(every)
        after = self._settled(objects, there)
        names: dict[str, list[str]] = {"created": [], "changed": [], "unchanged": []}
        for o in objects:
            names[change(before.get(o.key), after.get(o.key), MANAGER)].append(f"{o.kind.lower()}/{o.name}")
        pruned = tuple(line.removesuffix(" pruned") for line in output.splitlines() if line.endswith(" pruned"))
        return Result(tuple(names["created"]), tuple(names["changed"]), tuple(names["unchanged"]), pruned)

    def _to_apply(self, objects: Sequence[Object]) -> Sequence[Object]:
        """All but Jobs that have run and gone, and those that are there as they are."""
        once = [o for o in objects if jobs.is_job(o)]
        return jobs.to_apply(objects, jobs.note_of(self._parent()), self.live(once)) if once else objects

    def _note_kinds(self, objects: Iterable[Object]) -> None:
        """Note with the stack of which kinds it has members. kubectl does so in the end, which may not come."""
        noted, kinds = self._kinds(), {kind_and_group(o) for o in objects}
        if not kinds <= {*noted}:
            note = f"{OF_KINDS}={','.join(sorted({*noted, *kinds}))}"
            self.kubectl.run("annotate", f"{PARENTS}.{PARENT_GROUP}", self.name, note, "--overwrite")

    def _note_jobs(self, objects: Sequence[Object]) -> None:
        """Note with the stack which Jobs were made: only once they are there, lest one never run."""
        note = jobs.note(objects)
        if note and note != jobs.note_of(self._parent()):
            self.kubectl.run("annotate", f"{PARENTS}.{PARENT_GROUP}", self.name, f"{jobs.MADE}={note}", "--overwrite")

    def _apply_first(self, first: Sequence[Object], objects: Sequence[Object], left: Sequence[Object]) -> None:
        """Apply without pruning. What goes, and what has to wait, keeps its limits meanwhile."""
        there = self.live(first)
        self._keep_ignored([o for o in first if o.key in there], there)
        keep = {o.name for o in left if o.kind in KINDS}
        keep |= {o.name for o in objects if o.key not in {each.key for each in first}}
        wider = [parts.limited(o, there.get(o.key), keep) for o in first]
        self._limit(wider, there)
        self._apply((_marked(stated(o, there), self.label) for o in wider), patience=UNREAD)
        self._settled(wider, there)
        for o in parts.superseded(left, first):
            place = (f"{kind_and_group(o)}/{o.name}", f"--namespace={o.namespace}")
            self.kubectl.run("delete", *place, "--ignore-not-found", "--wait=false")

    def _limit(self, objects: Sequence[Object], live: Mapping[Key, Any]) -> None:
        """Limits by themselves, so that nothing is made or changed without its own if these are refused."""
        if found := [o for o in objects if parts.is_limits(o)]:
            spaces = [o for o in objects if o.kind == "Namespace"]
            self._apply(_marked(stated(o, live), self.label) for o in (*spaces, *found))

    def _settled(self, objects: Sequence[Object], before: Mapping[Key, Any]) -> dict[Key, Mapping[str, Any]]:
        """Give up what is ours only at creation, of what was made; gives what is there then."""
        after = self.live(objects)
        if new := [o for o in objects if o.ignored and o.key not in before]:
            self._keep_ignored(new, after)
            self._apply(_marked(stated(o, after), self.label) for o in new)
            after |= self.live(new)
        return after

    def diff(self, objects: Sequence[Object]) -> str:
        """The server's own view of what `apply` would change, as a unified diff; empty where nothing would."""
        objects = self._to_apply(objects)
        before = self.live(objects)
        refuse(self._check(objects, before))
        spaces = {o.name for o in objects if o.kind == "Namespace" and o.key not in before}
        # The server cannot try out objects in a namespace that is still to come.
        ready = [o for o in objects if o.namespace not in spaces]
        later = [f"+ {o.kind.lower()} {o.namespace}/{o.name}" for o in objects if o.namespace in spaces]
        # kubectl asks for what is there and for what would be one after the other: of what is as stated it would show
        # what a controller wrote in between.
        marked = [
            manifest
            for o in ready
            if (manifest := _marked(as_it_will_be(o, live := before.get(o.key)), self.label))
            and not (live and is_as_stated(manifest, live, MANAGER))
        ]
        command = ("diff", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "--filename=-")
        text = self.kubectl.run(*command, stdin=_list(marked), accept=(0, 1), timeout=600) if marked else ""
        gone = [f"- {kind} {name}" for kind, name in self._orphans(objects)]
        return "\n".join(filter(None, (text.rstrip(), *later, *gone)))

    def delete(self) -> list[str]:
        """Delete every member, wherever it is, and the set itself; namespaces last, with all that is in them.

        Those stay that others have something in.
        """
        kinds = self._kinds()
        self._let_go([Object(item, ()) for item in self._members(()).values()], set())
        kinds.sort(key=lambda kind: (kind == "Namespace", kind))
        deleted: list[str] = []
        for kind in kinds:
            selector = f"--selector={PART_OF}={self.label}"
            output = self.kubectl.run("delete", kind, selector, "--all-namespaces", "--output=name", timeout=600)
            # Where there is nothing, kubectl says so in a sentence, also where names were asked for.
            deleted += [line for line in output.splitlines() if "/" in line]
        if self._parent():
            self.kubectl.run("delete", f"{PARENTS}.{PARENT_GROUP}", self.name, "--ignore-not-found")
        return deleted

    def live(self, objects: Iterable[Object]) -> dict[Key, Mapping[str, Any]]:
        """What the cluster holds of `objects`."""
        return asked.of(self.kubectl, objects)

    def _is_there(self, objects: Sequence[Object]) -> bool:
        """Whether an apply would do nothing: asked kind by kind, where the apply takes the server 15 ms an object."""
        try:
            members = self._members(objects)
        except KubectlError:
            return False  # what the apply needs, it asks for itself, and says what it may not have
        keys = {o.key for o in objects}
        left = {Identified(item).named for key, item in members.items() if key not in keys}
        if not keys <= members.keys() or (left and left - needed(self.kubectl, objects)):
            return False
        return all(is_as_stated(_marked(stated(o, members), self.label), members[o.key], MANAGER) for o in objects)

    def _check(self, objects: Iterable[Object], live: Mapping[Key, Item]) -> list[Problem]:
        """What an apply would take from others."""
        return [*self.check_owner(), *others.check(objects, live, self._is_own)]

    def check_owner(self) -> list[Problem]:
        """Refuse a stack of the same name that is another team's."""
        owner = self._parent().get("metadata", {}).get("labels", {}).get(wellknown.OWNER_LABEL, self.owner)
        if not self.owner or owner == self.owner:
            return []
        again = f"kubectl label {PARENTS}.{PARENT_GROUP} {self.name} {wellknown.OWNER_LABEL}={self.owner} --overwrite"
        message = f"the stack {self.name} of this cluster belongs to {owner}"
        hint = f"give the stack file another name; or if it is the same stack under a new owner: {again}"
        return [Problem(("owner",), BELONGS_TO_OTHERS, message, hint)]

    def _is_own(self, o: Object, there: Item) -> bool:
        return self._is_member(there) or others.alike(o.manifest, there)

    def _is_member(self, there: Item) -> bool:
        return there["metadata"].get("labels", {}).get(PART_OF) == self.label

    def _let_go(self, members: Sequence[Object], used: Container[str]) -> list[Object]:
        """The members without namespaces that this stack or others still use: those are members no more."""
        staying: list[str] = []
        for space in [each for each in members if each.kind == "Namespace"]:
            theirs = [] if space.name in used else others.within(self.kubectl, space.name, self._is_member)
            if theirs:
                self._report(others.staying(space.name, theirs))
            if theirs or space.name in used:
                self.kubectl.run("label", "namespace", space.name, f"{PART_OF}-")
                staying.append(space.name)
        return [each for each in members if each.kind != "Namespace" or each.name not in staying]

    def _make_parent(self) -> None:
        definition = _parent_definition()
        there = self.kubectl.object_at(f"{_DEFINITIONS}/{PARENTS}.{PARENT_GROUP}")
        if not (there and is_as_stated(definition, there, MANAGER) and is_true(there, "Established")):
            self._apply([definition], UNCHECKED)
            self.kubectl.established(f"crd/{PARENTS}.{PARENT_GROUP}")
        # Only if it is not there: what kubectl keeps in its annotations must survive.
        if not self._parent():
            head = {"apiVersion": f"{PARENT_GROUP}/v1", "kind": PARENT_KIND}
            notes = {"applyset.kubernetes.io/tooling": "kubectl/v1", OF_KINDS: ""}
            owner = {wellknown.OWNER_LABEL: self.owner} if self.owner else {}
            labels = {"applyset.kubernetes.io/id": self.label, **owner}
            meta = {"name": self.name, "labels": labels, "annotations": notes}
            # Of a kind that the server's OpenAPI does not have yet: kubectl would ask for all of it, to no end.
            self.kubectl.run("create", UNCHECKED, "--filename=-", stdin=json.dumps({**head, "metadata": meta}))

    def _parent(self) -> Mapping[str, Any]:
        """The set's parent, empty where there is none."""
        return self.kubectl.object_at(f"/apis/{PARENT_GROUP}/v1/{PARENTS}/{self.name}") or {}

    def _apply(self, manifests: Iterable[Mapping[str, Any]], *flags: str, patience: float = 0) -> str:
        """`patience`: how long a Governor may refuse by limits that it has not read yet [s]."""
        command = ("apply", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "--filename=-")
        text, deadline = _list(manifests), time.monotonic() + patience
        printed: list[str] = []
        while True:
            try:
                return "".join([*printed, self.kubectl.run(*command, *flags, stdin=text, timeout=600)])
            except KubectlError as error:
                printed.append(error.printed)
                if _GONE.search(str(error)) and len(printed) <= GONE_TIMES:
                    continue
                if _REFUSAL not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _keep_ignored(self, objects: Iterable[Object], live: Mapping[Key, Mapping[str, Any]]) -> None:
        """Hand what is ours only at creation over to `CREATION_MANAGER`, where `MANAGER` is the only one who states it.

        Server-side apply removes a field that its last owner no longer states, and a Deployment without replicas has
        one. Whoever else has set the field owns it, and then it needs no second manager.
        """
        kept = list(objects)
        while pieces := [
            part(live[o.key], path) for o in kept for path in o.ignored if is_ours_alone(live[o.key], path)
        ]:
            # A part of an object lacks what the client's validation asks for; the server has the whole one.
            command = (
                "apply",
                "--server-side",
                f"--field-manager={CREATION_MANAGER}",
                UNCHECKED,
                "--filename=-",
            )
            try:
                self.kubectl.run(*command, stdin=_list(pieces), timeout=600)
                return
            except KubectlError as error:
                if "conflict" not in str(error):
                    raise
                live = self.live(kept)  # the autoscaler was quicker, and owns the field now

    def _kinds(self) -> list[str]:
        annotations = self._parent().get("metadata", {}).get("annotations", {})
        return [kind for kind in annotations.get(OF_KINDS, "").split(",") if kind]

    def _left(self, objects: Sequence[Object]) -> list[Object]:
        """Members that are no longer among `objects`."""
        keys = {o.key for o in objects}
        return [Object(item, ()) for key, item in self._members(objects).items() if key not in keys]

    def _orphans(self, objects: Sequence[Object]) -> list[tuple[str, str]]:
        """Of these the ones that an apply would prune."""
        left = self._left(objects)
        kept = needed(self.kubectl, objects) if left else set()
        kept |= {("Namespace", "", o.namespace) for o in objects}
        gone = [member for member in left if member.named not in kept]
        return [(member.kind.lower(), f"{member.namespace}/{member.name}".lstrip("/")) for member in gone]

    def _members(self, objects: Iterable[Object]) -> dict[Key, Mapping[str, Any]]:
        """What the cluster holds of the set, wherever it is; in the version of the API that `objects` have."""
        return asked.labelled(self.kubectl, f"{PART_OF}={self.label}", self._kinds(), objects)


def _parent_definition() -> dict[str, Any]:
    """The kind of the parents; its label tells kubectl that it may be one."""
    names = {"kind": PARENT_KIND, "plural": PARENTS, "singular": PARENT_KIND.lower()}
    schema = {"type": "object", "description": "What one flyball stack has put into this cluster"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    labels = {"applyset.kubernetes.io/is-parent-type": "true", wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PARENTS}.{PARENT_GROUP}", "labels": labels},
        "spec": {"group": PARENT_GROUP, "scope": "Cluster", "names": names, "versions": [version]},
    }


def _marked(manifest: Mapping[str, Any], label: str) -> dict[str, Any]:
    """With the label that kubectl adds on apply, or the diff would show it as removed."""
    meta = manifest["metadata"]
    return {**manifest, "metadata": {**meta, "labels": {**meta.get("labels", {}), PART_OF: label}}}


def _list(manifests: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
