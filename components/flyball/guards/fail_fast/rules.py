"""The rules of lesson 2: what cannot work is refused at once, before anything exists."""

from flyball.guards.reading.rule import Lesson, Rule

IMAGE_NOT_PINNED = Rule(
    "image-not-pinned",
    Lesson.FAIL_FAST,
    what="An image has a version or a digest. With `latest` a restart brings something that nobody has tested.",
    source="https://kubernetes.io/docs/concepts/containers/images/#image-names",
    remedy="Give a version as its tag, or a digest.",
)
IMAGE_WITHOUT_DIGEST = Rule(
    "image-without-digest",
    Lesson.FAIL_FAST,
    what="Where `pinned` is asked for, every image has a digest, its own or in `digests`. A tag may be moved, and then"
    " a restart brings something that nobody has tested, on some nodes and not on others.",
    source="https://kubernetes.io/docs/concepts/containers/images/#image-names",
    remedy="Write the image and its digest under `platform.registry.digests`.",
)
DIGEST_DIFFERS = Rule(
    "digest-differs",
    Lesson.FAIL_FAST,
    what="An image with a digest of its own has none in `digests`, or the same: a tag is one image in all of a stack.",
    source="https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests",
    remedy="Remove the one that is wrong.",
)
DIGEST_UNUSED = Rule(
    "digest-unused",
    Lesson.FAIL_FAST,
    what="Each image in `digests` of a stack file is that of a container. A digest of another one does nothing, and the"
    " image that was meant goes on by its tag.",
    source="`platform.registry.digests` against the images of all containers.",
    remedy="Write the image as its container has it, with its tag, or remove it.",
)
QUEUE_BEYOND_DEADLINE = Rule(
    "queue-beyond-deadline",
    Lesson.FAIL_FAST,
    what="Who waits in the queue is still answered in time. Work on a request that has been given up is the slowest of"
    " all failures.",
    source="`latency + queue <= deadline`.",
    remedy="Lower latency or queue, or raise the deadline.",
    drill="overload",
)
CONNECTIONS_BELOW_REQUESTS = Rule(
    "connections-below-requests",
    Lesson.FAIL_FAST,
    what="There are connections for all requests under way and waiting; else the queue never fills, and nobody hears.",
    source="`connections >= concurrency + waiting`, where by Little's law `concurrency = replica * latency` (J. D. C."
    ' Little, "A Proof for the Queuing Formula L = lambda W", Operations Research 9, 1961).',
    remedy="Raise connections, or lower concurrency or waiting.",
    drill="slow-clients",
)
PORT_TAKEN = Rule(
    "port-taken",
    Lesson.FAIL_FAST,
    what="No two parts of a pod or a host listen on one port; the second would not start. Nor has a Service one twice.",
    source="bind(2), EADDRINUSE; https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services.",
    remedy="Choose another port.",
)
VARIABLE_TAKEN = Rule(
    "variable-taken",
    Lesson.FAIL_FAST,
    what="An environment variable is set in one place only, the addresses of calls included.",
    source="Of two values Kubernetes takes the last, and says nothing.",
    remedy="Remove one of them, or name the call's `variable`.",
)
FILES_TOO_LARGE = Rule(
    "files-too-large",
    Lesson.FAIL_FAST,
    what="The files of one entry fit into the one object that they are kept in, a ConfigMap or a Secret.",
    source="1 MiB, https://kubernetes.io/docs/concepts/configuration/configmap/#motivation.",
    remedy="Put what is so large into the image, or split it into several entries.",
)
UNCONFINED = Rule(
    "unconfined",
    Lesson.FAIL_FAST,
    what="No container gets rights over its node or over others: what can be taken over is taken over one day, and then"
    " no network policy, no limit and no way out holds for what came in.",
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
    remedy="Leave it out; to listen on a port below 1024, capabilities: [NET_BIND_SERVICE].",
)
OWN_LABEL = Rule(
    "own-label",
    Lesson.FAIL_FAST,
    what="Labels by which objects are found are set by flyball alone: a changed one would orphan pods.",
    source="Selectors of Deployments cannot be changed"
    " (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates).",
    remedy="Use a key of your own.",
)
HAS_ARGUMENT = Rule(
    "has-argument",
    Lesson.FAIL_FAST,
    what="What an argument says is said by it, not by a patch: the rules that hold the argument do not see that.",
    source="The fields and their arguments are in flyball/guards/workload/patch_fields.py and patch_kinds.py.",
    remedy="Give the argument that the message names.",
)
PATCH_DIRECTIVE = Rule(
    "patch-directive",
    Lesson.FAIL_FAST,
    what="A patch names what it adds or changes, item by item. What replaces or deletes a whole list or map takes along"
    " what nobody named, guards among it.",
    source="`$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`"
    " (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/).",
    remedy="Leave the directive out, and name the items by their keys.",
)
LISTENS_EVERYWHERE = Rule(
    "listens-everywhere",
    Lesson.FAIL_FAST,
    what="A daemon listens where its clients are, and nowhere else.",
    source="An address left out is every address of the host, by most daemons' own defaults.",
    remedy="Name the addresses that clients use.",
)
OPEN_STORE = Rule(
    "open-store",
    Lesson.FAIL_FAST,
    what="A store that other hosts reach asks them for a password. Redis carries out whatever comes, and in it lies the"
    " lock of planned restarts.",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/security/; its protected mode lets nobody but"
    " the host itself in for the same reason.",
    remedy="Set `redis_password`, from a vault, or let it listen on the loopback interface alone.",
)
BALANCER_OPEN = Rule(
    "balancer-open",
    Lesson.FAIL_FAST,
    what="A balancer takes what comes from those who are named; from everybody only where that is said. Half of all"
    " addresses are everybody too.",
    source="Without loadBalancerSourceRanges it lets everybody in"
    " (https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer).",
    remedy="Name the ranges that call in `sources`, or say `public: true`.",
)
LIMIT_BELOW_REQUEST = Rule(
    "limit-below-request",
    Lesson.FAIL_FAST,
    what="A container may use at least what it asks for.",
    source="Kubernetes refuses the pod"
    " (https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#requests-and-limits).",
    remedy="Raise the limit, or request less.",
)
NAMESPACE_RESERVED = Rule(
    "namespace-reserved",
    Lesson.FAIL_FAST,
    what="A stack has a namespace of its own: it creates it, and deletes it with all that is in it.",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces",
    remedy="Choose a name of your own.",
)
BELONGS_TO_OTHERS = Rule(
    "belongs-to-others",
    Lesson.FAIL_FAST,
    what="What others have made stays theirs: an object that exists is changed only by the stack that made it, a"
    " namespace that the stack did not make is used only where the file says that it is shared, and nobody deletes a"
    " namespace that others have something in.",
    source="An apply takes over what it finds, and a namespace is deleted with all that is in it:"
    " https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts.",
    remedy="Choose another name, or say `shared: true` of the namespace.",
)
NO_NAMESPACE = Rule(
    "no-namespace",
    Lesson.FAIL_FAST,
    what="A shared namespace is there before the stack is, and carries the label flyball.dev/governed where the stack"
    " has a Governor: a stack does not label what is not its own.",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
    remedy="Create or label it, or leave `shared` out.",
)
FOLDER_IN_USE = Rule(
    "folder-in-use",
    Lesson.FAIL_FAST,
    what="Files are rendered into a new folder, an empty one, or one with nothing but rendered files: others are kept.",
    source="What others made is not deleted.",
    remedy="Name a new or an empty folder.",
)
PROXY_CONFIGURATION = Rule(
    "proxy-configuration",
    Lesson.FAIL_FAST,
    what="HAProxy itself takes every configuration before it goes into a pod.",
    source="`haproxy -c`, https://docs.haproxy.org/3.2/management.html#3",
    remedy="Report it: this is a fault of flyball's.",
)
CLUSTER_TOO_OLD = Rule(
    "cluster-too-old",
    Lesson.FAIL_FAST,
    what="The cluster knows what the stack relies on: an autoscaler's tolerance, and for the Governor policies that"
    " mutate. An older one would drop them without a word.",
    source="https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/, HPAConfigurableTolerance"
    " and MutatingAdmissionPolicy.",
    remedy="Upgrade the cluster, or leave the Governor out.",
)
NO_KEDA = Rule(
    "no-keda",
    Lesson.FAIL_FAST,
    what="Schedules and triggers are held by KEDA, so it is in the cluster.",
    source="https://keda.sh/docs/2.21/deploy/",
    remedy="Install KEDA, or leave schedule and triggers out.",
)
NO_GATEWAY_API = Rule(
    "no-gateway-api",
    Lesson.FAIL_FAST,
    what="Routes of a Gateway are of the Gateway API, so it is in the cluster.",
    source="https://gateway-api.sigs.k8s.io/guides/getting-started/#installing-gateway-api",
    remedy="Install it, or name an IngressClass as the way in.",
)
NO_PROMETHEUS_OPERATOR = Rule(
    "no-prometheus-operator",
    Lesson.FAIL_FAST,
    what="Rules, receivers and whom to scrape are objects of Prometheus' operator, so its kinds are in the cluster.",
    source="https://prometheus-operator.dev/docs/getting-started/installation/",
    remedy="Install kube-prometheus-stack, or say `objects: false` and hand over what `flyball alerts -o` writes.",
)
NOT_RUNNING = Rule(
    "not-running",
    Lesson.FAIL_FAST,
    what="A command that asks a control plane on this machine finds it running; only `up` starts one.",
    source="A question changes nothing.",
    remedy="Bring it up with `flyball up`.",
)
MIGRATION_WITHOUT_COMMAND = Rule(
    "migration-without-command",
    Lesson.FAIL_FAST,
    what="A migration says what it runs. The image's own entry point is the service, which does not end, and the"
    " release would wait for the whole deadline.",
    source="https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/",
    remedy="Give command or arguments, or an image whose entry point migrates.",
)
NEEDS_PULUMI_CLI = Rule(
    "needs-pulumi-cli",
    Lesson.FAIL_FAST,
    what="A stack with encrypted values is brought up by the Pulumi CLI, which alone can decrypt them.",
    source="https://www.pulumi.com/docs/iac/concepts/secrets/",
    remedy="Install the CLI, or name an existing Secret under `refs`.",
)
DRILL_CANNOT_RUN = Rule(
    "drill-cannot-run",
    Lesson.FAIL_FAST,
    what="A drill that is asked for by name runs, or says what the machine lacks; none is passed over in silence.",
    source="What each kind of drill needs is in `flyball.drills`.",
    remedy="Install what the message names.",
)

NO_VOLUME_CLASS = Rule(
    "no-volume-class",
    Lesson.FAIL_FAST,
    what="The StorageClass and the VolumeSnapshotClass that a service names are in the cluster, and where it names no"
    " StorageClass, the cluster has a default one; else its pods would wait for volumes for ever.",
    source="https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass",
    remedy="Name one that `kubectl get storageclasses` lists.",
)
