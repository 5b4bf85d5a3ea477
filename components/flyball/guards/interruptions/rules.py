"""The rules of lesson 6: anything may restart at any time."""

from flyball.guards.reading.rule import Lesson, Rule

_NOTICE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"

NO_READINESS = Rule(
    "no-readiness",
    Lesson.INTERRUPTIONS,
    what="What speaks plain TCP says how to ask whether it can serve: an open port alone does not mean that it can. So"
    " does what listens nowhere: there is no port to ask.",
    source="https://kubernetes.io/docs/concepts/workloads/pods/probes/",
    remedy="Give a command, as exec: [redis-cli, ping].",
)
PROBES_ALIKE = Rule(
    "probes-alike",
    Lesson.INTERRUPTIONS,
    what="Readiness and liveness ask different questions: what is overloaded should get less traffic, not a restart.",
    source="https://kubernetes.io/docs/concepts/workloads/pods/probes/",
    remedy="Let liveness ask only what a restart would mend.",
    drill="overload",
)
WAY_OUT_TOO_LONG = Rule(
    "way-out-too-long",
    Lesson.INTERRUPTIONS,
    what="A pod or host is out within the notice of a spot machine, less the time in which it may go unseen.",
    source=f"`prestop + drain + stop <= 110 s`, of the 120 s of {_NOTICE}",
    remedy="Shorten one of the three.",
    drill="spot-notice",
)
DRAIN_BELOW_DEADLINE = Rule(
    "drain-below-deadline",
    Lesson.INTERRUPTIONS,
    what="What is under way has as long to end as it was promised.",
    source="`drain >= deadline`.",
    remedy="Raise drain, or lower the deadline.",
    drill="drain",
)
SPOT_BASE_BELOW_NEED = Rule(
    "spot-base-below-need",
    Lesson.INTERRUPTIONS,
    what="Where the loss of all spot machines is to be survived, what the peak needs runs on demand.",
    source="`base >= need`.",
    remedy="Raise the base, or do not claim spot in survive.",
    drill="spot",
)
SPOT_BASE_AT_FLOOR = Rule(
    "spot-base-at-floor",
    Lesson.INTERRUPTIONS,
    what="With spot on, something is left for it above the on-demand base.",
    source="`base < floor`.",
    remedy="Lower the base, or turn spot off.",
)
NOTICE_UNSEEN = Rule(
    "notice-unseen",
    Lesson.INTERRUPTIONS,
    what="A notice of interruption is seen within what the way out leaves of it, though every request is slow.",
    source="`max(poll, 6 * request) + 3 * request <= 10 s`: three requests for each of two paths, of a group's instance"
    f" of three, so 9; {_NOTICE}",
    remedy="Lower the poll or the time for a request.",
    drill="spot-notice",
)
LEASE_BELOW_RUN = Rule(
    "lease-below-run",
    Lesson.INTERRUPTIONS,
    what="The lock of a planned restart outlives the longest run, or a second host follows while the first is away.",
    source="The longest run: looks at all others twice, `2 * prestop + drain + steps + well`.",
    remedy="Raise the lease, or shorten what it covers.",
    drill="planned-restarts",
)
UNIT_PEOPLE_NEED = Rule(
    "unit-people-need",
    Lesson.INTERRUPTIONS,
    what="Nothing stops the units by which people reach a host.",
    source="ssh, systemd-logind, systemd-journald and dbus, without which nobody gets in or sees why.",
    remedy="Leave it out.",
)
PROGRESS_BELOW_SETTLE = Rule(
    "progress-below-settle",
    Lesson.INTERRUPTIONS,
    what="A rollout is given up only after a replica could have counted.",
    source="`progress > settle`: progressDeadlineSeconds exceeds minReadySeconds"
    " (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds).",
    remedy="Raise progress, or lower settle.",
)
START_WINDOW = Rule(
    "start-window",
    Lesson.INTERRUPTIONS,
    what="A run of a schedule that could not start on time, since the control plane was away, starts late or not at"
    " all: within a time that its controller can see, and that holds so few starts that it does not give up.",
    source="`10 s <= start <= 100 * the shortest time between two runs` (https://kubernetes.io/docs/concepts/workloads/"
    "controllers/cron-jobs/#starting-deadline).",
    remedy="Give a time between the two, or leave it out.",
)
TOLERATES_LOSS = Rule(
    "tolerates-loss",
    Lesson.INTERRUPTIONS,
    what="A pod leaves a node that is lost, drained or not ready, and is on a spot machine only where that is reckoned"
    " with: a taint that says so is not tolerated.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions",
    remedy="Leave the toleration out; of spot machines, turn spot on.",
)
BUDGET_BY_HAND = Rule(
    "budget-by-hand",
    Lesson.INTERRUPTIONS,
    what="As many pods may be disrupted as are above what the peak needs: fewer block the drain of a node for ever,"
    " more take what carries the load.",
    source="`maxUnavailable = floor - need`"
    " (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets).",
    remedy="Give load, lose and survive.",
    drill="drain",
)
BALANCER_STILL_SENDS = Rule(
    "balancer-still-sends",
    Lesson.INTERRUPTIONS,
    what="A pod that leaves serves as long as what leads into the cluster may still send to it.",
    source="`prestop >= deregistration` of the platform's way in, or of the service's own balancer.",
    remedy="Raise shutdown.prestop.",
)

QUORUM_WITHOUT_DATA = Rule(
    "quorum-without-data",
    Lesson.INTERRUPTIONS,
    what="A member of a quorum keeps what it has agreed to where a restart finds it again; who forgets, votes twice.",
    source="D. Ongaro and J. Ousterhout, In Search of an Understandable Consensus Algorithm, 2014, figure 2.",
    remedy="Give data, a path and a size.",
)
DATA_WITHOUT_MEMBERS = Rule(
    "data-without-members",
    Lesson.INTERRUPTIONS,
    what="What keeps data says how many keep it, and how many of them must be there: a replica more or less is a copy"
    " or a vote more or less, and not just more work that can be done.",
    source="A StatefulSet gives each pod a volume of its own"
    " (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/).",
    remedy="Give quorum, as 2 of 3, or replicas: one.",
)
MEMBERS_ON_SPOT = Rule(
    "members-on-spot",
    Lesson.INTERRUPTIONS,
    what="Members run on demand. All spot machines may vanish in one second, and no part of a group can be kept apart"
    " from the rest: it is one StatefulSet.",
    source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html",
    remedy="Take spot out of this service.",
    drill="spot",
)
