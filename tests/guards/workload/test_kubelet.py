"""What kubelets are told, and how one that differs is told from one that says the same in other words."""

from typing import Any

import pytest

from flyball.guards.clean_up.nodes import Eviction, NodeImages, NodeLogs, Nodes
from flyball.guards.clean_up.retention import MI
from flyball.guards.workload import kubelet

WANTED: dict[str, Any] = {
    "containerLogMaxSize": "50Mi",
    "containerLogMaxFiles": 3,
    "containerLogMonitorInterval": "5s",
    "containerLogMaxWorkers": 4,
    "evictionHard": {
        "imagefs.available": "10%",
        "imagefs.inodesFree": "5%",
        "memory.available": "100Mi",
        "nodefs.available": "10%",
        "nodefs.inodesFree": "5%",
    },
    "evictionSoft": {"imagefs.available": "15%", "nodefs.available": "15%"},
    "evictionSoftGracePeriod": {"imagefs.available": "2m", "nodefs.available": "2m"},
    "evictionMaxPodGracePeriod": 110,
    "imageGCHighThresholdPercent": 75,
    "imageGCLowThresholdPercent": 65,
    "imageMaximumGCAge": "336h",
}
"""Of nodes about which nothing is said."""
OTHER_WORDS: dict[str, Any] = {
    **WANTED,
    "containerLogMaxSize": "51200Ki",
    "evictionHard": {**WANTED["evictionHard"], "nodefs.available": "10.0%", "pid.available": "5%"},
    "evictionSoftGracePeriod": {"imagefs.available": "2m0s", "nodefs.available": "120s"},
    "imageMaximumGCAge": "336h0m0s",
    "maxPods": 58,
}
"""The same as a kubelet may say it, which has more fields."""


def test_what_follows_from_nothing() -> None:
    assert kubelet.configuration(Nodes()) == WANTED


def test_what_is_said() -> None:
    found = Nodes(
        logs=NodeLogs(10 * MI + 1, 5, 90_500, 2),
        images=NodeImages(high=60, low=50, age=5_400_000),
        eviction=Eviction(soft=20, hard=12),
    )
    assert kubelet.configuration(found) == {
        "containerLogMaxSize": "10485761",
        "containerLogMaxFiles": 5,
        "containerLogMonitorInterval": "90500ms",
        "containerLogMaxWorkers": 2,
        "evictionHard": {**WANTED["evictionHard"], "imagefs.available": "12%", "nodefs.available": "12%"},
        "evictionSoft": {"imagefs.available": "20%", "nodefs.available": "20%"},
        "evictionSoftGracePeriod": {"imagefs.available": "2m", "nodefs.available": "2m"},
        "evictionMaxPodGracePeriod": 110,
        "imageGCHighThresholdPercent": 60,
        "imageGCLowThresholdPercent": 50,
        "imageMaximumGCAge": "90m",
    }


def test_what_the_platform_sets_is_neither_told_nor_asked() -> None:
    found = kubelet.configuration(Nodes(images=NodeImages(enabled=False), eviction=Eviction(enabled=False)))
    assert found == {key: value for key, value in WANTED.items() if key.startswith("containerLog")}
    assert list(kubelet.differences(found, {**found, "evictionHard": {"nodefs.available": "1%"}})) == []


@pytest.mark.parametrize("there", [WANTED, OTHER_WORDS])
def test_the_same_in_other_words_does_not_differ(there: dict[str, Any]) -> None:
    assert list(kubelet.differences(WANTED, there)) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"containerLogMaxSize": "10Mi"}, "containerLogMaxSize is 10Mi, wanted 50Mi"),
        ({"containerLogMaxWorkers": 1}, "containerLogMaxWorkers is 1, wanted 4"),
        ({"containerLogMonitorInterval": "10s"}, "containerLogMonitorInterval is 10s, wanted 5s"),
        ({"imageMaximumGCAge": "0s"}, "imageMaximumGCAge is 0s, wanted 336h"),
        ({"imageMaximumGCAge": None}, "imageMaximumGCAge is None, wanted 336h"),
        (
            {"evictionHard": {**WANTED["evictionHard"], "nodefs.available": "1Gi"}},
            "evictionHard[nodefs.available] is 1Gi, wanted 10%",
        ),
        (
            {"evictionHard": {**WANTED["evictionHard"], "nodefs.available": "x%"}},
            "evictionHard[nodefs.available] is x%, wanted 10%",
        ),
    ],
)
def test_what_differs_is_said(changed: dict[str, Any], said: str) -> None:
    assert list(kubelet.differences(WANTED, WANTED | changed)) == [said]


def test_what_is_missing_is_said() -> None:
    there = {key: value for key, value in WANTED.items() if not key.startswith("evictionSoft")}
    assert list(kubelet.differences(WANTED, there)) == [
        "evictionSoft[imagefs.available] is not set, wanted 15%",
        "evictionSoft[nodefs.available] is not set, wanted 15%",
        "evictionSoftGracePeriod[imagefs.available] is not set, wanted 2m",
        "evictionSoftGracePeriod[nodefs.available] is not set, wanted 2m",
    ]
