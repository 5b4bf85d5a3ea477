"""What moto keeps of what is made, and does with it: events that reach the queue, a bucket, a launch template.

Only that: what it drops, or does otherwise than AWS, is asked of it nowhere.
"""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from tests.aws.capture import of_case
from tests.aws.validators import calls

from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import REGION

NOTICE = {
    "source": "aws.ec2",
    "detail-type": "EC2 Spot Instance Interruption Warning",
    "detail": {"instance-id": "i-1"},
}


def of(kind: str) -> list[Registered]:
    return [resource for resource in of_case("prod-platform") if resource.type == kind]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from moto import mock_aws  # takes long to load

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # some hundred images for each account, of no use here
    with mock_aws():
        yield


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def queue() -> str:
    """URL of the queue, with its rules and their targets as they are captured."""
    sqs, events = client("sqs"), client("events")
    urls = {}
    for made in of("aws:sqs/queue:Queue"):
        # Of the dead letters' queue the name is what Pulumi makes of it, as its ARN elsewhere has it.
        name = made.inputs.get("name") or _dead_letters().rpartition(":")[2]
        kept = str(int(made.inputs["messageRetentionSeconds"]))
        urls[name] = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": kept})["QueueUrl"]
    for rule in of("aws:cloudwatch/eventRule:EventRule"):
        target = next(each for each in of("aws:cloudwatch/eventTarget:EventTarget") if each.name == rule.name)
        events.put_rule(Name=target.inputs["rule"], EventPattern=rule.inputs["eventPattern"])
        calls.made(events, target)
    return urls["prod-karpenter"]


def _dead_letters() -> str:
    [target, *_] = of("aws:cloudwatch/eventTarget:EventTarget")
    return target.inputs["deadLetterConfig"]["arn"]


def received(queue: str, event: dict[str, Any]) -> list[dict[str, Any]]:
    entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
    assert client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    found = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
        ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
        ("aws.ec2", "EC2 Instance State-change Notification"),
        ("aws.health", "AWS Health Event"),
    ],
)
def test_what_karpenter_acts_on_reaches_its_queue_once(queue: str, source: str, kind: str) -> None:
    [found] = received(queue, {**NOTICE, "source": source, "detail-type": kind})
    assert (found["source"], found["detail-type"], found["detail"]) == (source, kind, NOTICE["detail"])


@pytest.mark.parametrize("other", [{"source": "shop.orders"}, {"detail-type": "EC2 Fleet Instance Change"}])
def test_nothing_else_does(queue: str, other: dict[str, str]) -> None:
    assert received(queue, {**NOTICE, **other}) == []


def test_the_archive_is_encrypted_versioned_closed_and_forgets() -> None:
    s3, [bucket] = client("s3"), of("aws:s3/bucketVersioning:BucketVersioning")
    name = bucket.inputs["bucket"]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    for part in (
        "Versioning",
        "ServerSideEncryptionConfiguration",
        "PublicAccessBlock",
        "OwnershipControls",
        "LifecycleConfiguration",
    ):
        [made] = of(f"aws:s3/bucket{part}:Bucket{part}")
        calls.made(s3, made)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert closed == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    [owned] = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert owned == {"ObjectOwnership": "BucketOwnerEnforced"}
    raw, markers = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert raw["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER_IR"}]
    assert (raw["Expiration"], raw["NoncurrentVersionExpiration"]) == ({"Days": 365}, {"NoncurrentDays": 7})
    assert raw["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert markers["Expiration"] == {"ExpiredObjectDeleteMarker": True}


def test_a_template_keeps_what_a_node_begins_with() -> None:
    ec2, [template] = client("ec2"), of("aws:ec2/launchTemplate:LaunchTemplate")
    calls.made(ec2, template)
    [kept] = ec2.describe_launch_template_versions(LaunchTemplateName=template.name)["LaunchTemplateVersions"]
    data = kept["LaunchTemplateData"]
    assert data["UserData"] == template.inputs["userData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    [disk] = data["BlockDeviceMappings"]
    assert (disk["Ebs"]["VolumeType"], disk["Ebs"]["VolumeSize"], disk["Ebs"]["Encrypted"]) == ("gp3", 100, True)
