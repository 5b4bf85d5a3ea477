"""Lesson 5, headroom: zones."""

from tests.alerts import service_series as made
from tests.alerts.case import Case, always, loud, quiet


def _zones(*pods: str) -> dict[str, str]:
    """Ready pods of shop/web, a string for each zone: `r` is ready, `-` is not, `o` a ready one of another service,
    `c` one of a new version, which may go at any time."""
    zone = "label_topology_kubernetes_io_zone"
    series: dict[str, str] = {}
    for i, kinds in enumerate(pods):
        series[f'kube_node_labels{{node="n{i}",{zone}="{"abc"[i]}"}}'] = always(1)
        for j, kind in enumerate(kinds):
            others = {"o": "web-api-6c8b", "c": "web-canary-8f4d"}
            owner = others.get(kind, "web-spot-5d9f" if j % 2 else "web-7f9c")
            pod = f'namespace="shop",pod="{owner}-{i}{j:04}"'
            placed = f'{pod},node="n{i}",created_by_kind="ReplicaSet",created_by_name="{owner}"'
            series[f"kube_pod_info{{{placed}}}"] = always(1)
            series[f'kube_pod_status_ready{{{pod},condition="true"}}'] = always(int(kind != "-"))
    return series


CASES: list[Case] = [
    # Of 6, 3 and 3 the loss of the fullest leaves 6 of 7; so it does of 10 of which one is not ready, beside others'.
    loud("ZoneTooFull", 0, made.OF_WEB, _zones("r" * 6, "r" * 3, "r" * 3), "6"),
    loud("ZoneTooFull", 0, made.OF_WEB, _zones("r" * 4, "r" * 3, "rrr-" + "o" * 9 + "cc"), "6"),
    quiet("ZoneTooFull", **_zones("r" * 4, "r" * 4, "r" * 3)),
    quiet("ZoneTooFull", **_zones("r" * 4, "r" * 4, "r" * 4)),
    # 100 requests a second of each pod at the most, and 80 with none above its utilization.
    loud("ZoneHeadroomLost", 300, made.OF_WEB, _zones("rrr", "rrr", "rrr") | made.load(500), "500"),
    quiet("ZoneHeadroomLost", **_zones("rrr", "rrr", "rrr"), **made.load(479)),
    loud("ZonesUnknown", 0, {}, {'kube_node_labels{node="n0"}': always(1)}),
    quiet("ZonesUnknown", **_zones("r")),
]
