"""A workload's environment variables, and the Secret with those that nobody may read."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pulumi

from flyball.guards.workload import caches, file_logs, local_cache, members
from flyball.guards.workload.application import Placed
from flyball.guards.workload.calls import Callee
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import SECRET_SUFFIX, Manifest, from_pod, metadata

_REFERENCE = re.compile(r"\$\(([^()]+)\)")


def secret(s: Placed, values: Mapping[str, Any]) -> Manifest:
    """The Secret of the workload; its values never show anywhere else."""
    hidden = {name: pulumi.Output.secret(value) for name, value in values.items()}
    return {"metadata": metadata(s, s.name + SECRET_SUFFIX), "stringData": hidden, "type": "Opaque"}


def digest(s: Placed, values: Mapping[str, Any]) -> pulumi.Output[str]:
    """Changes when a secret of the workload does."""
    return digest_of(f"{s.place.environment}/{s.spec.namespace}/{s.name}", values)


def digest_of(place: str, values: Mapping[str, Any]) -> pulumi.Output[str]:
    """Changes when a secret does, so that pods with the old value are replaced.

    Everybody can read it, so it must not confirm a guessed value: scrypt with the costs that its author gives for
    interactive use (N = 2^14, r = 8, p = 1; C. Percival, "Stronger Key Derivation via Sequential Memory-Hard
    Functions", 2009), salted with `place`, cut to ten digits.
    """

    def of(known: Mapping[str, str]) -> str:
        return _scrypt(json.dumps(known, sort_keys=True), place)

    return pulumi.Output.unsecret(pulumi.Output.all(**values).apply(of))


@lru_cache(maxsize=1024)
def _scrypt(text: str, salt: str) -> str:
    return hashlib.scrypt(text.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=5).hex()


def from_secret(variable: str, name: str, key: str) -> Manifest:
    """A variable from a Secret that exists."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def variables(s: Placed) -> list[Manifest]:
    """The variables of all sources: plain ones, those of the workload's Secret, and those of Secrets that exist."""
    own: dict[str, str] = {}
    of_pod: dict[str, Manifest] = {}
    if isinstance(s, Service):
        own |= file_logs.environment(s.spec.logs, s.name) if s.spec.logs else {}
        own |= local_cache.environment(s.spec.cache) if s.spec.cache else {}
        if s.members and not s.members.alone:
            own[members.PEERS] = members.hosts(s.name, s.spec.namespace, s.members)
            of_pod[members.MEMBER] = from_pod(members.MEMBER, "metadata.name")
    passwords: dict[str, str] = {}
    for name, call in s.spec.calls.items():
        if isinstance(call.to, Callee) and call.to.cache:
            ttl, password = caches.variables(name)
            own[ttl], passwords[password] = f"{call.to.cache.ttl}", call.to.cache.secret
    found = {
        **{variable: {"name": variable, "value": value} for variable, value in own.items()},
        **of_pod,
        **{variable: {"name": variable, "value": value} for variable, value in s.given.get("env", {}).items()},
        **{
            variable: from_secret(variable, s.name + SECRET_SUFFIX, variable) for variable in s.given.get("secrets", {})
        },
        **{variable: from_secret(variable, ref.name, ref.key) for variable, ref in s.spec.refs.items()},
        **{variable: from_secret(variable, name, caches.PASSWORD_KEY) for variable, name in passwords.items()},
    }
    return in_order(found)


def in_order(variables: Mapping[str, Manifest]) -> list[Manifest]:
    """By name, but what a value names as `$(OTHER)` before it.

    The order of a stack file is lost on its way through Pulumi, and Kubernetes fills in only what stands earlier
    (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
    """
    ordered: dict[str, Manifest] = {}

    def put(name: str, within: tuple[str, ...] = ()) -> None:
        if name not in variables or name in ordered or name in within:
            return
        value = variables[name].get("value")
        for other in _REFERENCE.findall(value) if isinstance(value, str) else ():
            put(other, (*within, name))
        ordered[name] = variables[name]

    for name in sorted(variables):
        put(name)
    return list(ordered.values())
