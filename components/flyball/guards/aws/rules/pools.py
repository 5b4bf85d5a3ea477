"""The rules of spot pools, of the archive and of the bill."""

from flyball.guards.reading.rule import Lesson, Rule

CONSOLIDATES_TOO_SOON = Rule(
    "consolidates-too-soon",
    Lesson.GOVERNOR,
    what="A pool gives nodes back slowly: its disruption budget bounds how many are on their way out at one time, and"
    " not how many go in an hour.",
    source="At least 10 min from the last pod that came or went; https://github.com/kubernetes-sigs/karpenter/issues/2909;"
    " the 10 min are a convention of this project.",
    remedy="Raise consolidate.",
    drill="frozen-pool",
)
SIZE_NOT_OF_TYPE = Rule(
    "size-not-of-type",
    Lesson.GOVERNOR,
    what="A node is as large as is said of it: under one limit of processors smaller ones would be more nodes than the"
    " envelope allows, the bill would be reckoned with too few, and a base group would hold less than it must.",
    source="A size large has 2 processors, xlarge 4, and Nxlarge 4 * N; from the fifth generation on series c has 2 GiB"
    " for each of them, m 4 and r 8, but for c5n"
    " (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html); of others nothing is reckoned.",
    remedy="State what the types have, or take types of the stated size.",
    drill="runaway-pool",
)
ARCHIVE_LIFE_CYCLE = Rule(
    "archive-life-cycle",
    Lesson.CLEAN_UP,
    what="Raw logs are at hand for a while, then in a cheaper class, then deleted; not moved just before they go, which"
    " costs more than it saves.",
    source="`keep >= warm + 90 d`, the shortest time that S3 charges for in Glacier Instant Retrieval"
    " (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html).",
    remedy="Raise keep, or lower warm.",
)
PRICE_MISSING = Rule(
    "price-missing",
    Lesson.GOVERNOR,
    what="Whatever a platform may start has a price that people have stated; without it nobody knows what automation"
    " may cost at the worst.",
    source="The worst case is the sum of `maximum * price * 730 h`, each group as the dearest of its types.",
    remedy="State what an hour of it costs in your region, in USD, under spend.prices.",
)
NO_KARPENTER = Rule(
    "no-karpenter",
    Lesson.FAIL_FAST,
    what="Pools of spot nodes are objects of Karpenter's, so its kinds are in the cluster before anything is changed.",
    source="https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/, chart karpenter-crd.",
    remedy="Install the chart karpenter-crd of the controller's version, or leave pools out.",
)
POOL_NOT_BROUGHT = Rule(
    "pool-not-brought",
    Lesson.INTERRUPTIONS,
    what="Spot nodes that a platform is made for are bought by somebody: by Karpenter, which one stack of services on"
    " it brings. Without it what runs beyond the on-demand base has no node of its own to go to.",
    source="A platform has the account's part, roles and queue; controller and pool are objects of the cluster.",
    remedy="Say pools: true in one stack of services on the platform, and pools: false in the others.",
)
POOL_UNGUARDED = Rule(
    "pool-unguarded",
    Lesson.GOVERNOR,
    what="Who brings a pool brings what holds it to its limits: the Governor's policies, before the pool.",
    source="A pool that was deleted took 15 nodes in 16 s, whatever its budgets said (the drill deleted-pool).",
    remedy="Bring pools with the stack that has the Governor's policies.",
    drill="deleted-pool",
)
POOL_LEFT = Rule(
    "pool-left",
    Lesson.GOVERNOR,
    what="Pools go before their controller, which ends their machines, and by those alone who may override; of a pool"
    " without a controller the machines run on, and are paid for.",
    source="Finalizers karpenter.sh/termination of pools, machines and nodes; https://karpenter.sh/docs/concepts/disruption/",
    remedy="Take the pool away first, as somebody with the right to override.",
    drill="deleted-pool",
)
NOBODY_TOLD = Rule(
    "nobody-told",
    Lesson.GOVERNOR,
    what="A budget tells somebody; by itself it stops nothing. The alarms of fleets go to the same people.",
    source="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",
    remedy="Name at least one mail address under spend.notify.",
)
