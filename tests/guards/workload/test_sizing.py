"""All rules on one workload: sized as worked out by hand, every promise kept; and on those of a stack."""

from fractions import Fraction
from typing import Any, NotRequired

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guards.workload.one import MINIMAL, NIGHT, SALE, resolved

from flyball.guards.governor.envelope import Envelope
from flyball.guards.governor.scaling import Floors
from flyball.guards.governor.steps import Step, WriterSteps
from flyball.guards.headroom.headroom import Headroom, Loss
from flyball.guards.interruptions.interruption import SpotSplit
from flyball.guards.reading.problem import Refused
from flyball.guards.reading.units import exact
from flyball.guards.timeouts.deadlines import Promise, Times
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.resolve import Place, examine
from flyball.guards.workload.sizing import Period, Sizing

MI = 2**20


def sized(zones: int = 0, **more: Any) -> Sizing:
    return resolved("web", MINIMAL | more, zones).sizing


class TestByHand:
    def test_from_port_and_load_alone(self) -> None:
        """12.5 replicas at 80 %; one more to lose; 80 * 13/14 = 74.28; 14 and half as many; 80 % of 21 is 16.8."""
        assert sized() == Sizing(
            peak=Fraction(1000),
            loss=Loss(1),
            headroom=Headroom(need=13, floor=14, budget=1),
            target=74,
            envelope=Envelope(proven=14, ceiling=21, warn=17),
            split=None,
            writer=WriterSteps(Step(4, 100), Step(1, 20)),
            ephemeral_storage=(150 + 64 + 64) * MI,
            periods=(Period(None, Fraction(1000), Headroom(13, 14, 1)),),
            floors=Floors(14),
        )

    def test_its_short_names(self) -> None:
        found = sized()
        assert (found.need, found.floor, found.ceiling, found.budget) == (13, 14, 21, 1)

    def test_a_zone_of_three(self) -> None:
        """20 lose 7 and leave 13; 22 lose 8, which is the worst: 80 * 14/22 = 50.9."""
        found = sized(3, survive="zone")
        assert (found.need, found.floor, found.budget, found.target) == (13, 20, 7, 50)
        assert found.loss == Loss(1, 3)
        assert found.envelope == Envelope(20, 30, 24)

    def test_zones_without_a_claim_on_them(self) -> None:
        assert sized(3) == sized()

    def test_spot(self) -> None:
        assert sized(3, survive="zone,spot", spot={}).split == SpotSplit(base=13, above=7)
        assert sized(3, spot={"base": 4}).split == SpotSplit(base=4, above=10)
        assert sized(0, spot={"enabled": False, "base": 4}).split is None

    def test_by_the_clock(self) -> None:
        """100 at night need 2 (1.25) and 3 with one to lose; 2000 on one day need 25 and 26."""
        found = sized(schedule={"windows": [NIGHT, SALE]})
        assert found.periods == (
            Period(None, Fraction(1000), Headroom(13, 14, 1)),
            Period("night", Fraction(100), Headroom(2, 3, 1)),
            Period("sale", Fraction(2000), Headroom(25, 26, 1)),
        )
        assert (found.peak, found.floor, found.ceiling, found.budget) == (2000, 26, 39, 1)
        assert found.target == 53  # at night's floor: 80 * 2/3

    def test_the_budget_is_that_of_the_tightest_period(self) -> None:
        found = sized(3, survive="zone", schedule={"windows": [NIGHT]})
        assert [period.headroom for period in found.periods] == [Headroom(13, 20, 7), Headroom(2, 3, 1)]
        assert found.budget == 1

    def test_the_writer_follows_a_fast_autoscaler(self) -> None:
        behavior = {"up": {"pods": 9, "percent": 300}, "down": {"pods": 3, "percent": 40}}
        assert sized(behavior=behavior).writer == WriterSteps(Step(9, 301), Step(3, 41))

    def test_storage(self) -> None:
        scratch = {"a": {"path": "/a", "size": "100Mi"}, "b": {"path": "/b"}}
        assert (
            sized(scratch=scratch, logs={"path": "/logs", "preset": "nginx"}).ephemeral_storage
            == (214 + 100 + 64 + 512) * MI
        )


@st.composite
def workloads(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Arguments over which every rule has a say, and a number of zones."""
    replica = draw(st.floats(0.01, 1e5))
    load = {"replica": replica, "peak": draw(st.floats(0.01, 60)) * replica}
    load |= draw(st.fixed_dictionaries({}, optional={"utilization": st.floats(0.3, 1)}))
    zones, lose = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    survive = draw(st.sampled_from(["replica", "zone", "spot", "zone,spot"] if zones > 1 else ["replica", "spot"]))
    rate = st.fixed_dictionaries({}, optional={"pods": st.integers(1, 20), "percent": st.integers(1, 1000)})
    down = st.fixed_dictionaries({}, optional={"pods": st.just(1), "percent": st.integers(1, 50)})
    window = {"start": "0 22 * * *", "end": "0 6 * * *", "peak": draw(st.floats(0.01, 60)) * replica}
    size = st.integers(1, 2000).map(lambda n: f"{n}Mi")
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "spot": st.just({}),
                "behavior": st.fixed_dictionaries({}, optional={"up": rate, "down": down}),
                "schedule": st.just({"windows": [window]}),
                "scratch": st.fixed_dictionaries(
                    {"tmp": st.fixed_dictionaries({"path": st.just("/tmp"), "size": size})}
                ),
                "logs": st.just({"path": "/var/log/app", "preset": "nginx"}),
            },
        )
    )
    return {"port": 80, "load": load, "lose": lose, "survive": survive} | more, zones


def survivors(n: int, sizing: Sizing) -> int:
    zones = sizing.loss.zones
    fullest = len(range(0, n, zones)) if zones else 0
    return n - max(sizing.loss.lose, fullest)


class TestPromises:
    @given(workloads())
    def test_no_survivor_carries_more_than_it_may(self, drawn: tuple[dict[str, Any], int]) -> None:
        found = resolved("web", *drawn)
        spec, sizing = found.spec, found.sizing
        most, least = exact(spec.utilization), min(period.headroom.floor for period in sizing.periods)
        for n in range(least, sizing.ceiling + 1):
            assert Fraction(n * sizing.target, 100) / survivors(n, sizing) <= most
            assert Fraction(n * sizing.target, 100) / (n - sizing.budget) <= most
        for period in sizing.periods:
            left = survivors(period.headroom.floor, sizing)
            assert left >= period.headroom.need
            assert period.peak / (exact(spec.replica) * left) <= most

    @given(workloads())
    def test_sizes_are_in_order(self, drawn: tuple[dict[str, Any], int]) -> None:
        sizing = resolved("web", *drawn).sizing
        assert 2 <= sizing.floor <= sizing.ceiling <= sizing.envelope.proven * 3 // 2
        assert sizing.need < sizing.floor == max(period.headroom.floor for period in sizing.periods)
        assert sizing.peak == max(period.peak for period in sizing.periods)
        assert 1 <= sizing.target <= 100
        for period in sizing.periods:
            assert 1 <= sizing.budget <= period.headroom.floor - period.headroom.need
        if sizing.split:
            assert sizing.split.base >= sizing.need
            assert sizing.split.base + sizing.split.above == sizing.floor

    @given(workloads())
    def test_the_autoscaler_is_never_denied(self, drawn: tuple[dict[str, Any], int]) -> None:
        found = resolved("web", *drawn)
        spec, sizing = found.spec, found.sizing
        for n in range(1, sizing.ceiling + 1):
            assert sizing.writer.up.of(n) >= spec.behavior.up.up(n)
            assert sizing.writer.down.of(n) >= spec.behavior.down.down(n)

    @given(workloads())
    def test_the_storage_limit_exceeds_what_is_written(self, drawn: tuple[dict[str, Any], int]) -> None:
        found = resolved("web", *drawn)
        spec, sizing = found.spec, found.sizing
        written = 3 * 50 * MI + sum(volume.size for volume in spec.scratch.values())
        assert sizing.ephemeral_storage > written + (spec.logs.limits.held if spec.logs else 0)

    @given(workloads())
    def test_the_way_out_fits_the_notice(self, drawn: tuple[dict[str, Any], int]) -> None:
        spec = resolved("web", *drawn).spec
        assert spec.deadline <= spec.shutdown.drain
        assert spec.shutdown.total <= 110_000


class TestForAStack:
    def test_problems_are_handed_over_with_the_keys_they_lie_under(self) -> None:
        calls = {"cart": {"timeout": "1"}, "api.example.org": {"host": "x.example", "port": 0}, "good": {}}
        args = MINIMAL | {"calls": calls, "deadline": "x", "schedule": {"windows": [NIGHT | {"peak": 0}]}}
        found = examine({"web": args, "cart": MINIMAL, "good": MINIMAL}, Place(), ("services",))
        assert list(found.services) == ["cart", "good"]
        assert {problem.where for problem in found.own["web"]} == {
            "services.web.calls.cart.timeout",
            "services.web.calls.api.example.org.port",
            "services.web.deadline",
            "services.web.schedule.windows[0].peak",
        }
        assert found.promises["web"] == Promise(None, {"good": Times(timeout=2_000)})
        assert found.promises["good"] == Promise(2_000, {})

    def test_arguments_of_ones_own(self) -> None:
        class Extended(PlainArgs):
            image: NotRequired[str]

        resolved("web", MINIMAL | {"image": "web:1"}, expected=Extended)
        with pytest.raises(Refused, match=r"^web\.image: is not a known key; known are port,"):
            resolved("web", MINIMAL | {"image": "web:1"})
