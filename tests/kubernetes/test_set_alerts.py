"""Alerts of a set in a team's program, with it and by themselves: what the same words come to in a stack file, and
refuse there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tests.expected import document
from tests.kubernetes.programs import SERVICE, STACK, registered, unsigned
from tests.stack.test_alerts import ALL, LEAST, ROOT, SMTP
from tests.stack.test_alerts import CONFIG as STACK_FILE

from flyball.deploy.manifests import rendered
from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Alerts, Services
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


def alone(alerts: Any, **more: Any) -> Any:
    """The same for alerts by themselves."""
    given = {key: value for key, value in CONFIG.items() if key not in ("cluster", "governor")}
    return {**given, "governed": True, **alerts, **more}


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


@pytest.mark.parametrize(("alerts", "shared"), [(ALL, True), ({**LEAST, "smtp": SMTP}, False)], ids=["all", "least"])
def test_by_themselves_they_are_those_of_the_set_and_nothing_else_is_made(alerts: Any, shared: bool) -> None:
    more = {"shared": True} if shared else {}
    made = registered(lambda: Alerts("shop", alone(alerts, **more)))
    assert monitoring(made) == monitoring(registered(lambda: Services("shop", args(alerts, **more))))
    assert [f"{one.type} {one.name}" for one in made if one.type.startswith("flyball:")] == [
        "flyball:index:Alerts shop"
    ]
    assert len(made) == 1 + len(monitoring(made)) == 4


def test_what_is_described_without_a_proxy_is_not_missed_by_its_figures() -> None:
    both: list[Any] = [
        {**LEAST, "smtp": SMTP, "services": {"web": web}} for web in (SERVICE, {**SERVICE, "proxy": {"enabled": False}})
    ]
    found = [monitoring(registered(lambda given=given: Alerts("shop", given))) for given in both]
    missed = ['"record": "flyball_workload_deadline"' in each["PrometheusRule flyball"] for each in found]
    assert missed == [True, False]


def test_what_is_only_known_later_is_waited_for() -> None:
    def made(namespace: Callable[[], Any]) -> dict[str, str]:
        def given() -> Any:
            return {**LEAST, "smtp": SMTP, "services": {"web": SERVICE}, "namespace": namespace()}

        return monitoring(registered(lambda: Alerts("shop", given())))

    assert made(lambda: pulumi.Output.from_input("trade")) == made(lambda: "trade")


def test_what_is_governed_says_so() -> None:
    alerts = {**LEAST, "smtp": SMTP}
    by_default = alone(alerts)
    del by_default["governed"]
    [with_it, without, unsaid] = [
        monitoring(registered(lambda given=given: Alerts("shop", given)))["PrometheusRule flyball"]
        for given in (alone(alerts), alone(alerts, governed=False), by_default)
    ]
    assert ("OverrideUsed" in with_it, "OverrideUsed" in without) == (True, False)
    assert without == unsaid


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
    of_part: Any = {part: given[part], "alerts": {**LEAST, "smtp": SMTP}}
    made = monitoring(registered(lambda: Services("shop", of_part)))
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


def refused(given: Any) -> list[str]:
    """What alerts by themselves are told of their arguments, of which nothing comes to be."""
    caught: list[Refused] = []

    def program() -> None:
        try:
            Alerts("shop", given)
        except Refused as error:
            caught.append(error)

    assert registered(program) == []
    return str(caught[0]).splitlines()


@pytest.mark.parametrize(
    "case",
    [case for case in WRONG if isinstance(case["alerts"], dict) and "to" not in case["alerts"]],
    ids=lambda case: case["said"][0].partition(":")[0],
)
def test_by_themselves_they_are_refused_in_the_same_words(case: dict[str, Any]) -> None:
    assert refused(alone(case["alerts"])) == [f"shop{line.removeprefix('alerts')}" for line in case["said"]]


def test_by_themselves_all_that_is_wrong_is_said_at_once() -> None:
    services = {"web": {**CONFIG["services"]["web"], "prt": 1}}
    given = {"services": services, "caches": {"sessions": {"memory": "1Gi"}}, "objects": False, "to": "none"}
    assert refused({**LEAST, "smtp": SMTP, **given, "governor": {}}) == [
        "shop.to: is not a known key; known are page, warning, watchdog, owners, smtp, rules, runbooks, secret,"
        " objects, services, jobs, caches, namespace, environment, owner, zones, platform, governed, shared",
        "shop.governor: is not a known key; did you mean 'governed'?",
        "shop.objects: is false, and objects are all that there would be; leave it out, or take these alerts out of the"
        " program",
        "shop.caches.sessions.ttl: is missing; it is required: text",
        "shop.services.web.prt: is not a known key; did you mean 'port'?",
    ]
    assert refused({**LEAST, "smtp": SMTP}) == ["shop.services: there is no service, job or cache; name at least one"]
