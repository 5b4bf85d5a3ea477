"""Probes, and what to ask where nothing asks: a workload that is never asked gets traffic before it can serve."""

import re
from typing import Any

from flyball.deploy.adopt.found import Manifest, mapping
from flyball.deploy.adopt.work import Work
from flyball.guards.interruptions.probes import Probe, Probes, read
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import ceil_div

_STARTUP_PERIOD, _STARTUP_FAILURES = 5, 30
_TIMES = (("periodSeconds", "period", 10), ("timeoutSeconds", "timeout", 1), ("failureThreshold", "failures", 3))
"""What Kubernetes takes where nothing is said
(https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#configure-probes).
"""
_STORES = {
    r"redis|valkey": ["redis-cli", "ping"],
    r"postgres|pgsql|timescale": ["pg_isready", "-h", "127.0.0.1"],
    r"mysql|mariadb|percona": ["mysqladmin", "ping", "-h", "127.0.0.1"],
    r"mongo": ["mongosh", "--quiet", "--eval", "db.adminCommand('ping')"],
    r"rabbitmq": ["rabbitmq-diagnostics", "-q", "ping"],
    r"memcached": ["sh", "-c", "echo stats | nc 127.0.0.1 11211"],
}
"""What stores are asked by their own clients; by a word in the image's name."""
_USUAL = {"http": {"path": "/"}, "grpc": {"grpc": True}}
"""What readiness asks where nothing is said."""
_IS_THERE, _IS_READABLE = ["test", "-d", "/proc/1"], ["test", "-r", "/proc/1/status"]


def describe(work: Work, protocol: str, port: int | None, port_name: str | None) -> dict[str, Any]:
    """`probes` of a service that speaks `protocol` on `port`, or listens nowhere."""
    listens = port is not None
    found: dict[str, dict[str, Any]] = {}
    for key in ("startup", "readiness", "liveness"):
        given = mapping(work.container.get(f"{key}Probe"))
        probe = _probe(work, key, given, (port, port_name), protocol) if given else None
        if probe:
            found[key] = probe
    _wait(work, found)
    if "readiness" not in found and protocol == "tcp":
        found["readiness"] = _asked(work, listens)
    if work.within and not listens:
        # What runs beside it has no default without a port.
        found["startup"] = {"exec": _IS_THERE, **found.get("startup", {})}
    ready, alive = (
        {kind: found.get(key, {}).get(kind) for kind in ("path", "exec", "tcp", "grpc") if kind in found.get(key, {})}
        for key in ("readiness", "liveness")
    )
    if (ready or _USUAL.get(protocol)) == alive:
        instead = "for an open port" if listens else "whether its process is there"
        loses = f"it asks what readiness asks, and would restart what is overloaded; it is asked {instead} instead"
        work.lose(f"{work.path}.livenessProbe", loses)
        del found["liveness"]
    if not listens:
        found.setdefault("liveness", {"exec": _IS_READABLE})
    if "tcp" in found.get("readiness", {}) and "liveness" not in found:
        found["liveness"] = {"exec": _IS_READABLE}
        work.say("asks otherwise than readiness does, which asks for an open port; a guess", "probes", "liveness")
    usual = _usual(protocol)
    found = {key: each for key, each in found.items() if _read(key, each, protocol) != getattr(usual, key)}
    return {"probes": found} if found else {}


def _usual(protocol: str) -> Probes:
    return read(Reader({}, (), []), protocol)


def _read(key: str, given: dict[str, Any], protocol: str) -> Probe:
    return getattr(read(Reader({key: given}, (), []), protocol), key)


def _asked(work: Work, listens: bool) -> dict[str, Any]:
    image = str(work.container.get("image")).rsplit("/", 1)[-1].lower()
    if work.within and listens and "exporter" in image:
        work.say("a guess: an exporter tells its figures there", "probes", "readiness")
        return {"path": "/metrics"}
    command = (
        next((words for pattern, words in _STORES.items() if re.search(pattern, image)), None) if listens else None
    )
    if command is None:
        work.say("a guess that says little: give a command that says whether it can work", "probes", "readiness")
        return {"exec": _IS_THERE}
    work.say("nothing asked it; a guess by its image", "probes", "readiness")
    return {"exec": list(command)}


def _probe(
    work: Work, key: str, given: Manifest, own: tuple[int | None, str | None], protocol: str
) -> dict[str, Any] | None:
    at = f"{work.path}.{key}Probe"
    http, tcp, grpc = (mapping(given.get(kind)) for kind in ("httpGet", "tcpSocket", "grpc"))
    asked = http or tcp or grpc
    if asked and own[0] is None and not work.within:
        work.lose(
            at, f"it asks port {asked.get('port')}, and nothing else says that it listens; give `port` if it does"
        )
        return None
    if asked and asked.get("port") not in (*own, None):
        whose = "its own" if work.within else "the service's own"
        work.lose(at, f"it asks port {asked.get('port')}, and a probe here asks {whose}")
        return None
    if http:
        question: dict[str, Any] = {"path": str(http.get("path") or "/")}
        work.rest(http, ("path", "port", "scheme"), f"{at}.httpGet", {})
        if http.get("scheme") not in (None, "HTTP"):
            work.lose(f"{at}.httpGet.scheme", "it is asked in plain HTTP")
    elif "exec" in given:
        question = {"exec": [str(word) for word in mapping(given["exec"]).get("command") or []]}
    elif "grpc" in given:
        question = {"grpc": True}
        work.rest(grpc, ("port",), f"{at}.grpc", {"service": "it is asked as a whole, and not for one service"})
    elif "tcpSocket" in given:
        question = {"tcp": True}
    else:
        return None
    usual = getattr(_usual(protocol), key)
    effective = {ours: given.get(theirs) or default for theirs, ours, default in _TIMES}
    times = {ours: value for ours, value in effective.items() if value != getattr(usual, ours)}
    times = {ours: value if ours == "failures" else f"{value}s" for ours, value in times.items()}
    words = {
        "successThreshold": "one success counts",
        "terminationGracePeriodSeconds": "a restart has the pod's own time",
    }
    known = ("httpGet", "tcpSocket", "exec", "grpc", "initialDelaySeconds", *(theirs for theirs, _, _ in _TIMES))
    success = {} if given.get("successThreshold") in (None, 1) else {"successThreshold": given["successThreshold"]}
    work.rest({k: v for k, v in given.items() if k != "successThreshold"} | success, known, at, words)
    return {**question, **times}


def _wait(work: Work, found: dict[str, dict[str, Any]]) -> None:
    """A start that others wait for blindly is asked for: as long as the longest of them waits."""
    delay = max(
        (mapping(work.container.get(f"{key}Probe")).get("initialDelaySeconds") or 0)
        for key in ("readiness", "liveness")
    )
    if delay > _STARTUP_PERIOD * _STARTUP_FAILURES and "startup" not in found:
        found["startup"] = {"failures": ceil_div(delay, _STARTUP_PERIOD)}
        work.say(f"instead of waiting for {delay} s before the first question", "probes", "startup")
