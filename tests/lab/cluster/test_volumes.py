"""Volumes that are offered to claims, beside those that are there."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flyball import wellknown
from flyball.kubectl import Played
from flyball.lab.cluster.volumes import DEFAULT, Wanted, offer

ZONES = ("a", "b")


class Cluster(Played):
    """Stands in for kubectl, and keeps the volumes."""

    def __init__(self, *there: dict[str, Any]) -> None:
        super().__init__(Path("kubectl"), None)
        self.volumes: list[dict[str, Any]]
        self.__dict__["volumes"] = list(there)

    def json(self, *arguments: str, stdin: str = "") -> Any:
        assert arguments == ("get", "persistentvolumes")
        return {"items": self.volumes}

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        assert arguments[0] == "apply"
        made = [each for each in json.loads(stdin)["items"] if each["kind"] == "PersistentVolume"]
        taken = {each["metadata"]["name"] for each in self.volumes}
        assert taken.isdisjoint(each["metadata"]["name"] for each in made)
        self.volumes.extend(each | {"status": {"phase": "Available"}} for each in made)
        return ""


def volume(number: int, zone: str, phase: str) -> dict[str, Any]:
    spec = {"storageClassName": DEFAULT}
    meta = {"name": f"simulated-{number}", "labels": {wellknown.ZONE: zone}}
    return {"metadata": meta, "spec": spec, "status": {"phase": phase}}


def zones(cluster: Cluster) -> Counter[str]:
    free = [each for each in cluster.volumes if each["status"]["phase"] == "Available"]
    return Counter(each["metadata"]["labels"][wellknown.ZONE] for each in free)


def test_each_zone_has_as_many_as_are_wanted() -> None:
    cluster = Cluster()
    offer(cluster, ZONES, {DEFAULT: Wanted(2, 2**30)})
    assert [each["metadata"]["name"] for each in cluster.volumes] == [f"simulated-{i}" for i in (1, 2, 3, 4)]
    assert zones(cluster) == {"a": 2, "b": 2}
    offer(cluster, ZONES, {DEFAULT: Wanted(2, 2**30)})
    assert len(cluster.volumes) == 4


@pytest.mark.parametrize("left", [(2, 3), (4,), (1, 2)])
def test_no_name_is_given_twice_where_some_volumes_were_deleted(left: tuple[int, ...]) -> None:
    cluster = Cluster(*(volume(number, "a", "Bound") for number in left))
    offer(cluster, ZONES, {DEFAULT: Wanted(1, 2**30)})
    assert zones(cluster) == {"a": 1, "b": 1}
