"""Versions of a cluster's add-ons that a person could not have meant."""

import pytest

from flyball.guards.aws import cluster
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader

ADDONS = dict.fromkeys(cluster.ADDONS, "v1.36.0-eksbuild.1")


def problems(version: str) -> list[Problem]:
    """Of a version of kube-proxy."""
    found: list[Problem] = []
    cluster.read(Reader({"version": "1.36", "addons": {**ADDONS, "kube-proxy": version}}, ("cluster",), found), "")
    return found


@pytest.mark.parametrize("version", ["v1.33.0-eksbuild.1", "v1.36.999999999-eksbuild.999999999"])
def test_a_version_that_goes_with_its_nodes(version: str) -> None:
    assert problems(version) == []


@pytest.mark.parametrize("place", range(4))
def test_a_version_with_more_digits_than_any_has(place: int) -> None:
    numbers = ["1", "36", "0", "1"]
    numbers[place] = "1" * 5_000
    (problem,) = problems("v{}.{}.{}-eksbuild.{}".format(*numbers))
    assert (problem.where, problem.rule.id) == ("cluster.addons.kube-proxy", "image-not-pinned")
