"""The Grafana dashboard, built from the panels by Grafana's own builder, and how Grafana is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueGraphMode, VizOrientation
from grafana_foundation_sdk.models.dashboard import DataSourceRef, DataTransformerConfig, VariableOption, VariableRefresh, VariableSort
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from stream.deploy.panels import PanelData, Shape, rows
from stream.outlets import metric_names as names

SOURCE = "prometheus"
UID = "csat-stream"
WINDOWS = ("15m", "1h", "4h", "24h", "7d", "30d", "all")
_CHOSEN = "24h"
_HEIGHT = 8
_EVERYTHING = "^$"
"""A regular expression that only a series without the label answers."""
Builder = timeseries.Panel | stat.Panel | table.Panel | bargauge.Panel


def text() -> str:
    """The dashboard as JSON."""
    plain = json.loads(json.dumps(_dashboard().build(), cls=JSONEncoder))
    for number, panel in enumerate(plain["panels"], start=1):
        panel["id"] = number
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def datasources(url: str = "http://prometheus:9090") -> dict[str, Any]:
    """Where the figures come from."""
    source = {"name": "Prometheus", "type": SOURCE, "uid": SOURCE, "access": "proxy", "url": url, "isDefault": True, "editable": False}
    return {"apiVersion": 1, "datasources": [source]}


def providers(folder: str = "/var/lib/grafana/dashboards") -> dict[str, Any]:
    """Where Grafana finds the dashboard."""
    return {"apiVersion": 1, "providers": [{"name": UID, "type": "file", "allowUiUpdates": False, "options": {"path": folder}}]}


def _dashboard() -> dashboard.Dashboard:
    made = dashboard.Dashboard("Customer satisfaction").uid(UID).tags(["csat-stream"]).time("now-6h", "now").refresh("30s").readonly()
    for variable in (_segment_variable("team"), _segment_variable("channel"), _window_variable()):
        made = made.with_variable(variable)
    for row in rows():
        made = made.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            made = made.with_panel(_panel(panel))
    return made


def _segment_variable(name: str) -> dashboard.QueryVariable:
    """Values of a dimension that has a segment list of its own, and everything."""
    values = f'label_values({names.value_name("csat", "percent")}{{{names.LEVEL}="{name}"}}, {name})'
    return (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(_source())
        .query(values)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .include_all(include_all=True)
        .all_value(_EVERYTHING)
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def _window_variable() -> dashboard.CustomVariable:
    chosen = VariableOption(selected=True, text=_CHOSEN, value=_CHOSEN)
    return dashboard.CustomVariable(names.WINDOW).label("Window").values(",".join(WINDOWS)).current(chosen)


def _panel(data: PanelData) -> Builder:
    made = _SHAPES[data.shape]().title(data.title).description(data.description).unit(data.unit).span(data.width).height(_HEIGHT)
    made = made.datasource(_source())
    for number, query in enumerate(data.queries):
        made = made.with_target(_target(query.expr, query.legend, chr(ord("A") + number), data.shape))
    return made


def _target(expr: str, legend: str, ref: str, shape: Shape) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref)
    if shape == "line":
        return made.range()
    made = made.instant()
    return made.format(PromQueryFormat.TABLE) if shape == "table" else made


def _source() -> DataSourceRef:
    return DataSourceRef(type_val=SOURCE, uid=SOURCE)


def _line() -> timeseries.Panel:
    return timeseries.Panel().line_width(1).fill_opacity(5)


def _stat() -> stat.Panel:
    return stat.Panel().reduce_options(ReduceDataOptions().calcs(["lastNotNull"])).graph_mode(BigValueGraphMode.NONE)


def _bars() -> bargauge.Panel:
    return bargauge.Panel().reduce_options(ReduceDataOptions().calcs(["lastNotNull"])).orientation(VizOrientation.HORIZONTAL)


def _table() -> table.Panel:
    return table.Panel().with_transformation(DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True, "Value": True}}))


_SHAPES: dict[Shape, Callable[[], Builder]] = {"line": _line, "stat": _stat, "table": _table, "bars": _bars}
