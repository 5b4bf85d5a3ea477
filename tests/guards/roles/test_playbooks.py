"""What playbooks that take hosts out are asked for, who stands in their way, and what the others can spare."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.roles import playbooks
from flyball.guards.roles.playbooks import check_drained, check_leaving, check_taken

LOAD = {"rollout_load": {"peak": 150, "host": 100}}
NAMES = ("app1", "app2", "app3")


def test_a_roll_as_it_is_without_variables_but_the_load() -> None:
    found, problems = playbooks.read_roll(LOAD, 3)
    assert problems == []
    assert (found.need, found.spare, found.override, found.health, found.why) == (
        (2, 1, "", "/", "flyball.guards.nginx")
    )
    assert found.as_variables()["own"] == {
        "group": "web",
        "packages": [],
        "units": [],
        "roles": ["flyball.guards.nginx"],
        "health": "/",
        "through": [],
        "from": "",
        "override": "",
    }


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"roll_package": ["shop=1"]}, "roll_package: is no known variable; did you mean 'roll_packages'?"),
        ({"roll_packages": "shop"}, "roll_packages: is text ('shop'), not a list"),
        ({"roll_units": ["shop"]}, "roll_units[0]: 'shop' is not the name of a unit, with .service, .timer, .socket"),
        ({"roll_units": ["ssh.service"]}, "roll_units[0]: ssh.service is how people reach the host; leave it out"),
        ({"roll_health": "health"}, "roll_health: 'health' is no path; give one, from its /"),
        ({"roll_through": ["lb1"]}, "roll_through[0]: 'lb1' is no URL; give one, with http://"),
        ({"roll_override": "x"}, "roll_override: "),
        ({"rollout_load": {}}, "rollout_load.peak: is missing"),
        ({"rollout_load": {"peak": 240, "host": 100}}, "rollout_load.peak: the peak needs 3 hosts and there are 3"),
    ],
)
def test_what_is_wrong_with_a_roll_is_said(given_: dict[str, Any], says: str) -> None:
    problems = [str(problem) for problem in playbooks.read_roll({**LOAD, **given_}, 3)[1]]
    assert [text for text in problems if text.startswith(says)] != [], problems


def test_a_drain_without_a_load_needs_all_others_and_back_in_none() -> None:
    assert playbooks.read_drain({}, 3)[0].need == 2
    assert playbooks.read_drain(LOAD, 5)[0].need == 2
    assert playbooks.read_drain({"drain_state": "in"}, 3)[0].need == 0
    (problem,) = playbooks.read_drain({"drain_state": "inn"}, 3)[1]
    assert str(problem) == "drain_state: 'inn' is not known; did you mean 'in'?"


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (None, "rollout_load: is empty; give a value or remove the key"),
        (0, "rollout_load: is the number 0, not a map; its keys are peak, host"),
        (False, "rollout_load: is false, not a map; its keys are peak, host"),
        ("", "rollout_load: is text (''), not a map; its keys are peak, host"),
        ([], "rollout_load: is a list, not a map; its keys are peak, host"),
    ],
)
def test_a_load_of_a_drain_that_is_no_load_is_refused(load: object, says: str) -> None:
    assert [str(problem) for problem in playbooks.read_drain({"rollout_load": load}, 3)[1]] == [says]


def test_a_restart_waits_some_minutes_for_a_reboot() -> None:
    assert playbooks.read_restart(LOAD, 3)[0].own["back"] == 300
    assert [str(p) for p in playbooks.read_restart({**LOAD, "restart_back": 1}, 3)[1]] == [
        "restart_back: is 1; allowed is at least 10"
    ]


def test_a_group_is_one_of_the_inventory() -> None:
    groups = {"all": NAMES, "web": NAMES, "empty": ()}
    assert playbooks.check_group("web", groups, "roll_group") == []
    for name, says in (("wbe", "roll_group: 'wbe' is no group of the inventory; did you mean 'web'?"),):
        assert [str(problem) for problem in playbooks.check_group(name, groups, "roll_group")] == [says]
    for name in ("empty", ["web"], 7):
        assert len(playbooks.check_group(name, groups, "roll_group")) == 1


def test_what_the_others_do_not_spare_stays() -> None:
    seen = {"app1": "drained by drain.yml of ops: a disk", "app2": "", "app3": ""}
    (problem,) = check_leaving(seen, ["app2"], 2)
    assert str(problem) == (
        "2 of the others must serve while app2 is out, and 1 does; app1: drained by drain.yml of ops: a disk;"
        " let them serve first"
    )
    assert list(check_leaving(seen, ["app1"], 2)) == []  # it serves nobody, and can be mended
    assert list(check_leaving({**seen, "app3": "does not answer"}, ["app1"], 2)) == []


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.data())
def test_whoever_leaves_the_need_is_served_by_the_others(serve: list[bool], data: st.DataObject) -> None:
    names = [f"app{i}" for i in range(len(serve))]
    seen = {name: "" if well else "ill" for name, well in zip(names, serve, strict=True)}
    leaving = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    need = data.draw(st.integers(0, len(names)))
    before, after = sum(serve), sum(serve[i] for i, name in enumerate(names) if name not in leaving)
    allowed = not list(check_leaving(seen, leaving, need))
    assert allowed is (after >= need or after == before)


def test_of_a_group_more_than_half_must_answer_and_nobody_else_have_it() -> None:
    assert list(check_taken({"app1": (), "app2": (), "app3": None}, 3, "roll_override")) == []
    (said,) = check_taken({"app1": (), "app2": None, "app3": None}, 3, "roll_override")
    assert said.startswith("1 of 3 hosts of the group answer, and more than half must")
    (said,) = check_taken({"app1": ("by roll.yml of ops",)}, 3, "roll_override")
    assert said == (
        "app1 is being changed by roll.yml of ops; wait until that is over, or where it is and did not say so, give"
        " roll_override with the reason"
    )


@given(st.integers(1, 40), st.data())
def test_of_two_runs_one_sees_the_other_whoever_answers_them(hosts: int, data: st.DataObject) -> None:
    """Each takes what it reaches; where both may go on, no host would be left that both reached."""
    parts = [data.draw(st.sets(st.integers(0, hosts - 1))) for _ in range(2)]
    if not parts[0] & parts[1]:
        both = [
            list(check_taken({str(i): () if i in part else None for i in range(hosts)}, hosts, "x")) == []
            for part in parts
        ]
        assert both != [True, True]


def test_a_host_that_something_else_has_out_is_named_with_the_way_back() -> None:
    held = {"program": "planned restart", "text": "by planned restart of app1: it failed"}
    assert list(check_drained({"app1": [held], "app2": []}, "roll.yml")) == [
        "app1 is drained by planned restart of app1: it failed; when that is over let it serve again (drain.yml -e"
        " drain_state=in -l app1), or leave it out with -l '!app1'"
    ]
    assert list(check_drained({"app1": [{**held, "program": "roll.yml"}]}, "roll.yml")) == []
