"""Names of workloads, of namespaces and of a cluster's context, and who may call a workload."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME
from flyball.guards.workload import canary

LONGEST_NAME = 41
"""63 (RFC 1123 label), less 17 for what ReplicaSet and pod append and 5 for `-spot`."""
SPOT_SUFFIX = "-spot"
"""Of the Deployment that runs what is above an on-demand base."""
PEERS_SUFFIX = "-peers"
"""Of the Service that gives each of a StatefulSet's pods a name."""
JOBS_PRIORITY = "flyball.{}.jobs"
LOGS_PRIORITY, BALANCE_PRIORITY = "flyball.logs.guards", "flyball.balance.guards"
"""PriorityClasses of the jobs of a namespace, and of a cluster's collectors and descheduler: with two dots, of which
the name of no other class has more than one."""
EVERYBODY = "*"
"""As the name of a caller: all pods of its namespace."""
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, order=True, slots=True)
class Caller:
    """A workload that may call another one: its name, and its namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def check_name(name: str, path: Path) -> list[Problem]:
    """A workload's name becomes part of the names of its objects, so it must leave room for what they append."""
    if len(name) > LONGEST_NAME:
        return [
            Problem(
                path,
                INVALID_NAME,
                f"the name has {len(name)} characters",
                f"at most {LONGEST_NAME} leave room for suffixes",
            )
        ]
    if not _NAME.fullmatch(name):
        hint = "lower-case letters, digits and dashes, starting with a letter and not ending with a dash"
        return [Problem(path, INVALID_NAME, f"{name!r} is no name for Kubernetes objects", hint)]
    return []


def check_service(name: str, path: Path) -> list[Problem]:
    """A service has no name by which another one's parts are known, in alerts and in the cluster."""
    for suffix, what in ((SPOT_SUFFIX, "spot part"), (canary.SUFFIX, "new version")):
        stem = name.removesuffix(suffix)
        if stem and stem != name:
            hint = f"alerts take its pods for those of the {what} of {stem}; give another name"
            return [Problem(path, INVALID_NAME, f"ends with {suffix}", hint)]
    return check_name(name, path)


def check_namespace(name: str, path: Path) -> list[Problem]:
    """A namespace's name is an RFC 1123 label."""
    if _NAMESPACE.fullmatch(name):
        return []
    hint = "at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends"
    return [Problem(path, INVALID_NAME, f"{name!r} is no name for a namespace", hint)]


def check_context(name: str, path: Path) -> list[Problem]:
    """A context of a kubeconfig may be called anything that a person can type on one line, as kubectl is told it."""
    if name and name == name.strip() and name.isprintable():
        return []
    hint = "give the name of a kubeconfig context, on one line; `kubectl config get-contexts` lists them"
    return [Problem(path, INVALID_NAME, f"{name!r} is no context", hint)]


def read_callers(r: Reader, namespace: str) -> Iterator[Caller]:
    """The callers that are named: `cart` of the same `namespace`, `trade/front` of another one."""
    for i, text in enumerate(r.words("callers")):
        place, slash, name = text.rpartition("/")
        named = _NAME.fullmatch(name) or (slash and name == EVERYBODY)
        if not named or (slash and not _NAMESPACE.fullmatch(place)):
            hint = "give a workload's name, as front, of another namespace as trade/front, or all there as trade/*"
            r.problem(("callers", i), INVALID_NAME, f"is {text!r}", hint)
            continue
        yield Caller(place or namespace, name)
