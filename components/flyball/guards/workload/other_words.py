"""What people call things elsewhere, in Kubernetes and in Helm charts, and what is meant by it here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import MISSING, UNANSWERED, UNKNOWN_KEY, WRONG_TYPE
from flyball.guards.reading.strict import check


@dataclass(frozen=True, slots=True)
class Meant:
    """The arguments to give instead, from the service on; none where the thing follows from others, as `why` says."""

    arguments: tuple[str, ...]
    why: str = ""

    def __str__(self) -> str:
        return "; ".join(
            part for part in (f"give {' and '.join(self.arguments)}" * bool(self.arguments), self.why) if part
        )


def _give(*arguments: str, why: str = "") -> Meant:
    return Meant(arguments, why)


_LOAD = _give("load.peak", "load.replica", why="how many replicas there are follows from them")
_COUNTED = _give(
    "load.peak", "load.replica", why="how many replicas there are follows from them; one for what must not run twice"
)
_OUTSIDE = _give("scratch", "data", why="what outlives its pod is data, with quorum or replicas: one")
_BESIDES = _give("survive", why="replicas are spread over nodes and zones by what they must survive")
_PUBLIC = _give("expose.host", why="platform.way says by which class or gateway")
_BALANCED = _give("expose.balancer", why="a Service of type LoadBalancer beside its own; sources says who may call")
_RESOURCES = _give("resources.cpu", "resources.memory", why="the most it may use is resources.limits")
_SPOKEN = _give("calls", "callers", why="who may reach whom follows from them")
_SERVICE = {
    **dict.fromkeys(("replicacount", "minreplicas", "instances", "scale"), _LOAD),
    **dict.fromkeys(("hpa", "autoscaling", "autoscaler", "horizontalpodautoscaler"), _LOAD),
    "maxreplicas": _give("ceiling", why="at most half as many again as proven"),
    **dict.fromkeys(("pdb", "poddisruptionbudget"), Meant((), "it follows: floor less what the peak needs")),
    "args": _give("arguments"),
    "entrypoint": _give("command"),
    "livenessprobe": _give("probes.liveness"),
    **dict.fromkeys(("readinessprobe", "healthcheck", "health"), _give("probes.readiness")),
    "startupprobe": _give("probes.startup"),
    "cpu": _give("resources.cpu"),
    **dict.fromkeys(("memory", "mem", "ram"), _give("resources.memory")),
    **dict.fromkeys(("requests",), _RESOURCES),
    "limits": _give("resources.limits.cpu", "resources.limits.memory"),
    **dict.fromkeys(("containerport", "targetport"), _give("port", why="it is one number; further ones are in ports")),
    "serviceport": _give("service", why="it is one number; further ones are in ports"),
    **dict.fromkeys(("sidecar", "containers", "extracontainers"), _give("sidecars")),
    "initcontainers": _give("init"),
    **dict.fromkeys(("ingress", "gateway", "route", "httproute"), _PUBLIC),
    **dict.fromkeys(("loadbalancer", "balancer", "elb", "nlb"), _BALANCED),
    **dict.fromkeys(("volumes", "volumemounts", "persistence", "storage", "pvc"), _OUTSIDE),
    **dict.fromkeys(("volumeclaimtemplates", "pvcs", "persistentvolumeclaim"), _give("data.path", "data.size")),
    **dict.fromkeys(("statefulset", "stateful", "members"), _give("quorum", "data", why="as quorum: 2 of 3")),
    **dict.fromkeys(("strategy", "updatestrategy", "rollingupdate"), _give("rollout")),
    "maxsurge": _give("rollout.surge"),
    "maxunavailable": Meant((), "a rollout never has fewer replicas than before; rollout.surge says how many more"),
    "minreadyseconds": _give("rollout.settle"),
    "progressdeadlineseconds": _give("rollout.progress"),
    "revisionhistorylimit": _give("rollout.history"),
    **dict.fromkeys(("affinity", "podantiaffinity", "topologyspreadconstraints", "zones"), _BESIDES),
    **dict.fromkeys(("nodeselector", "nodename"), _give("nodes.labels")),
    "tolerations": _give("nodes.tolerations"),
    **dict.fromkeys(("pod", "podspec", "podtemplate", "overrides", "patches"), _give("patch.deployment")),
    **dict.fromkeys(("hostaliases", "extrahosts"), _give("hosts")),
    **dict.fromkeys(("dnsconfig", "dnspolicy"), _give("dns")),
    "runtimeclassname": _give("runtime"),
    **dict.fromkeys(("gpu", "gpus", "extendedresources"), _give("devices")),
    **dict.fromkeys(("capadd", "addcapabilities"), _give("capabilities")),
    **dict.fromkeys(("terminationgraceperiodseconds", "graceperiod"), _give("shutdown.drain", "shutdown.stop")),
    **dict.fromkeys(("lifecycle", "prestop"), _give("shutdown.prestop")),
    **dict.fromkeys(("securitycontext", "runasuser", "podsecuritycontext"), _give("user")),
    **dict.fromkeys(
        ("serviceaccount", "serviceaccountname"),
        _give("account", "token", why="each service has one of its own"),
    ),
    "priorityclassname": _give("priority"),
    **dict.fromkeys(("secretkeyref", "secretref"), _give("refs")),
    **dict.fromkeys(("envfrom", "configmapref"), _give("variables")),
    **dict.fromkeys(("configmaps", "configmap", "config", "mounts", "configfiles"), _give("files")),
    **dict.fromkeys(("environment", "envvars"), _give("env")),
    **dict.fromkeys(
        ("timeout", "timeouts", "timeoutseconds"), _give("deadline", why="the longest that an answer may take")
    ),
    **dict.fromkeys(("dependson", "dependencies", "links", "upstreams"), _give("calls")),
    **dict.fromkeys(("networkpolicy", "allowfrom", "egress"), _SPOKEN),
    **dict.fromkeys(("tag", "version", "repository"), _give("image", why="with its tag or digest")),
    "cron": _give("schedule"),
    **dict.fromkeys(("canary", "progressivedelivery", "analysis"), _give("rollout.canary.steps")),
    **dict.fromkeys(
        ("trafficrouting", "trafficsplit"),
        _give("rollout.canary.by", why="with route a new version has a weight of the HTTPRoute that expose makes"),
    ),
    **dict.fromkeys(
        ("migration", "migrations", "prerelease", "predeploy", "preupgrade", "releasecommand", "hooks"),
        _give("migrate.command", why="it must succeed before a new version replaces the old one"),
    ),
    **dict.fromkeys(
        ("name", "metadata"), Meant((), "the key above it is the name; there are labels and annotations too")
    ),
}
"""By what the word is in small letters, without dashes and underscores."""
_PROBE = {
    "httpget": _give("path"),
    "tcpsocket": _give("tcp"),
    "command": _give("exec"),
    "periodseconds": _give("period"),
    "timeoutseconds": _give("timeout"),
    "failurethreshold": _give("failures"),
    "initialdelayseconds": Meant((), "the startup probe waits as long as it takes; raise probes.startup.failures"),
    "successthreshold": Meant((), "one success counts"),
}
_BELOW = {
    "resources": {"requests": _give("cpu", "memory", why="right under resources")},
    "probes": {
        "livenessprobe": _give("liveness"),
        "readinessprobe": _give("readiness"),
        "startupprobe": _give("startup"),
    },
    "probes.*": _PROBE,
    "data": {
        **dict.fromkeys(("storageclass", "storageclassname"), _give("class")),
        **dict.fromkeys(("mountpath", "mount"), _give("path")),
        **dict.fromkeys(("storage", "capacity"), _give("size")),
        **dict.fromkeys(("retain", "reclaimpolicy"), _give("keep")),
        **dict.fromkeys(("snapshot", "volumesnapshotclass"), _give("snapshots")),
        **dict.fromkeys(("accessmode", "accessmodes"), Meant((), "a volume is of one member: ReadWriteOnce")),
    },
    "load": {
        **dict.fromkeys(("rps", "qps", "requests", "max"), _give("peak")),
        **dict.fromkeys(("perreplica", "perpod", "capacity"), _give("replica")),
    },
    "ports.*": {
        **dict.fromkeys(("containerport", "targetport"), _give("port")),
        "serviceport": _give("service"),
    },
    "calls.*": {
        **dict.fromkeys(("url", "address", "endpoint"), _give("host", "port", why="for what is outside of the stack")),
        "deadline": _give("timeout"),
    },
    "rollout": {
        "maxsurge": _give("surge"),
        "minreadyseconds": _give("settle"),
        "revisionhistorylimit": _give("history"),
    },
    "shutdown": {"terminationgraceperiodseconds": _give("drain", "stop")},
    "expose": {"loadbalancer": _give("balancer"), "hostname": _give("host")},
    "expose.balancer": {
        **dict.fromkeys(("loadbalancersourceranges", "sourceranges", "cidrs", "allowlist"), _give("sources")),
        "loadbalancerclass": _give("class"),
        "externaltrafficpolicy": _give("local", why="true for Local; else what comes in is spread over all pods"),
        "allocateloadbalancernodeports": _give("nodeports"),
        **dict.fromkeys(("idletimeout", "timeout"), _give("idle")),
        **dict.fromkeys(("scheme", "internetfacing"), _give("internal")),
    },
}
WORDS: dict[str, dict[str, Meant]] = {"": _SERVICE, **_BELOW}
"""By where they stand in a service, a name of the user's own being `*`."""


_OF_BOTH = {
    *("arguments", "command", "scratch", "resources.cpu", "resources.memory", "resources.limits.cpu"),
    *(
        "resources.limits.memory",
        "calls",
        "user",
        "token",
        "priority",
        "refs",
        *("nodes.labels", "nodes.tolerations", "hosts", "dns", "runtime", "devices", "capabilities", "account"),
        "env",
        "image",
        "spot",
        "files",
        "variables",
        "init",
        "sidecars",
    ),
}
_ONE_POD = Meant((), "a run is one pod; what is done side by side are several jobs")
_ENDS = Meant((), "a run that ended is not asked; what is asked and answers is a service")
_JOB = {
    **{word: meant for word, meant in _SERVICE.items() if set(meant.arguments) <= _OF_BOTH},
    **dict.fromkeys(("load", "replicas", "parallelism", "completions", "indexed", "completionmode"), _ONE_POD),
    **dict.fromkeys(("port", "probes", "inbound", "callers", "livenessprobe", "readinessprobe", "ports"), _ENDS),
    **dict.fromkeys(
        ("pod", "podspec", "podtemplate", "jobtemplate", "overrides", "patches"),
        _give("patch.job", why="with a schedule patch.cronjob"),
    ),
    "logs": Meant((), "a job writes to stdout, which is kept as long as its run, ttl"),
    **dict.fromkeys(("cron", "every", "at"), _give("schedule")),
    "tz": _give("timezone"),
    **dict.fromkeys(("concurrencypolicy", "overlap"), _give("concurrency")),
    "startingdeadlineseconds": _give("start"),
    **dict.fromkeys(("activedeadlineseconds", "timeout", "timeoutseconds"), _give("deadline")),
    **dict.fromkeys(("backofflimit", "attempts", "backoff"), _give("retries")),
    "ttlsecondsafterfinished": _give("ttl"),
    **dict.fromkeys(("successfuljobshistorylimit", "failedjobshistorylimit"), _give("history")),
    **dict.fromkeys(("terminationgraceperiodseconds", "graceperiod", "shutdown"), _give("stop")),
    "restartpolicy": Meant((), "an attempt is a pod of its own; retries says how many there are"),
    "podfailurepolicy": Meant((), "it follows: an eviction costs no attempt"),
    **dict.fromkeys(("suspend", "suspended"), Meant((), "take it out of the file, or freeze")),
}
JOB_WORDS: dict[str, dict[str, Meant]] = {"": _JOB, **{place: _BELOW[place] for place in ("resources", "calls.*")}}
"""The same of a job."""


_BY_MEASURE = "`flyball measure` proposes it, from your Prometheus or by a load test of one replica"
_MEASURED: Mapping[Path, str] = {
    ("load", "peak"): f"give the requests per second of all replicas at the busiest time; {_BY_MEASURE}",
    ("load", "replica"): f"give the requests per second that one replica can do; {_BY_MEASURE}",
}
"""How to answer the questions that every service is asked."""


def check_service(
    value: object, expected: Any, path: Path, words: Mapping[str, Mapping[str, Meant]] = WORDS
) -> Iterator[Problem]:
    """As `strict.check`, for a service at `path`; of a word that is known from elsewhere it says what is meant here."""
    for problem in check(value, expected, path):
        within = problem.path[len(path) :]
        if problem.rule is UNKNOWN_KEY:
            yield _in_our_words(problem, within, words)
        elif problem.rule is UNANSWERED and within in _MEASURED:
            yield replace(problem, remedy=_MEASURED[within])
        elif problem.rule is WRONG_TYPE and within == ("replicas",):
            yield replace(problem, remedy=str(_COUNTED))
        elif problem.rule is MISSING and (within == ("load",) or within in _MEASURED):
            yield replace(problem, remedy=f"{problem.remedy}; {_BY_MEASURE}")
        else:
            yield problem


def _in_our_words(problem: Problem, within: Path, words: Mapping[str, Mapping[str, Meant]]) -> Problem:
    *above, word = (str(step) for step in within)
    place, named = ".".join(above), ".".join("*" if i == 1 else step for i, step in enumerate(above))
    meant = words.get(place, words.get(named, {})).get(word.lower().replace("_", "").replace("-", ""))
    return replace(problem, remedy=str(meant)) if meant else problem
