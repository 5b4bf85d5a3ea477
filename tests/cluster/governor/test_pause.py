"""Many legal steps in a row, and what else would shorten the pause between them."""

import datetime
import itertools
import time
from collections.abc import Callable

import pytest
from tests.cluster.governor import world
from tests.cluster.governor.api import Answer, Api
from tests.cluster.governor.conftest import new_target
from tests.cluster.governor.world import Target

from flyball.guards.governor.steps import Behavior, Rate, WriterSteps, descent
from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.limits import Limits, config_map

pytestmark = pytest.mark.cluster
PAUSE = 3
HURRY = 0.05
"""Between two tries of who does not wait for it [s]; without any they kept the server busy for nothing else."""


@pytest.fixture(scope="module")
def target(admin: Api) -> Target:
    """Workloads with a pause of three seconds, which a test can wait for."""
    target = new_target(admin)
    for name, size in (("small", 1), ("full", 4), ("held", 5)):
        admin.post(target.deployment(""), world.deployment(name, size)).expect()
    behavior = Behavior(down=Rate(pods=1, percent=10, period=PAUSE))
    limits = {name: Limits(floor=3, ceiling=40, budget=1, behavior=behavior) for name in ("web", "cart", "db", "held")}
    limits["small"] = Limits(floor=0, ceiling=5, budget=0, behavior=behavior)
    limits["full"] = Limits(floor=3, ceiling=5, budget=1, behavior=behavior)
    admin.put(target.at("v1", "configmaps", names.LIMITS), config_map(target.namespace, limits)).expect()
    return target


def _scale(target: Target, path: str, who: Api) -> Callable[[int], Answer]:
    return lambda size: who.patch(f"{path}/scale", {"spec": {"replicas": size}})


def _patch(target: Target, path: str, who: Api) -> Callable[[int], Answer]:
    return lambda size: who.patch(path, {"spec": {"replicas": size}})


@pytest.mark.parametrize("write", [_scale, _patch])
@pytest.mark.parametrize("kind", ["deployments/web", "statefulsets/db"])
def test_steps_of_a_writer_in_a_hurry_are_a_pause_apart(
    target: Target, person: Api, kind: str, write: Callable[[Target, str, Api], Callable[[int], Answer]]
) -> None:
    path = target.at("apps/v1", kind)
    attempt = write(target, path, person)
    times: list[datetime.datetime] = []
    tries = 0
    while len(times) < 3:
        size = target.read(path)["spec"]["replicas"]
        answer = attempt(size - 1)
        tries += 1
        assert tries < 5000
        if answer.ok:
            times.append(_changed(target, path))
        else:
            assert f"one scale-down each {PAUSE} s is allowed" in answer.message
            time.sleep(HURRY)
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= PAUSE
    assert tries > 3


def _changed(target: Target, path: str) -> datetime.datetime:
    """The server's time of the last change of the replicas: in the entry's time, or in its manager's name."""
    owners = [
        f for f in target.read(path)["metadata"]["managedFields"] if "f:replicas" in f["fieldsV1"].get("f:spec", {})
    ]
    assert len(owners) == 1
    stamp = owners[0]["manager"].split(" at ")[1] if owners[0].get("subresource") == "scale" else owners[0]["time"]
    return datetime.datetime.fromisoformat(stamp)


def _in_a_row(prepare: Callable[[], object], *writes: Callable[[], Answer]) -> Answer:
    """What the last of some writes got that all came within one pause, however busy the machine is."""
    for _ in range(20):
        prepare()
        began = time.monotonic()
        answers = [write() for write in writes]
        if time.monotonic() - began < PAUSE - 1:  # the server's times are whole seconds
            for answer in answers[:-1]:
                answer.expect()
            return answers[-1]
    raise AssertionError("never within the pause")


def test_two_ways_to_write_share_one_pause(target: Target, person: Api) -> None:
    scale, patch = (write(target, target.deployment(), person) for write in (_scale, _patch))

    def rest() -> None:
        scale(12).expect()
        time.sleep(PAUSE + 1)

    for one, other in ((scale, patch), (patch, scale)):
        answer = _in_a_row(rest, lambda one=one: one(11), lambda other=other: other(10))
        assert "one scale-down each" in answer.message


@pytest.mark.parametrize("manager", [{}, {"fieldManager": "another"}], ids=["same", "another"])
@pytest.mark.parametrize("first", ["/scale", ""])
@pytest.mark.parametrize("idle", ["/scale", ""])
def test_a_write_of_the_size_that_is_there_takes_no_time_away(
    target: Target, person: Api, first: str, idle: str, manager: dict[str, str]
) -> None:
    path = target.deployment("held")

    def by(way: str, change: int, **options: str) -> Answer:
        size = target.read(path)["spec"]["replicas"] + change
        return person.patch(f"{path}{way}", {"spec": {"replicas": size}}, **options)

    for last in ("/scale", ""):
        answer = _in_a_row(int, lambda: by(first, 1), lambda: by(idle, 0, **manager), lambda last=last: by(last, -1))
        assert "one scale-down each" in answer.message


def test_an_autoscaler_that_jumps_keeps_the_pause_and_one_that_goes_by_its_behavior_need_not(
    target: Target, admin: Api, person: Api
) -> None:
    """It jumps to a lowered maximum without regard to its behavior, and asks again each time that it looks."""
    path = target.deployment("web")
    autoscaler = admin.as_user(names.AUTOSCALERS[0])

    def ask(size: int) -> Answer:
        scale = target.read(f"{path}/scale") | {"spec": {"replicas": size}}
        del scale["metadata"]["resourceVersion"]
        return autoscaler.put(f"{path}/scale", scale)

    def size_after(answer: Answer) -> int:
        return answer.expect()["spec"]["replicas"]

    def rest() -> None:
        if target.read(path)["spec"]["replicas"] != size:
            _scale(target, path, person)(size).expect()
        time.sleep(PAUSE + 1)

    size = target.read(path)["spec"]["replicas"]
    first, second = descent(size, 3, WriterSteps().down)[:2]
    assert size_after(_in_a_row(rest, lambda: ask(3), lambda: ask(3))) == first
    changed = _changed(target, path)
    world.wait(lambda: size_after(ask(3)) == second)
    assert (_changed(target, path) - changed).total_seconds() >= PAUSE
    assert size_after(ask(second - 1)) == second - 1


@pytest.mark.parametrize("way", ["/scale", ""])
def test_an_autoscaler_that_asks_for_more_than_there_may_be_takes_no_time_away(
    target: Target, admin: Api, person: Api, way: str
) -> None:
    """It gets the size that is there, and is who wrote it last."""
    path = target.deployment("full")
    autoscaler = admin.as_user(names.AUTOSCALERS[0])

    def by(change: int) -> Answer:
        size = target.read(path)["spec"]["replicas"] + change
        return person.patch(f"{path}{way}", {"spec": {"replicas": size}})

    def rest() -> None:
        if target.read(path)["spec"]["replicas"] == 5:
            time.sleep(PAUSE + 1)
            by(-1).expect()

    def ask() -> Answer:
        scale = target.read(f"{path}/scale") | {"spec": {"replicas": 9}}
        del scale["metadata"]["resourceVersion"]
        return autoscaler.put(f"{path}/scale", scale)

    answer = _in_a_row(rest, lambda: by(1), ask, lambda: by(-1))
    assert "one scale-down each" in answer.message
    assert target.read(path)["spec"]["replicas"] == 5


def test_growing_needs_no_pause(target: Target, person: Api) -> None:
    path = target.deployment("cart")
    for size in (6, 7, 8):
        _scale(target, path, person)(size).expect()
    for size in (9, 10):
        _patch(target, path, person)(size).expect()


def test_a_write_of_something_else_is_free(target: Target, person: Api) -> None:
    path = target.deployment("cart")

    def by(change: int) -> Answer:
        return _scale(target, path, person)(target.read(path)["spec"]["replicas"] + change)

    label = {"metadata": {"labels": {"team": "shop"}}}
    answer = _in_a_row(int, lambda: by(1), lambda: person.patch(path, label), lambda: by(-1))
    assert "one scale-down each" in answer.message


def test_a_flood_of_field_managers_does_not_wash_the_time_away(target: Target, person: Api) -> None:
    """Beyond ten of them the server merges the oldest, and with them the entry that bears the time."""
    path = target.deployment("cart")
    tries = 0
    while True:
        size, began = target.read(path)["spec"]["replicas"] + 1, time.monotonic()
        _scale(target, path, person)(size).expect()
        for number in range(14):
            person.patch(path, {"metadata": {"labels": {f"n{number}": "x"}}}, fieldManager=f"m{number}")
        answers = [write(target, path, person)(size - 1) for write in (_scale, _patch)]
        if time.monotonic() - began < PAUSE - 1:
            break
        tries += 1  # the machine was so busy that the pause was over
        assert tries < 20
    assert ["flyball: " in answer.message for answer in answers] == [True, True]
    time.sleep(PAUSE + 1)
    _patch(target, path, person)(size - 1).expect()


def test_the_step_to_none_where_that_is_allowed(target: Target, person: Api) -> None:
    path = target.deployment("small")
    time.sleep(PAUSE + 1)
    assert "the time of this change would be lost" in _scale(target, path, person)(0).message
    _patch(target, path, person)(0).expect()


def test_managed_fields_that_were_removed_come_back_by_an_apply(target: Target, person: Api, on_call: Api) -> None:
    path = target.deployment("slow")
    limits = world.LIMITS | {"slow": Limits(floor=3, ceiling=40, budget=1)}
    target.admin.put(target.at("v1", "configmaps", names.LIMITS), config_map(target.namespace, limits)).expect()
    removed = {"metadata": {"managedFields": [{}]}}
    world.wait(lambda: on_call.patch(path, removed, dryRun="All").warnings != ())
    on_call.patch(path, removed).expect()
    assert "the time of this change would be lost" in _scale(target, path, person)(4).message
    assert "the time of this change would be lost" in _patch(target, path, person)(4).message
    _scale(target, path, person)(6).expect()
    labels = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": {"team": "shop"}}}
    person.apply(path, labels).expect()
    assert "one scale-down each 60 s" in _scale(target, path, person)(5).message
