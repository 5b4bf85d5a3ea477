"""Hosts of fleets: what EC2 says of instances by their tags, and nothing from what is no answer."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.playbooks.programs import Done, Programs

from flyball.guards.reading.problem import Refused
from flyball.guards.roles.aws_fleets import hosts_of

ASKED = (
    "ec2 describe-instances --output json --region eu-central-1 --filters Name=instance-state-name,Values=running"
    " Name=tag:flyball.dev/environment,Values=prod Name=tag-key,Values=flyball.dev/fleet"
)


def instance(identity: str, address: str, fleet: str) -> dict[str, Any]:
    tags = {"flyball.dev/fleet": fleet, "aws:autoscaling:groupName": f"{fleet}-1a2b3c4"}
    return {
        "InstanceId": identity,
        "PrivateIpAddress": address,
        "Placement": {"AvailabilityZone": "eu-central-1a"},
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


WEB, BATCH = instance("i-2", "10.0.1.2", "web"), instance("i-1", "10.0.1.1", "night-batch")
ANSWER = {"Reservations": [{"Instances": [WEB]}, {"Instances": [BATCH]}]}


Inventory = Callable[..., Done]


@pytest.fixture
def inventory(ansible_inventories: Programs) -> Inventory:
    """What ansible-inventory finds where the AWS command line, here a stand-in, answers so to exactly one question."""

    def found(folder: Path, answer: str, code: int = 0) -> Done:
        (folder / "answer").write_text(answer)
        cli = folder / "aws"
        says = f"cat {folder}/answer; echo denied >&2; exit {code}"
        cli.write_text(f"#!/bin/sh\n[ \"$*\" = '{ASKED}' ] || exit 9\n{says}\n")
        cli.chmod(0o755)
        file = folder / "prod.aws_fleets.yml"
        options = {"plugin": "flyball.guards.aws_fleets", "environment": "prod", "region": "eu-central-1"}
        file.write_text(json.dumps(options))
        return ansible_inventories.run("inventory", "-i", str(file), "--list", path=f"{folder}:{os.environ['PATH']}")

    return found


def test_every_instance_is_a_host_in_the_group_of_its_fleet(inventory: Inventory, tmp_path: Path) -> None:
    done = inventory(tmp_path, json.dumps(ANSWER))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: found[name]["hosts"] for name in ("web", "night_batch")} == {"web": ["i-2"], "night_batch": ["i-1"]}
    assert sorted(found["_meta"]["hostvars"]) == ["i-1", "i-2"]


BAD = [("{}", 0, "is no answer of EC2"), ("", 1, "denied"), ("<", 0, "aws")]


@pytest.mark.parametrize(("answer", "code", "said"), BAD)
def test_what_is_no_answer_gives_no_hosts(
    inventory: Inventory, tmp_path: Path, answer: str, code: int, said: str
) -> None:
    done = inventory(tmp_path, answer, code)
    assert done.returncode != 0
    assert said in done.stderr


def test_an_instance_says_what_it_is() -> None:
    first, second = hosts_of(ANSWER)
    assert (first.name, first.address, first.groups) == ("i-1", "10.0.1.1", ("night_batch",))
    assert second.variables == {
        "flyball_fleet": "web",
        "flyball_fleet_group": "web-1a2b3c4",
        "flyball_zone": "eu-central-1a",
    }


@pytest.mark.parametrize("key", ["InstanceId", "PrivateIpAddress", "Tags"])
def test_an_instance_that_lacks_something_is_named(key: str) -> None:
    half = {name: value for name, value in WEB.items() if name != key}
    with pytest.raises(Refused, match="is missing; ask again in a minute"):
        hosts_of({"Reservations": [{"Instances": [half]}]})
