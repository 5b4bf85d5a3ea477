"""The collector as it is commonly set up for the logs of pods: what OpenTelemetry's chart makes of its preset for logs.

(https://github.com/open-telemetry/opentelemetry-helm-charts/tree/main/charts/opentelemetry-collector, presets.
logsCollection.) Files that were rotated are not looked at, where it was in a file is in memory, and so is what waits.
"""

from typing import Any

from flyball.collector.config import Node
from flyball.guards.reading.address import join


def configuration(url: str, node: Node) -> dict[str, Any]:
    """Its configuration, with an exporter of the collector's own defaults."""
    receiver = {
        "include": [f"{node.logs}/*/*/*.log"],
        "start_at": "end",
        "retry_on_failure": {"enabled": True},
        "include_file_path": True,
        "include_file_name": False,
        "operators": [{"type": "container", "id": "container-parser", "max_log_size": 102_400}],
    }
    pull = {"exporter": {"prometheus": {"host": node.host, "port": node.metrics}}}
    limiter = {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 25}
    return {
        "extensions": {"health_check": {"endpoint": join(node.host, node.health)}},
        "receivers": {"file_log": receiver},
        "processors": {"memory_limiter": limiter, "batch": {}},
        "exporters": {"otlp_http": {"logs_endpoint": url, "encoding": "json"}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [{"pull": pull}]}},
            "pipelines": {
                "logs": {
                    "receivers": ["file_log"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["otlp_http"],
                }
            },
        },
    }
