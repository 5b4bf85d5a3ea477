"""Every expression of every panel, as it is asked of a Prometheus that watches something."""

from collections.abc import Callable, Mapping, Sequence

from flyball.dashboards.grafana import BOARDS as BOARDS

CHOSEN = {"namespace": "shop", "workload": "checkout", "hop": "pay", "instance": ".+"}
"""What somebody who looks has chosen."""


def expressions(board: str) -> Mapping[tuple[str, str, str], str]:
    """By board, panel and line."""
    found: dict[tuple[str, str, str], str] = {}
    for panel in BOARDS[board].panels:
        for series in panel.series:
            expr = series.expr
            for name, value in CHOSEN.items():
                expr = expr.replace(f"${name}", value)
            found[board, panel.title, series.legend] = expr
    return found


def without_answer(query: Callable[[str], Sequence[object]], *boards: str) -> set[tuple[str, str, str]]:
    """Those that come to nothing; `query` raises for one that Prometheus refuses."""
    return {key for board in boards for key, expr in expressions(board).items() if not query(expr)}
