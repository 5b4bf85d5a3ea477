"""`Alerts`: rules, who hears of what, and whom to scrape, as objects of Prometheus' operator."""

from collections.abc import Iterable

import pulumi

from flyball.alerts.operator import Manifest
from flyball.kubernetes.args import AlertsArgs
from flyball.kubernetes.described import resolve_alerts
from flyball.kubernetes.known import Known, Making, known, settle
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.registered import registered


class Alerts(pulumi.ComponentResource):
    """The alerts of services, jobs and caches that others make, or a `Workload`, `Job` and `Cache` by themselves.

    From what is said of them, in the words of `Services`, follow a PrometheusRule, several where one would be too
    large, an AlertmanagerConfig and a PodMonitor, in their namespace, and nothing else. A set that `Services` makes
    brings them itself (`alerts`).
    Raises `flyball.kubernetes.Refused`, with every problem at once, before anything is registered.
    """

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        with refusals():
            described = settle(args, AlertsArgs, (name,), lambda given: resolve_alerts(name, given))
        self._register(name, described.map(lambda these: these.alerts), opts)

    @classmethod
    def of(
        cls,
        name: str,
        manifests: Iterable[Manifest] | Known[Iterable[Manifest]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> "Alerts":
        """The component of objects that were made already (`flyball.alerts.whole`)."""
        self = cls.__new__(cls)
        self._register(name, known(manifests), opts)
        return self

    def _register(self, name: str, manifests: Known[Iterable[Manifest]], opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("flyball:index:Alerts", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)

        def register(these: Iterable[Manifest], make: Making) -> None:
            for manifest in these:
                own = f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}"
                registered(own, manifest, child, make=make)

        manifests.made(register)
        self.register_outputs({})
