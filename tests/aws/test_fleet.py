"""A fleet among the rest of a platform: what a change reaches, what nobody undoes, and how an instance begins."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.aws import capture
from tests.aws.capture import Shown, cases, changed, shown

from flyball.aws.fleet import boot
from flyball.deploy.program import run
from flyball.deploy.stand_ins import StandIns
from flyball.guards.roles import spot_drain
from flyball.lab.hosts.ec2_metadata import Metadata
from flyball.lab.loopback import served
from flyball.stack.build import build
from flyball.stack.file import load
from flyball.stack.platform import read_platform

CONFIG = load(cases()["fleets"])
WEB = read_platform(CONFIG).fleets["web"]
GROUP, TEMPLATE = "aws:autoscaling/group:Group web", "aws:ec2/launchTemplate:LaunchTemplate web"


def differing(path: str, value: Any) -> set[str]:
    """Resources whose inputs change with a value of the stack file."""
    before, after = shown(capture.of_case("fleets")), shown(capture.capture(changed(CONFIG, path, value)))
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_another_playbook_reaches_its_template_and_the_right_to_fetch_it_alone() -> None:
    """And by the template's version the group, which replaces its instances by a refresh."""
    found = differing("aws.fleets.web.playbook", "s3://shop-artifacts/web-2.tar.gz")
    assert found == {TEMPLATE, "aws:iam/rolePolicy:RolePolicy web"}


@pytest.mark.parametrize(
    ("path", "value"), [("owner", "others"), ("aws.cluster.admins", ["arn:aws:iam::123456789012:role/a"])]
)
def test_a_tag_or_an_admin_makes_no_new_version(path: str, value: Any) -> None:
    """The tags of the template itself are none of its versions'."""
    before, after = (shown(found)[TEMPLATE]["inputs"] for found in _pair(path, value))
    assert {**before, "tags": {}} == {**after, "tags": {}}


def _pair(path: str, value: Any) -> tuple[Any, Any]:
    return capture.of_case("fleets"), capture.capture(changed(CONFIG, path, value))


@cache
def at(hour: int) -> Shown:
    """The platform as an `up` at an hour of UTC would have it."""
    now = datetime(2026, 11, 26, hour, tzinfo=UTC)
    return shown(run(lambda: build(read_platform(CONFIG), now), "flyball", "test", cloud=StandIns()))


@pytest.mark.parametrize(("hour", "minimum"), [(3, 3), (12, 12), (20, 12), (21, 3)])
def test_an_up_gives_the_minimum_of_its_hour(hour: int, minimum: int) -> None:
    """22:00 in Berlin is 21:00 of UTC."""
    assert at(hour)[GROUP]["inputs"]["minSize"] == minimum


def test_by_the_hour_nothing_but_the_minimum_differs() -> None:
    night, day = at(3), at(12)
    assert {name for name in night if night[name] != day[name]} == {GROUP}
    without = [{**found[GROUP]["inputs"], "minSize": 0} for found in (night, day)]
    assert without[0] == without[1]


def test_sizes_and_suspended_processes_are_nobodys_to_undo() -> None:
    group = shown(capture.of_case("fleets"))[GROUP]
    assert group["ignored"] == ["desiredCapacity", "suspendedProcesses"]
    assert "desiredCapacity" not in group["inputs"]


def test_every_action_sets_all_three_sizes() -> None:
    actions = [r for name, r in shown(capture.of_case("fleets")).items() if ":Schedule " in name]
    assert len(actions) == 5
    assert all((r["inputs"]["maxSize"], r["inputs"]["desiredCapacity"]) == (-1, -1) for r in actions)
    assert [r["inputs"]["minSize"] for r in actions] == [5, 7, 10, 12, 3]


def test_a_fleet_that_playbooks_change_has_no_refresh_and_an_earlier_version_is_the_way_back() -> None:
    web = {key: value for key, value in CONFIG["aws"]["fleets"]["web"].items() if key != "spot"}
    web |= {"changes": "roll", "version": 7, "survive": "zone", "public": True}
    inputs = shown(capture.capture(changed(CONFIG, "aws.fleets.web", web)))
    group = inputs[GROUP]["inputs"]
    assert "instanceRefresh" not in group
    mixed = group["mixedInstancesPolicy"]
    assert mixed["launchTemplate"]["launchTemplateSpecification"]["version"] == "7"
    assert mixed["instancesDistribution"]["onDemandPercentageAboveBaseCapacity"] == 100
    assert group["capacityRebalance"] is False
    assert inputs["aws:lb/loadBalancer:LoadBalancer web"]["inputs"]["internal"] is False
    clients = inputs["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule web-443-0"]["inputs"]
    assert clients["cidrIpv4"] == "0.0.0.0/0"


class Instance:
    """A machine that begins: its metadata, and programs in place of AWS's and Ansible's that keep what they hear."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder, self.endpoint = folder, endpoint
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.program(
            "aws",
            f'echo "aws $*" >>{folder}/said\ncase "$1 $2" in "s3 cp") cp {folder}/store "$5";;'
            " *describe*) echo web-1a2b3c4;; esac",
        )
        self.program("ansible-playbook", f'echo "$PWD/$(ls)" >>{folder}/ran; printf "%s\\n" "$@" >{folder}/variables')

    def program(self, name: str, body: str) -> None:
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def begin(self) -> int:
        """Run its user data, and return the exit code."""
        path = f"{self.programs}:{os.environ['PATH']}"
        environment = {"PATH": path, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.endpoint, "TMPDIR": str(self.folder)}
        script = boot.script(WEB, "eu-central-1")
        return subprocess.run(["bash"], input=script, text=True, env=environment, check=False, timeout=120).returncode

    @property
    def said(self) -> list[str]:
        return (self.folder / "said").read_text().splitlines()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    if not shutil.which("curl"):
        pytest.fail("the user data of instances is tried with curl, which is not on PATH")
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata/instance-id").write_text("i-0a1b2c3d")
    (tmp_path / "site.yml").write_text("[]\n")
    with tarfile.open(tmp_path / "store", "w:gz") as archive:
        archive.add(tmp_path / "site.yml", "site.yml")
    with served(Metadata(tmp_path / "metadata", 0)) as metadata:
        yield Instance(tmp_path, metadata.endpoint)


ASKED = (
    "aws autoscaling describe-auto-scaling-instances --instance-ids i-0a1b2c3d --query"
    " AutoScalingInstances[0].AutoScalingGroupName --output text"
)
TOLD = (
    "aws autoscaling complete-lifecycle-action --auto-scaling-group-name web-1a2b3c4 --instance-id i-0a1b2c3d"
    " --lifecycle-hook-name flyball-launch --lifecycle-action-result "
)


def test_an_instance_serves_once_its_playbook_has_run(instance: Instance) -> None:
    assert instance.begin() == 0
    asked, fetched, told = instance.said
    assert (asked, told) == (ASKED, f"{TOLD}CONTINUE")
    assert fetched.startswith("aws s3 cp --only-show-errors s3://shop-artifacts/web.tar.gz ")
    assert (instance.folder / "ran").read_text().rstrip().endswith("site.yml")


def test_what_its_playbook_is_told_is_what_the_role_takes(instance: Instance) -> None:
    """As `spot_drain` reads it, with the group that the instance finds itself in."""
    assert instance.begin() == 0
    words = (instance.folder / "variables").read_text().splitlines()
    given = [words[i + 1] for i, word in enumerate(words) if word == "--extra-vars"]
    variables = {**json.loads(given[0]), **dict([given[1].split("=")])}
    assert variables.pop("flyball_fleet") == "web"
    defaults = {variable.name: variable.default for variable in spot_drain.ROLE.variables}
    found, problems = spot_drain.read({**defaults, **variables})
    assert problems == []
    assert (found.group, found.hook, found.region) == ("web-1a2b3c4", "flyball-termination", "eu-central-1")
    assert (found.prestop, found.drain) == (WEB.shutdown.prestop, WEB.shutdown.drain)


@pytest.mark.parametrize(
    ("program", "body"),
    [
        ("ansible-playbook", "exit 2"),
        ("tar", "exit 1"),
        ("timeout", "exit 124"),
    ],
)
def test_an_instance_that_fails_gives_itself_up(instance: Instance, program: str, body: str) -> None:
    instance.program(program, body)
    assert instance.begin() != 0
    assert instance.said[-1] == f"{TOLD}ABANDON"
