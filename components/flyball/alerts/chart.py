"""What the rules need of the chart kube-prometheus-stack (https://github.com/prometheus-community/helm-charts), as its
values: labels that kube-state-metrics leaves out, objects that the operator passes over, and a second Alertmanager."""

from collections.abc import Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.alerting import seen

NODE_LABELS = (wellknown.ZONE,)
"""Of nodes, in `kube_node_labels`; kube-state-metrics tells of none by itself."""
LABELS_FLAG = f"nodes=[{','.join(NODE_LABELS)}]"
"""The value of its flag ``--metric-labels-allowlist``."""
ALERTMANAGERS = 2
"""Of which one may be lost."""


def values(labels: Mapping[str, str]) -> dict[str, Any]:
    """For `helm upgrade -f`; `labels` are those that the stack's rules bear.

    With the chart's own settings Prometheus loads what bears the label `release`, with the name of the chart's release;
    where the rules do not, it is told to load everything.
    """
    everything = "release" not in labels
    selects = {
        f"{kind}SelectorNilUsesHelmValues": False for kind in ("rule", "podMonitor", "serviceMonitor") if everything
    }
    return {
        "kube-state-metrics": {"metricLabelsAllowlist": [LABELS_FLAG]},
        "prometheus": {"prometheusSpec": {"scrapeInterval": f"{seen.SCRAPED}s", **selects}},
        "alertmanager": {
            "alertmanagerSpec": {
                "replicas": ALERTMANAGERS,
                # An empty selector is all of them; without one none is read.
                "alertmanagerConfigSelector": {},
                "alertmanagerConfigNamespaceSelector": {},
                "alertmanagerConfigMatcherStrategy": {"type": "OnNamespace"},
            }
        },
    }
