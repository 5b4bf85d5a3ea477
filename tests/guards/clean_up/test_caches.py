"""What lies beside the keys of a cache fits in the memory there is."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flyball.guards.clean_up import caches
from flyball.guards.clean_up.caches import BACKLOG, OWN, REPLICATED_SHARE, SYNC_BYTES
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.problem import Broken

GI = 1024 * MI


def test_a_cache_of_a_gibibyte_with_a_replica() -> None:
    bound = caches.maxmemory(GI, REPLICATED_SHARE, REPLICATED_SHARE)
    assert bound == 322_122_547
    assert caches.client_buffers(bound) == 32_212_254
    assert caches.output_buffer(bound) == 32_212_254
    assert caches.replica_buffer(GI, bound, MI, 250) == GI - 2 * bound - 32_212_254 - GI // 4 == 128_849_020


@given(st.integers(2**20, 2**45))
def test_what_one_client_leaves_unread_is_bounded(bound: int) -> None:
    assert MI <= caches.output_buffer(bound) <= max(64 * MI, MI)
    assert caches.output_buffer(bound) <= max(caches.client_buffers(bound), MI)


@given(st.integers(16 * MI, 2**42), st.floats(0.01, REPLICATED_SHARE), st.integers(1, 2**32), st.integers(1, 4000))
def test_all_parts_of_a_cache_with_a_replica_fit_and_the_buffer_holds_what_is_written(
    memory: int, share: float, writes: int, cpu: int
) -> None:
    assume(memory * share >= 2 * caches.LEAST_MAXMEMORY)
    bound = caches.maxmemory(memory, share, REPLICATED_SHARE)
    seconds = Fraction(bound * 1000, SYNC_BYTES * min(cpu, 1000))
    try:
        buffer = caches.replica_buffer(memory, bound, writes, cpu)
    except Broken:
        left = memory - 2 * bound - bound // 10 - max(memory // 4, OWN)
        assert left < 2 * writes * math.ceil(seconds) + BACKLOG
        return
    assert 2 * bound + caches.client_buffers(bound) + buffer + max(memory // 4, OWN) == memory
    assert buffer >= BACKLOG
    assert buffer - BACKLOG >= 2 * writes * seconds


def test_a_replica_that_would_be_filled_for_ever_is_refused_with_the_numbers() -> None:
    with pytest.raises(Broken) as broken:
        caches.replica_buffer(64 * MI, 20 * MI, 10 * MI, 250)
    assert str(broken.value) == (
        "of 64Mi two copies of 20Mi of keys, 2Mi for clients and 16Mi for the process leave 6Mi for its replica's"
        " buffer, and 44Mi go there in the 2 s in which it is filled"
    )
    with pytest.raises(Broken, match="leave 0Mi for its"):
        caches.replica_buffer(16 * MI, 8 * MI, 1, 1000)


def test_a_replica_is_filled_by_one_processor_at_the_most() -> None:
    """40 MiB a second: 200 MiB in 5 s, or in 20 s by a quarter; of the 10 MiB/s that are written, twice as much."""
    for cpu, needed in ((4000, 104), (1000, 104), (250, 404), (100, 1004)):
        with pytest.raises(Broken, match=f"and {needed}Mi go there in the {(needed - 4) // 20} s in which"):
            caches.replica_buffer(400 * MI, 200 * MI, 10 * MI, cpu)


@given(st.integers(1, 2**40))
def test_a_cache_within_a_process_takes_half_and_not_a_byte_more(memory: int) -> None:
    caches.check_local(memory // 2, memory)
    with pytest.raises(Broken, match="is more than half of the container's"):
        caches.check_local(memory // 2 + 1, memory)
