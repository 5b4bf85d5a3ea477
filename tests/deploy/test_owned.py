"""What the server has noted of an apply says whether the next one would change anything."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from flyball.deploy.owned import change, is_as_stated

MANAGER = "flyball"
STATED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "finalizers": ["example.org/a"]},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "paused": False,
        "template": {
            "containers": [{"name": "web", "image": "web:1", "args": ["a", "b"], "resources": {}}, {"name": "proxy"}]
        },
    },
}
FIELDS: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {'v:"example.org/a"': {}}},
    "f:spec": {
        "f:selector": {},
        "f:paused": {},
        "f:template": {
            "f:containers": {
                'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}, "f:args": {}, "f:resources": {}},
                'k:{"name":"proxy"}': {".": {}, "f:name": {}},
            }
        },
    },
}


def live() -> dict[str, Any]:
    """As the server shows it: with what others and the server itself have added."""
    item = copy.deepcopy(STATED)
    item["metadata"]["labels"]["theirs"] = "x"
    item["metadata"]["finalizers"].insert(0, "example.org/theirs")
    item["spec"]["replicas"] = 3
    containers = item["spec"]["template"]["containers"]
    containers[1]["image"] = "injected"
    containers.insert(0, {"name": "injected"})
    other = {"manager": "kubectl", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": {"f:spec": {}}}
    status = {"manager": MANAGER, "operation": "Apply", "apiVersion": "apps/v1", "subresource": "status"}
    own = {"manager": MANAGER, "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": copy.deepcopy(FIELDS)}
    item["metadata"]["managedFields"] = [other, status, own]
    return item


def test_what_others_have_added_is_theirs() -> None:
    assert is_as_stated(STATED, live(), MANAGER)


def _containers(item: dict[str, Any]) -> list[dict[str, Any]]:
    return item["spec"]["template"]["containers"]


def _own(item: dict[str, Any]) -> dict[str, Any]:
    return item["metadata"]["managedFields"][2]


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a value": lambda o: o["metadata"]["labels"].update(app="other"),
    "a value taken away": lambda o: o["spec"].pop("paused"),
    "a part of what is stated as a whole": lambda o: o["spec"]["selector"]["matchLabels"].update(more="x"),
    "an item's value": lambda o: _containers(o)[1].update(image="web:2"),
    "an item taken away": lambda o: _containers(o).pop(),
    "the order of the items": lambda o: _containers(o).reverse(),
    "a list as a whole": lambda o: _containers(o)[1]["args"].reverse(),
    "filled in beneath an empty map": lambda o: _containers(o)[1]["resources"].update(limits={}),
    "a member of a set taken away": lambda o: o["metadata"]["finalizers"].remove("example.org/a"),
    "a map that is text now": lambda o: o["spec"].update(template="text"),
    "a field that we no longer hold": lambda o: _own(o)["fieldsV1"]["f:spec"].pop("f:paused"),
    "a field that we hold besides": lambda o: _own(o)["fieldsV1"]["f:spec"].update({"f:replicas": {}}),
    "another version of the kind": lambda o: o.update(apiVersion="apps/v2"),
    "applied in another version": lambda o: _own(o).update(apiVersion="apps/v1beta1"),
    "never applied by us": lambda o: _own(o).update(manager="another"),
    "ours, but not by an apply": lambda o: _own(o).update(operation="Update"),
    "without any note": lambda o: o["metadata"].pop("managedFields"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change: str) -> None:
    item = live()
    CHANGES[change](item)
    assert not is_as_stated(STATED, item, MANAGER)


def test_what_the_program_states_anew_is_seen() -> None:
    spec = {**STATED["spec"], "minReadySeconds": 5}
    assert not is_as_stated({**STATED, "spec": spec}, live(), MANAGER)


def test_an_item_is_found_by_its_place() -> None:
    item = live()
    item["spec"]["list"] = [{"a": 1}, {"a": 2, "b": 3}]
    _own(item)["fieldsV1"]["f:spec"]["f:list"] = {"i:1": {"f:a": {}}}
    assert is_as_stated({**STATED, "spec": {**STATED["spec"], "list": [{"a": 2}]}}, item, MANAGER)
    item["spec"]["list"].pop()
    assert not is_as_stated({**STATED, "spec": {**STATED["spec"], "list": [{"a": 2}]}}, item, MANAGER)


def test_an_object_of_which_nothing_but_its_name_is_stated() -> None:
    head = {"apiVersion": "v1", "kind": "Namespace"}
    own = {"manager": MANAGER, "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"f:metadata": {"f:labels": {}}}}
    item = {**head, "metadata": {"name": "shop", "labels": {}, "managedFields": [own]}}
    assert is_as_stated({**head, "metadata": {"name": "shop", "labels": {}}}, item, MANAGER)
    assert not is_as_stated({**head, "metadata": {"name": "shop"}}, item, MANAGER)


def test_two_applies_within_a_second_are_told_apart_by_what_they_state() -> None:
    """The server notes of an apply when it was, to the second: both left the same note."""
    after = live()
    _containers(after)[1]["image"] = "web:2"
    assert change(live(), after, MANAGER) == "changed"


def test_what_others_change_meanwhile_is_no_change_of_an_apply() -> None:
    after = live()
    after["spec"]["replicas"] = 5
    assert change(live(), after, MANAGER) == "unchanged"
    assert change(None, after, MANAGER) == "created"


@pytest.mark.parametrize("is_ours", [True, False])
def test_what_anybody_may_change_is_left_out(is_ours: bool) -> None:
    """The replicas that were applied: they are ours until an autoscaler moves them."""
    stated, item = copy.deepcopy(STATED), live()
    stated["spec"]["replicas"], item["spec"]["replicas"] = 2, 3
    if is_ours:
        _own(item)["fieldsV1"]["f:spec"]["f:replicas"] = {}
    assert not is_as_stated(stated, item, MANAGER)
    assert is_as_stated(stated, item, MANAGER, ["spec.replicas"])
    assert not is_as_stated(stated, item, MANAGER, ["spec.paused"])
