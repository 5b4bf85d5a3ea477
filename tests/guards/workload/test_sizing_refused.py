"""What one workload is refused for, rule by rule, in full."""

from typing import Any

import pytest
from tests.guards.workload.one import MINIMAL, NIGHT, SALE, resolved

from flyball.guards.reading.problem import Refused


def refused(zones: int = 0, **more: Any) -> list[str]:
    with pytest.raises(Refused) as error:
        resolved("web", MINIMAL | more, zones)
    return [str(problem) for problem in error.value.problems]


class TestRefused:
    def test_every_problem_at_once(self) -> None:
        found = refused(port=0, prot="x", deadline="3", survive="zone", shutdown={"drain": "100s", "stop": "10s"})
        assert found == [
            "web.prot: is not a known key; did you mean 'port'?",
            "web.deadline: '3' is not a duration; write a number with its unit, as in 250ms, 2s, 1m30s",
            "web.port: is 0; allowed is from 1 to 65535",
            "web.survive: zone cannot be survived where no zones are given; list at least two zones",
        ]

    @pytest.mark.parametrize(
        ("zones", "more", "text"),
        [
            (1, {"survive": "zone"}, "survive: zone cannot be survived where 1 zone is given; list at least two zones"),
            (0, {"spot": {}}, "spot: is on, and no zones are given; list the zones that have spot machines"),
            (
                0,
                {"load": {"peak": 1e12, "replica": 0.1}},
                "load: that needs 12500000000000 replicas; at most 100000 fit into a cluster; correct peak or replica",
            ),
            (
                0,
                {"load": {"peak": 1, "replica": 5e-324}},
                "load: that needs more than 1e+308 replicas; at most 100000 fit into a cluster;"
                " correct peak or replica",
            ),
            (
                0,
                {"schedule": {"windows": [NIGHT, SALE | {"peak": 1e9}]}},
                "schedule.windows[1].peak: that needs 12500000 replicas; at most 100000 fit into a cluster;"
                " correct peak or replica",
            ),
            (
                2,
                {"load": {"peak": 60_000, "replica": 1, "utilization": 1}, "survive": "zone"},
                "load: that takes a floor of 120000 replicas; at most 100000 fit into a cluster;"
                " lower the peak, or the loss to be survived",
            ),
            (
                0,
                {"lose": 2_000},
                "lose: the autoscaler's target would be below 1 %: of 2013 replicas 2000 may be lost;"
                " lower lose, or raise load.utilization",
            ),
            (
                0,
                {"ceiling": 13},
                "ceiling: a ceiling of 13 is below the floor of 14; raise the ceiling or lower the peak",
            ),
            (
                0,
                {"ceiling": 22},
                "ceiling: a ceiling of 22 is beyond the envelope: 14 replicas are proven, which allows 21;"
                " lower the ceiling or the peak, or prove a larger size in a load test and raise proven",
            ),
            (
                0,
                {"proven": 5},
                "proven: 5 replicas are proven, which allows a ceiling of 7, below the floor of 14;"
                " lower the peak, or prove a larger size in a load test and raise proven",
            ),
            (
                3,
                {"spot": {"base": 14}},
                "spot.base: a base of 14 leaves nothing of the floor of 14 for spot; turn spot off instead;"
                " allowed is from 1 to 13",
            ),
            (
                3,
                {"spot": {"base": 12}, "survive": "spot"},
                "spot.base: a base of 12 is less than the 13 replicas that must be left when spot is lost;"
                " allowed is 13",
            ),
            (
                0,
                {"writer": {"down": {"percent": 9}}},
                "writer: at 11 replicas a writer's step is narrower than the autoscaler's, which would stall;"
                " widen writer, or narrow behavior",
            ),
            (
                0,
                {"shutdown": {"prestop": "20s", "drain": "1m", "stop": "31s"}},
                "shutdown: prestop + drain + stop take 1m51s, more than the 1m50s that a spot notice of 2m leaves;"
                " shorten them",
            ),
            (
                0,
                {"logs": {"path": "/logs", "preset": "nginx", "volume": "1Mi"}},
                "logs.volume: 1Mi is less than 5 files of 50Mi and the one being written hold (300Mi);"
                " raise the volume, or lower size or files",
            ),
            (
                0,
                {"schedule": {"timezone": "Berlin", "windows": [NIGHT]}},
                "schedule.timezone: 'Berlin' is no time zone;"
                " give a name from the IANA time zone database, as Europe/Berlin or UTC",
            ),
            (
                0,
                {"calls": {"pay": {"timeout": "3s", "port": 80, "protocol": "http"}}},
                "calls.pay.timeout: 3s is more than web's deadline of 2s; lower it or raise the deadline",
            ),
            (
                0,
                {"calls": {"web": {"port": 80, "protocol": "http"}}},
                "calls.web: web calls itself; remove the call; a workload reaches itself without a hop",
            ),
            (0, {"labels": {"team": "a b"}}, "labels.team: 'a b' is no label value; " + "at most 63 letters, digits,"),
        ],
    )
    def test_one_rule(self, zones: int, more: dict[str, Any], text: str) -> None:
        (found,) = refused(zones, **more)
        assert found.startswith(f"web.{text}")
        assert found == f"web.{text}" or "label" in text

    def test_the_name(self) -> None:
        with pytest.raises(Refused) as error:
            resolved("Web", MINIMAL)
        assert [problem.where for problem in error.value.problems] == ["Web"]
