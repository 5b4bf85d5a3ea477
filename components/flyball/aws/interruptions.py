"""`Interruptions`: the queue from which Karpenter hears that machines will be taken away."""

import json

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.guards.aws import names
from flyball.guards.aws.platform import Platform

EVENTS = {
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "health": ("aws.health", "AWS Health Event"),
}
"""By the name of a rule: source and detail type of what Karpenter acts on
(https://karpenter.sh/docs/concepts/disruption/#interruption)."""
KEPT = 300
"""Seconds: an interruption is over after 120, and what is older helps nobody."""
NOTICE = 120
"""Seconds for which it is tried to deliver one."""
DEAD_KEPT = 14 * 86_400
"""Seconds, the longest that there is: who looks for the reason may come after a holiday."""
TRIES = 5
"""How often a message is given out; Karpenter deletes what it has understood."""


class Interruptions(pulumi.ComponentResource):
    """Queue, rules, and a second queue for what could not be delivered or understood. Only over TLS."""

    queue: aws.sqs.Queue
    dead: aws.sqs.Queue
    """Where goes what could not be delivered, or was not understood."""
    rules: dict[str, aws.cloudwatch.EventRule]
    """By the keys of `EVENTS`."""

    def __init__(self, name: str, platform: Platform, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flyball:aws:Interruptions", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.dead = dead = aws.sqs.Queue(
            f"{name}-dead", message_retention_seconds=DEAD_KEPT, sqs_managed_sse_enabled=True, opts=child
        )
        # Karpenter knows it by its name, which the stack of the services must know without asking this one.
        self.queue = aws.sqs.Queue(
            name,
            name=names.queue(platform.name),
            message_retention_seconds=KEPT,
            receive_wait_time_seconds=20,
            visibility_timeout_seconds=30,
            sqs_managed_sse_enabled=True,
            redrive_policy=dead.arn.apply(lambda arn: _json({"deadLetterTargetArn": arn, "maxReceiveCount": TRIES})),
            opts=child,
        )
        aws.sqs.RedriveAllowPolicy(
            name,
            queue_url=dead.url,
            redrive_allow_policy=self.queue.arn.apply(
                lambda arn: _json({"redrivePermission": "byQueue", "sourceQueueArns": [arn]})
            ),
            opts=child,
        )
        self.rules = {key: self._rule(f"{name}-{key}", *event, dead, child) for key, event in EVENTS.items()}
        for key, queue in ((name, self.queue), (f"{name}-dead", dead)):
            policy = pulumi.Output.all(queue.arn, *(rule.arn for rule in self.rules.values())).apply(
                lambda arns: _policy(arns[0], arns[1:])
            )
            aws.sqs.QueuePolicy(key, queue_url=queue.url, policy=policy, opts=child)
        self.register_outputs({"queue": self.queue.url})

    def _rule(
        self, name: str, source: str, kind: str, dead: aws.sqs.Queue, child: pulumi.ResourceOptions
    ) -> aws.cloudwatch.EventRule:
        rule = aws.cloudwatch.EventRule(
            name, event_pattern=_json({"source": [source], "detail-type": [kind]}), description=kind, opts=child
        )
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            arn=self.queue.arn,
            dead_letter_config={"arn": dead.arn},
            retry_policy={"maximum_event_age_in_seconds": NOTICE, "maximum_retry_attempts": 10},
            opts=child,
        )
        return rule


def _policy(queue: str, rules: list[str]) -> str:
    """The rules may put something in; nobody does anything without TLS."""
    return place.document(
        {
            "Sid": "Rules",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": sorted(rules)}},
        },
        place.only_tls("sqs", queue),
    )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
