"""The rules of an AWS account's network, cluster and base nodes."""

from flyball.guards.reading.rule import Lesson, Rule

FOREIGN_ZONE = Rule(
    "foreign-zone",
    Lesson.FAIL_FAST,
    what="A zone is one of the region: the name of the region and a letter. No validator looks, and the network would"
    " be half made when the API refuses the rest.",
    source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html",
    remedy="Take zones of the region, or mend the region.",
)
FOREIGN_ACCOUNT = Rule(
    "foreign-account",
    Lesson.FAIL_FAST,
    what="An admin is a role or user of the account that the platform is in, so that who leaves it loses the cluster.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    remedy="Give the ARN of a role in the account.",
)
LOCKED_OUT = Rule(
    "locked-out",
    Lesson.FAIL_FAST,
    what="A cluster has an admin beside whoever makes it. The maker gets no standing right, so without one nobody could"
    " ever enter it.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html;"
    " https://github.com/aws/containers-roadmap/issues/185.",
    remedy="Name a role under admins.",
)
ENDPOINT_OPEN = Rule(
    "endpoint-open",
    Lesson.FAIL_FAST,
    what="The API server of a cluster is reached from its network, or from ranges that are named; never from"
    " everywhere.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    remedy="Take endpoint: private, or name the ranges of your offices and runners.",
)
CLUSTER_VERSION = Rule(
    "cluster-version",
    Lesson.FAIL_FAST,
    what="A cluster has a version of Kubernetes that the Governor works on and that these components were tried on, and"
    " goes from one minor version to the next; kube-proxy is at most 3 of them older, and never newer.",
    source="The Governor needs 1.36; EKS upgrades one minor version at a time"
    " (https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html);"
    " https://kubernetes.io/releases/version-skew-policy/#kube-proxy.",
    remedy="Take one of the versions that the message names, and one step at a time.",
)
TOO_FEW_TYPES = Rule(
    "too-few-types",
    Lesson.INTERRUPTIONS,
    what="A group takes at least 3 types of instances, and on spot at least 6 of 2 families: of a single type a zone"
    " may have none left, and then nothing starts.",
    source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html;"
    " https://github.com/aws/containers-roadmap/issues/2204; the numbers are a convention of this project.",
    remedy="Name more types of the same size.",
)
TYPES_DIFFER = Rule(
    "types-differ",
    Lesson.HEADROOM,
    what="The types of a group are equally large, so that its number of instances says what it can carry.",
    source="The size is the last part of a type's name"
    " (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html).",
    remedy="Take types of one size, as m7i.large and m6i.large.",
)
ADDRESSES = Rule(
    "addresses-run-out",
    Lesson.HEADROOM,
    what="A zone's private network has addresses for the most nodes and instances that may ever be in it, one zone"
    " being lost, and for those that an update adds. A node that gets none starts, and runs nothing.",
    source="Each machine 1; each node a prefix of 16 for each 16 of its pods and one more that is kept warm"
    " (https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html); AWS keeps 5 of each"
    " subnet (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).",
    remedy="Take a larger range, or lower the maximum of nodes.",
)
PODS_WITHOUT_ADDRESS = Rule(
    "pods-without-address",
    Lesson.HEADROOM,
    what="A node's type gets prefixes with an address for each of the 110 pods that its kubelet takes. What is"
    " scheduled there beyond them never starts, and counts as a replica all the same.",
    source="Addresses of pods come by prefixes of 16, which AWS hands out on Nitro alone: `interfaces *"
    " (addresses - 1) * 16 + 2`, and without them an m4.large has 20"
    " (https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html).",
    remedy="Take types from the fifth generation on, of two processors or more.",
)
BASE_TOO_SMALL = Rule(
    "base-too-small",
    Lesson.HEADROOM,
    what="With one base node gone the others hold every replica that must run on demand, at its floor, and what runs on"
    " each node, at 90 % of what can be had.",
    source="The smallest multiple of the zones with `(n - 1) * (0.9 * allocatable - daemons) >= replicas`; the"
    " 90 % are a convention of this project, for what does not divide evenly over nodes.",
    remedy="Raise nodes.base.floor in the platform's stack file to the number that the message names.",
)
