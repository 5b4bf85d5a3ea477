"""The rules of lesson 1: every hop has a timeout, and all hops of a request fit in its deadline."""

from flyball.guards.reading.rule import Lesson, Rule

CALLS_IN_A_CIRCLE = Rule(
    "calls-in-a-circle",
    Lesson.TIMEOUTS,
    what="Calls never lead back to where they began. On a circle no deadline holds, and a request can wait for itself.",
    source="Along a path each deadline exceeds the sum of those below it, which no circle can do.",
    remedy="Remove one of the calls of the circle, or let one of them be a message that nobody waits for.",
)
CALLS_ITSELF = Rule(
    "calls-itself",
    Lesson.TIMEOUTS,
    what="A service does not call itself over the network: its requests would take the places that they wait for.",
    source="The shortest circle of calls.",
    remedy="Remove the call; within a process a function call does.",
)
TIMEOUT_ABOVE_DEADLINE = Rule(
    "timeout-above-deadline",
    Lesson.TIMEOUTS,
    what="A call's timeout is at most the deadline of its caller; whoever waits for longer answers nobody any more.",
    source="`timeout <= deadline`.",
    remedy="Lower the timeout, or raise the caller's deadline.",
    drill="hang",
)
TIMEOUT_BELOW_DEADLINE = Rule(
    "timeout-below-deadline",
    Lesson.TIMEOUTS,
    what="A call's timeout is at least the deadline that its callee promises. A caller that gives up before throws away"
    " work that would have been answered, and adds a retry to it.",
    source="`timeout >= deadline of the callee`.",
    remedy="Raise the timeout, or lower the callee's deadline.",
    drill="chain",
)
CALLS_BEYOND_DEADLINE = Rule(
    "calls-beyond-deadline",
    Lesson.TIMEOUTS,
    what="All calls of one request, with their retries, fit in the deadline that was promised for it.",
    source="The sum of `(connect + timeout) * (1 + retries) + backoff`, of calls side by side only the longest, is at"
    " most the deadline.",
    remedy="Lower timeouts or retries, make calls side by side, or raise the deadline.",
    drill="chain",
)
UNKNOWN_CALLEE = Rule(
    "unknown-callee",
    Lesson.TIMEOUTS,
    what="A call names a service that there is, or says by `host` and `port` where it goes: only of these is known what"
    " they promise, and the network lets nothing else through.",
    source="The call graph is closed.",
    remedy="Correct the name, or give host and port.",
)
HIDDEN_SERVICE = Rule(
    "hidden-service",
    Lesson.TIMEOUTS,
    what="A call to somewhere outside does not bear the name of a service of the set, whose deadline it would escape.",
    source="One name, one callee.",
    remedy="Give the outside one another name.",
)
WRONG_PORT = Rule(
    "wrong-port",
    Lesson.TIMEOUTS,
    what="A call goes to the port on which its callee listens; on another one nobody answers.",
    source="The callee's own `port`.",
    remedy="Leave the port out: it follows from the callee.",
)
IDLE_BELOW_TIMEOUT = Rule(
    "idle-below-timeout",
    Lesson.TIMEOUTS,
    what="A plain TCP connection may be idle for at least as long as an answer may take, or it is cut while somebody"
    " waits for one.",
    source="`idle >= timeout`; the proxy sees bytes, not requests, so that waiting for an answer is idle time.",
    remedy="Raise idle, or lower the timeout.",
    drill="database",
)
TIMEOUT_ABOVE_INTERVAL = Rule(
    "timeout-above-interval",
    Lesson.TIMEOUTS,
    what="A scrape ends before the next one begins.",
    source="Prometheus refuses a scrape_timeout above its scrape_interval"
    " (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config).",
    remedy="Lower the timeout, or raise the interval.",
    alert="TargetMissing",
)
