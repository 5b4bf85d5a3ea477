"""Sets, shows and lifts the freeze of a platform's fleets: their Auto Scaling groups take nothing away.

The record is a tag on each group, `wellknown.FREEZE_TAG`: written before anything stops and taken away after everything
goes on, so that whoever is interrupted can do either again. Each group is frozen for itself: one that refuses keeps no
other from it. What only adds, as Launch, goes on. An `up` leaves tag and suspended processes as they are.

The API has no condition for writing a tag: of two people who freeze at the same moment the later one's record stays.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from flyball import wellknown
from flyball.deploy.account import AccountError, Client, answering, client
from flyball.guards.aws.fleet_freeze import LONGEST, PROCESSES, read, write
from flyball.guards.aws.platform import Platform
from flyball.guards.governor.freeze import Freeze, check_others
from flyball.guards.governor.rules import FREEZE_REASON
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import DOES_NOT_APPLY
from flyball.guards.reading.units import show_count
from flyball.stack.platform import read_platform


@dataclass(frozen=True, slots=True)
class Group:
    """The Auto Scaling group of a fleet as the account has it: its freeze, and which processes are suspended."""

    name: str
    fleet: str
    freeze: Freeze | None = None
    before: frozenset[str] | None = frozenset()
    """Those of `PROCESSES` that were suspended before the freeze; None where its record does not say."""
    suspended: frozenset[str] = frozenset()

    @property
    def goes_on(self) -> list[str]:
        """What a freeze stops, and is not stopped."""
        return [process for process in PROCESSES if process not in self.suspended]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done with which groups, by their names, and of which it was not done and why."""

    done: dict[str, Freeze] = field(default_factory=dict)
    refreshes: list[str] = field(default_factory=list)
    """Groups whose instance refresh was stopped by it."""
    problems: list[str] = field(default_factory=list)


def reach(config: Mapping[str, Any]) -> tuple[Client, Platform]:
    """The API of Auto Scaling, and the platform of a configuration. Raises as `read_platform` and `account.client`."""
    platform = read_platform(config)
    return client(platform, "autoscaling"), platform


def groups(api: Client, platform: Platform) -> list[Group]:
    """The groups of the platform's fleets, by their tags. Raises `AccountError` if they cannot be asked for."""
    filters = [
        {"Name": f"tag:{wellknown.ENVIRONMENT_LABEL}", "Values": [platform.name]},
        {"Name": "tag-key", "Values": [wellknown.FLEET_TAG]},
    ]
    with answering(f"the groups of {platform.name}"):
        pages = api.get_paginator("describe_auto_scaling_groups").paginate(Filters=filters)
        return sorted((_group(each) for page in pages for each in page["AutoScalingGroups"]), key=lambda it: it.name)


def missing(found: Iterable[Group], platform: Platform) -> list[str]:
    """Fleets of the file that have no group, each in a line."""
    there = {group.fleet for group in found}
    return [f"fleets.{name}: no Auto Scaling group has its tags" for name in platform.fleets if name not in there]


def freeze(api: Client, platform: Platform, wanted: Freeze) -> Outcome:
    """Freeze every group of the platform, or give one's own freeze, which keeps its beginning, another reason and end.

    A group that somebody else has frozen stays as it is, and is a problem. Raises `Refused`, before anything is
    changed, where there is no fleet, and for a reason that is too long for a tag.
    """
    found = groups(api, platform)
    if not found and not platform.fleets:
        hint = "freeze the stack of the services, which is where pods and nodes are held"
        raise Refused([Problem(("aws", "fleets"), DOES_NOT_APPLY, "there are none, and nothing else to freeze", hint)])
    plans = {group: _plan(group, wanted) for group in found}
    refuse(_check_length(len(text) for _, text in plans.values()))
    outcome = Outcome(problems=missing(found, platform))
    for group, (record, text) in plans.items():
        if others := check_others(group.freeze, wanted.by, (group.name,)):
            outcome.problems.extend(str(problem) for problem in others)
            continue
        with _collecting(outcome, group):
            _tag(api.create_or_update_tags, group, text)
            api.suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=list(PROCESSES))
            # From here on nothing takes instances away but a refresh, which may hang without Terminate.
            outcome.done[group.name] = record
            if _stop_refresh(api, group):
                outcome.refreshes.append(group.name)
    return outcome


def lift(api: Client, platform: Platform) -> Outcome:
    """Let go on what the freezes have stopped, and nothing else; a refresh that was stopped stays so."""
    outcome = Outcome()
    for group in groups(api, platform):
        if group.freeze is None:
            continue
        if group.before is None:
            outcome.problems.append(
                f"{group.name}: its tag {wellknown.FREEZE_TAG} was not written by a freeze, and does not say what goes"
                " on afterwards; resume the processes by hand, then delete the tag"
            )
            continue
        with _collecting(outcome, group):
            resumed = [process for process in PROCESSES if process not in group.before]
            if resumed:  # none named would be all
                api.resume_processes(AutoScalingGroupName=group.name, ScalingProcesses=resumed)
            _tag(api.delete_tags, group)
            outcome.done[group.name] = group.freeze
    return outcome


@contextmanager
def _collecting(outcome: Outcome, group: Group) -> Iterator[None]:
    """What goes wrong with one group is one of the outcome's problems, and the next group's turn comes."""
    try:
        with answering(group.name):
            yield
    except AccountError as error:
        outcome.problems.append(str(error))


def _plan(group: Group, wanted: Freeze) -> tuple[Freeze, str]:
    """The freeze of a group and its record. One's own that is on goes on since then, and with what was before it."""
    before = group.suspended if group.freeze is None or group.before is None else group.before
    record = wanted if group.freeze is None else replace(wanted, since=group.freeze.since)
    return record, write(record, before)


def _check_length(lengths: Iterable[int]) -> Iterator[Problem]:
    more = max(lengths, default=0) - LONGEST
    if more > 0:
        message = f"is {show_count(more, 'letter')} too long for a tag"
        yield Problem(("--reason",), FREEZE_REASON, message, "say it in fewer words")


def _stop_refresh(api: Client, group: Group) -> bool:
    """Whether one was running, and is stopped. What has been replaced by then stays."""
    try:
        api.cancel_instance_refresh(AutoScalingGroupName=group.name)
    except api.exceptions.ActiveInstanceRefreshNotFoundFault:
        return False
    return True


def _tag(call: Callable[..., object], group: Group, value: str | None = None) -> None:
    tag = {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "Key": wellknown.FREEZE_TAG}
    # Its instances stay without it: they would keep it when the freeze is over.
    call(Tags=[tag if value is None else {**tag, "Value": value, "PropagateAtLaunch": False}])


def _group(answer: Mapping[str, Any]) -> Group:
    tags = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
    suspended = frozenset(each["ProcessName"] for each in answer.get("SuspendedProcesses", ()))
    name, fleet = answer["AutoScalingGroupName"], tags[wellknown.FLEET_TAG]
    if wellknown.FREEZE_TAG not in tags:
        return Group(name, fleet, suspended=suspended)
    record = read(tags[wellknown.FREEZE_TAG])
    return Group(name, fleet, record.freeze(answer["CreatedTime"]), record.before, suspended)
