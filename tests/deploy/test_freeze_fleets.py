"""A freeze of a platform's fleets: which calls it comes to, what is kept, and what goes wrong half way.

moto keeps groups, their tags and which processes are suspended, and knows no instance refreshes: a call about these is
answered here, as botocore's Stubber answers all of them where the calls themselves are what is asked for.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.auto_scaling import MADE, Account

from flyball import cli
from flyball.deploy import account, freeze_fleets
from flyball.deploy.freeze_fleets import freeze, groups, lift
from flyball.guards.aws.fleet_freeze import PROCESSES, read, write
from flyball.guards.governor.freeze import Freeze
from flyball.guards.reading.problem import Refused
from flyball.stack.file import load
from flyball.stack.platform import read_platform
from flyball.wellknown import FREEZE_TAG

AWS = Path(__file__).parents[1] / "aws"
CASE = AWS / "cases/fleets.yaml"
PLATFORM = read_platform(load(CASE))
SINCE = datetime(2028, 1, 3, 6, tzinfo=UTC)
UNTIL = datetime(2028, 1, 3, 8, tzinfo=UTC)
MOVING = Freeze("moving the database", "ann", SINCE, UNTIL)
RECORD = '{"by":"ann","since":"2028-01-03T06:00:00Z","until":"2028-01-03T08:00:00Z","why":"moving the database"%s}'
BY_ANN = RECORD % ""
NAMES = ("web-1", "web-2")


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever credentials and settings the user has are none of a test's."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    from moto import mock_aws  # takes long to load, and each worker collects this module

    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # some hundred images for each account, of no use here
    with mock_aws():
        made = Account()
        monkeypatch.setattr(boto3, "client", made.client)
        made.api = made.client("autoscaling", region_name="eu-central-1")
        made.api.create_launch_configuration(
            LaunchConfigurationName="any", ImageId="ami-12345678", InstanceType="m7i.large"
        )
        for name in NAMES:
            made.group(name)
        yield made


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, [*arguments, "-s", str(CASE)])


def test_each_call_is_the_one_that_was_meant() -> None:
    """To the group that has none of it yet, and to one in which people had stopped something."""
    api = boto3.client(
        "autoscaling", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    filters = [
        {"Name": "tag:flyball.dev/environment", "Values": ["prod"]},
        {"Name": "tag-key", "Values": ["flyball.dev/fleet"]},
    ]
    tag = {"ResourceId": "web-1", "ResourceType": "auto-scaling-group", "Key": "flyball.dev/freeze"}
    stopped = ["Terminate", "AlarmNotification", "ScheduledActions", "AZRebalance", "ReplaceUnhealthy"]
    record = RECORD % ',"before":["AZRebalance"]'
    with Stubber(api) as stub:
        stub.add_response("describe_auto_scaling_groups", _page("AZRebalance", "Launch"), {"Filters": filters})
        stub.add_response("create_or_update_tags", {}, {"Tags": [{**tag, "Value": record, "PropagateAtLaunch": False}]})
        stub.add_response("suspend_processes", {}, {"AutoScalingGroupName": "web-1", "ScalingProcesses": stopped})
        stub.add_response("cancel_instance_refresh", {"InstanceRefreshId": "1"}, {"AutoScalingGroupName": "web-1"})
        done = freeze(api, PLATFORM, MOVING)
        stub.assert_no_pending_responses()
    assert (done.done, done.refreshes, done.problems) == ({"web-1": MOVING}, ["web-1"], [])
    with Stubber(api) as stub:
        frozen = _page("Launch", *stopped, record=record)
        stub.add_response("describe_auto_scaling_groups", frozen, {"Filters": filters})
        resumed = ["Terminate", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy"]
        stub.add_response("resume_processes", {}, {"AutoScalingGroupName": "web-1", "ScalingProcesses": resumed})
        stub.add_response("delete_tags", {}, {"Tags": [tag]})
        done = lift(api, PLATFORM)
        stub.assert_no_pending_responses()
    assert (done.done, done.problems) == ({"web-1": MOVING}, [])


def test_all_that_had_been_suspended_before_stays_so() -> None:
    """No process named would be every process."""
    api = boto3.client(
        "autoscaling", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    with Stubber(api) as stub:
        record = json.dumps({**json.loads(BY_ANN), "before": list(PROCESSES)})
        stub.add_response("describe_auto_scaling_groups", _page(*PROCESSES, record=record))
        stub.add_response("delete_tags", {})
        assert lift(api, PLATFORM).done == {"web-1": MOVING}
        stub.assert_no_pending_responses()


def _page(*suspended: str, record: str = "") -> dict[str, Any]:
    tags = [{"Key": tag["key"], "Value": tag["value"]} for tag in MADE]
    group = {
        "AutoScalingGroupName": "web-1",
        "MinSize": 0,
        "MaxSize": 0,
        "DesiredCapacity": 0,
        "DefaultCooldown": 0,
        "AvailabilityZones": [],
        "HealthCheckType": "ELB",
        "CreatedTime": SINCE,
        "Tags": [*tags, *([{"Key": FREEZE_TAG, "Value": record}] if record else [])],
        "SuspendedProcesses": [{"ProcessName": name, "SuspensionReason": "by hand"} for name in suspended],
    }
    return {"AutoScalingGroups": [group]}


def test_what_was_suspended_before_is_so_afterwards(aws: Account) -> None:
    aws.suspend("web-1", "AZRebalance", "Launch")
    aws.refreshing = {"web-2"}
    done = freeze(aws.api, PLATFORM, MOVING)
    assert (done.done, done.refreshes, done.problems) == (dict.fromkeys(NAMES, MOVING), ["web-2"], [])
    assert aws.refreshing == set()
    assert aws.seen("web-1") == (RECORD % ',"before":["AZRebalance"]', {*PROCESSES, "Launch"})
    assert aws.seen("web-2") == (BY_ANN, set(PROCESSES))
    assert [(group.freeze, group.goes_on) for group in groups(aws.api, PLATFORM)] == [(MOVING, []), (MOVING, [])]
    assert lift(aws.api, PLATFORM).done == dict.fromkeys(NAMES, MOVING)
    assert aws.seen("web-1") == (None, {"AZRebalance", "Launch"})
    assert aws.seen("web-2") == (None, set())
    assert lift(aws.api, PLATFORM).done == {}


def test_once_more_with_another_reason_forgets_neither_the_beginning_nor_what_was_before(aws: Account) -> None:
    aws.suspend("web-1", "AZRebalance")
    freeze(aws.api, PLATFORM, MOVING)
    later = Freeze("still moving it", "ann", SINCE + timedelta(hours=3))
    expected = Freeze("still moving it", "ann", SINCE)
    assert freeze(aws.api, PLATFORM, later).done == dict.fromkeys(NAMES, expected)
    record = '{"by":"ann","since":"2028-01-03T06:00:00Z","why":"still moving it","before":["AZRebalance"]}'
    assert aws.seen("web-1")[0] == record
    lift(aws.api, PLATFORM)
    assert aws.seen("web-1") == (None, {"AZRebalance"})


def test_groups_of_others_are_left_alone(aws: Account) -> None:
    """Of another environment, and of no fleet at all, as those that EKS makes."""
    aws.group("dev-1", **{"flyball.dev/environment": "dev"})
    aws.api.create_auto_scaling_group(
        AutoScalingGroupName="base", LaunchConfigurationName="any", AvailabilityZones=["eu-central-1a"], MinSize=0,
        MaxSize=0, Tags=[{"Key": "flyball.dev/environment", "Value": "prod", "ResourceId": "base",
                          "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}],
    )  # fmt: skip
    assert set(freeze(aws.api, PLATFORM, MOVING).done) == set(NAMES)
    assert aws.seen("dev-1") == aws.seen("base") == (None, set())


def test_more_groups_than_one_answer_holds(aws: Account) -> None:
    more = [f"web-{number}" for number in range(3, 64)]
    for name in more:
        aws.group(name)
    assert set(freeze(aws.api, PLATFORM, MOVING).done) == {*NAMES, *more}


@pytest.mark.parametrize(
    ("call", "record", "suspended", "done"),
    [
        ("CreateOrUpdateTags", None, set(), ["web-2"]),
        ("SuspendProcesses", BY_ANN, set(), ["web-2"]),
        ("CancelInstanceRefresh", BY_ANN, set(PROCESSES), ["web-1", "web-2"]),
    ],
)
def test_a_group_that_refuses_keeps_no_other_from_its_freeze(
    aws: Account, call: str, record: str | None, suspended: set[str], done: list[str]
) -> None:
    """And what was done of it is done: once more, or lifting it, goes on from there."""
    aws.refused = {(call, "web-1"): "AccessDenied"}
    found = freeze(aws.api, PLATFORM, MOVING)
    told = f"web-1: An error occurred (AccessDenied) when calling the {call} operation: not to you"
    assert (list(found.done), found.problems) == (done, [told])
    assert aws.seen("web-1") == (record, suspended)
    assert aws.seen("web-2") == (BY_ANN, set(PROCESSES))
    aws.refused = {}
    assert list(freeze(aws.api, PLATFORM, MOVING).done) == list(NAMES)
    assert aws.seen("web-1") == (BY_ANN, set(PROCESSES))
    lift(aws.api, PLATFORM)
    assert aws.seen("web-1") == (None, set())


@pytest.mark.parametrize(("call", "suspended"), [("ResumeProcesses", set(PROCESSES)), ("DeleteTags", set())])
def test_a_group_that_refuses_keeps_no_other_from_going_on(aws: Account, call: str, suspended: set[str]) -> None:
    freeze(aws.api, PLATFORM, MOVING)
    aws.refused = {(call, "web-1"): "ResourceInUse"}
    found = lift(aws.api, PLATFORM)
    told = f"web-1: An error occurred (ResourceInUse) when calling the {call} operation: not to you"
    assert (list(found.done), found.problems) == (["web-2"], [told])
    assert aws.seen("web-1") == (BY_ANN, suspended)  # known to be frozen until it goes on
    assert aws.seen("web-2") == (None, set())
    aws.refused = {}
    assert list(lift(aws.api, PLATFORM).done) == ["web-1"]
    assert aws.seen("web-1") == (None, set())


def test_the_freeze_of_somebody_else_stays_with_its_reason(aws: Account) -> None:
    aws.record("web-1", '{"by":"jo","since":"2028-01-03T05:00:00Z","why":"queue migration"}')
    found = freeze(aws.api, PLATFORM, MOVING)
    told = (
        "web-1: was set already by jo (queue migration); leave it on, or lift it with `flyball unfreeze` when jo agrees"
    )
    assert (list(found.done), found.problems) == (["web-2"], [told])
    assert aws.seen("web-1") == ('{"by":"jo","since":"2028-01-03T05:00:00Z","why":"queue migration"}', set())


CREATED = datetime(2027, 12, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (Freeze("no reason given", "?", CREATED), None)),
        ("do not touch", (Freeze("do not touch", "?", CREATED), None)),
        ('["jo"]', (Freeze('["jo"]', "?", CREATED), None)),
        ("{}", (Freeze("no reason given", "?", CREATED), None)),
        ('{"by":"jo","why":"moving"}', (Freeze("moving", "jo", CREATED), None)),
        ('{"by":7,"since":"2028-01-03T06:00:00","until":"soon"}', (Freeze("no reason given", "7", SINCE), frozenset())),
        ('{"by":"jo","since":"yesterday","why":"moving"}', (Freeze("moving", "jo", CREATED), frozenset())),
        ('{"since":"2028-01-03T06:00:00Z","before":"all"}', (Freeze("no reason given", "?", SINCE), None)),
        ('{"since":"2028-01-03T06:00:00Z","before":[1]}', (Freeze("no reason given", "?", SINCE), None)),
        (RECORD % ',"before":["Terminate"]', (MOVING, frozenset({"Terminate"}))),
    ],
)
def test_whatever_somebody_wrote_into_the_record_it_can_be_shown(text: str, expected: Any) -> None:
    """And without a time it began, as far as anybody knows, with its group."""
    found = read(text)
    assert (found.freeze(CREATED), found.before) == expected
    assert expected[0].describe(UNTIL)


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
_MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))


@given(_TEXTS, _TEXTS, _MOMENTS, st.none() | _MOMENTS, st.frozensets(st.sampled_from(PROCESSES)))
def test_a_record_says_all_that_was_written(
    reason: str, by: str, since: datetime, until: datetime | None, before: frozenset[str]
) -> None:
    written = Freeze(reason, by, since, until)
    found = read(write(written, before))
    assert (found.freeze(CREATED), found.before) == (written, before)


def test_a_tag_that_no_freeze_wrote_is_not_lifted_by_guessing(aws: Account) -> None:
    aws.record("web-1", "do not touch")
    aws.suspend("web-1", "Terminate")
    freeze(aws.api, PLATFORM, MOVING)
    found = lift(aws.api, PLATFORM)
    assert list(found.done) == ["web-2"]
    assert found.problems == [
        "web-1: its tag flyball.dev/freeze was not written by a freeze, and does not say what goes on afterwards;"
        " resume the processes by hand, then delete the tag"
    ]
    assert aws.seen("web-1") == ("do not touch", {"Terminate"})


def test_a_reason_fits_a_tag_to_the_letter(aws: Account) -> None:
    room = 256 - len(write(Freeze("", "ann", SINCE, UNTIL), frozenset()))
    aws.calls.clear()
    with pytest.raises(Refused) as refused:
        freeze(aws.api, PLATFORM, Freeze("é" * (room + 2), "ann", SINCE, UNTIL))
    assert str(refused.value) == "--reason: is 2 letters too long for a tag; say it in fewer words"
    assert [name for name, _ in aws.calls] == ["DescribeAutoScalingGroups"]
    assert set(freeze(aws.api, PLATFORM, Freeze("é" * room, "ann", SINCE, UNTIL)).done) == set(NAMES)
    assert len(aws.seen("web-1")[0] or "") == 256


def test_the_command_freezes_shows_and_lifts(aws: Account) -> None:
    aws.refreshing = {"web-1"}
    done = invoke("freeze", "--reason", "moving the database", "--for", "2h", "--by", "ann")
    assert done.exit_code == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("web-1: frozen by ann since ")
    assert first.endswith("; its instance refresh was stopped")
    assert second.startswith("web-2: frozen by ann since ")
    assert "refresh" not in second
    shown = invoke("frozen")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout == done.stdout.replace("; its instance refresh was stopped", "")
    lifted = invoke("unfreeze")
    assert lifted.exit_code == 0, lifted.stderr
    assert [line[: line.index(" by")] for line in lifted.stdout.splitlines()] == [
        "web-1: lifted: frozen", "web-2: lifted: frozen",
    ]  # fmt: skip
    assert invoke("frozen").stdout == "web-1: not frozen\nweb-2: not frozen\n"
    again = invoke("unfreeze")
    assert (again.exit_code, again.stdout) == (0, "no fleet was frozen\n")


def test_a_forgotten_one_and_one_that_does_not_hold_are_told(aws: Account) -> None:
    now = datetime.now(UTC)
    freeze(aws.api, PLATFORM, Freeze("moving the database", "ann", now - timedelta(hours=30), now + timedelta(hours=1)))
    assert invoke("frozen").exit_code == 0
    freeze(aws.api, PLATFORM, Freeze("moving the database", "ann", now))
    done = invoke("frozen")
    assert done.exit_code == 1
    assert [line.count("FORGOTTEN for 6h? Lift it") for line in done.stdout.splitlines()] == [1, 1]
    freeze(aws.api, PLATFORM, Freeze("moving the database", "ann", now, now + timedelta(hours=1)))
    aws.api.resume_processes(AutoScalingGroupName="web-2", ScalingProcesses=["Terminate", "AZRebalance"])
    done = invoke("frozen")
    assert done.exit_code == 1
    first, second = done.stdout.splitlines()
    assert "did not stop" not in first
    assert second.endswith("; but Terminate, AZRebalance did not stop: freeze it again")


def test_the_command_tells_all_that_was_not_done(aws: Account) -> None:
    aws.refused = {("SuspendProcesses", "web-1"): "AccessDenied"}
    done = invoke("freeze", "--reason", "moving the database", "--by", "ann")
    assert done.exit_code == 1
    assert done.stdout.startswith("web-2: frozen by ann since ")
    assert done.stderr == (
        "not done, or not whole:\n"
        "web-1: An error occurred (AccessDenied) when calling the SuspendProcesses operation: not to you\n"
    )
    aws.refused = {("DescribeAutoScalingGroups", ""): "AccessDenied"}
    done = invoke("frozen")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("the groups of prod: An error occurred (AccessDenied) when calling the Describe")


def test_a_fleet_without_a_group_is_told(aws: Account) -> None:
    for name in NAMES:
        aws.api.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    done = invoke("freeze", "--reason", "moving the database")
    told = "fleets.web: no Auto Scaling group has its tags\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"not done, or not whole:\n{told}")
    done = invoke("frozen")
    assert (done.exit_code, done.stdout) == (0, told)


def test_a_platform_without_fleets_has_nothing_to_freeze(aws: Account) -> None:
    for name in NAMES:
        aws.api.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    config = load(CASE)
    platform = read_platform({**config, "aws": {k: v for k, v in config["aws"].items() if k != "fleets"}})
    with pytest.raises(Refused, match=r"^aws\.fleets: there are none, and nothing else to freeze; freeze the stack of"):
        freeze(aws.api, platform, MOVING)
    assert groups(aws.api, platform) == []


@pytest.mark.parametrize("command", [("freeze", "--reason", "moving the database"), ("unfreeze",), ("frozen",)])
def test_credentials_of_another_account_are_refused_before_it_is_looked_at(
    aws: Account, command: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "Pulumi.other.yaml"
    file.write_text(CASE.read_text().replace("123456789012", "210987654321"))
    aws.calls.clear()
    done = CliRunner().invoke(cli.main, [*command, "-s", str(file)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("aws.account: is 210987654321, and the credentials are of 123456789012 as arn:aws:")
    assert done.stderr.endswith("; nothing was changed. Take those of the platform, as by AWS_PROFILE\n")
    assert aws.calls == []


def test_without_credentials_nobody_is_asked() -> None:
    done = invoke("frozen")
    assert (done.exit_code, done.stderr) == (1, "the account 123456789012: Unable to locate credentials\n")


def test_without_boto3_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(account.AccountError) as told:
        freeze_fleets.reach(load(CASE))
    assert str(told.value) == "boto3 is not installed; it comes with `pip install 'flyball[aws]'`"
