"""Hosts of a fleet are changed by a playbook only while nothing else replaces them, and nobody has frozen them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.playbooks.programs import Programs

from flyball.guards.roles.aws_fleets import UNDER_WAY, check_changing

TASKS = Path(__file__).parents[2] / "playbooks/tasks/rolling_fleet.yml"
FREEZE = {"by": "jo", "since": "2028-01-03T06:00:00Z", "why": "queue migration"}


def group(**tags: str) -> dict[str, Any]:
    found = [{"Key": f"flyball.dev/{key}", "Value": value} for key, value in tags.items()]
    return {"AutoScalingGroups": [{"AutoScalingGroupName": "web-1", "Tags": found}]}


def refreshes(*states: str) -> dict[str, Any]:
    return {"InstanceRefreshes": [{"Status": state, "StartTime": "2028-01-03T06:00:00Z"} for state in states]}


ROLL = group(changes="roll")
RUNS = (
    "web-1: its instances are being replaced by a refresh ({} since 2028-01-03T06:00:00Z); wait until that is over, or"
    " stop it with `aws autoscaling cancel-instance-refresh --auto-scaling-group-name web-1`, or give roll_override"
    " with the reason"
)
FROZEN = (
    "web-1: is frozen by jo (queue migration); wait for its end (`flyball unfreeze`), or give roll_override with the"
)
REPLACED = (
    "web-1: changes reach its instances by replacing them, without what is rolled out; say changes: roll in the"
    " platform's file and bring that up first, or give roll_override with the reason"
)
NOTHING = "Auto Scaling says nothing of the group that the hosts are of; ask again in a minute, or give roll_override"


def test_a_fleet_that_playbooks_change_is_theirs_while_nothing_replaces_its_instances() -> None:
    assert [*check_changing(ROLL, refreshes(), "roll")] == []
    over = refreshes("Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful")
    assert [*check_changing(ROLL, over, "roll")] == []
    # One that was made before its group said how it is changed.
    assert [*check_changing(group(), refreshes(), "roll")] == []


@pytest.mark.parametrize("state", UNDER_WAY)
def test_not_beside_a_refresh(state: str) -> None:
    assert [*check_changing(ROLL, refreshes(state, "Successful"), "roll")] == [RUNS.format(state)]


def test_not_where_an_up_would_replace_what_was_rolled_out() -> None:
    assert [*check_changing(group(changes="refresh"), refreshes(), "roll")] == [REPLACED]
    assert [*check_changing(group(changes="refresh"), refreshes(), "restart")] == []


def test_not_in_a_freeze() -> None:
    [said] = check_changing(group(changes="roll", freeze=json.dumps(FREEZE)), refreshes(), "roll")
    assert said.startswith(FROZEN)
    odd = {"by hand": "? (by hand)", '{"by": "jo"}': "jo (no reason given)", "[]": "? ([])", "7": "? (7)"}
    for record, shown in odd.items():
        [said] = check_changing(group(freeze=record), refreshes(), "restart")
        assert said.startswith(f"web-1: is frozen by {shown}; ")


@pytest.mark.parametrize("answer", [{}, {"AutoScalingGroups": []}, None, []])
def test_what_says_nothing_is_no_consent(answer: object) -> None:
    [said] = check_changing(answer, refreshes(), "roll")
    assert said.startswith(NOTHING)


def asked(ansible: Programs, folder: Path, answers: dict[str, Any], override: str = "") -> tuple[int, str, list[str]]:
    """Exit code, what was said, and what the AWS command line, here a stand-in, was asked by the real tasks."""
    cli = folder / "bin/aws"
    cli.parent.mkdir()
    (folder / "asked").touch()
    for name, answer in answers.items():
        (folder / name).write_text(json.dumps(answer))
    cli.write_text(f'#!/bin/sh\necho "$*" >>{folder}/asked\ncat "{folder}/$2"\n')
    cli.chmod(0o755)
    fleet = {"flyball_fleet_group": "web-1", "flyball_region": "eu-central-1"}
    hosts = {"i-1": fleet, "i-2": fleet, "old": {}, "older": {"flyball_fleet_group": ""}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    play = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "roll__kind": "roll",
            "roll__hosts": "{{ groups.all | sort }}",
            "roll__settings": {"override": override},
        },
        "tasks": [{"ansible.builtin.import_tasks": str(TASKS)}],
    }
    (folder / "play.json").write_text(json.dumps([play]))
    files = ("-i", str(folder / "hosts.json"), str(folder / "play.json"))
    done = ansible.run("playbook", *files, path=f"{folder}/bin:{os.environ['PATH']}")
    return done.returncode, done.stdout + done.stderr, (folder / "asked").read_text().splitlines()


QUESTIONS = [
    "autoscaling describe-auto-scaling-groups --region eu-central-1 --auto-scaling-group-names web-1 --output json",
    "autoscaling describe-instance-refreshes --region eu-central-1 --auto-scaling-group-name web-1 --output json",
]
GROUPS, REFRESHES = "describe-auto-scaling-groups", "describe-instance-refreshes"


def test_each_group_is_asked_of_once_and_all_hosts_stop_where_its_instances_are_being_replaced(
    ansible_programs: Programs, tmp_path: Path
) -> None:
    code, said, questions = asked(ansible_programs, tmp_path, {GROUPS: ROLL, REFRESHES: refreshes("InProgress")})
    assert code == 2
    assert questions == QUESTIONS
    assert said.count("its instances are being replaced by a refresh (InProgress") >= 4


def test_a_person_may_go_ahead(ansible_programs: Programs, tmp_path: Path) -> None:
    code, said, _ = asked(
        ansible_programs, tmp_path, {GROUPS: ROLL, REFRESHES: refreshes("InProgress")}, "the refresh hangs"
    )
    assert code == 0, said
