"""`Alerts`: rules, who hears of what, and whom to scrape, as objects of Prometheus' operator."""

from collections.abc import Iterable

import pulumi

from flyball.alerts.operator import Manifest
from flyball.kubernetes.registered import registered


class Alerts(pulumi.ComponentResource):
    """The alerts of a stack: a PrometheusRule, several where one would be too large, an AlertmanagerConfig and
    PodMonitors, in the stack's namespace."""

    def __init__(self, name: str, manifests: Iterable[Manifest], opts: pulumi.ResourceOptions | None = None) -> None:
        """Of objects that were made already (`flyball.stack.alerting`)."""
        super().__init__("flyball:index:Alerts", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        for manifest in manifests:
            own = f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}"
            registered(own, manifest, child)
        self.register_outputs({})
