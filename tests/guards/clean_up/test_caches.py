"""What lies beside the keys of a cache fits in the memory there is."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flyball.guards.clean_up import caches
from flyball.guards.clean_up.caches import BACKLOG, OWN, REPLICATED_SHARE, SYNC_BYTES
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import ceil_div

GI = 1024 * MI


def test_a_cache_of_a_gibibyte_with_a_replica() -> None:
    bound = caches.maxmemory(GI, REPLICATED_SHARE, REPLICATED_SHARE)
    assert bound == 322_122_547
    assert caches.client_buffers(bound) == 32_212_254
    assert caches.output_buffer(bound) == 32_212_254
    assert caches.replica_buffer(GI, bound, MI) == GI - 2 * bound - 32_212_254 - GI // 10 == 289_910_294


@given(st.integers(2**20, 2**45))
def test_what_one_client_leaves_unread_is_bounded(bound: int) -> None:
    assert MI <= caches.output_buffer(bound) <= max(64 * MI, MI)
    assert caches.output_buffer(bound) <= max(caches.client_buffers(bound), MI)


@given(st.integers(16 * MI, 2**42), st.floats(0.01, REPLICATED_SHARE), st.integers(1, 2**32))
def test_all_parts_of_a_cache_with_a_replica_fit_and_the_buffer_holds_what_is_written(
    memory: int, share: float, writes: int
) -> None:
    assume(memory * share >= 2 * caches.LEAST_MAXMEMORY)
    bound = caches.maxmemory(memory, share, REPLICATED_SHARE)
    try:
        buffer = caches.replica_buffer(memory, bound, writes)
    except Broken:
        left = memory - 2 * bound - bound // 10 - max(memory // 10, OWN)
        assert left < writes * ceil_div(bound, SYNC_BYTES) + BACKLOG
        return
    assert 2 * bound + caches.client_buffers(bound) + buffer + max(memory // 10, OWN) == memory
    assert buffer >= BACKLOG
    assert buffer - BACKLOG >= writes * (bound // SYNC_BYTES)


def test_a_replica_that_would_be_filled_for_ever_is_refused_with_the_numbers() -> None:
    with pytest.raises(Broken) as broken:
        caches.replica_buffer(64 * MI, 20 * MI, 10 * MI)
    assert str(broken.value) == (
        "of 64Mi two copies of 20Mi of keys, 2Mi for clients and 16Mi for the process leave 6Mi for its replica's"
        " buffer, and 14Mi are written while it is filled"
    )
    with pytest.raises(Broken, match="leave 0Mi for its"):
        caches.replica_buffer(16 * MI, 8 * MI, 1)


@given(st.integers(1, 2**40))
def test_a_cache_within_a_process_takes_half_and_not_a_byte_more(memory: int) -> None:
    caches.check_local(memory // 2, memory)
    with pytest.raises(Broken, match="is more than half of the container's"):
        caches.check_local(memory // 2 + 1, memory)
