"""Alerts of a set in a team's program: what the same words come to in a stack file, and refuse there."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.expected import document
from tests.kubernetes.programs import SERVICE, STACK, registered, unsigned
from tests.stack.test_alerts import ALL, LEAST, ROOT, SMTP
from tests.stack.test_alerts import CONFIG as STACK_FILE

from flyball.deploy.manifests import rendered
from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Services
from flyball.stack.read import read

CONFIG: dict[str, Any] = {
    **{key: value for key, value in STACK_FILE.items() if key != "logs"},
    "governor": {},
    "caches": {"sessions": {"memory": "1Gi", "ttl": "1h"}},
    "jobs": {"nightly": {"image": "example.org/job:1.0", "schedule": "0 3 * * *"}},
}
CONFIG["services"] = {
    "web": {**CONFIG["services"]["web"], "calls": {"sessions": {}}, "objective": {"availability": 99.9}}
}


def args(alerts: Any, **more: Any) -> Any:
    """The same in a program."""
    given = {key: value for key, value in CONFIG.items() if key != "cluster"}
    return {**given, "alerts": alerts, **more}


def monitoring(found: Any) -> dict[str, str]:
    """The objects of Prometheus' operator, as they are written."""
    objects = rendered(found).objects
    kinds = ("PrometheusRule", "AlertmanagerConfig", "PodMonitor")
    return {f"{o.kind} {o.name}": json.dumps(unsigned(o.manifest)) for o in objects if o.kind in kinds}


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("alerts", [ALL, {**LEAST, "smtp": SMTP}], ids=["all", "least"])
def test_the_objects_are_those_of_the_stack_file(alerts: Any, shared: bool) -> None:
    config = {**CONFIG, "alerts": alerts, **({"shared": True} if shared else {})}
    by_file = monitoring(run_program(ROOT, STACK, config))
    by_program = monitoring(registered(lambda: Services("shop", args(alerts, **({"shared": True} if shared else {})))))
    assert by_program == by_file
    assert sorted(name.partition(" ")[0] for name in by_file) == ["AlertmanagerConfig", "PodMonitor", "PrometheusRule"]


@pytest.mark.parametrize(
    "alerts", [None, {"to": "none", "reason": "the platform's team watches"}, {**LEAST, "smtp": SMTP, "objects": False}]
)
def test_there_are_none_where_nobody_hears_or_no_operator_is(alerts: Any) -> None:
    given = args(alerts)
    if alerts is None:
        del given["alerts"]
    assert monitoring(registered(lambda: Services("shop", given))) == {}


@pytest.mark.parametrize("part", ["services", "jobs", "caches"])
def test_whatever_a_set_has_its_alerts_say_whose_it_is_and_there_is_a_sign_of_life(part: str) -> None:
    given: Any = {"services": {"web": SERVICE}, **{key: CONFIG[key] for key in ("jobs", "caches")}}
    heard: Any = {**LEAST, "smtp": SMTP}
    made = monitoring(registered(lambda: Services("shop", {part: given[part], "alerts": heard})))
    groups = json.loads(made["PrometheusRule flyball"])["spec"]["groups"]
    constants = [rule["labels"] for group in groups for rule in group["rules"] if rule["expr"].startswith("vector(")]
    assert {(labels["owner"], labels["environment"]) for labels in constants} == {("shop", "dev")}
    assert "ClusterWatchdog" in [rule.get("alert") for group in groups for rule in group["rules"]]


WRONG: list[dict[str, Any]] = document(Path(__file__).parent / "alerts.yaml")


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["said"][0].partition(":")[0])
def test_what_is_wrong_is_said_in_the_words_of_the_stack_file(case: dict[str, Any]) -> None:
    alerts, said = case["alerts"], case["said"]
    with pytest.raises(Refused) as of_file:
        read({**CONFIG, "alerts": alerts})
    caught: list[Refused] = []

    def program() -> None:
        try:
            Services("shop", args(alerts))
        except Refused as error:
            caught.append(error)

    assert registered(program) == []
    assert str(of_file.value).splitlines() == said
    assert str(caught[0]).splitlines() == [f"shop.{line}" for line in said]
