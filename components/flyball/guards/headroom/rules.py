"""The rules of lesson 5: what is left after a loss carries the load, at every hour."""

from flyball.guards.reading.rule import Lesson, Rule

FLOOR_TOO_LARGE = Rule(
    "floor-too-large",
    Lesson.HEADROOM,
    what="The replicas that the peak needs, and those that may be lost, fit into a cluster; more is a slip of the pen.",
    source="`need = ceil(peak / (replica * utilization))`, `floor = need + lose`, of z zones"
    " `ceil(need * z / (z - 1))`; at most 100,000 (https://kubernetes.io/docs/setup/best-practices/cluster-large/).",
    remedy="Correct peak or replica, or lower the loss to be survived.",
)
TARGET_BELOW_ONE_PERCENT = Rule(
    "target-below-one-percent",
    Lesson.HEADROOM,
    what="The autoscaler's target leaves room for what a loss adds to the survivors, and is still a whole percent.",
    source="`target = floor(100 * utilization * (floor - lost) / floor)`; the autoscaler holds the mean at its target"
    " (https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details).",
    remedy="Lower lose, or raise load.utilization.",
)
TOO_FEW_ZONES = Rule(
    "too-few-zones",
    Lesson.HEADROOM,
    what="A zone can be lost only where there are two, and spot machines need a zone to be in.",
    source="`n - ceil(n / z) >= need` has no solution for z = 1.",
    remedy="List the zones.",
    drill="lost-zone",
)
TOO_FEW_NODES = Rule(
    "too-few-nodes",
    Lesson.HEADROOM,
    what="There is a node for each member of a group and for both of a cache that survives one, which are never two on"
    " one node, and one in each zone of which the loss of one is to be survived.",
    source="What `podAntiAffinity` keeps off the nodes that there are is never scheduled; in `ceil(n / z)` z are the"
    " zones that have nodes.",
    remedy="Take more nodes, or claim less.",
    drill="quorum",
)
CRON = Rule(
    "cron",
    Lesson.HEADROOM,
    what="An edge of a window, and the schedule of a job, is an expression of five fields that comes at some time, and"
    " on the same days whoever reads it; `@every` counts from nobody knows when.",
    source="crontab(5), and https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format",
    remedy="Write minute, hour, day, month and weekday, as `0 20 * * 1-5`.",
)
CRON_FOR_KEDA = Rule(
    "cron-for-keda",
    Lesson.HEADROOM,
    what="A window, and the moment before it at which the autoscaler sets out, can be said in the cron that KEDA reads,"
    " so that what is held is what is written.",
    source="https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format",
    remedy="Give single times of day, and restrict either days or weekdays.",
)
TIME_ZONE = Rule(
    "time-zone",
    Lesson.HEADROOM,
    what="A schedule is in a time zone that there is.",
    source="https://www.iana.org/time-zones",
    remedy="Give a name as Europe/Berlin, or UTC.",
)
WINDOW_WITHOUT_LENGTH = Rule(
    "window-without-length",
    Lesson.HEADROOM,
    what="A window lasts: one that starts and ends at the same moment is on all day or never, depending on the reader.",
    source="A window is on while its next end comes before its next start (https://keda.sh/docs/2.21/scalers/cron/).",
    remedy="Move an edge; for the whole day leave the window out and set load.peak.",
    drill="dawn",
)
CLOCK_CHANGE = Rule(
    "clock-change",
    Lesson.HEADROOM,
    what="No edge of a window, no way up to one, and no run of a job but of one that runs every hour, lies in an hour"
    " that the clocks skip or repeat; on that day it would come twice or never.",
    source="Offsets of the zone in the IANA time zone database.",
    remedy="Move it out of the hour, or use timezone UTC.",
)
NOTHING_TO_SPARE = Rule(
    "nothing-to-spare",
    Lesson.HEADROOM,
    what="A host is taken out for a change only where the others carry the peak without it.",
    source="`hosts - need >= 1`; a canary, then batches of `hosts - need`.",
    remedy="Add a host, or change them at a quieter time with a lower peak.",
    drill="rollout",
)
REPLICAS_BY_HAND = Rule(
    "replicas-by-hand",
    Lesson.HEADROOM,
    what="As many replicas run as follow from the load, moved by one autoscaler and started again when they end; a"
    " number beside it takes the headroom, or is taken back.",
    source="`floor = need + lose`; of two writers of one field the last one wins"
    " (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment).",
    remedy="Correct load.peak or load.replica.",
)
ROLLOUT_BELOW_SIZE = Rule(
    "rollout-below-size",
    Lesson.HEADROOM,
    what="A rollout adds replicas before it takes any, and goes on by itself: a release must not eat the headroom.",
    source="`maxUnavailable: 0`"
    " (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment).",
    remedy="Give rollout.surge.",
)
LOAD_UNEVEN = Rule(
    "load-uneven",
    Lesson.HEADROOM,
    what="All replicas share the load evenly, since headroom reckons with that: what holds a client to one replica, or"
    " to those of its zone, lets some carry more than they can while others wait.",
    source="`load of each = peak / replicas` in `need = ceil(peak / (replica * utilization))`.",
    remedy="Leave it out, and keep sessions in a cache.",
)
NODES_NARROWED = Rule(
    "nodes-narrowed",
    Lesson.HEADROOM,
    what="A choice of nodes leaves zones, and the split between on demand and spot, alone: headroom reckons with them.",
    source="`n - ceil(n / z) >= need` holds only where the pods may be in all z zones.",
    remedy="Name the zones of the stack, and say spot and survive.",
)

NO_MAJORITY = Rule(
    "no-majority",
    Lesson.HEADROOM,
    what="A quorum is more than half of its members: of two halves that do not see each other, only one decides.",
    source="`2 * quorum > members` (D. K. Gifford, Weighted Voting for Replicated Data, SOSP 1979).",
    remedy="Give a majority, as 2 of 3 or 3 of 5.",
    drill="quorum",
)
QUORUM_WITHOUT_SPARE = Rule(
    "quorum-without-spare",
    Lesson.HEADROOM,
    what="A group has more members than its quorum; else the first one that restarts stops it.",
    source="`members - quorum >= 1`; anything may restart at any time.",
    remedy="Give a member more, or a smaller majority.",
    drill="quorum",
)
QUORUM_IN_ZONES = Rule(
    "quorum-in-zones",
    Lesson.HEADROOM,
    what="Where the loss of a zone is to be survived, those in the others are a quorum.",
    source="`members - ceil(members / zones) >= quorum`: the fullest zone holds `ceil(members / zones)`.",
    remedy="Spread over more zones: at least `ceil(members / (members - quorum))`.",
    drill="quorum",
)
PEAK_BEYOND_MEMBERS = Rule(
    "peak-beyond-members",
    Lesson.HEADROOM,
    what="The members that a loss leaves carry the peak. There are no more of them when there is more to do.",
    source="`ceil(peak / (replica * utilization)) <= members - lost`, and of one that stands alone 1.",
    remedy="Raise load.replica with larger resources, or lower the peak. Where a leader does all the work, load.replica"
    " is its work, divided by those that are left.",
)
