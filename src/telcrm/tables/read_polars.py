"""Read files with Polars and coerce their columns to a contract's types."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from telcrm.tables.contract import ColumnType, Contract
from telcrm.tables.csv_file import is_utf8
from telcrm.tables.findings import Finding
from telcrm.tables.unreadable import FALSE_WORDS, TRUE_WORDS, UnreadableCells, unreadable_findings

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
        case ".csv" if is_utf8(encoding):
            return pl.read_csv(source, separator=separator, infer_schema=False)
        case ".csv":
            content = io.BytesIO(source.read_text(encoding).encode())
            return pl.read_csv(content, separator=separator, infer_schema=False)
        case ".parquet":
            return pl.read_parquet(source)
    import duckdb

    try:
        with duckdb.connect(str(source), read_only=True) as connection:
            stored: pl.DataFrame = connection.table(table).pl()
    except duckdb.Error as error:
        raise OSError(str(error)) from error
    return stored


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
        days = series.dt.date()
        # A time of day is left in place, for validation to find.
        whole = (series == days.cast(series.dtype)).all() if zone is None else False
        return days if whole else None
    return None


def _parsed(series: pl.Series, kind: ColumnType) -> pl.Series:
    text = pl.lit(series).str.strip_chars()
    match kind:
        case ColumnType.INTEGER:
            expression = text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
        case ColumnType.NUMBER:
            expression = text.cast(pl.Float64, strict=False)
        case ColumnType.BOOLEAN:
            lower = text.str.to_lowercase()
            expression = (
                pl.when(lower.is_in(TRUE_WORDS))
                .then(True)
                .when(lower.is_in(FALSE_WORDS))
                .then(False)
            )
        case ColumnType.DAY:
            expression = _day(text)
        case ColumnType.MONTH:
            expression = pl.coalesce(
                _day(text), (text + "-01").str.to_date("%Y-%m-%d", strict=False)
            )
        case _:
            expression = _instant(text)
    return pl.select(expression.alias(series.name)).to_series()


def _day(text: pl.Expr) -> pl.Expr:
    # Exports of timestamps at midnight are days; any other time of day is not.
    bare = text.str.replace(r"[T ]00:00(:00(\.0+)?)?Z?$", "")
    return bare.str.to_date("%Y-%m-%d", strict=False)


def _instant(text: pl.Expr) -> pl.Expr:
    joined = text.str.replace(" ", "T", literal=True).str.replace(r"[Zz]$", "+00:00")
    aware = [
        joined.str.to_datetime(f"{naive}%#z", time_unit="us", time_zone="UTC", strict=False)
        for naive in _NAIVE_FORMATS[:2]
    ]
    naive = [
        joined.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        for form in _NAIVE_FORMATS
    ]
    return pl.coalesce(*aware, *naive)
