"""Every expression of every panel, as it is asked of a Prometheus that watches something.

| dashboard | asked of the Prometheus of | in |
| --- | --- | --- |
| stack, workload, governor | the drills dawn, spot and reddit-2016 | tests/drills/test_drills.py |
| hosts | a monitor that watches real hosts | tests/hosts/test_monitoring.py |
| hop | the drill hang, whose calls go through a real HAProxy | tests/drills/traffic/test_traffic.py |
"""

from collections.abc import Callable, Mapping, Sequence

from flyball.dashboards.grafana import BOARDS as BOARDS

CHOSEN = {"namespace": "shop", "workload": "checkout", "hop": "pay", "instance": ".+"}
"""What somebody who looks has chosen."""
NO_DISK = ("hosts", "Disk used", "{{instance}} {{mountpoint}}")
"""Hosts of tests have no disk of their own: what they have lies in memory, or is an overlay, which the exporter passes
over. There the line is asked for what lies in memory."""


def expressions(board: str, **chosen: str) -> Mapping[tuple[str, str, str], str]:
    """By board, panel and line; `chosen` is what of `CHOSEN` is another one there."""
    found: dict[tuple[str, str, str], str] = {}
    for panel in BOARDS[board].panels:
        for series in panel.series:
            expr = series.expr
            for name, value in {**CHOSEN, **chosen}.items():
                expr = expr.replace(f"${name}", value)
            found[board, panel.title, series.legend] = expr
    return found


def without_answer(query: Callable[[str], Sequence[object]], *boards: str, **chosen: str) -> set[tuple[str, str, str]]:
    """Those that come to nothing; `query` raises for one that Prometheus refuses."""
    return {key for board in boards for key, expr in expressions(board, **chosen).items() if not query(expr)}
