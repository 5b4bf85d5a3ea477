"""Dashboards as JSON that Grafana imports, made by its own typed builders (the extra `dashboards`)."""

import json
from collections.abc import Mapping

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as words
from grafana_foundation_sdk.models import dashboard as models

from flyball.dashboards import platform, services
from flyball.dashboards.board import Board, Panel, Series

BOARDS: Mapping[str, Board] = {
    board.name: board
    for board in (services.stack(), services.workload(), services.hop(), platform.governor(), platform.hosts())
}
"""All of them by name."""
_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
_WIDTH, _HEIGHT = 12, 8
"""Of a panel, where a row is 24 wide."""


def files() -> dict[str, str]:
    """The content of a file for each dashboard, by its name."""
    return {f"flyball-{name}.json": rendered(board) for name, board in BOARDS.items()}


def rendered(board: Board) -> str:
    """The JSON of one, the same each time."""
    return json.dumps(_board(board).build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _board(board: Board) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(board.title)
        .uid(f"flyball-{board.name}")
        .tags(["flyball"])
        .editable()
        .refresh("30s")
        .time("now-3h", "now")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for name, query in board.variables.items():
        variable = dashboard.QueryVariable(name).query(query).datasource(_SOURCE)
        made = made.with_variable(variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED))
    for panel in board.panels:
        made = made.with_panel(_panel(panel))
    return made


def _panel(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.about)
        .datasource(_SOURCE)
        .unit(panel.unit)
        .axis_soft_min(0)
        .span(_WIDTH)
        .height(_HEIGHT)
        .legend(
            common.VizLegendOptions()
            .display_mode(words.LegendDisplayMode.LIST)
            .placement(words.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    dashes = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}}
    for number, series in enumerate(panel.series):
        made = made.with_target(_target(number, series))
        if series.limit:
            line = models.DynamicConfigValue(id_val=dashes["id"], value=dashes["value"])
            made = made.override_by_query(chr(ord("A") + number), [line])
    return made


def _target(number: int, series: Series) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(chr(ord("A") + number)).expr(series.expr).legend_format(series.legend)
    return query.datasource(_SOURCE).range()
