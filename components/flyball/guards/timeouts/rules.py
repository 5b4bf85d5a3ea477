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
    what="A call to somewhere outside does not bear the name of a service of the set, and does not lead to one past the"
    " call of its name: it would escape its deadline.",
    source="One name, one callee.",
    remedy="Give the outside one another name, and call what is of the set by its own.",
)
WRONG_PORT = Rule(
    "wrong-port",
    Lesson.TIMEOUTS,
    what="A call goes to the port on which its callee listens; on another one nobody answers.",
    source="The callee's own `service`, which is its `port` where it says none.",
    remedy="Leave the port out: it follows from the callee.",
)
NOTHING_LISTENS = Rule(
    "nothing-listens",
    Lesson.TIMEOUTS,
    what="A call goes to a service that listens. One without a port takes its work from elsewhere, as from a queue; a"
    " call to it could only fail.",
    source="connect(2), ECONNREFUSED.",
    remedy="Give the callee a port, or take the call out.",
)
WRONG_PROTOCOL = Rule(
    "wrong-protocol",
    Lesson.TIMEOUTS,
    what="A call speaks what its callee speaks: of http and grpc neither understands the other; tcp carries both.",
    source="The callee's own arguments; HTTP/1.1 and HTTP/2 without TLS begin differently (RFC 9113, 3.3).",
    remedy="Leave the protocol out: in a set of services it is the callee's.",
)
WRONG_DEADLINE = Rule(
    "wrong-deadline",
    Lesson.TIMEOUTS,
    what="A reference to a service of another set says the deadline that this one promises.",
    source="The referenced service, where it is described in the same program.",
    remedy="Take the reference from the outputs of the set that has the service.",
)
UNKNOWN_ADDRESS = Rule(
    "unknown-address",
    Lesson.TIMEOUTS,
    what="A workload by itself knows no other one: each of its calls says where it goes and what is spoken there.",
    source="The proxy beside it dials the port of a Service, and a network policy names the port of the pods.",
    remedy="Describe both in one set of services, or say port and protocol, or give host or service.",
)
NO_CALLERS = Rule(
    "no-callers",
    Lesson.TIMEOUTS,
    what="A workload by itself says who may call it. Nobody else is let in, and one that forgot it would serve nobody.",
    source="Its network policy lets in those who are named; in a set of services they follow from the calls.",
    remedy="Name its callers, [] for nobody, set public, or describe them all in one set of services.",
)
CALLER_NOT_LET_IN = Rule(
    "caller-not-let-in",
    Lesson.TIMEOUTS,
    what="Who calls a service of another set or a workload by itself is named among its callers.",
    source="The network policy of the callee lets in nobody else.",
    remedy="Add it to the callee's callers, or describe both in one set of services.",
)
CALLER_WITHOUT_CALL = Rule(
    "caller-without-call",
    Lesson.TIMEOUTS,
    what="A caller that is named by a service or a cache, and is of the same set, makes such a call; else it is let in"
    " for nothing.",
    source="The calls of the set, from which callers follow.",
    remedy="Remove it from the callers, or declare the call.",
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
BALANCER_FORGETS = Rule(
    "balancer-forgets",
    Lesson.TIMEOUTS,
    what="A balancer remembers an idle connection for at least as long as the proxy behind it keeps it. What it has"
    " forgotten it cuts, and who sends the next request on it gets a reset in place of an answer.",
    source="`idle >= inbound.idle`; https://docs.aws.amazon.com/elasticloadbalancing/latest/network/"
    "network-load-balancers.html#connection-idle-timeout",
    remedy="Raise idle of the balancer, or lower inbound.idle.",
)
TIMEOUT_ABOVE_INTERVAL = Rule(
    "timeout-above-interval",
    Lesson.TIMEOUTS,
    what="A scrape ends before the next one begins.",
    source="Prometheus refuses a scrape_timeout above its scrape_interval"
    " (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config).",
    remedy="Lower the timeout, or raise the interval.",
)
ATTEMPTS_BEYOND_DEADLINE = Rule(
    "attempts-beyond-deadline",
    Lesson.TIMEOUTS,
    what="All attempts of a job, and the waits between them, fit in its deadline; what lies beyond it never begins.",
    source="Waits of 10 s, 20 s, 40 s, at most 10 min (MaxJobPodFailureBackOff in Kubernetes' pkg/controller/job):"
    " `attempt * (retries + 1) + waits <= deadline`, and without a limit of each attempt, with the ways out of its own"
    " sidecars as `ways`, `ways * (retries + 1) + waits < deadline`.",
    remedy="Lower retries or attempt, or raise the deadline.",
)
RUN_BEYOND_INTERVAL = Rule(
    "run-beyond-interval",
    Lesson.TIMEOUTS,
    what="Where two runs of a job may not run at once, each ends before the next one is due; else runs are left out,"
    " and nobody hears of it. Where the next one takes the place of the one before, a run ends before the most distant"
    " one at least; else each is ended by the next, and none may ever succeed.",
    source="`deadline <= the shortest time between two runs` with `concurrency: forbid`, and the longest one with"
    " `replace` (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy).",
    remedy="Lower the deadline, run less often, or let runs overlap.",
)
PAST_THE_PROXY = Rule(
    "past-the-proxy",
    Lesson.TIMEOUTS,
    what="A call that is declared is made through the proxy; past it nothing ends it, counts it or opens a circuit.",
    source="The proxy listens on the loopback interface, at the address that a variable tells.",
    remedy="Name the call's variable in the value, as $(CART_URL), or the name that the application knows in `names`.",
)
NAME_UNREACHABLE = Rule(
    "name-unreachable",
    Lesson.TIMEOUTS,
    what="A name that is to lead to the proxy does so on a port that is free in the pod: what listens there at every"
    " address takes the calls for itself, or does not start. And it is dialled on the ports of its call alone: on"
    " another one the proxy does not listen.",
    source="bind(2), EADDRINUSE: of one port there is either every address, or single ones; connect(2), ECONNREFUSED.",
    remedy="Let the application listen on another port, and dial the one that the call names.",
)
CLIENTS_BELOW_CALLERS = Rule(
    "clients-below-callers",
    Lesson.TIMEOUTS,
    what="A cache takes at least one connection of each pod that may call it. The pods beyond are turned away: those"
    " that were added because the load rose, or those of a new version, which then never takes the old one's place.",
    source="`clients >= the callers' replicas at their ceiling, what a release has beside them, and the runs of each"
    " job at one time`; a connection to a cache is held for as long as its pod lives (https://redis.io/docs/latest/"
    "develop/reference/clients/#maximum-concurrent-connected-clients).",
    remedy="Raise clients, or lower the callers' ceiling, or the deadline of a job whose runs overlap.",
)
