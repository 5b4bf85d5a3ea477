"""Workloads that a program describes one by one: what they say of each other must be so, in the stack file's words."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from tests.kubernetes.programs import SERVICE, arguments, objects, registered

from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload

Step = Callable[[], object]


def refused(*steps: Step) -> list[str]:
    """The problems, one line each, of a program that does these things in order."""
    with pytest.raises(Refused) as error:
        registered(lambda: [step() for step in steps])
    return str(error.value).splitlines()


def front(**call: Any) -> Step:
    return lambda: Workload("front", arguments(public=True, calls={"cart": {"protocol": "http", **call}}))


def cart(**more: Any) -> Step:
    return lambda: Workload("cart", arguments(**more))


@pytest.mark.parametrize("turned", [False, True])
def test_a_timeout_below_the_deadline_whichever_comes_first(turned: bool) -> None:
    steps = [front(port=8080, timeout="500ms"), cart(callers=["front"], deadline="5s")]
    assert refused(*(reversed(steps) if turned else steps)) == [
        "front.calls.cart.timeout: 500ms is less than cart's deadline of 5s (front -> cart);"
        " raise it, or lower cart's deadline"
    ]


def test_two_that_call_each_other() -> None:
    back = {"front": {"port": 8080, "protocol": "http", "timeout": "500ms"}}
    assert refused(front(port=8080, timeout="500ms"), cart(callers=["front"], calls=back, deadline="5s")) == [
        "front.calls.cart: the calls go round in a circle: front -> cart -> front;"
        " a request could wait for itself; remove one of these calls"
    ]


def test_what_is_not_said_is_asked_for() -> None:
    """As somebody writes it who knows the stack file: nothing but a timeout, and no callers."""
    args: Any = {**SERVICE, "calls": {"cart": {"timeout": "500ms"}}}
    rest = "or put both into one Services, which finds out by itself"
    assert refused(lambda: Workload("front", args)) == [
        f"front.calls.cart.port: is missing; say the port of its Service, {rest}",
        f"front.calls.cart.protocol: is missing; say what it speaks, {rest}",
        "front.callers: is missing, and nobody could call it;"
        " name who may call it, as [front], or [] for nobody, or set public; Services finds out by itself",
    ]


def test_a_wrong_port_and_a_forgotten_caller() -> None:
    assert refused(front(port=8080, timeout="500ms"), cart(port=80, deadline="400ms")) == [
        "front.calls.cart.port: is 8080, and cart listens on 80; give 80",
        "cart.callers: front calls cart, which would not let it in;"
        " add front to its callers, or put both into one Services, which finds out by itself",
    ]


def test_nobody_is_there_where_there_is_no_port() -> None:
    asked = {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}}
    args: Any = {"image": SERVICE["image"], "load": SERVICE["load"], "probes": asked}
    assert refused(front(port=8080), lambda: Workload("cart", args)) == [
        "front.calls.cart: cart has no port, so that nobody can call it; give cart a port, or take the call out",
        "front.calls.cart.timeout: 1s is less than cart's deadline of 2s (front -> cart);"
        " raise it, or lower cart's deadline",
    ]


def test_what_the_pods_listen_on_and_speak() -> None:
    assert refused(front(port=8080, target=80, protocol="grpc"), cart(callers=["front"], deadline="1s")) == [
        "front.calls.cart.target: is 80, and the pods of cart listen on 21000; give 21000",
        "front.calls.cart.protocol: is grpc, and cart speaks http; give http",
    ]


def test_along_a_path_of_three() -> None:
    """The first and the last one never speak of each other, and the way is told to its end."""
    call = {"stock": {"port": 8080, "protocol": "http", "connect": "50ms", "timeout": "900ms"}}
    steps: list[Step] = [
        lambda: Workload("stock", arguments(deadline="900ms", callers=["cart"])),
        cart(callers=["front"], calls=call, deadline="2s"),
        front(port=8080, timeout="1s"),
    ]
    assert refused(*steps) == [
        "front.calls.cart.timeout: 1s is less than cart's deadline of 2s (front -> cart -> stock);"
        " raise it, or lower cart's deadline"
    ]


def test_those_that_fit_together_are_registered() -> None:
    found = objects(lambda: [front(port=80)(), cart(port=80, callers=["front"], deadline="1s")()])
    assert {"Deployment front", "Deployment cart"} <= set(found)


def test_whoever_is_public_needs_no_callers() -> None:
    found = objects(lambda: [front(port=80)(), cart(port=80, public=True, deadline="1s")()])
    assert {"Deployment front", "Deployment cart"} <= set(found)


def test_those_of_other_namespaces_and_clusters_are_others() -> None:
    def program() -> None:
        there = pulumi.ResourceOptions(provider=k8s.Provider("there", context="there"))
        front(port=8080, timeout="500ms")()
        Workload("cart", arguments(port=80, deadline="5s"), there)

    assert {"Deployment front", "Deployment cart"} <= set(objects(program))
    elsewhere = cart(port=80, deadline="5s", namespace="trade")
    assert "Deployment cart" in objects(lambda: [front(port=8080)(), elsewhere()])


def test_those_of_another_run_are_forgotten() -> None:
    assert registered(cart(port=80, deadline="5s"))
    assert "Deployment front" in objects(front(port=8080, timeout="500ms"))


def test_one_that_was_refused_is_not_held_against_the_next() -> None:
    def program() -> None:
        front(port=8080)()
        with pytest.raises(Refused):
            cart(port=80)()
        cart(callers=["front"], deadline="1s")()

    assert "Deployment cart" in objects(program)
