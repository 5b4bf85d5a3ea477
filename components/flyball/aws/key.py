"""Keys of a platform: one for the cluster's secrets and every group of logs, others for whoever has to read as well."""

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.aws.place import Policy
from flyball.guards.aws.platform import Platform


def key(platform: Platform, opts: pulumi.ResourceOptions) -> aws.kms.Key:
    """For the cluster's secrets and its logs. CloudWatch may use it for the account's groups of logs
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
    """
    account, region = platform.account, platform.region
    logs = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}
        },
    }
    return of_account("key", platform, f"secrets of the cluster {platform.name} and its logs", logs, opts)


def of_account(
    name: str, platform: Platform, description: str, also: Policy, opts: pulumi.ResourceOptions
) -> aws.kms.Key:
    """A key of which the account decides by its own policies who may use it, and `also` who else may.

    Rotated each year, and kept for 30 days after it was deleted, the longest that there is.
    """
    own = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{platform.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return aws.kms.Key(
        name,
        description=description,
        deletion_window_in_days=30,
        enable_key_rotation=True,
        policy=place.document(own, also),
        opts=opts,
    )
