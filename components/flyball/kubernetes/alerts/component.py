"""`Alerts`: rules, who hears of what, and whom to scrape, as objects of Prometheus' operator."""

from collections.abc import Iterable

import pulumi

from flyball.alerts.operator import Manifest
from flyball.kubernetes.known import Known, Making, known
from flyball.kubernetes.registered import registered


class Alerts(pulumi.ComponentResource):
    """The alerts of a stack or a set: a PrometheusRule, several where one would be too large, an AlertmanagerConfig and
    PodMonitors, in its namespace."""

    def __init__(
        self,
        name: str,
        manifests: Iterable[Manifest] | Known[Iterable[Manifest]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Of objects that were made already (`flyball.alerts.whole`)."""
        super().__init__("flyball:index:Alerts", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)

        def register(these: Iterable[Manifest], make: Making) -> None:
            for manifest in these:
                own = f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}"
                registered(own, manifest, child, make=make)

        known(manifests).made(register)
        self.register_outputs({})
