"""kubectl on one cluster, deaf to the user's aliases and defaults."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flyball import kubectl_get, kubectl_proxy
from flyball.errors import FlyballError, condensed

_NOTE = re.compile(r"I\d{4} \d\d:\d\d:")
"""What kubectl's library notes in passing (klog's severity I), as that it asks more slowly than it could."""


_GARBAGE = {"GOGC": "400", "GOMEMLIMIT": "2GiB"}
"""Collected later than Go does by itself: a fifth of the processor time of a kubectl, whose heap is small and short."""
UNCHECKED = "--validate=false"
"""For `apply --server-side`: the API server itself refuses fields that it does not know. kubectl would hold objects
against its whole OpenAPI, which it makes anew after each change of its kinds, for half a second of a processor."""
_NULL = "accessor error: <nil> is of the type <nil>"
"""What `kubectl wait` ends with where `status.conditions` is null, as a definition's is in its first moment."""


class KubectlError(FlyballError):
    """kubectl failed; the message is what it wrote to its standard error, with what it said many times said once.

    `printed` is what it wrote to its standard output before.
    """

    def __init__(self, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.printed = printed


def condition(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What an object says of itself of a condition, as `Ready` or `Established`; empty where it says nothing."""
    conditions = item.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == name), {})


def is_true(item: Mapping[str, Any], name: str) -> bool:
    """Whether an object says of itself that a condition holds."""
    return condition(item, name).get("status") == "True"


def documents(objects: Iterable[Mapping[str, Any]]) -> str:
    """Objects for kubectl, one after another: each is checked by what its group may hold, a `List` by all groups."""
    return "\n".join(map(json.dumps, objects))


@dataclass(frozen=True)
class Kubectl:
    """kubectl on one cluster."""

    program: Path
    kubeconfig: Path | None
    """None: the user's own, for a cluster that is not flyball's."""
    context: str = ""
    """Context of the kubeconfig; empty: the current one."""

    def environment(self) -> dict[str, str]:
        """For kubectl: no aliases or defaults of the user; with a `kubeconfig`, a cache that goes with its cluster.

        How garbage is collected stays as the user says, by `GOGC` or `GOMEMLIMIT`.
        """
        own = {"KUBERC": "off", "KUBECTL_APPLYSET": "true"}
        if self.kubeconfig:
            # Another cluster may get this one's port later, and must not meet what kubectl remembers of this one.
            own |= {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": str(self.kubeconfig.parent / "kubectl")}
        garbage = {} if os.environ.keys() & _GARBAGE.keys() else _GARBAGE
        return garbage | os.environ | own

    def command(self, *arguments: str) -> list[str]:
        """The command line that `run` would run."""
        context = [f"--context={self.context}"] if self.context else []
        return [str(self.program), *context, *arguments]

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        """What kubectl prints. Raises `KubectlError` if its exit code is not in `accept`, or after `timeout` [s]."""
        try:
            result = subprocess.run(
                self.command(*arguments),
                env=self.environment(),
                input=stdin,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"kubectl {arguments[0]} took longer than {timeout:g} s") from error
        if result.returncode not in accept:
            lines = result.stderr.strip().splitlines()
            said = condensed([line for line in lines if not _NOTE.match(line)] or lines)
            raise KubectlError(said or f"kubectl {arguments[0]} ended with {result.returncode}", result.stdout)
        return result.stdout

    def raw(self, path: str, timeout: float = 60.0) -> str:
        """What the API server answers to a path. Raises `KubectlError` as `run` does."""
        answer = self.by_proxy(path, timeout)
        # What is refused is asked once more, for kubectl to say it in its words.
        return answer.text if answer and answer.is_ok else self.run("get", f"--raw={path}", timeout=timeout)

    def answers(self, path: str, timeout: float = 30.0) -> bool:
        """Whether the API server answers to a path, without a word of why not."""
        try:
            answer = self.by_proxy(path, timeout)
            return answer.is_ok if answer else bool(self.run("get", f"--raw={path}", timeout=timeout))
        except KubectlError:
            return False

    def object_at(self, path: str) -> Any | None:
        """The object at a path; None where there is none, nor such a kind."""
        answer = self.by_proxy(path, 60)
        if answer and answer.status == HTTPStatus.NOT_FOUND:
            return None
        try:
            return json.loads(answer.text if answer and answer.is_ok else self.run("get", f"--raw={path}"))
        except KubectlError as error:
            if "(NotFound)" in str(error):
                return None
            raise

    def by_proxy(self, path: str, timeout: float) -> kubectl_proxy.Answer | None:
        """What the API server answers to a path by the proxy; None where there is none."""
        try:
            return kubectl_proxy.answer(self.command(), self.environment(), path, timeout)
        except TimeoutError as error:
            raise KubectlError(f"kubectl get took longer than {timeout:g} s") from error

    def established(self, *definitions: str, seconds: float = 60.0) -> None:
        """Wait until kinds are served that were defined just now: `crd/NAME`, files of definitions, or `crd --all`.

        Raises `KubectlError` if one is not within `seconds`.
        """
        end = time.monotonic() + seconds
        while True:
            limit = f"--timeout={max(1, end - time.monotonic()):.0f}s"
            try:
                self.run("wait", "--for=condition=Established", *definitions, limit, timeout=seconds + 30)
            except KubectlError as error:
                if _NULL not in str(error) or time.monotonic() >= end:
                    raise
                time.sleep(0.1)
            else:
                return

    def find(self, kind: str, name: str, *where: str) -> Any | None:
        """An object as it is; None where there is none of that name."""
        if asked := kubectl_get.question(("get", kind, name, *where)):
            answer = self.by_proxy(asked.path, 60)
            if answer and answer.is_ok:
                return asked.printed(json.loads(answer.text))
            if answer and answer.is_of_none(name):
                return None
        text = self.run("get", kind, name, *where, "--ignore-not-found", "--output=json")
        return json.loads(text) if text.strip() else None

    def listed(self, plural: str, namespace: str = "", selector: str = "", *, api: str = "v1") -> list[dict[str, Any]]:
        """The objects of a kind as the API has them, with who holds which fields: in one namespace, or everywhere.

        `get --output=json` takes each apart and writes it anew: for 400 pods that takes 0.6 s, and this 0.06 s.
        """
        query = {"labelSelector": selector} if selector else {}
        found = json.loads(self.raw(kubectl_get.path(api, plural, namespace, **query), timeout=120))
        # Of what kind they are, a list says once.
        head = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
        return [{**head, **item} for item in found["items"] or ()]

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """The object that kubectl prints with ``-o json``."""
        if asked := kubectl_get.question(arguments) if not stdin else None:
            answer = self.by_proxy(asked.path, 60)
            if answer and answer.is_ok:
                return asked.printed(json.loads(answer.text))
        return json.loads(self.run(*arguments, "--output=json", stdin=stdin))


@dataclass(frozen=True)
class Played(Kubectl):
    """A cluster that is played: all that is asked of it goes by `run`, which says what kubectl would."""

    def by_proxy(self, path: str, timeout: float) -> None:
        """There is none."""
        del path, timeout
