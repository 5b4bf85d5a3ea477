"""What a team's own program meets: types, refusals that Pulumi prints, tuples, and the objects below a component."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tests.kubernetes.programs import SERVICE, arguments, objects, registered

import flyball
from flyball import kubernetes
from flyball.guards.reading import problem
from flyball.kubernetes import Alerts, Cache, Governor, Job, Refused, Services, Workload, cache_limits, workload_limits

ZONES = ("eu-1a", "eu-1b", "eu-1c")
NIGHT = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 10}]}


def test_type_checkers_may_look_into_it() -> None:
    """PEP 561."""
    assert (Path(next(iter(flyball.__path__))) / "py.typed").read_text() == ""


def test_all_names_are_there_though_loaded_late() -> None:
    for name in kubernetes.__all__:
        assert getattr(kubernetes, name).__name__ == name


def test_a_name_that_is_not_there_is_an_error_as_in_every_module() -> None:
    name = "Worklaod"
    with pytest.raises(AttributeError, match=r"^module 'flyball.kubernetes' has no attribute 'Worklaod'$"):
        getattr(kubernetes, name)
    with pytest.raises(ImportError, match="cannot import name 'Worklaod'"):
        exec(f"from flyball.kubernetes import {name}")


def raised(program: Callable[[], object]) -> Exception:
    """What a program raises that does not catch it; nothing may be registered."""
    caught: list[Exception] = []

    def catching() -> None:
        try:
            program()
        except Exception as error:
            caught.append(error)

    assert registered(catching) == []
    return caught[0]


PROGRAMS: dict[str, Callable[[Any], object]] = {
    "Workload": lambda args: Workload("web", args),
    "workload_limits": lambda args: workload_limits("web", args),
    "Job": lambda args: Job("web", args),
    "Services": lambda args: Services("web", args),
    "Alerts": lambda args: Alerts("web", args),
    "Governor": lambda args: Governor("web", args),
    "Cache": lambda args: Cache("web", args),
    "cache_limits": lambda args: cache_limits("web", args),
}


@pytest.mark.parametrize("program", PROGRAMS)
class TestRefused:
    def test_is_what_pulumi_prints_without_a_traceback(self, program: str) -> None:
        error = raised(lambda: PROGRAMS[program]({"prt": 1}))
        assert isinstance(error, Refused)
        assert isinstance(error, pulumi.RunError)
        assert isinstance(error, problem.Refused)
        assert "web.prt: is not a known key" in str(error).splitlines()[0]

    @pytest.mark.parametrize("args", [None, 7, "web", ["web"]])
    def test_where_the_arguments_are_none(self, program: str, args: Any) -> None:
        what = "is empty; give a value" if args is None else "is "
        assert str(raised(lambda: PROGRAMS[program](args))).startswith(f"web: {what}")


def test_what_does_not_fit_together_is_refused_so_too() -> None:
    def program() -> None:
        Workload("web", arguments(calls={"cart": {"port": 1, "protocol": "http"}}))
        Workload("cart", arguments(port=80))

    with pytest.raises(Refused, match=r"web\.calls\.cart\.port: is 1, and cart listens on 80"):
        registered(program)


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("zones", ZONES),
        ("command", ("serve", "--all")),
        ("callers", ("front", "trade/desk")),
        ("inbound", {"methods": ("GET", "POST")}),
        ("schedule", {"windows": tuple(NIGHT["windows"])}),
    ],
)
def test_a_tuple_is_as_good_as_a_list(argument: str, given: Any) -> None:
    def program(value: Any) -> Callable[[], object]:
        return lambda: Workload("web", arguments(**{"zones": [*ZONES], "survive": "zone", argument: value}))

    listed = {key: [*inner] for key, inner in given.items()} if isinstance(given, dict) else [*given]
    assert objects(program(given)) == objects(program(listed))


def test_an_empty_tuple_of_windows_is_empty() -> None:
    error = raised(lambda: Workload("web", arguments(schedule={"windows": ()})))
    assert str(error) == "web.schedule.windows: is empty; give at least one window, or no schedule"


class TestChildren:
    OBJECTS = (
        *("service", "deployment", "spot", "autoscaler", "base_autoscaler", "scaled_object", "budget"),
        *("network_policy", "service_account", "priority_class", "secret", "proxy"),
    )

    def found(self, **more: Any) -> dict[str, str]:
        """By attribute the kind and name of the object that it is."""
        names: dict[str, str] = {}

        def program() -> None:
            web = Workload("web", arguments(**more))
            for attribute in self.OBJECTS:
                child = getattr(web, attribute)
                if child is not None:
                    names[attribute] = f"{type(child).__name__} {child._name}"

        made = registered(program)
        kinds = {f"{one.type.rpartition(':')[2]} {one.name}" for one in made if one.parent}
        assert {name.replace("CustomResource", "ScaledObject") for name in names.values()} == kinds - {"Workload web"}
        return names

    def test_of_the_least(self) -> None:
        assert self.found() == {
            "service": "Service web",
            "deployment": "Deployment web",
            "autoscaler": "HorizontalPodAutoscaler web",
            "budget": "PodDisruptionBudget web",
            "network_policy": "NetworkPolicy web",
            "service_account": "ServiceAccount web",
            "priority_class": "PriorityClass web",
            "proxy": "ConfigMap web-proxy",
        }

    def test_of_much(self) -> None:
        found = self.found(spot={}, zones=ZONES, secrets={"TOKEN": "x"}, schedule=NIGHT, priority="high")
        parts = ("deployment", "spot", "autoscaler", "base_autoscaler", "scaled_object", "secret")
        assert {key: found.get(key) for key in parts} == {
            "deployment": "Deployment web",
            "spot": "Deployment web-spot",
            "autoscaler": None,
            "base_autoscaler": "HorizontalPodAutoscaler web",
            "scaled_object": "CustomResource web-spot",
            "secret": "Secret web-env",
        }
        assert "priority_class" not in found

    def test_may_be_waited_for(self) -> None:
        def program() -> None:
            web = Workload("web", arguments())
            Workload("late", arguments(), pulumi.ResourceOptions(depends_on=[web.deployment]))
            pulumi.export("uid", web.service.metadata.apply(lambda metadata: metadata["name"]))

        late = [one for one in registered(program) if one.name == "late" and one.type.endswith(":Workload")]
        assert any(urn.endswith("apps/v1:Deployment::web") for urn in late[0].after)

    def test_of_a_set_by_the_name_of_the_service(self) -> None:
        found: list[tuple[list[str], str]] = []

        def program() -> None:
            shop = Services("shop", {"services": {"a": SERVICE, "b": SERVICE}})  # pyright: ignore[reportArgumentType]
            found.append(([*shop.workloads], shop.workloads["b"].service._name))

        registered(program)
        assert found == [(["a", "b"], "shop-b")]
