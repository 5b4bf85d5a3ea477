"""The memory of the proxy beside an application: what may be under way, and the tables of slow answers."""

from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast import inbound
from flyball.guards.reading.reader import Reader
from flyball.guards.workload import sidecar

GUARD = inbound.read(Reader({}, (), []), 21_000, "http", 20, 2_000)
"""1,000 connections, 20 requests under way, 10 that wait."""


def test_a_call_takes_its_buffers_its_connections_and_the_table_of_its_slow_answers() -> None:
    # For each call 100 * 2 * 16 KiB of buffers, 2 * 100 * 4 KiB of connections and 8,192 * 176 bytes of the table; one
    # such table for the guard.
    assert [sidecar.memory(GUARD, calls, sidecar.LEAST_HEADERS) // MI for calls in (0, 1, 2, 10)] == [31, 36, 41, 84]


def test_room_for_larger_headers_is_in_the_buffers_alone() -> None:
    # 30 requests and 100 for the call, with two buffers of 65 KiB each in place of 16.
    assert sidecar.memory(GUARD, 1, sidecar.MOST_HEADERS) // MI == 48
