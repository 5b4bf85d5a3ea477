"""Whose an object is, by what is written on it, and what is said of one that is somebody else's."""

from typing import Any

import pytest

from flyball.deploy import others
from flyball.deploy.manifests import Object


def thing(kind: str, name: str, stack: str | None, owner: str | None, **labels: str) -> dict[str, Any]:
    if owner:
        labels |= {"app.kubernetes.io/managed-by": "flyball", "flyball.dev/owner": owner}
    notes = {"flyball.dev/stack": stack} if stack else {}
    meta = {"name": name, "labels": labels, "annotations": notes}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta}


MINE = ("prod", "shop")
SERVICE = {"app.kubernetes.io/name": "web"}
LOGS = {"app.kubernetes.io/name": "flyball-logs"}


@pytest.mark.parametrize(
    ("there", "own"),
    [
        (thing("Service", "web", "prod", "shop"), True),
        (thing("Service", "web", "dev", "shop"), False),
        (thing("Service", "web", "prod", "team-b"), False),
        (thing("Service", "web", None, "shop"), False),
        (thing("Service", "web", None, None), False),
        (thing("Service", "web", "prod", "shop", **{others.PART_OF: "applyset-another"}), False),
    ],
)
def test_it_is_told_by_stack_and_owner_and_not_where_kubectl_keeps_track(there: dict[str, Any], own: bool) -> None:
    assert others.alike(thing("Service", "web", *MINE), there) is own


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        (thing("Service", "web", *MINE, **SERVICE), "services.web: service web exists"),
        (thing("Namespace", "shop", *MINE), "namespace: shop exists"),
        (thing("ConfigMap", "flyball-limits", *MINE), "governor: configmap flyball-limits exists"),
        (thing("ValidatingAdmissionPolicy", "flyball-limits", *MINE), "governor.policies: validatingadmissionpolicy"),
        (thing("Namespace", "flyball-system", *MINE), "governor.policies: namespace flyball-system exists"),
        (thing("Namespace", "flyball-logs", *MINE, **LOGS), "logs: namespace flyball-logs exists"),
        (
            thing("PriorityClass", "flyball.logs.guards", *MINE, **LOGS),
            "logs: priorityclass flyball.logs.guards exists",
        ),
        (
            thing("PriorityClass", "flyball.balance.guards", *MINE),
            "governor.policies: priorityclass flyball.balance.guards exists",
        ),
        (
            thing("PriorityClass", "flyball-logs", *MINE),
            "PriorityClass flyball-logs: priorityclass flyball-logs exists",
        ),
        (thing("PriorityClass", "flyball-shop", *MINE), "PriorityClass flyball-shop: priorityclass flyball-shop"),
        (thing("CronJob", "web", *MINE, **SERVICE), "jobs.web: cronjob web exists"),
    ],
)
def test_it_is_said_where_in_the_file_it_comes_from(wanted: dict[str, Any], place: str) -> None:
    o = Object(wanted, ())
    there = {**wanted, "metadata": thing("x", "y", "pay", "team-b")["metadata"]}
    [problem] = others.check([o], {o.key: there}, lambda o, there: others.alike(o.manifest, there))
    assert str(problem).startswith(place)
    assert "belongs to the stack pay of team-b; " in str(problem)
    assert list(others.check([o], {}, lambda o, there: False)) == []


def test_a_service_is_named_once_whatever_it_is_made_of() -> None:
    made = [Object(thing(kind, "web", *MINE, **SERVICE), ()) for kind in ("ServiceAccount", "Service", "Secret")]
    live = {o.key: thing(o.kind, "web", None, None) for o in made}
    [problem] = others.check(made, live, lambda o, there: False)
    assert problem.path == ("services", "web")
    assert problem.message == "serviceaccount web exists, and was made by somebody else"
