"""Read files with Polars and coerce their columns to a contract's types."""

from __future__ import annotations

import csv
import io
from datetime import time
from pathlib import Path

import polars as pl

from telcrm.tables.contract import ColumnType, Contract
from telcrm.tables.csv_file import is_utf8
from telcrm.tables.findings import Finding
from telcrm.tables.written_values import (
    FALSE_WORDS,
    FINITE,
    INSTANT,
    MIDNIGHT,
    MONTH,
    TRUE_WORDS,
    WHOLE,
    UnreadableCells,
    unreadable_findings,
)

__all__ = ["FAILURES", "coerce", "read_raw"]

FAILURES = (pl.exceptions.PolarsError, OSError)

_NAIVE_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def read_raw(source: Path, *, table: str, separator: str, encoding: str) -> pl.DataFrame:
    """Read a file as it is: every CSV cell a string, Parquet and DuckDB with their own types.

    Parameters
    ----------
    source : pathlib.Path
    table : str
        Looked up in a DuckDB file.
    separator : str
    encoding : str

    Returns
    -------
    polars.DataFrame
    """
    match source.suffix.lower():
        case ".csv":
            content = (
                source.read_bytes() if is_utf8(encoding) else source.read_text(encoding).encode()
            )
            return _read_csv(content, separator)
        case ".parquet":
            return pl.read_parquet(source)
    import duckdb

    try:
        with duckdb.connect(str(source), read_only=True) as connection:
            stored: pl.DataFrame = connection.table(table).pl()
    except duckdb.Error as error:
        raise OSError(str(error)) from error
    return stored


def _read_csv(content: bytes, separator: str) -> pl.DataFrame:
    cells = pl.read_csv(io.BytesIO(content), separator=separator, infer_schema=False)
    _refuse_short_lines(content, separator, cells.width)
    every = pl.all()
    emptied = cells.with_columns(pl.when(every != "").then(every).name.keep())
    return emptied.filter(~pl.all_horizontal(pl.all().is_null()))


def _refuse_short_lines(content: bytes, separator: str, width: int) -> None:
    """Refuse lines with fewer cells than the header: Polars would fill them up in silence."""
    lines = pl.read_csv(
        io.BytesIO(content),
        # A byte that stands in no text: each line is one cell.
        separator="\x01",
        quote_char=None,
        has_header=False,
        new_columns=["line"],
        infer_schema=False,
    )["line"]
    if b'"' in content:
        if (lines.str.count_matches('"', literal=True) % 2 == 1).any():
            # A quoted cell runs over several lines, so lines are no rows.
            rows = csv.reader(
                io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator
            )
            short = [number for number, row in enumerate(rows, start=1) if 0 < len(row) < width]
            _refuse_lines(short, width)
            return
        lines = lines.str.replace_all(r'"[^"]*"', "")
    cells = lines.str.count_matches(separator, literal=True) + 1
    content_lines = lines.fill_null("").str.strip_chars() != ""
    short = ((cells < width) & content_lines).arg_true().to_list()
    _refuse_lines([number + 1 for number in short], width)


def _refuse_lines(numbers: list[int], width: int) -> None:
    if numbers:
        shown = ", ".join(f"{number:,}" for number in numbers[:5])
        more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
        message = f"line {shown}{more} has fewer cells than the {width} of the header"
        raise OSError(message)


def coerce(
    frame: pl.DataFrame, agreed: Contract, *, first_keys: int
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Give each column of a contract its type; tell which cells could not be read.

    Parameters
    ----------
    frame : polars.DataFrame
    agreed : Contract
    first_keys : int

    Returns
    -------
    frame : polars.DataFrame
    findings : tuple of Finding
    """
    changes = {
        column.name: changed
        for column in agreed.columns
        if column.name in frame.columns
        and (changed := _coerced(frame[column.name], column.type)) is not None
    }
    coerced = frame.with_columns(**changes)
    key = [name for name in agreed.key if name in coerced.columns]
    cells = []
    for name, changed in changes.items():
        lost = changed.is_null() & frame[name].is_not_null()
        count = int(lost.sum())
        if count:
            first = coerced.select(key).filter(lost).sort(key, nulls_last=True).head(first_keys)
            sample = str(frame[name].filter(lost)[0])
            cells.append(UnreadableCells(name, count, tuple(first.iter_rows()), sample))
    return coerced, unreadable_findings(agreed, cells)


def _coerced(series: pl.Series, kind: ColumnType) -> pl.Series | None:
    """Return the series as its type, or None where it needs no change or allows none."""
    coerced = None
    if series.dtype == pl.String:
        coerced = None if kind is ColumnType.TEXT else _parsed(series, kind)
    elif series.dtype == pl.Null:
        coerced = series.cast(_EMPTY[kind])
    elif kind is ColumnType.TEXT:
        coerced = pl.select(_as_text(series).alias(series.name)).to_series()
    elif kind is ColumnType.BOOLEAN and series.dtype.is_integer():
        # Neither 0 nor 1: unreadable, not "true".
        known = pl.when(pl.lit(series).is_in([0, 1])).then(pl.lit(series).cast(pl.Boolean))
        coerced = pl.select(known.alias(series.name)).to_series()
    elif isinstance(series.dtype, pl.Datetime):
        coerced = _from_timestamps(series, kind)
    elif series.dtype == pl.Date and kind is ColumnType.INSTANT:
        coerced = series.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return coerced


def _as_text(series: pl.Series) -> pl.Expr:
    text = pl.lit(series.cast(pl.String))
    if not series.dtype.is_float():
        return text
    # pandas keeps whole numbers with gaps as floats: the key is 7, not 7.0.
    whole = pl.lit(series.cast(pl.Int64, strict=False).cast(pl.String))
    return pl.when(pl.lit(series) % 1 == 0).then(pl.coalesce(whole, text)).otherwise(text)


_EMPTY: dict[ColumnType, pl.DataType] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.DAY: pl.Date(),
    ColumnType.MONTH: pl.Date(),
    ColumnType.INSTANT: pl.Datetime("us", "UTC"),
}


def _from_timestamps(series: pl.Series, kind: ColumnType) -> pl.Series | None:
    zone = getattr(series.dtype, "time_zone", None)
    if kind is ColumnType.INSTANT:
        if zone is None:
            return series.dt.replace_time_zone("UTC")
        return series.dt.convert_time_zone("UTC")
    if kind in (ColumnType.DAY, ColumnType.MONTH):
        # The day is that of the column's own zone. A time of day is left for validation to find.
        whole = (series.dt.time() == time()).all()
        return series.dt.date() if whole else None
    return None


def _parsed(series: pl.Series, kind: ColumnType) -> pl.Series:
    text = pl.lit(series).str.strip_chars()
    match kind:
        case ColumnType.INTEGER:
            whole = _like(text, WHOLE).str.replace(r"\.0*$", "")
            expression = whole.cast(pl.Int64, strict=False)
        case ColumnType.NUMBER:
            expression = _like(text, FINITE).cast(pl.Float64, strict=False)
        case ColumnType.BOOLEAN:
            lower = text.str.to_lowercase()
            no = pl.when(lower.is_in(FALSE_WORDS)).then(pl.lit(False))
            expression = pl.when(lower.is_in(TRUE_WORDS)).then(pl.lit(True)).otherwise(no)
        case ColumnType.DAY:
            expression = _day(text)
        case ColumnType.MONTH:
            first = _like(text, MONTH) + "-01"
            expression = pl.coalesce(_day(text), first.str.to_date("%Y-%m-%d", strict=False))
        case _:
            expression = _instant(text)
    return pl.select(expression.alias(series.name)).to_series()


def _like(text: pl.Expr, regex: str) -> pl.Expr:
    return pl.when(text.str.contains(f"^(?:{regex})$")).then(text)


def _day(text: pl.Expr) -> pl.Expr:
    return _like(text, MIDNIGHT).str.head(10).str.to_date("%Y-%m-%d", strict=False)


def _instant(text: pl.Expr) -> pl.Expr:
    joined = _like(text, INSTANT).str.replace(" ", "T", literal=True)
    zoned = joined.str.replace(r"[Zz]$", "+00:00")
    aware = [
        zoned.str.to_datetime(f"{naive}%#z", time_unit="us", time_zone="UTC", strict=False)
        for naive in _NAIVE_FORMATS[:2]
    ]
    naive = [
        joined.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        for form in _NAIVE_FORMATS
    ]
    return pl.coalesce(*aware, *naive)
