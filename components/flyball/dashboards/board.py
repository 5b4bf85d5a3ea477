"""A dashboard as data: what is asked, and how it is read; `flyball.dashboards.grafana` makes JSON of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Unit(StrEnum):
    """As Grafana calls them (https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/)."""

    COUNT = "short"
    REQUESTS = "reqps"
    SHARE = "percentunit"
    SECONDS = "s"
    BYTES = "bytes"
    RATE = "cps"


@dataclass(frozen=True, slots=True)
class Series:
    """What is asked, and what each line is called: `{{workload}}` is that label of its series.

    What a `limit` asks for is a threshold, drawn in dashes.
    """

    expr: str
    legend: str
    limit: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot. `about` says what it shows, and what to do where it looks wrong."""

    title: str
    about: str
    unit: Unit
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard; `variables` are chosen by whoever looks: for each the query that gives its values."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
