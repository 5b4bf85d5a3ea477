"""An account with Auto Scaling groups as moto keeps them, and answers of its own to what moto does not know."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from tests.expected import document

from flyball.wellknown import FREEZE_TAG

_EXPECTED = Path(__file__).parents[1] / "aws/expected/fleets.yaml"
MADE = document(_EXPECTED)["aws:autoscaling/group:Group web"]["inputs"]["tags"]
"""Tags of the group as `up` makes it."""


@cache
def session() -> Any:
    """Of no profile of the user's, so none before the test has put these away; it reads the services' models once."""
    return boto3.Session()


class Account:
    """What is asked of it, which groups are being refreshed, and which calls about which of them it refuses."""

    def __init__(self) -> None:
        self.api: Any = None
        self.calls: list[tuple[str, str]] = []
        self.refreshing: set[str] = set()
        self.refused: dict[tuple[str, str], str] = {}

    def client(self, service: str, **given: Any) -> Any:
        """As boto3 makes it."""
        made = session().client(service, **given)
        made.meta.events.register("before-call.auto-scaling", self._called)
        return made

    def group(self, name: str, **tags: str) -> None:
        given = {tag["key"]: tag["value"] for tag in MADE} | {key: value for key, value in tags.items() if value}
        each = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
        self.api.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName="any",
            AvailabilityZones=["eu-central-1a"],
            MinSize=0,
            MaxSize=0,
            Tags=[{**each, "Key": key, "Value": value} for key, value in given.items()],
        )

    def record(self, name: str, text: str) -> None:
        """The tag as somebody else has written it."""
        tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": FREEZE_TAG, "Value": text}
        self.api.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": False}])

    def suspend(self, name: str, *processes: str) -> None:
        self.api.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(processes))

    def seen(self, name: str) -> tuple[str | None, set[str]]:
        """Its record, and what is suspended."""
        found = self.api.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        tags = {tag["Key"]: tag for tag in found["Tags"]}
        assert FREEZE_TAG not in tags or tags[FREEZE_TAG]["PropagateAtLaunch"] is False
        return tags.get(FREEZE_TAG, {}).get("Value"), {each["ProcessName"] for each in found["SuspendedProcesses"]}

    def _called(self, model: Any, params: Mapping[str, Any], **_: object) -> Any:
        body = params["body"]
        name = body.get("AutoScalingGroupName") or body.get("Tags.member.1.ResourceId") or ""
        self.calls.append((model.name, name))
        if code := self.refused.get((model.name, name)):
            return _error(code, "not to you")
        if model.name == "CancelInstanceRefresh":
            if name not in self.refreshing:
                return _error("ActiveInstanceRefreshNotFound", "no refresh is in progress")
            self.refreshing.remove(name)
            return AWSResponse("", 200, {}, None), {"InstanceRefreshId": "of " + name}
        return None


def _error(code: str, message: str) -> Any:
    return AWSResponse("", 400, {}, None), {"Error": {"Code": code, "Message": message}}
