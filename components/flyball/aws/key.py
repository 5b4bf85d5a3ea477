"""The platform's key: for the cluster's secrets and for every group of logs."""

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.guards.aws.platform import Platform


def key(platform: Platform, opts: pulumi.ResourceOptions) -> aws.kms.Key:
    """Rotated each year, and kept for 30 days after it was deleted, the longest that there is.

    The account decides by its own policies who may use it; CloudWatch may for the account's groups of logs
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
    """
    account, region = platform.account, platform.region
    policy = place.document(
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            "Resource": "*",
            "Condition": {
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}
            },
        },
    )
    return aws.kms.Key(
        "key",
        description=f"secrets of the cluster {platform.name} and its logs",
        deletion_window_in_days=30,
        enable_key_rotation=True,
        policy=policy,
        opts=opts,
    )
