"""What there was to report on: tables, spans and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from telcrm.errors import TelcrmError
from telcrm.report.as_of import EVENT_TIME, STATE_TIME
from telcrm.report.findings import finding_rows
from telcrm.report.formats import Kind, short
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sources import as_days
from telcrm.tables import TABLES, ValidationReport

__all__ = ["overview"]


def overview(
    frames: Mapping[str, pl.DataFrame],
    checked: Mapping[str, ValidationReport],
    refused: Mapping[str, TelcrmError],
) -> Section:
    """Tell which tables there were, and what validation found in them.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        All tables that could be read, as they were read.
    checked : mapping of str to ValidationReport
    refused : mapping of str to TelcrmError
        Tables that are not reported on.

    Returns
    -------
    Section
    """
    present = [table for table in TABLES if table in frames or table in refused]
    findings = finding_rows(checked, refused)
    rows = sum(frame.height for frame in frames.values())
    return Section(
        name="overview",
        title="Overview",
        summary="The tables that were given, and whether their rows keep to the contract.",
        headlines=0,
        figures=(
            KeyFigure(
                "Tables", short(len(present), Kind.COUNT), f"of {len(TABLES)} canonical ones"
            ),
            KeyFigure("Rows", short(rows, Kind.COUNT)),
            KeyFigure("Findings", short(len(findings), Kind.COUNT)),
        ),
        exhibits=(_tables(present, frames, checked, refused), *_findings(findings)),
    )


def _tables(
    present: Sequence[str],
    frames: Mapping[str, pl.DataFrame],
    checked: Mapping[str, ValidationReport],
    refused: Mapping[str, TelcrmError],
) -> Exhibit:
    spans = [_span(frames[table], table) if table in frames else (None, None) for table in present]
    frame = pl.DataFrame(
        {
            "table": list(present),
            "rows": [frames[table].height if table in frames else None for table in present],
            "first": [first for first, _ in spans],
            "last": [last for _, last in spans],
            "state": [_state(table, checked, refused) for table in present],
        },
        schema={
            "table": pl.String,
            "rows": pl.Int64,
            "first": pl.Date,
            "last": pl.Date,
            "state": pl.String,
        },
    )
    return Exhibit(
        name="tables",
        title="Tables",
        note="From and to: the first and the last day of the column that says when.",
        frame=frame,
        columns={
            "table": Column("Table"),
            "rows": Column("Rows", Kind.COUNT),
            "first": Column("From", Kind.DAY),
            "last": Column("To", Kind.DAY),
            "state": Column("State"),
        },
        wide=True,
    )


def _span(frame: pl.DataFrame, table: str) -> tuple[object, object]:
    column = EVENT_TIME.get(table) or STATE_TIME.get(table, "")
    if column not in frame.columns or not frame.schema[column].is_temporal():
        return None, None
    days = as_days(frame, table, column)
    return days.min(), days.max()


def _state(
    table: str, checked: Mapping[str, ValidationReport], refused: Mapping[str, TelcrmError]
) -> str:
    if table not in checked:
        return "cannot be read, left out"
    if table in refused:
        return "breaks its contract, left out"
    return "sound, with warnings" if checked[table].findings else "sound"


def _findings(rows: Sequence[Mapping[str, object]]) -> tuple[Exhibit, ...]:
    if not rows:
        return ()
    columns = {
        "table": Column("Table"),
        "column": Column("Column"),
        "rule": Column("Rule"),
        "count": Column("Rows", Kind.COUNT),
        "level": Column("Level"),
        "message": Column("What", prose=True),
    }
    return (
        Exhibit(
            name="findings",
            title="Findings",
            note="Rules that are broken, with the keys of the first rows.",
            # A rule about a column as such breaks no row.
            frame=pl.DataFrame(rows).with_columns(pl.col("count").replace(0, None)),
            columns=columns,
            wide=True,
        ),
    )
