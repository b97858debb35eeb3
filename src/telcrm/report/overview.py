"""What there was to report on: tables, spans, findings, and what the reader has to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from telcrm.errors import TelcrmError
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sources import EVENT_TIME, STATE_TIME, Sources
from telcrm.tables import TABLES, ValidationReport

__all__ = ["notes_on", "overview"]


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
    findings = [row for report in checked.values() for row in report.to_rows()]
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
    days = frame[column].cast(pl.Date)
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
        "first_keys": Column("First keys"),
        "level": Column("Level"),
    }
    return (
        Exhibit(
            name="findings",
            title="Findings",
            note="Rules that rows break, with the keys of the first ones.",
            # A rule about a column as such breaks no row.
            frame=pl.DataFrame(rows).with_columns(pl.col("count").replace(0, None)),
            columns=columns,
            wide=True,
        ),
    )


def notes_on(
    sources: Sources, *, stated: bool, refused: Collection[str], ignored: Sequence[Path]
) -> tuple[str, ...]:
    """Say what the reader has to know to read the numbers.

    Parameters
    ----------
    sources : Sources
    stated : bool
        Whether somebody named the as-of date.
    refused : collection of str
        Tables that are not reported on.
    ignored : sequence of Path
        Files whose names are no tables.

    Returns
    -------
    tuple of str
    """
    notes = []
    if sources.as_of is not None:
        day = show(sources.as_of, Kind.DAY)
        how = (
            "as asked for"
            if stated
            else "the last day on which something happened in these tables (a month of "
            "subscriber_months counts to its end)"
        )
        notes.append(f"The report looks back from {day}, {how}.")
    for table, rows in sources.after.items():
        notes.append(f"{table}: {show(rows, Kind.COUNT)} later rows were left out.")
    notes += [
        f"{table} was left out; other sections read as if there were no such table."
        for table in refused
    ]
    if ignored:
        names = ", ".join(path.name for path in ignored)
        notes.append(f"Not read, because the names are no tables: {names}.")
    notes.append(
        "Days and months are those of UTC. Each section counts the rows of its own tables; tables "
        "are not checked against each other."
    )
    return tuple(notes)
