"""The rules of VM fleets: Auto Scaling groups of EC2."""

from flyball.guards.reading.rule import Lesson, Rule

_HOOKS = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html"
_STEPS = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html"
_REFRESH = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html"

WINDOW_NOT_WEEKLY = Rule(
    "window-not-weekly",
    Lesson.HEADROOM,
    what="The windows of a fleet are the same in every week: a scheduled action sets a size at a moment and knows of no"
    " window, so that the week is laid out first.",
    source="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html",
    remedy="Restrict weekdays, not days or months.",
)
TOO_MANY_ACTIONS = Rule(
    "too-many-actions",
    Lesson.HEADROOM,
    what="A schedule with all its ramps has no more actions than one group takes.",
    source="At most 125 (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html).",
    remedy="Join windows, or let the fleet take larger steps.",
)
TWO_ARCHITECTURES = Rule(
    "two-architectures",
    Lesson.FAIL_FAST,
    what="The types of a fleet, and those of nodes, are of one architecture, that of their image; of the other one no"
    " instance would start, and that shows only when the first ones are short.",
    source="A g among the attributes of a type is Graviton"
    " (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html).",
    remedy="Keep to one architecture.",
)
HOOK_BELOW_WAY_OUT = Rule(
    "hook-below-way-out",
    Lesson.INTERRUPTIONS,
    what="A termination hook holds an instance for as long as the load balancer takes to let it go, and it to end what"
    " is under way; then AWS ends it, ready or not.",
    source=f"`hook >= drain + deregistration` and `hook >= prestop + drain + stop`; {_HOOKS}",
    remedy="Raise the hook, or shorten drain.",
)
HOOK_BEYOND_NOTICE = Rule(
    "hook-beyond-notice",
    Lesson.INTERRUPTIONS,
    what="Where spot is on, the hook ends before the machine does: what is planned for later never comes.",
    source="`hook <= 110 s`, of the 120 s of a spot notice (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
    "spot-instance-termination-notices.html).",
    remedy="Shorten drain and hook, or turn spot off.",
    drill="spot-notice",
)
FLEET_STEP_TOO_LARGE = Rule(
    "fleet-step-too-large",
    Lesson.GOVERNOR,
    what="A group of VMs goes no faster than an autoscaler of pods: up by 2 or half of what runs, down by 1 or a"
    " tenth.",
    source=f"`up <= max(2, 50 %)`, `down <= max(1, 10 %)`, percentages rounded down as AWS does ({_STEPS}); the steps"
    " are a convention of this project.",
    remedy="Take smaller steps.",
    drill="dawn-fleet",
)
BANDS_NOT_CONTIGUOUS = Rule(
    "bands-not-contiguous",
    Lesson.GOVERNOR,
    what="The bands of a step policy begin at the alarm and follow each other without gap or overlap, and a higher load"
    " is never answered by less; in a gap nothing happens, an overlap AWS refuses.",
    source=_STEPS,
    remedy="Begin at above: 0, and let above and percent rise.",
)
COOLDOWN_TOO_SHORT = Rule(
    "cooldown-too-short",
    Lesson.GOVERNOR,
    what="After a step down nothing more goes until people could have seen what it did; only SimpleScaling has such a"
    " cooldown.",
    source="`cooldown >= 300 s` (https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
    "ec2-auto-scaling-scaling-cooldowns.html).",
    remedy="Raise the cooldown.",
    drill="dawn-fleet",
)
REFRESH_BELOW_FULL = Rule(
    "refresh-below-full",
    Lesson.GOVERNOR,
    what="While a fleet's instances are replaced all that are desired stay in service, at most a tenth more run, and it"
    " waits for people on the way.",
    source=f"`100 <= healthy < most <= 110`, checkpoints that rise to 100; {_REFRESH}",
    remedy="Take 100 and 110, and checkpoints as [10, 50, 100].",
)
