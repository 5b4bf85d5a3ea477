"""A call as it will be made: where it goes, and what it takes over from a callee that is known."""

from typing import Any

import pytest

from flyball.guards.breakers.breaker import Breaker
from flyball.guards.reading.reader import Reader
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop
from flyball.guards.workload.calls import Call, Callee, as_reference, read

CART = Callee("cart", "shop", port=7070, target=21_000, protocol="grpc", deadline=300)
BREAKER = Breaker(slow=800)


def called(known: dict[str, Callee] | None = None, **given: Any) -> tuple[Call, list[str]]:
    """The call `cart` of a workload in the namespace shop, and what is wrong with it."""
    r = Reader({"calls": {"cart": given}}, ("web",), [])
    [(name, call)] = read(r, "shop", known or {}).items()
    assert name == "cart"
    return call, [str(problem) for problem in r.problems]


def call(known: dict[str, Callee] | None = None, **given: Any) -> Call:
    found, problems = called(known, **given)
    assert problems == []
    return found


def test_a_known_callee_says_everything() -> None:
    hop = Hop("grpc", breaker=BREAKER, stream=True)
    assert call({"cart": CART}) == Call(Times(250, 1_000, 0, 0, None, False), hop, CART)


def test_what_the_call_says_of_a_known_callee_is_kept_for_the_rules_to_compare() -> None:
    said = call({"cart": CART}, port=80, target=81, protocol="tcp").to
    assert said == Callee("cart", "shop", port=80, target=81, protocol="tcp", deadline=300)


def test_what_cannot_be_read_is_as_the_callee_says() -> None:
    found, problems = called({"cart": CART}, port=0, target=70_000)
    assert found.to == CART
    assert problems == [
        "web.calls.cart.port: is 0; allowed is from 1 to 65535",
        "web.calls.cart.target: is 70000; allowed is from 1 to 65535",
    ]


def test_of_an_unknown_callee_the_call_says_all_that_is_known() -> None:
    assert call(port=80, protocol="http") == Call(
        Times(), Hop("http", breaker=BREAKER), Callee("cart", "shop", 80, 21_000, "http")
    )


@pytest.mark.parametrize(
    ("given", "outside"),
    [
        ({"host": "10.1.2.3", "port": 1}, Outside("10.1.2.3", 1)),
        (
            {"host": "2001:db8::1", "port": 1, "cidrs": ["2001:db8::/32"], "hosts": ["b.example"]},
            Outside("2001:db8::1", 1, ("2001:db8::/32",), ("b.example",)),
        ),
    ],
)
def test_with_a_host_it_leaves_the_cluster_over_tcp(given: dict[str, Any], outside: Outside) -> None:
    assert call({"cart": CART}, **given) == Call(Times(outside=True), Hop("tcp", idle=300_000), outside)


class TestReference:
    REFERENCE: dict[str, Any] = {  # noqa: RUF012 - read only
        "name": "cart",
        "namespace": "trade",
        "port": 80,
        "target": 8080,
        "protocol": "http",
        "deadline": "1m30s",
    }
    CALLEE = Callee("cart", "trade", 80, 8080, "http", 90_000)

    def test_says_where_the_service_of_another_set_is(self) -> None:
        """And by its deadline how long to wait, and what the breaker then watches."""
        patient = Breaker(window=90_000, slow=72_000)
        times = Times(timeout=90_000, outside=True)
        assert call(service=self.REFERENCE) == Call(times, Hop("http", breaker=patient), self.CALLEE)

    def test_is_what_a_callee_is_written_as(self) -> None:
        assert as_reference(self.CALLEE) == self.REFERENCE
        assert call(service=as_reference(CART)).to == CART

    def test_needs_no_more_than_a_name_and_a_port(self) -> None:
        assert call(service={"name": "cart", "port": 80}).to == Callee("cart", "shop", 80, 21_000, "http", None)

    @pytest.mark.parametrize("key", ["port", "target", "protocol", "host"])
    def test_leaves_nothing_for_the_call_to_say(self, key: str) -> None:
        beside: dict[str, Any] = {"port": 80, "target": 80, "protocol": "http", "host": "a.example"}
        given: dict[str, Any] = {"service": self.REFERENCE, "port": 80, key: beside[key]}
        _, problems = called(**given)
        assert f"web.calls.cart.{key}: is given beside service; the reference says it; remove one of them" in problems

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("name", "Cart", "service.name: 'Cart' is no name for Kubernetes objects;"),
            ("namespace", "a b", "service.namespace: 'a b' is no name for a namespace;"),
            ("port", 0, "service.port: is 0; allowed is from 1 to 65535"),
            ("target", 0, "service.target: is 0; allowed is from 1 to 65535"),
            ("protocol", "udp", "service.protocol: is 'udp'; allowed are http, grpc, tcp"),
            ("deadline", "3", "service.deadline: '3' is not a duration;"),
        ],
    )
    def test_what_cannot_be(self, key: str, value: Any, said: str) -> None:
        [problem] = called(service={**self.REFERENCE, key: value})[1]
        assert problem.startswith(f"web.calls.cart.{said}")
