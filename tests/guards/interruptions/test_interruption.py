"""The way out fits a spot notice, and losing all spot at once leaves what the peak needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom.headroom import Loss, floor
from flyball.guards.interruptions import interruption
from flyball.guards.interruptions.interruption import Shutdown, SpotSplit

TIMES = st.integers(0, 120_000)
SHUTDOWNS = st.builds(Shutdown, TIMES, TIMES, TIMES)


class TestShutdown:
    @given(SHUTDOWNS, st.integers(0, 120_000))
    def test_let_pass_exactly_where_it_fits(self, shutdown: Shutdown, deadline: int) -> None:
        """110 s in all, ten less than the notice, and time for the longest request under way."""
        fits = shutdown.prestop + shutdown.drain + shutdown.stop <= 110_000 and shutdown.drain >= deadline
        assert (not list(interruption.check_shutdown(shutdown, deadline, ()))) == fits

    @given(SHUTDOWNS)
    def test_grace_covers_the_whole_way_to_the_second(self, shutdown: Shutdown) -> None:
        assert (shutdown.grace_seconds - 1) * 1000 < shutdown.total <= shutdown.grace_seconds * 1000

    @pytest.mark.parametrize(
        ("shutdown", "seconds"),
        [(Shutdown(), 40), (Shutdown(5_000, 30_000, 1), 36), (Shutdown(0, 0, 1_001), 2), (Shutdown(0, 0, 0), 0)],
    )
    def test_grace_by_hand(self, shutdown: Shutdown, seconds: int) -> None:
        assert shutdown.grace_seconds == seconds

    def test_the_longest_that_passes(self) -> None:
        assert list(interruption.check_shutdown(Shutdown(5_000, 100_000, 5_000), 100_000, ())) == []


class TestSpotSplit:
    @given(st.integers(1, 10_000), st.integers(1, 50), st.none() | st.integers(2, 6), st.booleans())
    def test_all_spot_lost_leaves_the_need(self, need: int, lose: int, zones: int | None, claimed: bool) -> None:
        least = floor(need, Loss(lose, zones))
        split = interruption.spot_split(need, least, survive_spot=claimed)
        assert split.base >= need
        assert split.base + split.above == least
        assert split.above >= 1

    @given(st.integers(1, 50), st.integers(1, 10), st.integers(-2, 70), st.booleans())
    def test_a_base_of_ones_own(self, need: int, spare: int, base: int, claimed: bool) -> None:
        least = need + spare
        allowed = (need if claimed else 1) <= base < least
        try:
            found = interruption.spot_split(need, least, base, survive_spot=claimed)
        except ValueError:
            assert not allowed
            return
        assert allowed
        assert found == SpotSplit(base=base, above=least - base)

    def test_by_hand(self) -> None:
        assert interruption.spot_split(13, 20) == SpotSplit(base=13, above=7)
        assert interruption.spot_split(13, 20, 4) == SpotSplit(base=4, above=16)


class TestRefused:
    def test_a_way_out_that_the_notice_cuts_short(self) -> None:
        (problem,) = interruption.check_shutdown(Shutdown(5_000, 100_000, 5_001), 2_000, ("web", "shutdown"))
        assert str(problem) == (
            "web.shutdown: prestop + drain + stop take 1m50.001s, more than the 1m50s that a spot notice of 2m"
            " leaves; shorten them"
        )

    def test_requests_cut_off(self) -> None:
        (problem,) = interruption.check_shutdown(Shutdown(drain=1_500), 2_000, ("web", "shutdown"))
        assert str(problem) == (
            "web.shutdown.drain: 1.5s is less than the deadline of 2s;"
            " requests under way would be cut off; raise drain or lower the deadline"
        )

    @pytest.mark.parametrize(
        ("base", "claimed", "text"),
        [
            (0, False, "base is 0; at least 1 replica stays on demand"),
            (20, False, "a base of 20 leaves nothing of the floor of 20 for spot; turn spot off instead"),
            (12, True, "a base of 12 is less than the 13 replicas that must be left when spot is lost"),
        ],
    )
    def test_a_base(self, base: int, claimed: bool, text: str) -> None:
        with pytest.raises(ValueError, match=f"^{text}$"):
            interruption.spot_split(13, 20, base, survive_spot=claimed)
