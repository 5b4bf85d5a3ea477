"""Who is told of what in a drill with traffic, by what the sidecar's own exporter counts.

The rules are those of a service in a cluster, as far as they ask for what proxies count. Without the sidecar nobody
counts anything, and the only alert there could be is WorkloadUncounted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flyball.alerts import hops
from flyball.alerts.rule import rule_file
from flyball.alerts.workload import constants
from flyball.drills import watch
from flyball.drills.traffic import settings
from flyball.drills.traffic.lab import Lab
from flyball.guards.alerting.services import Thresholds
from flyball.lab.monitoring import programs
from flyball.proxy import Proxy

FACTOR = 60_000 // settings.BREAKER.window
"""Time passes as many times faster as the breaker's window is shorter than its default of 60 s."""
NAMESPACE = "shop"


def rules(proxy: Proxy) -> dict[str, Any]:
    """The rule file of the service that a sidecar belongs to."""
    inbound = proxy.inbound
    found = Thresholds(
        NAMESPACE,
        proxy.name,
        "drill",
        "drill",
        need=1,
        floor=1,
        warn=1,
        ceiling=None,
        deadline=inbound.deadline / 1000 if inbound else None,
        hops={hop.name: hop.call.timeout / 1000 for hop in proxy.outbound},
    )
    groups = {"flyball-thresholds": constants([found]), "flyball-hops": [*hops.records(), *hops.rules()]}
    return rule_file(groups)


@contextmanager
def watched(lab: Lab, service: str) -> Iterator[None]:
    """A service behind its sidecar is watched meanwhile, from the lab's beginning on, and at the end until all has been
    told. Not without the sidecar; nor, and that is said, where this machine cannot have Prometheus."""
    if service not in lab.sidecars:
        yield
        return
    if reason := programs.why_not():
        lab.report(f"nobody is told of alerts: {reason}")
        yield
        return
    proxy = lab.sidecars[service].proxy
    assert proxy.metrics
    scraped = watch.of_pod(NAMESPACE, f"{proxy.name}-7f9c-x2k8p", proxy.metrics.port)
    with watch.watched(lab.folder, FACTOR, [scraped], rules(proxy), lambda: lab.now, lab.report) as people:
        yield
        if lab.look:
            lab.look(people)
    lab.tell(people.told())
