"""The weights of a service's route during a release: what comes from outside, shared out between two versions.

A weight is percent, since those of a route are a hundred together (`way_in.route`). They are moved in one write, which
the server refuses where the route has become another one meanwhile.
"""

import json
from collections.abc import Iterator
from typing import Any

from flyball.deploy import api
from flyball.guards.workload.canary import SUFFIX
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes.workload.way_in import GROUP, ROUTES, WHOLE

MANAGER = "flyball-release"
"""Field manager of the weights as long as a release moves them."""


def known(kubectl: Kubectl) -> bool:
    """Whether there can be any route in the cluster."""
    return ROUTES in api.kinds(kubectl, GROUP)


def weight(kubectl: Kubectl, namespace: str, name: str) -> int:
    """Percent of what comes from outside that the new version of a service gets; 0 where no route leads to it."""
    shares = _shares(_route(kubectl, namespace, name), name)
    return max((weight for _, backend, weight in shares if backend == name + SUFFIX), default=0)


def shift(kubectl: Kubectl, namespace: str, name: str, percent: int) -> None:
    """Give the new version of a service so much of what comes from outside; nothing is written where it is so.

    Raises `KubectlError`, also where no route leads to it that could give it any.
    """
    shares = list(_shares(_route(kubectl, namespace, name), name))
    if percent and not any(backend == name + SUFFIX for _, backend, _ in shares):
        raise KubectlError(f"no httproute {namespace}/{name} leads to {name}{SUFFIX}")
    wanted = {name: WHOLE - percent, name + SUFFIX: percent}
    if changes := [change for at, backend, now in shares for change in _change(at, backend, now, wanted[backend])]:
        place = (name, f"--namespace={namespace}", "--type=json", f"--field-manager={MANAGER}")
        kubectl.run("patch", ROUTES, *place, f"--patch={json.dumps(changes)}")


def _change(at: str, backend: str, now: int, wanted: int) -> list[dict[str, Any]]:
    """Of a JSON patch (RFC 6902), as long as it is still that backend."""
    if now == wanted:
        return []
    return [
        {"op": "test", "path": f"{at}/name", "value": backend},
        {"op": "add", "path": f"{at}/weight", "value": wanted},
    ]


def _shares(route: Any, name: str) -> Iterator[tuple[str, str, int]]:
    """Where both versions are in a route, which it is, and its weight: of rules in which the new one is."""
    rules: list[Any] = route["spec"].get("rules", []) if route else []
    for i, rule in enumerate(rules):
        backends: list[Any] = rule.get("backendRefs", [])
        if any(each["name"] == name + SUFFIX for each in backends):
            for j, each in enumerate(backends):
                if each["name"] in (name, name + SUFFIX):
                    yield f"/spec/rules/{i}/backendRefs/{j}", each["name"], each.get("weight", 1)


def _route(kubectl: Kubectl, namespace: str, name: str) -> Any | None:
    return kubectl.find(ROUTES, name, f"--namespace={namespace}")
