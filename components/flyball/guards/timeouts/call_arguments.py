"""The words in which a call is described: a hop from one workload to another, or to somewhere outside of the stack."""

from typing import NotRequired, TypedDict


class BreakerArgs(TypedDict):
    """When a dependency that fails is left alone, and when it is taken back."""

    enabled: NotRequired[bool]
    """[true]."""
    window: NotRequired[str]
    """The calls of this long ago until now count [60s, or the timeout where that is longer]."""
    threshold: NotRequired[int]
    """Failed or slow calls that open the circuit, in percent of those that ended [50]."""
    minimum: NotRequired[int]
    """Calls within the window before it may open [20]."""
    open: NotRequired[str]
    """How long every call is refused at once [10s, or the window where that is shorter]."""
    probes: NotRequired[int]
    """The most calls let through while it is not closed, in percent of those that arrive [5; the first always is]."""
    permitted: NotRequired[int]
    """Probes that decide whether it closes [3]."""
    slow: NotRequired[str]
    """An answer that takes this long counts as a failure [80 % of the timeout]."""


class FallbackArgs(TypedDict):
    """What is answered while the circuit is open: another call's answer, or an answer that is always the same."""

    call: NotRequired[str]
    """Another call of the workload, of the same protocol."""
    status: NotRequired[int]
    """HTTP status [200]."""
    type: NotRequired[str]
    """Media type of the body [application/json]."""
    body: NotRequired[str]
    """At most 8192 bytes [empty]."""


class HealthArgs(TypedDict):
    """A question asked of each server of a call, again and again."""

    path: NotRequired[str]
    """GET this path and expect a status of 200 to 399 [only open a connection]."""
    period: NotRequired[str]
    """Time between two questions [2s]."""
    failures: NotRequired[int]
    """Failures in a row after which a server gets no more calls [3]."""


class ServiceReferenceArgs(TypedDict):
    """A service of another set, perhaps of another team: what that set's outputs say of it."""

    name: str
    """Name of its Service."""
    namespace: NotRequired[str]
    """Namespace it is in [the caller's]."""
    port: int
    """Port of its Service."""
    target: NotRequired[int]
    """Port of its pods behind the Service [21000, where the proxy in front of a workload listens]."""
    protocol: NotRequired[str]
    """`http`, `grpc` or `tcp` [http]."""
    deadline: NotRequired[str]
    """The longest its answer may take; the call waits at least as long [not known]."""


class GuardedCallArgs(TypedDict):
    """One hop, as far as it is known before anything is created."""

    connect: NotRequired[str]
    """The longest to wait for a connection [250ms]."""
    timeout: NotRequired[str]
    """The longest to wait for the answer; at least the callee's deadline [1s, or that deadline where it is longer]."""
    retries: NotRequired[int]
    """Tries after the first [0]."""
    backoff: NotRequired[str]
    """All waiting between the tries together [0ms]."""
    parallel: NotRequired[str]
    """Calls with the same word here are made side by side; only the longest of them counts [one after another]."""
    target: NotRequired[int]
    """Port of the callee's pods behind its Service [the callee's; for a `Workload` by itself 21000]."""
    protocol: NotRequired[str]
    """`http`, `grpc` or `tcp` [the callee's; tcp with `host`; required for a `Workload` by itself]."""
    variable: NotRequired[str]
    """Environment variable with the address to call [PAYMENT_URL for http, REDIS_ADDR for grpc and tcp]."""
    names: NotRequired[list[str]]
    """Host names by which an application calls it that takes no address: in its pods they lead to the proxy, on the
    callee's port, or on the one that is dialled, as `catalogue:80` [none]."""
    breaker: NotRequired[BreakerArgs]
    """The circuit breaker; http and grpc."""
    fallback: NotRequired[FallbackArgs]
    """Instead of a 503 while the circuit is open; http and grpc."""
    budget: NotRequired[int]
    """The most requests that may be tried again, in percent; http and grpc [10]."""
    connections: NotRequired[int]
    """The most requests under way at once, for tcp the most connections [100]."""
    idle: NotRequired[str]
    """How long a connection may be idle [60s, for tcp 300s, or the timeout where that is longer]."""
    stream: NotRequired[bool]
    """Whether the answer comes bit by bit, its pauses limited and not its whole [true for grpc, else false]."""
    tls: NotRequired[bool]
    """Whether the dependency is called over TLS, its certificate verified; http and grpc [false]."""
    health: NotRequired[HealthArgs]
    """Checks of the servers; those that fail are left out [none]."""
    eject: NotRequired[int]
    """The most servers left out at once; with more of them ill, all are used again [1]."""


class CallArgs(GuardedCallArgs):
    """One hop: to another service of the set, named by the key, with `service` to one of another set, or with `host` to
    somewhere outside of the cluster.
    """

    host: NotRequired[str]
    """Name or address of a dependency outside of the stack: a database, another company's API. The whole name: a proxy
    completes none."""
    port: NotRequired[int]
    """Port of the dependency [the callee's port; required with `host`, and for a `Workload` by itself]."""
    service: NotRequired[ServiceReferenceArgs]
    """A service of another set, which names the caller among its `callers` [none]."""
    cidrs: NotRequired[list[str]]
    """Where `host` may be reached, as address ranges [anywhere, on this port only]."""
    hosts: NotRequired[list[str]]
    """Further hosts that can answer in place of `host`, on the same port [none]."""
