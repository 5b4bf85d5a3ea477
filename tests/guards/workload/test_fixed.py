"""What of members cannot be changed: what is said, to the letter; and what their loss means, in words."""

from typing import Any

import pytest

from flyball.guards.workload import fixed, loss
from flyball.guards.workload.fixed import Volume, Was
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.resolve import Place, Service, resolve

GI = 2**30
AGAIN = "kubectl delete statefulset db --cascade=orphan, which leaves the pods, and bring it up again"
INSTEAD = (
    "or have the class say allowVolumeExpansion: true, where its driver can; else bring up a service of another name"
    " beside it and copy"
)
TEN = {"path": "/data", "size": "10Gi"}


def service(**more: Any) -> Service:
    given = {"port": 80, "load": {"peak": 10, "replica": 20}, "callers": ["front"], **more}
    return resolve({"db": given}, Place("shop", ("a", "b", "c")), ("services",), PlainArgs)["db"]


def said(was: Was, **more: Any) -> list[str]:
    return [str(problem) for problem in fixed.check(service(**more), was)]


def test_nothing_changes() -> None:
    assert said(Was(3, Volume(10 * GI, "fast")), quorum="2 of 3", data={**TEN, "class": "fast"}) == []
    assert said(Was(3, Volume(10 * GI, "fast")), quorum="2 of 3", data=TEN) == []


def test_more_members_and_another_folder_are_no_problem() -> None:
    assert said(Was(3, Volume(10 * GI)), quorum="3 of 5", data={**TEN, "path": "/other"}) == []


@pytest.mark.parametrize(
    ("was", "given", "message"),
    [
        (
            Was(3, Volume(20 * GI)),
            {"quorum": "2 of 3", "data": TEN},
            "services.db.data.size: is 10Gi, and the volumes of db have 20Gi; give 20Gi: no volume shrinks",
        ),
        (
            Was(3, Volume(5 * GI, "slow", grows=False)),
            {"quorum": "2 of 3", "data": TEN},
            "services.db.data.size: is 10Gi, and the volumes of db have 5Gi; their class, slow, lets none grow; give"
            f" 5Gi, {INSTEAD}",
        ),
        (
            Was(3, Volume(5 * GI, grows=False)),
            {"quorum": "2 of 3", "data": TEN},
            "services.db.data.size: is 10Gi, and the volumes of db have 5Gi; they have no class that lets them grow;"
            f" give 5Gi, {INSTEAD}",
        ),
        (
            Was(3, Volume(10 * GI, "slow")),
            {"quorum": "2 of 3", "data": {**TEN, "class": "fast"}},
            "services.db.data.class: is fast, and the volumes of db are of slow; give slow; to move"
            " the data, bring up a"
            " service of another name beside it and copy",
        ),
        (
            Was(3, Volume(10 * GI), "pgdata"),
            {"quorum": "2 of 3", "data": TEN},
            "services.db.data.folder: is the root of the volume, and the data of db are in pgdata: members would find"
            " nothing; give pgdata; to move the data, bring up a service of another name beside it and copy",
        ),
        (
            Was(3, Volume(10 * GI)),
            {"quorum": "2 of 3", "data": {**TEN, "folder": "pgdata"}},
            "services.db.data.folder: is pgdata of the volume, and the data of db are in the root: members would find"
            " nothing; take folder out; to move the data, bring up a service of another name beside it and copy",
        ),
        (
            Was(1, None),
            {"replicas": "one", "data": TEN},
            "services.db.data: is given, and its members run without; take it back; or"
            f" {AGAIN}: members are then replaced one by one",
        ),
        (
            Was(1, Volume(10 * GI)),
            {"replicas": "one"},
            "services.db.data: is gone, and its members run with it; take it back; or"
            f" {AGAIN}: members are then replaced one by one",
        ),
        (
            Was(5, Volume(10 * GI)),
            {"quorum": "2 of 3", "data": TEN},
            "services.db.quorum: has 3 members, and 5 run: one that is taken away is still counted by the others; take"
            " db-4 out of the group by its own means, then kubectl scale statefulset db"
            " --replicas=4 (an override, where"
            " there is a Governor), one by one; then change the file",
        ),
    ],
)
def test_what_is_refused(was: Was, given: dict[str, Any], message: str) -> None:
    assert said(was, **given) == [message]


def test_volumes_grow_where_their_class_lets_them() -> None:
    was = Was(3, Volume(5 * GI, "fast"))
    assert said(was, quorum="2 of 3", data=TEN) == []
    assert fixed.growth(service(quorum="2 of 3", data=TEN), was) == "db: its volumes grow from 5Gi to 10Gi"


@pytest.mark.parametrize("was", [Was(3, Volume(10 * GI)), Was(3, Volume(20 * GI)), Was(3, None), None])
def test_what_is_as_large_grows_no_more(was: Was | None) -> None:
    assert fixed.growth(service(quorum="2 of 3", data=TEN), was) == ""


def test_replicas_that_are_alike_have_no_such_bounds() -> None:
    assert said(Was(5, Volume(10 * GI))) == []
    assert fixed.before(service()) is None


def test_before_is_what_another_description_says() -> None:
    found = fixed.before(service(quorum="2 of 3", data={**TEN, "class": "fast"}))
    assert found == Was(3, Volume(10 * GI, "fast"))
    found = fixed.before(service(quorum="2 of 3", data={**TEN, "folder": "pgdata"}))
    assert found == Was(3, Volume(10 * GI), "pgdata")
    assert fixed.before(service(replicas="one")) == Was(1, None)


def test_the_loss_of_the_only_one_in_words() -> None:
    words = str(loss.of(service(replicas="one", data=TEN), ["front"], []))
    assert words == (
        "db is the only one, and its loss is not survived: meanwhile nobody does its work, and"
        " front calls it in vain. A"
        " drain or a release takes it for 40s for its way out and up to 2m30s for its start. When"
        " its node is lost, nobody"
        " takes its place before the Node is deleted or tainted out-of-service, and up to 6m more"
        " until its volume is let"
        " go; volumes of 10Gi of the cluster's default class stay when it is removed; nobody is said to take copies"
    )


def test_the_loss_of_members_in_words() -> None:
    kept = {**TEN, "class": "fast", "keep": False, "snapshots": "nightly"}
    words = str(loss.of(service(quorum="4 of 7", data=kept), [], ["replica", "node"]))
    assert words == (
        "db has 7 members, of which 4 must be there; it survives the loss of a replica, a node. 2"
        " may go on purpose at a"
        " time: one more loss is borne meanwhile; volumes of 10Gi of class fast go when it is removed; copies are to be"
        " taken by nightly, and flyball takes none"
    )
    assert loss.of(service(), [], []) is None
