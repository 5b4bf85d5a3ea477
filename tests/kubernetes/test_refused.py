"""What a Workload refuses: everything at once, and before anything is registered."""

from typing import Any

import pytest
from tests.kubernetes.programs import arguments, registered

from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload

NO_LABEL = "at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends"


def refused(name: str = "web", **more: Any) -> list[str]:
    """The problems, one line each. Fails if anything was registered in spite of them."""
    caught: list[Refused] = []

    def program() -> None:
        try:
            Workload(name, arguments(**more))
        except Refused as error:
            caught.append(error)

    assert registered(program) == []
    return str(caught[0]).splitlines()


def test_a_namespace_that_cannot_be() -> None:
    assert refused(namespace="Shop") == [
        "web.namespace: 'Shop' is no name for a namespace;"
        " at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends"
    ]


def test_every_problem_at_once() -> None:
    assert refused(
        image="web",
        port=70_000,
        load={"peak": 0, "replica": 20},
        prot=80,
        probes={"readiness": {"pth": "/ready"}},
        secrets={"1ST": "x"},
        env={"LEVEL": 3},
        shutdown={"drain": "101s"},
        owner="no spaces",
        environment="-",
    ) == [
        "web.prot: is not a known key; did you mean 'port'?",
        "web.probes.readiness.pth: is not a known key; did you mean 'path'?",
        "web.env.LEVEL: is the number 3, not text; quote it",
        "web.port: is 70000; allowed is from 1 to 65535",
        "web.load.peak: is 0; allowed is a number above 0",
        "web.image: 'web' is not pinned to a version;"
        " give a version as its tag, or a digest: what restarts must be what was tested",
        "web.secrets.1ST: is no name for an environment variable;"
        " letters, digits and underscores, not starting with a digit",
        "web.shutdown: prestop + drain + stop take 1m51s, more than the 1m50s that a spot notice of 2m leaves;"
        " shorten them",
        f"web.environment: '-' is no label value; {NO_LABEL}",
        f"web.owner: 'no spaces' is no label value; {NO_LABEL}",
    ]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"prot": 80}, "web.prot: is not a known key; did you mean 'port'?"),
        ({"load": {"peek": 1, "replica": 1}}, "web.load.peek: is not a known key; did you mean 'peak'?"),
        ({"calls": {"cart": {"timout": "1s"}}}, "web.calls.cart.timout: is not a known key; did you mean 'timeout'?"),
        (
            {"resources": {"limits": {"cpus": "1"}}},
            "web.resources.limits.cpus: is not a known key; did you mean 'cpu'?",
        ),
        ({"spot": {"bse": 1}, "zones": ["a"]}, "web.spot.bse: is not a known key; did you mean 'base'?"),
        ({"scratch": {"tmp": {"pth": "/tmp"}}}, "web.scratch.tmp.pth: is not a known key; did you mean 'path'?"),
        ({"refs": {"KEY": {"nme": "a", "key": "b"}}}, "web.refs.KEY.nme: is not a known key; did you mean 'name'?"),
    ],
)
def test_unknown_keys_at_any_depth(more: dict[str, Any], problem: str) -> None:
    assert problem in refused(**more)


@pytest.mark.parametrize("missing", ["image", "load"])
def test_nothing_required_may_be_missing(missing: str) -> None:
    caught: list[Refused] = []

    def program() -> None:
        given: Any = {key: value for key, value in arguments().items() if key != missing}
        try:
            Workload("web", given)
        except Refused as error:
            caught.append(error)

    measured = "`flyball measure` proposes it, from your Prometheus or by a load test of one replica"
    load = f"a map with peak, replica; {measured}"
    what = {"image": "text", "load": load}[missing]
    assert registered(program) == []
    assert str(caught[0]) == f"web.{missing}: is missing; it is required: {what}"


def test_labels_alone_are_enough_to_refuse() -> None:
    assert refused(owner="no spaces") == [f"web.owner: 'no spaces' is no label value; {NO_LABEL}"]


def test_names_that_leave_no_room() -> None:
    assert refused("a" * 42) == [
        f"{'a' * 42}: the name has 42 characters; at most 41 leave room for suffixes",
    ]


def test_a_workload_that_calls_itself() -> None:
    assert refused(calls={"web": {"port": 80, "protocol": "http"}}) == [
        "web.calls.web: web calls itself; remove the call; a workload reaches itself without a hop"
    ]


def test_one_refused_workload_leaves_the_others_of_the_program_alone() -> None:
    def program() -> None:
        Workload("good", arguments())
        with pytest.raises(Refused):
            Workload("bad", arguments(port=0))

    assert {r.name for r in registered(program)} == {"good", "good-proxy"}
