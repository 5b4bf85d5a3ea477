"""Logs and scratch space are bounded, and the pod's limit exceeds their sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.clean_up import retention
from flyball.guards.clean_up.retention import FileLogs
from flyball.guards.reading.problem import Broken

MI = 2**20
SIZES = st.integers(1, 2**50)
LOGS = st.builds(FileLogs, SIZES, st.integers(1, 10_000), st.integers(1, 400), SIZES)


@pytest.mark.parametrize(
    ("containers", "scratch", "logs", "mebibytes"),
    [
        (1, [], None, 3 * 50 + 64),
        (1, [64 * MI], None, 278),
        (2, [64 * MI, 1024 * MI], None, 1516),
        (2, [64 * MI], FileLogs(), 1004),
        (1, [], FileLogs(10 * MI, 3, 1, 50 * MI), 264),
    ],
)
def test_limit_by_hand(containers: int, scratch: list[int], logs: FileLogs | None, mebibytes: int) -> None:
    assert retention.ephemeral_storage(containers, scratch, logs) == mebibytes * MI


@given(st.integers(1, 5), st.lists(SIZES, max_size=5), st.none() | LOGS)
def test_the_limit_exceeds_all_that_may_be_written(containers: int, scratch: list[int], logs: FileLogs | None) -> None:
    """The kubelet keeps three logs of 50 MiB a container; a log volume that passes the check holds its files."""
    written = containers * 3 * 50 * MI + sum(scratch)
    if logs and not list(retention.check_file_logs(logs, ())):
        assert logs.held <= logs.volume
        written += logs.size * (logs.files + 1)
    assert retention.ephemeral_storage(containers, scratch, logs) > written


@given(LOGS)
def test_refused_exactly_where_the_files_outgrow_their_volume(logs: FileLogs) -> None:
    assert bool(list(retention.check_file_logs(logs, ("logs",)))) == (logs.size * (logs.files + 1) > logs.volume)


def test_the_defaults_fit() -> None:
    assert FileLogs() == FileLogs(size=50 * MI, files=5, days=7, volume=512 * MI)
    assert FileLogs().held == 300 * MI
    assert list(retention.check_file_logs(FileLogs(), ("logs",))) == []


class TestRefused:
    def test_files_that_outgrow_their_volume(self) -> None:
        (problem,) = retention.check_file_logs(FileLogs(size=100 * MI, files=5), ("web", "logs"))
        assert str(problem) == (
            "web.logs.volume: 512Mi is less than 5 files of 100Mi and the one being written hold (600Mi);"
            " raise the volume, or lower size or files"
        )

    @pytest.mark.parametrize("key", ["size", "files", "days"])
    @pytest.mark.parametrize("value", [0, -1])
    def test_a_bound_of_nothing(self, key: str, value: int) -> None:
        values = {"size": MI, "files": 1, "days": 1, key: value}
        (problem,) = retention.check_file_logs(FileLogs(**values), ("logs",))
        assert str(problem) == f"logs.{key}: {value} bounds nothing; give at least 1"


@given(
    st.integers(1, 50),
    st.integers(1, 8),
    st.integers(1, 20),
    st.integers(0, 300),
    st.lists(st.integers(0, 10), min_size=1, max_size=60),
)
def test_a_rotated_log_never_outgrows_its_volume(
    size: int, files: int, rate: int, spare: int, writes: list[int]
) -> None:
    """Of lines that cannot be compressed, at any rhythm up to the rate: every file that is kept grew between two
    looks, and one of them is there twice while it is compressed."""
    logs = FileLogs(size, files, 1, size * (files + 1) + spare)
    try:
        seconds = min(retention.rotation_interval(logs, rate) // 1000, 30)
    except Broken:
        return
    kept: list[int] = []
    current = 0
    for second, tenths in enumerate(writes * 10, 1):
        current += rate * tenths // 10
        copy = 0
        if second % seconds == 0 and current >= size:
            copy = kept[0] if kept else 0
            assert sum(kept) + current + copy <= logs.volume
            kept = [current, *kept][:files]
            current = 0
        assert sum(kept) + current <= logs.volume
