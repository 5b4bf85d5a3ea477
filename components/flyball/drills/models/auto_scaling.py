"""A model of an Auto Scaling group: no account, and no instance; its rules are AWS's own words, each with its source.

Fed with what Pulumi would hand to AWS (the inputs of group, policies, alarms, schedules and hooks), it says how many
instances serve at each second. What it leaves out: the balance of zones, spot, refreshes, the order in which instances
go. Sources are below https://docs.aws.amazon.com/autoscaling/ec2/userguide/.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from flyball.guards.aws import rounding

Inputs = Mapping[str, Any]
MINUTE = 60
EVER = 10**9


@dataclass(slots=True)
class Instance:
    """In service from `serves` on, warm from `warm` on, gone at `gone` [s since the model began]."""

    serves: int
    warm: int
    gone: int = EVER

    def is_serving(self, now: int) -> bool:
        return self.serves <= now < self.gone

    def is_there(self, now: int) -> bool:
        return now < self.gone


@dataclass(frozen=True, slots=True)
class Action:
    """At `at` [s] a scheduled action sets what is not -1."""

    at: int
    minimum: int
    maximum: int
    desired: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Breaches when the last `periods` minutes are all beyond the threshold."""

    above: bool
    threshold: float
    periods: int
    policy: Inputs

    def is_beyond(self, value: float) -> bool:
        """Whether a minute breaches; one without a figure is below 0."""
        return value >= 0 and (value > self.threshold if self.above else value < self.threshold)


@dataclass(slots=True)
class Group:
    """The group. `boot` is what an instance takes until it is in service [s]; `told` has every size it was given."""

    minimum: int
    maximum: int
    desired: int
    warmup: int
    boot: int
    heartbeat: int
    alarms: Sequence[Alarm]
    actions: Sequence[Action]
    suspended: set[str] = field(default_factory=set[str])
    instances: list[Instance] = field(default_factory=list[Instance])
    told: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])
    cooling: int = 0
    _minutes: deque[float] = field(default_factory=lambda: deque(maxlen=MINUTE))

    def serving(self, now: int) -> int:
        return sum(instance.is_serving(now) for instance in self.instances)

    def there(self, now: int) -> int:
        return sum(instance.is_there(now) for instance in self.instances)

    def second(self, now: int, load: float) -> None:
        """One second at a load [requests/s]: the schedule, each minute the alarms, and what follows from both."""
        if "ScheduledActions" not in self.suspended:
            for action in self.actions:
                if action.at == now:
                    self._scheduled(action)
        if now % MINUTE == 0:
            # RequestCountPerTarget, Sum: what one target got in the minute, of those in service; without any there is
            # no figure (../../elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html).
            serving = self.serving(now)
            self._minutes.append(load * MINUTE / serving if serving else -1.0)
            if "AlarmNotification" not in self.suspended:
                for alarm in self.alarms:
                    self._ask(alarm, now)
        self._settle(now)

    def lose(self, count: int, now: int) -> None:
        """So many instances that serve are gone, without a word."""
        for instance in [each for each in self.instances if each.is_serving(now)][:count]:
            instance.gone = now

    def _scheduled(self, action: Action) -> None:
        """Sets what it names; a minimum above the desired size raises that, a maximum below lowers it, both at once
        and without regard to cooldowns (ec2-auto-scaling-scheduled-scaling.html)."""
        self.minimum = action.minimum if action.minimum >= 0 else self.minimum
        self.maximum = action.maximum if action.maximum >= 0 else self.maximum
        desired = action.desired if action.desired >= 0 else self.desired
        self._set(desired, action.at, "schedule")

    def _ask(self, alarm: Alarm, now: int) -> None:
        """In alarm it asks its policy again each minute (AmazonCloudWatch/latest/monitoring/
        AlarmThatSendsEmail.html, "alarm actions"); a minute without a figure does not breach."""
        last = list(self._minutes)[-alarm.periods :]
        if len(last) == alarm.periods and all(alarm.is_beyond(value) for value in last):
            if alarm.policy["policyType"] == "StepScaling":
                self._step(alarm, last[-1], now)
            else:
                self._simple(alarm.policy, now)

    def _step(self, alarm: Alarm, value: float, now: int) -> None:
        """The band that the breach lies in, of what is warm; what still warms up counts as part of the answer, so that
        a second breach adds only the difference (as-scaling-simple-step.html)."""
        beyond = value - alarm.threshold
        for band in alarm.policy["stepAdjustments"]:
            low, high = band.get("metricIntervalLowerBound"), band.get("metricIntervalUpperBound")
            if (low is None or beyond >= float(low)) and (high is None or beyond < float(high)):
                warm = sum(each.is_there(now) and each.warm <= now for each in self.instances)
                wanted = warm + _adjusted(alarm.policy, band["scalingAdjustment"], warm)
                # On the way up it never lowers, on the way down never raises.
                up = band["scalingAdjustment"] > 0
                self._set(max(self.desired, wanted) if up else min(self.desired, wanted), now, "policy")

    def _simple(self, policy: Inputs, now: int) -> None:
        """Nothing while the group cools down from the last one (ec2-auto-scaling-scaling-cooldowns.html)."""
        if now < self.cooling:
            return
        self._set(self.desired + _adjusted(policy, policy["scalingAdjustment"], self.desired), now, "policy")
        self.cooling = now + int(policy.get("cooldown", 300))

    def _set(self, desired: int, now: int, why: str) -> None:
        """Within minimum and maximum (asg-capacity-limits.html)."""
        size = min(max(desired, self.minimum), self.maximum)
        if size != self.desired:
            self.told.append((now, size, why))
        self.desired = size

    def _settle(self, now: int) -> None:
        """Start what is missing, take out what is too many (as-suspend-resume-processes.html for what each process
        does). A launch hook keeps an instance out of service while it configures itself, and gives it up after its
        heartbeat (lifecycle-hooks.html); one that goes serves no more."""
        there = self.there(now)
        if there < self.desired and "Launch" not in self.suspended:
            for _ in range(self.desired - there):
                serves = now + self.boot
                given_up = now + self.heartbeat if self.boot > self.heartbeat else EVER
                self.instances.append(Instance(serves, serves + self.warmup, given_up))
        if there > self.desired and "Terminate" not in self.suspended:
            # Those that do not serve yet go first here; which ones AWS takes depends on zones and versions.
            alive = sorted((each for each in self.instances if each.is_there(now)), key=lambda each: -each.serves)
            for instance in alive[: there - self.desired]:
                instance.gone = now
        self.instances = [each for each in self.instances if each.gone > now - MINUTE]


def _adjusted(policy: Inputs, adjustment: float, size: int) -> int:
    """By its kind, percentages rounded as AWS does (`guards.aws.rounding`, as-scaling-simple-step.html)."""
    match policy["adjustmentType"]:
        case "PercentChangeInCapacity":
            return rounding.change(size, int(adjustment), int(policy.get("minAdjustmentMagnitude", 1)))
        case "ExactCapacity":
            return int(adjustment) - size
        case _:
            return int(adjustment)


def actions_between(schedules: Sequence[Inputs], begin: datetime, seconds: int) -> tuple[Action, ...]:
    """What scheduled actions do in so many seconds from `begin`, a time with a zone, on. A size that was left out is 0:
    so the provider hands it on (https://github.com/hashicorp/terraform/issues/5681)."""
    found: list[Action] = []
    for schedule in schedules:
        local = begin.astimezone(ZoneInfo(schedule.get("timeZone", "UTC")))
        for moment in CronSim(schedule["recurrence"], local - timedelta(minutes=1)):
            at = int((moment - local).total_seconds())
            if at > seconds:
                break
            if at >= 0:
                sizes = [int(schedule.get(key, 0)) for key in ("minSize", "maxSize", "desiredCapacity")]
                found.append(Action(at, *sizes))
    return tuple(sorted(found, key=lambda action: action.at))


def made_from(resources: Sequence[tuple[str, str, Inputs]], begin: datetime, seconds: int, boot: int) -> Group:
    """The group of a fleet's resources, each its type, name and inputs, as it stands at `begin`: of its size, warm.

    An alarm is a policy's where it calls an ARN that ends with the policy's name, to which Pulumi adds a hash; others
    call people.
    """

    def of(kind: str) -> list[tuple[str, Inputs]]:
        return [(name, inputs) for each, name, inputs in resources if each == kind]

    ((_, group),) = of("aws:autoscaling/group:Group")
    hooks = group.get("initialLifecycleHooks", [])
    waits = [int(h["heartbeatTimeout"]) for h in hooks if h["lifecycleTransition"].endswith("LAUNCHING")]
    minimum = int(group["minSize"])
    desired = int(group.get("desiredCapacity", minimum))
    policies, alarms = of("aws:autoscaling/policy:Policy"), of("aws:cloudwatch/metricAlarm:MetricAlarm")
    return Group(
        minimum=minimum,
        maximum=int(group["maxSize"]),
        desired=desired,
        warmup=int(group.get("defaultInstanceWarmup", 0)),
        boot=boot,
        heartbeat=waits[0] if waits else EVER,
        alarms=[
            Alarm(
                alarm["comparisonOperator"].startswith("GreaterThan"),
                float(alarm["threshold"]),
                int(alarm["evaluationPeriods"]),
                policy,
            )
            for _, alarm in alarms
            for name, policy in policies
            if any(arn.partition("policyName/")[2].startswith(name) for arn in alarm["alarmActions"])
        ],
        actions=actions_between([inputs for _, inputs in of("aws:autoscaling/schedule:Schedule")], begin, seconds),
        instances=[Instance(0, 0) for _ in range(desired)],
    )
