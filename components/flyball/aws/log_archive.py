"""`LogArchive`: where raw logs go, and from where they go by themselves. It holds the record of the network's flows."""

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.guards.aws.archive import PARTS_DAYS
from flyball.guards.aws.platform import Platform

COLD = "GLACIER_IR"
"""Still read within milliseconds, at a fifth of the price (https://docs.aws.amazon.com/AmazonS3/latest/userguide/
storage-class-intro.html)."""
FLOWS = "flows"
_DELIVERY = "delivery.logs.amazonaws.com"


class LogArchive(pulumi.ComponentResource):
    """A bucket that nobody reads from outside, with a life cycle, and the network's flows in it.

    A version that was replaced or deleted stays for a week, so that a mistake can be undone, and no longer.
    """

    bucket: aws.s3.Bucket

    def __init__(
        self, name: str, platform: Platform, vpc: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("flyball:aws:LogArchive", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=platform.cluster.protect))
        self.bucket = aws.s3.Bucket(name, opts=kept)
        bucket = self.bucket.id
        aws.s3.BucketOwnershipControls(
            name, bucket=bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        closed = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=child,
        )
        versions = aws.s3.BucketVersioning(
            name, bucket=bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        self._life_cycle(name, platform, place.after(child, [versions]))
        policy = aws.s3.BucketPolicy(
            name,
            bucket=bucket,
            policy=self.bucket.arn.apply(lambda arn: _policy(arn, platform)),
            opts=place.after(child, [closed]),
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=self.bucket.arn.apply(lambda arn: f"{arn}/{FLOWS}/"),
            max_aggregation_interval=600,
            destination_options={
                "file_format": "parquet",
                "hive_compatible_partitions": False,
                "per_hour_partition": True,
            },
            opts=place.after(child, [policy]),
        )
        self.register_outputs({"bucket": bucket})

    def _life_cycle(self, name: str, platform: Platform, opts: pulumi.ResourceOptions) -> None:
        archive = platform.archive
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.id,
            rules=[
                {
                    "id": "raw-logs",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "transitions": [{"days": archive.warm, "storage_class": COLD}],
                    "expiration": {"days": archive.keep},
                    "noncurrent_version_expiration": {"noncurrent_days": PARTS_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": PARTS_DAYS},
                },
                # What a deletion leaves of an object, once its versions are gone.
                {
                    "id": "markers",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"expired_object_delete_marker": True},
                },
            ],
            opts=opts,
        )


def _policy(arn: str, platform: Platform) -> str:
    """The account's logs come in, and nothing does without TLS
    (https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html)."""
    account, region = platform.account, platform.region
    own = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{region}:{account}:*"},
    }
    return place.document(
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Principal": {"Service": _DELIVERY},
            "Action": "s3:PutObject",
            "Resource": f"{arn}/{FLOWS}/AWSLogs/{account}/*",
            "Condition": {**own, "StringEquals": {**own["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        {
            "Sid": "Look",
            "Effect": "Allow",
            "Principal": {"Service": _DELIVERY},
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": arn,
            "Condition": own,
        },
        place.only_tls("s3", [arn, f"{arn}/*"]),
    )
