"""A balancer of a service's own: who everybody is, and the times that must fit."""

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guards.workload.one import MINIMAL, resolved

from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.workload.balancer import MOST_IDLE, Balancer, Behind, check, is_everybody
from flyball.guards.workload.resolve import Place, resolve_alone

INNER = {"sources": ["192.0.2.0/24"], "through": ["10.0.0.0/16"]}
ADDRESSES = st.integers(0, 2**32 - 1)


def ranges(*texts: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text) for text in texts]


def balancer(**given: Any) -> Balancer:
    found = resolved("web", {**MINIMAL, "expose": {"balancer": {**INNER, **given}}}).spec.balancer
    assert found
    return found


class TestEverybody:
    @pytest.mark.parametrize(
        "found",
        [
            ["0.0.0.0/0"],
            ["::/0"],
            ["0.0.0.0/1"],
            ["0.0.0.0/2", "192.0.0.0/2"],
            ["192.0.2.0/24", "2000::/4"],
            ["2000::/5", "2800::/5", "fd00::/8"],
            ["::/1"],
        ],
    )
    def test_is_half_of_a_family(self, found: list[str]) -> None:
        assert is_everybody(ranges(*found))

    @pytest.mark.parametrize(
        "found",
        [
            [],
            ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"],
            ["64.0.0.0/2", "64.0.0.0/3", "96.0.0.0/4"],
            ["2000::/5", "2000::/6"],
            ["8000::/1"],
        ],
    )
    def test_is_nobody_less(self, found: list[str]) -> None:
        assert not is_everybody(ranges(*found))

    @given(ADDRESSES, ADDRESSES, st.randoms(use_true_random=False))
    def test_is_counted_however_it_is_written(self, first: int, last: int, random: Any) -> None:
        """A stretch of addresses, in ranges that cover it and each other, in any order."""
        first, last = min(first, last), max(first, last)
        found = list(_ranges(first, last))
        split = [half for each in found for half in (each.subnets() if each.prefixlen < 32 else [each])]
        written = [*found, *split]
        random.shuffle(written)
        assert is_everybody(written) == (2 * (last - first + 1) >= 2**32)
        assert is_everybody(split) == is_everybody(collapse_addresses(split)) == is_everybody(found)


def _ranges(first: int, last: int) -> list[IPv4Network]:
    """Those that hold a stretch of addresses, and nothing else."""
    found: list[IPv4Network] = []
    while first <= last:
        size = min((first & -first) if first else 2**32, 1 << (last - first + 1).bit_length() - 1)
        found.append(IPv4Network((first, 33 - size.bit_length())))
        first += size
    return found


MILLISECONDS = st.integers(1, MOST_IDLE)


class TestTimes:
    @given(MILLISECONDS, MILLISECONDS, st.none() | MILLISECONDS, MILLISECONDS, MILLISECONDS)
    def test_fit_or_are_refused(self, idle: int, deadline: int, kept: int | None, prestop: int, leaves: int) -> None:
        one = Balancer(443, (), True, False, False, (), True, None, {}, idle, leaves)
        found = {p.rule.id for p in check(one, Behind(False, True, deadline, kept, prestop), ())}
        assert ("idle-below-timeout" in found) == (idle < deadline)
        assert ("balancer-forgets" in found) == (deadline <= idle < (kept or 0))
        assert ("balancer-still-sends" in found) == (prestop < leaves)

    def test_are_reckoned_where_nobody_says(self) -> None:
        assert balancer().idle == 350_000

    @given(st.integers(60_000, MOST_IDLE), st.sampled_from(["http", "tcp"]))
    def test_defaults_fit_each_other(self, kept: int, protocol: str) -> None:
        """However long the proxy keeps a connection, as far as balancers can."""
        probes = {"readiness": {"exec": ["ask"]}}
        web = {**MINIMAL, "protocol": protocol, "probes": probes, "inbound": {"idle": f"{kept}ms"}}
        spec = resolved("web", {**web, "expose": {"balancer": INNER}}).spec
        assert spec.balancer
        assert spec.balancer.idle == max(350_000, kept)


def problems(**given: Any) -> list[Problem]:
    with pytest.raises(Refused) as error:
        resolved("web", {**MINIMAL, **given})
    return [*error.value.problems]


class TestMember:
    """What stands alone is on one node too, and of others only members are never together."""

    @pytest.mark.parametrize(
        "kept",
        [
            {"quorum": "2 of 3", "data": {"path": "/data", "size": "1Gi"}, "load": {"peak": 10, "replica": 20}},
            {"replicas": "one", "load": {"peak": 10, "replica": 20}},
        ],
        ids=["quorum", "one"],
    )
    def test_may_be_local(self, kept: dict[str, Any]) -> None:
        given = {**MINIMAL, **kept, "expose": {"balancer": {"sources": ["192.0.2.0/24"], "local": True}}}
        spec = resolved("web", given).spec
        assert spec.balancer
        assert spec.balancer.arrives == ("192.0.2.0/24",)
        assert (spec.balancer.deregistration, spec.shutdown.prestop) == (30_000, 30_000)

    def test_replicas_may_not(self) -> None:
        found = problems(expose={"balancer": {"sources": ["192.0.2.0/24"], "local": True}})
        assert [(problem.where, problem.rule.id) for problem in found] == [("web.expose.balancer.local", "load-uneven")]


def test_a_service_alone_is_called_by_its_balancer() -> None:
    """Nobody in the cluster need be named."""
    alone = {**MINIMAL, "expose": {"balancer": INNER}}
    found = resolve_alone("web", alone, Place()).spec
    assert found.balancer == balancer()
    assert balancer().arrives == ("10.0.0.0/16",)
    with pytest.raises(Refused, match="nobody could call it"):
        resolve_alone("web", MINIMAL, Place())
