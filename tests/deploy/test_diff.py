"""What a preview says would change: nothing that controllers write meanwhile."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy.apply import ApplySet
from flyball.deploy.at_creation import MANAGER, Key
from flyball.deploy.manifests import Object
from flyball.deploy.others import PART_OF
from flyball.kubectl import Played


class Looks(Played):
    """Finds each object that it is to compare changed: its status is another one a moment later."""

    def run(self, *arguments: str, stdin: str = "", **options: Any) -> str:
        if arguments[0] != "diff":
            return json.dumps({"items": []})
        return "\n".join(f"~ {item['metadata']['name']}" for item in json.loads(stdin)["items"])

    def json(self, *arguments: str, **options: Any) -> Any:
        return {}


class Members(ApplySet):
    """Of the stack shop; `there` is what the cluster holds."""

    there: Mapping[Key, Mapping[str, Any]]

    def live(self, objects: Iterable[Object]) -> dict[Key, Mapping[str, Any]]:
        return {o.key: self.there[o.key] for o in objects if o.key in self.there}


def config(name: str, value: str) -> Object:
    meta = {"name": name, "namespace": "shop"}
    return Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": value}}, ())


def live(o: Object, label: str) -> Mapping[str, Any]:
    fields = {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {f"f:{PART_OF}": {}}}}
    entry = {"manager": MANAGER, "operation": "Apply", "apiVersion": "v1", "fieldsV1": fields}
    meta = {**o.manifest["metadata"], "labels": {PART_OF: label}, "managedFields": [entry]}
    return {**o.manifest, "metadata": meta, "status": {"seen": "earlier"}}


@pytest.fixture
def members() -> Members:
    return Members(Looks(Path("/bin/kubectl"), None), "shop")


def test_what_is_as_stated_is_compared_no_more(members: Members) -> None:
    objects = [config("one", "1"), config("two", "2")]
    members.there = {o.key: live(o, members.label) for o in objects}

    assert members.diff(objects) == ""


def test_what_is_not_as_stated_is_compared_by_the_server(members: Members) -> None:
    there = [config("one", "1"), config("two", "2")]
    members.there = {o.key: live(o, members.label) for o in there}

    assert members.diff([config("one", "1"), config("two", "3"), config("new", "1")]) == "~ two\n~ new"
