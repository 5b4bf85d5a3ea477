"""What containers' logs hold on a node, against a kubelet played through; a disk that cleans up before it evicts."""

import heapq
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flyball.guards.clean_up import nodes
from flyball.guards.clean_up.nodes import Eviction, NodeImages, NodeLogs, Nodes
from flyball.guards.clean_up.retention import CONTAINER_STORAGE, GI, GZIP_BYTES, MI
from flyball.guards.clean_up.rules import KUBELET_TOO_SLOW
from flyball.guards.reading.problem import Broken

LOGS = st.builds(
    NodeLogs,
    size=st.integers(MI, 100 * MI),
    files=st.integers(2, 6),
    interval=st.integers(3_000, 60_000),
    workers=st.integers(1, 6),
    rate=st.integers(1, 8 * MI),
    busy=st.integers(1, 12),
)


LOOKS = 40


def _problems(**args: Any) -> list[str]:
    return [str(problem) for problem in nodes.examine(args, ("nodes",))[1]]


def test_the_defaults_by_hand() -> None:
    """(5 s + 2 rounds * 50 MiB / 25 MiB/s) * 1 MiB/s, and what the compressed ones had grown by themselves."""
    found, problems = nodes.examine({}, ("nodes",))
    assert problems == []
    assert found == Nodes(None, None, 220, NodeLogs(50 * MI, 3, 5_000, 4, MI, 8), NodeImages(), Eviction(15, 10))
    assert found.images == NodeImages(16 * GI, 75, 65, 14 * 24 * 3_600_000)
    assert found.logs.growth == -(-9 * MI * 100 // 92)
    assert found.logs.held == 3 * (50 * MI + found.logs.growth) == 188_059_827
    assert found.least_disk == 90_081_586_345


@given(LOGS, st.integers(0, 99), st.data())
@example(NodeLogs(), 0, None)
@example(replace(NodeLogs(), workers=1, busy=8), 0, None)
def test_no_log_of_a_kubelet_outgrows_the_bound(logs: NodeLogs, head_start: int, data: st.DataObject | None) -> None:
    try:
        bound = logs.size + logs.growth
    except Broken:
        assume(False)
        raise
    starts = [data.draw(st.integers(0, logs.size)) if data else logs.size - 1 for _ in range(logs.busy)]
    assert all(logs.size <= size <= bound for size in _rotated(logs, starts, bound, head_start))


def test_the_kubelet_played_through_comes_near_the_bound() -> None:
    logs = NodeLogs(workers=1)
    largest = max(_rotated(logs, [logs.size - 1] * logs.busy, logs.size + logs.growth, 0))
    assert logs.size + 0.9 * logs.growth <= largest <= logs.size + logs.growth


def _rotated(logs: NodeLogs, starts: list[int], before: int, head_start: int) -> list[Fraction]:
    """Sizes of the logs that a kubelet renames, by its own steps; `before` is what it finds to compress at first.

    Each look puts every container into the queue once; a worker takes the next, and where its log is large enough
    compresses the one before and then renames it (container_log_manager.go: rotateLogs, processContainer, rotateLog).
    """
    born = [Fraction(-start, logs.rate) for start in starts]
    previous = [Fraction(before)] * logs.busy
    idle = [Fraction(0)] * logs.workers
    heapq.heapify(idle)
    queue: list[int] = []
    working: dict[int, Fraction] = {}
    sizes: list[Fraction] = []
    look = Fraction(logs.interval * head_start, 100_000)
    for _ in range(LOOKS):
        again = [each for each in range(logs.busy) if each not in queue]
        queue += sorted(again, key=lambda each: working.get(each, look))  # in work: taken up when that is done
        until = look + Fraction(logs.interval, 1000)
        while queue and max(start := max(idle[0], look), working.get(queue[0], start)) < until:
            each = queue.pop(0)
            start = max(heapq.heappop(idle), look, working.get(each, look))
            end = start
            if logs.rate * (start - born[each]) >= logs.size:
                end += previous[each] / GZIP_BYTES
                previous[each] = logs.rate * (end - born[each])
                sizes.append(previous[each])
                born[each] = end
            working[each] = end
            heapq.heappush(idle, end)
        look = until
    return sizes


def test_without_more_workers_a_log_grows_further() -> None:
    """The kubelet as it comes, one worker and a look each 10 s, against the same with four and 5 s."""
    bare = NodeLogs(interval=10_000, workers=1)
    assert -(-bare.growth // MI) == 39
    assert -(-NodeLogs().growth // MI) == 10


@given(LOGS)
def test_a_kubelet_that_compresses_more_slowly_than_is_written_has_no_bound(logs: NodeLogs) -> None:
    slow = -(-logs.busy // logs.workers) * logs.rate >= 25 * MI
    found = [problem.rule for problem in nodes.check(Nodes(logs=logs), ())]
    assert (KUBELET_TOO_SLOW in found) == slow
    assert slow or logs.growth >= 1


@given(LOGS, st.integers(1, 1000), st.none() | st.integers(1, 2**42))
def test_what_is_accepted_fits_in_pods_and_disk(logs: NodeLogs, containers: int, disk: int | None) -> None:
    found = Nodes(disk=disk, containers=containers, logs=logs)
    if list(nodes.check(found, ())):
        return
    held = logs.files * (logs.size + logs.growth)
    assert held <= CONTAINER_STORAGE
    if disk is not None:
        assert containers * held + 16 * GI <= disk * found.images.low / 100


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_images_go_before_pods_and_pods_have_time(low: int, high: int, soft: int, hard: int) -> None:
    found = Nodes(images=NodeImages(low=low, high=high), eviction=Eviction(soft, hard))
    assert (not list(nodes.check(found, ()))) == (low < high < 100 - soft < 100 - hard)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (
            {"disk": "20Gi"},
            "nodes.disk: is 20Gi: 220 containers of 3 files of 50Mi, each 10Mi beyond that between two looks, and"
            " images of 16Gi are above 65 % of it; take at least 84Gi, or lower containers, logs or images.size",
        ),
        (
            {"logs": {"size": "100Mi"}},
            "nodes.logs: 3 files of 100Mi, each 15Mi beyond that between two looks, hold 343Mi, and pods count on 214Mi"
            " for each container; lower size or files, look more often, or give more workers",
        ),
        (
            {"logs": {"rate": "30Mi", "busy": 1, "workers": 1}},
            "nodes.logs.workers: containers that write 30Mi/s, 1 at a time, are more than 1 worker of 25Mi/s compress;"
            " give it more workers, or let containers write less",
        ),
        ({"images": {"low": 75}}, "nodes.images.low: is 75, and the clean-up begins at 75; give less than 75"),
        (
            {"images": {"high": 85}},
            "nodes.images.high: is 85, and with 15 % left, at 85, pods are evicted; give less than 85, so that images"
            " go first",
        ),
        (
            {"eviction": {"hard": 15}},
            "nodes.eviction.hard: is 15, and pods get their time to end from 15 on; give less than 15",
        ),
        ({"logs": {"size": "50"}}, "nodes.logs.size: is 50; allowed is at least 1Mi"),
        ({"logs": {"files": 1}}, "nodes.logs.files: is 1; allowed is from 2 to 1000"),
        ({"logs": {"interval": "1s"}}, "nodes.logs.interval: is 1s; allowed is at least 3s"),
        ({"images": {"age": "1m"}}, "nodes.images.age: is 1m; allowed is at least 1h"),
        ({"count": 0}, "nodes.count: is 0; allowed is at least 1"),
    ],
)
def test_refused(args: dict[str, Any], problem: str) -> None:
    assert _problems(**args) == [problem]


@pytest.mark.parametrize(
    "args",
    [
        {"images": {"enabled": False, "low": 80, "high": 85}},
        {"images": {"high": 90}, "eviction": {"enabled": False}},
        {"images": {"enabled": False, "low": 80, "high": 80}, "eviction": {"hard": 14}},
        {"eviction": {"enabled": False, "hard": 15}},
        {"logs": {"size": "10Mi", "files": 5, "interval": "10s", "workers": 1}},
    ],
)
def test_what_the_platform_sets_is_not_held_against_the_rest(args: dict[str, Any]) -> None:
    assert _problems(**args) == []


def test_where_the_platform_stops_removing_images_still_counts() -> None:
    found, problems = nodes.examine({"images": {"enabled": False, "low": 80}}, ("nodes",))
    assert problems == []
    assert found.least_disk == (220 * 188_059_827 + 16 * GI) * 100 // 80 == 73_191_288_905


def test_a_disk_of_just_the_size_that_is_asked_for() -> None:
    least = Nodes().least_disk
    assert list(nodes.check(Nodes(disk=least), ())) == []
    assert len(list(nodes.check(Nodes(disk=least - 1), ()))) == 1


def test_values_of_a_wrong_type_are_left_to_the_check_of_types() -> None:
    assert nodes.examine({"disk": 5, "count": "x", "logs": 3, "images": {"high": "x"}}, ())[1] == []
    assert nodes.examine(12, ())[1] == []
