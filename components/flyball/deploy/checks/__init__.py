"""What `flyball check` asks a cluster that runs: each check by name, with what it came to."""

from collections.abc import Callable, Iterator, Mapping

from flyball.deploy.checks import kubelets, prometheus
from flyball.deploy.checks.outcome import Outcome
from flyball.kubectl import Kubectl
from flyball.prometheus import Server
from flyball.stack.read import Stack

CHECKS: Mapping[str, Callable[[Kubectl, Stack], Outcome]] = {"kubelets": kubelets.check}
"""Each changes nothing, and says of what it could not ask that it did not: only what was asked and fits is good."""


def run(kubectl: Kubectl, stack: Stack, server: Server | None = None) -> Iterator[tuple[str, Outcome]]:
    """The checks, one after the other, with a `server` also that of the Prometheus there.

    Raises `KubectlError` where the cluster itself does not answer.
    """
    if server is not None:
        yield "prometheus", prometheus.check(server, stack)
    for name, check in CHECKS.items():
        yield name, check(kubectl, stack)
