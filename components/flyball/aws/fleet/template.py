"""The launch template of a fleet: what an instance is, what it may do, and how it configures itself."""

import base64
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from flyball import wellknown
from flyball.aws import machine, place
from flyball.aws.fleet import boot
from flyball.guards.aws.fleets import Fleet

if TYPE_CHECKING:
    from flyball.aws.fleet.component import Surroundings


def register(
    fleet: Fleet, around: "Surroundings", instances: aws.ec2.SecurityGroup, opts: pulumi.ResourceOptions
) -> aws.ec2.LaunchTemplate:
    """The template. Nothing in its user data is unknown beforehand: a preview shows what changes of it."""
    script = boot.script(fleet, around.platform.region)
    # Of a volume, by what it is known for ever: whatever changes here is a new version, and replaces all instances.
    lasting = {key: value for key, value in around.tags(fleet.name).items() if key != wellknown.OWNER_LABEL}
    return aws.ec2.LaunchTemplate(
        fleet.name,
        description=f"instances of {fleet.name}",
        image_id=fleet.image,
        iam_instance_profile={"arn": _profile(fleet, around, opts).arn},
        vpc_security_group_ids=[instances.id],
        user_data=base64.b64encode(script.encode()).decode(),
        metadata_options=machine.METADATA,
        block_device_mappings=machine.disks(fleet.device, fleet.disk),
        monitoring={"enabled": True},
        update_default_version=True,
        # The group tags its instances.
        tag_specifications=[{"resource_type": "volume", "tags": {"Name": fleet.name, **lasting}}],
        tags=around.tags(fleet.name),
        opts=opts,
    )


def _profile(fleet: Fleet, around: "Surroundings", opts: pulumi.ResourceOptions) -> aws.iam.InstanceProfile:
    """What an instance may do: read its playbook, ask for its group's name, and end its own group's waits."""
    role = aws.iam.Role(
        fleet.name,
        assume_role_policy=place.trusting("ec2.amazonaws.com"),
        tags=around.tags(fleet.name),
        opts=opts,
    )
    platform = around.platform
    tagged = {
        f"aws:ResourceTag/{wellknown.FLEET_TAG}": fleet.name,
        f"aws:ResourceTag/{wellknown.ENVIRONMENT_LABEL}": platform.name,
    }
    policy = aws.iam.RolePolicy(
        fleet.name,
        role=role.name,
        policy=place.document(
            {
                "Sid": "Playbook",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{fleet.playbook.removeprefix('s3://')}",
            },
            {
                "Sid": "Hooks",
                "Effect": "Allow",
                "Action": "autoscaling:CompleteLifecycleAction",
                "Resource": f"arn:aws:autoscaling:{platform.region}:{platform.account}:autoScalingGroup:*:"
                "autoScalingGroupName/*",
                "Condition": {"StringEquals": tagged},
            },
            {
                "Sid": "Group",
                "Effect": "Allow",
                "Action": "autoscaling:DescribeAutoScalingInstances",
                "Resource": "*",
            },
        ),
        opts=opts,
    )
    # The first instances use it within seconds.
    after = place.after(opts, [policy])
    return aws.iam.InstanceProfile(fleet.name, role=role.name, tags=around.tags(fleet.name), opts=after)
