"""Jobs that run once: which are applied, and what is said of them."""

from typing import Any

import pytest

from flyball.deploy import jobs
from flyball.deploy.manifests import Object


def made(kind: str, name: str) -> Object:
    return Object({"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}}, ("spec",))


RUN, OTHER, NIGHTLY = made("Job", "migrate-1"), made("Job", "seed-1"), made("CronJob", "report")
ALL = (RUN, OTHER, NIGHTLY)


def test_all_are_noted_that_run_once() -> None:
    assert jobs.note(reversed(ALL)) == "shop/migrate-1 shop/seed-1"
    assert jobs.note([NIGHTLY]) == ""


def test_what_was_made_and_is_gone_is_not_applied() -> None:
    assert [o.name for o in jobs.to_apply(ALL, "shop/migrate-1 there/seed-1", {})] == ["seed-1", "report"]
    assert [o.name for o in jobs.to_apply(ALL, "", {})] == ["migrate-1", "seed-1", "report"]


def test_what_is_there_is_applied_as_it_was_made() -> None:
    meta = {"name": "migrate-1", "namespace": "shop", "uid": "u1", "labels": {"a": "b", "theirs": "x"}}
    fields = {"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:backoffLimit": {}}}
    entry = {"manager": "flyball", "operation": "Apply", "apiVersion": "batch/v1", "fieldsV1": fields}
    spec = {"backoffLimit": 5, "suspend": False}
    live: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {**meta, "managedFields": [entry]}}
    (found,) = jobs.to_apply([RUN], "shop/migrate-1", {RUN.key: {**live, "spec": spec}})
    assert found.ignored == ()
    assert found.manifest == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate-1", "namespace": "shop", "labels": {"a": "b"}},
        "spec": {"backoffLimit": 5},
    }
    # A server that finds no such object refuses it, and makes no second one.
    assert jobs.bound(found.manifest, live)["metadata"]["uid"] == "u1"
    assert jobs.bound(found.manifest, None) == found.manifest
    assert jobs.bound(NIGHTLY.manifest, live) == NIGHTLY.manifest


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ([], "is under way"),
        ([{"type": "Suspended", "status": "True"}], "is under way"),
        ([{"type": "Failed", "status": "False"}], "is under way"),
        ([{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}], "has run"),
        (
            [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "took too long"}],
            "failed: took too long",
        ),
        ([{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}], "failed: DeadlineExceeded"),
    ],
)
def test_how_far_a_job_is(conditions: list[dict[str, str]], state: str) -> None:
    assert jobs.state({"status": {"conditions": conditions}}) == state
    assert jobs.state(None) == "has run before, and nothing is kept of it any more"
    assert jobs.state({}) == "is under way"
