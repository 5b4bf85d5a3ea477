"""What a program hands to its node groups."""

import pulumi
import pytest
from tests.guards.workload.test_kubelet import WANTED

from flyball.kubernetes import kubelet_configuration


def test_what_follows_from_nothing() -> None:
    assert kubelet_configuration() == WANTED


def test_what_is_said() -> None:
    assert kubelet_configuration({"logs": {"size": "20Mi", "workers": 6}, "images": {"age": "3d"}}) == WANTED | {
        "containerLogMaxSize": "20Mi",
        "containerLogMaxWorkers": 6,
        "imageMaximumGCAge": "72h",
    }


def test_what_cannot_be_kept_is_refused_as_pulumi_prints_it() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        kubelet_configuration({"logs": {"size": "1", "sice": "20Mi"}, "disk": 20})  # pyright: ignore[reportArgumentType]
    assert str(refused.value).splitlines() == [
        "nodes.disk: is the number 20, not text; quote it",
        "nodes.logs.sice: is not a known key; did you mean 'size'?",
        "nodes.logs.size: is 1; allowed is at least 1Mi",
    ]
