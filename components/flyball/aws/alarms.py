"""`Alarms`: the one topic that every alarm of a platform goes to, and who hears of it."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.aws.key import of_account
from flyball.guards.aws.platform import Platform

PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com")
"""Who puts messages on it. With AWS's own key for SNS none of them could: its policy names nobody, and nothing says so
(https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html)."""


class Alarms(pulumi.ComponentResource):
    """A topic with a key of the account's own; each address gets a mail, and has to confirm once that it wants them."""

    arn: pulumi.Output[str]
    """Of the topic."""

    def __init__(
        self, name: str, platform: Platform, notify: Sequence[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("flyball:aws:Alarms", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        own = {"StringEquals": {"aws:SourceAccount": platform.account}}
        readers = {
            "Sid": "Publishers",
            "Effect": "Allow",
            "Principal": {"Service": list(PUBLISHERS)},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": own,
        }
        key = of_account(name, platform, f"alarms of {platform.name}", readers, child)
        topic = aws.sns.Topic(name, kms_master_key_id=key.arn, opts=child)
        aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=topic.arn.apply(
                lambda arn: place.document(
                    {
                        "Sid": "Publishers",
                        "Effect": "Allow",
                        "Principal": {"Service": list(PUBLISHERS)},
                        "Action": "sns:Publish",
                        "Resource": arn,
                        "Condition": own,
                    }
                )
            ),
            opts=child,
        )
        for address in notify:
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        self.arn = topic.arn
        self.register_outputs({"arn": self.arn})
