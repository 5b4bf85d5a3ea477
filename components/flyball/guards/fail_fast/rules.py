"""The rules of lesson 2: what cannot work is refused at once, before anything exists."""

from flyball.guards.reading.rule import Lesson, Rule

IMAGE_NOT_PINNED = Rule("image-not-pinned", Lesson.FAIL_FAST)
QUEUE_BEYOND_DEADLINE = Rule("queue-beyond-deadline", Lesson.FAIL_FAST)
CONNECTIONS_BELOW_REQUESTS = Rule("connections-below-requests", Lesson.FAIL_FAST)
PORT_TAKEN = Rule("port-taken", Lesson.FAIL_FAST)
VARIABLE_TAKEN = Rule("variable-taken", Lesson.FAIL_FAST)
OWN_LABEL = Rule("own-label", Lesson.FAIL_FAST)
LISTENS_EVERYWHERE = Rule("listens-everywhere", Lesson.FAIL_FAST)
LIMIT_BELOW_REQUEST = Rule("limit-below-request", Lesson.FAIL_FAST)
NAMESPACE_RESERVED = Rule("namespace-reserved", Lesson.FAIL_FAST)
FOLDER_IN_USE = Rule("folder-in-use", Lesson.FAIL_FAST)
PROXY_CONFIGURATION = Rule("proxy-configuration", Lesson.FAIL_FAST)
CLUSTER_TOO_OLD = Rule("cluster-too-old", Lesson.FAIL_FAST)
NO_KEDA = Rule("no-keda", Lesson.FAIL_FAST)
NOT_RUNNING = Rule("not-running", Lesson.FAIL_FAST)
NEEDS_PULUMI_CLI = Rule("needs-pulumi-cli", Lesson.FAIL_FAST)
DRILL_CANNOT_RUN = Rule("drill-cannot-run", Lesson.FAIL_FAST)
