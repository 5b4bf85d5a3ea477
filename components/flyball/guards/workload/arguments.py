"""The words in which a workload is described: in a stack file, in a team's own program, in every Pulumi language.

Durations are text with a unit (`250ms`, `2s`), sizes and processor shares are Kubernetes quantities (`64Mi`, `100m`),
rates are requests per second. What is not required has the default that its text gives. Keys are single words, so
that they read the same in YAML, Python and camelCase languages.
"""

from typing import NotRequired, TypedDict

from flyball.guards.workload.canary import CanaryArgs
from flyball.guards.workload.files import VariablesArgs
from flyball.guards.workload.local_cache import LocalCacheArgs
from flyball.guards.workload.members import DataArgs
from flyball.guards.workload.patch_args import PatchArgs
from flyball.guards.workload.pod import NamesArgs, NodesForArgs
from flyball.guards.workload.ports import MetricsArgs, PortArgs


class LoadArgs(TypedDict):
    """What the workload must carry, and what one replica can do: requests, or without a port messages."""

    peak: float
    """Requests per second of the whole workload at its busiest."""
    replica: float
    """Requests per second that one replica can do with the processor share it requests."""
    utilization: NotRequired[float]
    """The most a replica may carry after a loss, as a share of `replica` [0.8]."""


class LimitsArgs(TypedDict):
    """The most a container may use."""

    cpu: NotRequired[str]
    """Processor share [twice the request; of the proxy ten times, at least 250m]."""
    memory: NotRequired[str]
    """Memory [the request]."""


class ResourcesArgs(TypedDict):
    """What a container asks for and the most it may use."""

    cpu: NotRequired[str]
    """Processor share requested, with which one replica does `load.replica` [250m; of the proxy by its requests]."""
    memory: NotRequired[str]
    """Memory requested [256Mi; of the proxy 24Mi and its buffers]."""
    limits: NotRequired[LimitsArgs]
    """The most it may use."""


class ProbeArgs(TypedDict):
    """One probe: exactly one of `path`, `grpc`, `tcp` and `exec`; without a port `exec`."""

    path: NotRequired[str]
    """GET this path on the workload's port."""
    grpc: NotRequired[bool]
    """Ask the gRPC health service on the workload's port."""
    tcp: NotRequired[bool]
    """Open a connection to the workload's port."""
    exec: NotRequired[list[str]]
    """Run this command in the container."""
    period: NotRequired[str]
    """Time between probes [startup and readiness 5s, liveness 10s]."""
    timeout: NotRequired[str]
    """The longest a probe may take [2s]."""
    failures: NotRequired[int]
    """Failures in a row that count [startup 30, readiness 3, liveness 6]."""


class ProbesArgs(TypedDict):
    """Three questions that must differ: has it started, can it serve, is it beyond help."""

    startup: NotRequired[ProbeArgs]
    """Before it succeeds, the others do not run [grpc for protocol grpc, else tcp; without a port what readiness
    asks]."""
    readiness: NotRequired[ProbeArgs]
    """While it fails, no traffic [http: path /, grpc: grpc; required for protocol tcp, and without a port]."""
    liveness: NotRequired[ProbeArgs]
    """When it fails, the container is restarted; must not ask what other workloads decide [tcp; required without a
    port]."""


class SpotArgs(TypedDict):
    """Run what is above an on-demand base on spot machines, where there are any."""

    enabled: NotRequired[bool]
    """[true where spot is given]."""
    base: NotRequired[int]
    """Replicas that stay on demand [what the peak needs]."""


class RateArgs(TypedDict):
    """The larger of `pods` and `percent`, once per `period`."""

    pods: NotRequired[int]
    """Replicas [up 2, down 1]."""
    percent: NotRequired[int]
    """Percent of the replicas [up 50, down 10]."""
    period: NotRequired[str]
    """[60s]."""


class BehaviorArgs(TypedDict):
    """How fast the autoscaler may go."""

    up: NotRequired[RateArgs]
    """[max(2 pods, 50 %) per 60s]."""
    down: NotRequired[RateArgs]
    """[max(1 pod, 10 %) per 60s]."""
    calm: NotRequired[str]
    """Time of lower need before the first step down [300s]."""


class StepArgs(TypedDict):
    """The larger of `pods` and `percent`, rounded up, in one write."""

    pods: NotRequired[int]
    """Replicas [up 4, down 1]."""
    percent: NotRequired[int]
    """Percent of the replicas [up 100, down 20]."""


class WriterArgs(TypedDict):
    """How far one write by anyone may move the replicas; never narrower than the autoscaler's steps."""

    up: NotRequired[StepArgs]
    """[max(4 pods, 100 %)]."""
    down: NotRequired[StepArgs]
    """[max(1 pod, 20 %)]."""


class WindowArgs(TypedDict):
    """A time of day with a peak of its own."""

    name: NotRequired[str]
    """For people [its start and end]."""
    start: str
    """Cron expression of five fields."""
    end: str
    """Cron expression of five fields."""
    peak: float
    """Requests per second within the window."""


class ScheduleArgs(TypedDict):
    """Peaks by the clock; outside of all windows `load.peak` holds, where they overlap the higher."""

    timezone: NotRequired[str]
    """Name from the IANA database [UTC]."""
    windows: list[WindowArgs]
    """At least one."""


class PrometheusArgs(TypedDict):
    """A query for how much work there is."""

    server: str
    """Address of the Prometheus server, as KEDA reaches it."""
    query: str
    """PromQL expression with one number as its result."""
    threshold: NotRequired[float]
    """How much of the result one replica may have [its requests per second at the autoscaler's target]."""


class TriggerArgs(TypedDict):
    """A signal of load; the one that asks for the most replicas counts."""

    prometheus: PrometheusArgs
    """The result of a query."""


class LogsArgs(TypedDict):
    """Logs that the application writes to files, and who rotates them; never by copying, which loses lines."""

    path: str
    """Folder of the log files."""
    preset: NotRequired[str]
    """Who rotates; without it logs are refused. `nginx`; `spring`, which does it by itself; `signal` for a process
    that opens its logs anew at a signal; `reopens` for one that opens its file for each line, or looks whether it is
    still the same."""
    process: NotRequired[str]
    """Of preset signal: the process that writes, as `ps -o comm` shows it."""
    signal: NotRequired[str]
    """Of preset signal: `HUP`, `USR1` or `USR2`."""
    pattern: NotRequired[str]
    """Names of the files in the folder [*.log]."""
    rate: NotRequired[str]
    """What they grow by in a second, at the most; a look comes often enough for that [1Mi]."""
    image: NotRequired[str]
    """Image with logrotate and a shell, with a tag or digest [docker.io/phusion/baseimage:noble-1.0.2]."""
    size: NotRequired[str]
    """A file is rotated at [50Mi]."""
    files: NotRequired[int]
    """Rotated files kept [5]."""
    days: NotRequired[int]
    """Oldest file kept, in days [7]."""
    volume: NotRequired[str]
    """Limit of the volume [512Mi]."""


class ScratchArgs(TypedDict):
    """A folder that may be written; gone with the pod."""

    path: str
    """Where it is mounted."""
    size: NotRequired[str]
    """The most it may hold [64Mi]."""


class ShutdownArgs(TypedDict):
    """The way out; the three together at most 110s, so that a spot notice suffices."""

    prestop: NotRequired[str]
    """Wait until nobody sends any more [5s]."""
    drain: NotRequired[str]
    """For requests under way; at least the deadline [30s, or the deadline where that is longer]."""
    stop: NotRequired[str]
    """For the rest [5s]."""


class RolloutArgs(TypedDict):
    """How a new version replaces the old one; never with fewer replicas than before."""

    settle: NotRequired[str]
    """How long a new replica must be ready before it counts [10s]."""
    progress: NotRequired[str]
    """Given up after this long without progress [10m]."""
    surge: NotRequired[int]
    """Replicas above the size during a rollout, in percent [25]."""
    history: NotRequired[int]
    """Old revisions kept [3]."""
    canary: NotRequired[CanaryArgs]
    """A share of the requests first, and only while they succeed the rest [none]."""


class ObjectiveArgs(TypedDict):
    """How many of the requests must not fail, within 30 days; people are told when errors come too fast for that."""

    availability: float
    """Percent, from 95 to 99.999."""
    minimum: NotRequired[int]
    """Requests an hour below which a share of errors says nothing [1 / (1 - availability), for 99.9 1000]."""


class SecretRefArgs(TypedDict):
    """A value in a Secret that exists already."""

    name: str
    """Name of the Secret."""
    key: str
    """Key within it."""


class InboundArgs(TypedDict):
    """The guard in front of the application: what is wrong, too big, too slow or too much does not reach it."""

    enabled: NotRequired[bool]
    """[true]."""
    port: NotRequired[int]
    """Port it listens on, in each pod [21000]."""
    methods: NotRequired[list[str]]
    """HTTP methods let through [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; for grpc POST]."""
    body: NotRequired[str]
    """Largest body of a request; http, and without a Content-Length what a buffer holds beside the headers [1Mi]."""
    slow: NotRequired[str]
    """The longest that a client may take for its headers, and for 15Ki of its body; then the longest pause [5s]."""
    idle: NotRequired[str]
    """How long a connection may be idle [60s, for tcp 300s]."""
    connections: NotRequired[int]
    """The most connections to one replica [1000, or twice what may be under way]."""
    latency: NotRequired[str]
    """What one answer takes on average, at `load.replica` [half of the deadline]."""
    concurrency: NotRequired[int]
    """The most requests under way in one replica [load.replica * latency]."""
    waiting: NotRequired[int]
    """The most requests that wait for one of these; those beyond are refused at once [load.replica * queue]."""
    queue: NotRequired[str]
    """The longest that a request waits [a quarter of the deadline]."""


class ProxyArgs(TypedDict):
    """The proxy beside the application, which is its guard and makes its calls."""

    enabled: NotRequired[bool]
    """[true where there is something to guard or to call]."""
    image: NotRequired[str]
    """Image of HAProxy with a tag or digest, version 2.6 or newer, with IPv6 alone 2.8
    [docker.io/library/haproxy:3.2.4-alpine]."""
    port: NotRequired[int]
    """Its metrics are on the port after this one, its calls on those from ten further on [21000]."""
    domain: NotRequired[str]
    """Domain of the cluster [cluster.local]."""
    scrape: NotRequired[str]
    """Namespace whose pods may read its metrics [monitoring]."""
    headers: NotRequired[str]
    """Largest headers of a request and of an answer, of the calls too, at most 64Ki and 101 of them [15Ki]."""
    resources: NotRequired[ResourcesArgs]
    """What it asks for [follows from `load.replica`, connections and calls]."""


class GuardedArgs(TypedDict):
    """Everything about a workload that is known before anything is created."""

    port: NotRequired[int]
    """Port on which the application listens [nowhere: it calls, and nobody calls it]."""
    load: LoadArgs
    """What it must carry; everything about size follows from it."""
    service: NotRequired[int]
    """Port of its Service, at which callers in the cluster reach it [port]."""
    protocol: NotRequired[str]
    """`http`, `grpc` or `tcp` [http]; decides the default probes."""
    command: NotRequired[list[str]]
    """Replaces the image's entry point."""
    arguments: NotRequired[list[str]]
    """Replaces the image's arguments."""
    variables: NotRequired[list[VariablesArgs]]
    """All that is in ConfigMaps or Secrets that exist, as environment variables [none]."""
    deadline: NotRequired[str]
    """The longest that an answer may take, or a message [2s, or what its calls may take where that is longer]."""
    inbound: NotRequired[InboundArgs]
    """The guard in front of it."""
    proxy: NotRequired[ProxyArgs]
    """The proxy that is the guard and makes the calls."""
    callers: NotRequired[list[str]]
    """Workloads that may call it, as front, of another namespace as trade/front, or all there as trade/* [in a set of
    services, those that declare a call to it; a `Workload` by itself says it, or is public]."""
    public: NotRequired[bool]
    """Whether anybody may call it, not only those who declare it [false]."""
    ports: NotRequired[dict[str, PortArgs]]
    """Further ports by name, past the proxy [none]."""
    metrics: NotRequired[MetricsArgs]
    """Its own figures, beside those of the proxy; annotations of its pods say where [none]."""
    data: NotRequired[DataArgs]
    """A volume that outlives its pod; with it come members with names, in place of replicas that are alike [none: a
    replica keeps nothing]."""
    quorum: NotRequired[str]
    """How many members must be there, of how many, as `2 of 3` [replicas that need not agree]."""
    replicas: NotRequired[str]
    """`one` for what must not run twice, with data or without: its loss is not survived [as many as the load asks
    for]."""
    survive: NotRequired[str]
    """`replica`, `zone`, `spot`, or several with commas: losses that must go unnoticed [replica]."""
    lose: NotRequired[int]
    """Replicas that may be lost at once [1]."""
    spot: NotRequired[SpotArgs]
    """Spot machines for what is above an on-demand base [off]."""
    proven: NotRequired[int]
    """The most replicas that people have seen run well [the floor]."""
    ceiling: NotRequired[int]
    """The most replicas; at most half as many again as proven [just that]."""
    behavior: NotRequired[BehaviorArgs]
    """The autoscaler's steps."""
    writer: NotRequired[WriterArgs]
    """Anybody's steps, enforced where a Governor is in the cluster."""
    schedule: NotRequired[ScheduleArgs]
    """Peaks by the clock; needs KEDA in the cluster."""
    triggers: NotRequired[dict[str, TriggerArgs]]
    """Signals of load beside the processor, by name; need KEDA in the cluster [none]."""
    resources: NotRequired[ResourcesArgs]
    """Processor and memory; ephemeral storage follows from logs and scratch."""
    probes: NotRequired[ProbesArgs]
    """Startup, readiness, liveness."""
    logs: NotRequired[LogsArgs]
    """Logs written to files [none: logs go to stdout]."""
    cache: NotRequired[LocalCacheArgs]
    """A cache within the process [none]."""
    scratch: NotRequired[dict[str, ScratchArgs]]
    """Writable folders [tmp: /tmp of 64Mi]."""
    shutdown: NotRequired[ShutdownArgs]
    """The way out."""
    rollout: NotRequired[RolloutArgs]
    """The way to a new version."""
    objective: NotRequired[ObjectiveArgs]
    """The share of requests that must not fail [none]."""
    user: NotRequired[int]
    """User and group id the container runs as; never 0 [65532]."""
    token: NotRequired[bool]
    """Whether the container gets a token of its service account [false]."""
    capabilities: NotRequired[list[str]]
    """What the container may do beside what everybody may: `NET_BIND_SERVICE` [none]."""
    hosts: NotRequired[dict[str, list[str]]]
    """Host names by the address that they lead to, in the pods alone [none]."""
    dns: NotRequired[NamesArgs]
    """How names are asked for."""
    nodes: NotRequired[NodesForArgs]
    """Nodes on which it runs [any]."""
    runtime: NotRequired[str]
    """Name of a RuntimeClass that exists [the cluster's own]."""
    devices: NotRequired[dict[str, int]]
    """Extended resources by name, as `nvidia.com/gpu: 1`; a rollout needs those of its surge too [none]."""
    priority: NotRequired[str]
    """Name of a PriorityClass that exists [one of its own]."""
    patch: NotRequired[PatchArgs]
    """The last resort: fields of its objects for which there is no argument [none]."""
