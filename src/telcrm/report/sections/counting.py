"""Groupings that several sections make."""

from __future__ import annotations

import polars as pl

from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["in_groups", "month_of", "per_day", "per_month", "ranking", "total", "with_names"]

_UNKNOWN = "unknown"
_MOST_GROUPS = 6


def month_of(column: str) -> pl.Expr:
    """Return the first day of the month of a day or an instant.

    Parameters
    ----------
    column : str

    Returns
    -------
    polars.Expr
        Named ``period``.
    """
    return _start_of(column, "1mo")


def per_day(frame: pl.DataFrame, column: str, **what: pl.Expr) -> pl.DataFrame:
    """Aggregate by the day of a column; days without a row are there too, as nulls.

    Parameters
    ----------
    frame : polars.DataFrame
    column : str
        Days or instants.
    **what : polars.Expr
        Aggregations by name.

    Returns
    -------
    polars.DataFrame
        ``period`` and the aggregates, in order of time.
    """
    return _on_calendar(frame, column, "1d", what)


def per_month(frame: pl.DataFrame, column: str, **what: pl.Expr) -> pl.DataFrame:
    """Aggregate by the month of a column; months without a row are there too, as nulls.

    Parameters
    ----------
    frame : polars.DataFrame
    column : str
        Days or instants.
    **what : polars.Expr
        Aggregations by name.

    Returns
    -------
    polars.DataFrame
        ``period`` and the aggregates, in order of time.
    """
    return _on_calendar(frame, column, "1mo", what)


def _start_of(column: str, every: str) -> pl.Expr:
    return pl.col(column).cast(pl.Date).dt.truncate(every).alias("period")


def _on_calendar(
    frame: pl.DataFrame, column: str, every: str, what: dict[str, pl.Expr]
) -> pl.DataFrame:
    grouped = frame.group_by(_start_of(column, every)).agg(**what)
    if grouped.is_empty():
        return grouped
    whole = grouped.select(pl.date_range(pl.col("period").min(), pl.col("period").max(), every))
    return whole.join(grouped, on="period", how="left").sort("period")


def ranking(frame: pl.DataFrame, column: str, *, most: int = 12) -> pl.DataFrame:
    """Count rows per value, most frequent first; the tail is added up as "all other".

    Parameters
    ----------
    frame : polars.DataFrame
    column : str
    most : int
        Rows of the result.

    Returns
    -------
    polars.DataFrame
        ``column`` as text, ``count`` and ``share``.
    """
    ranked = (
        frame.group_by(pl.col(column).cast(pl.String).fill_null("not stated"))
        .agg(count=pl.len())
        .sort(["count", column], descending=[True, False])
    )
    if ranked.height > most:
        tail = ranked.slice(most - 1)
        rest = pl.DataFrame(
            {column: [f"all other ({tail.height})"], "count": [tail["count"].sum()]},
            schema=ranked.schema,
        )
        ranked = pl.concat([ranked.head(most - 1), rest])
    return ranked.with_columns(share=pl.col("count") / frame.height)


def in_groups(frame: pl.DataFrame, column: str) -> tuple[pl.DataFrame | None, str]:
    """Make a column ready to break figures down by: a few groups, and no row without one.

    Parameters
    ----------
    frame : polars.DataFrame
    column : str

    Returns
    -------
    frame : polars.DataFrame or None
        Rows without a value are "unknown"; where there are more than six groups, the smallest are
        "all other". None: there is no such column, or one group alone.
    note : str
        Says so, with a space in front; empty where nothing was changed.
    """
    if column not in frame.columns:
        return None, ""
    value, note = pl.col(column), ""
    missing = frame[column].null_count()
    if missing:
        value = value.fill_null(_UNKNOWN)
        note += f" {counted(missing, 'row')} without a {column} counted as {_UNKNOWN}."
    named = frame.with_columns(value)
    sizes = named[column].value_counts(name="rows").sort(["rows", column], descending=[True, False])
    if sizes.height > _MOST_GROUPS:
        largest = sizes[column].head(_MOST_GROUPS - 1).to_list()
        rest = f"all other ({sizes.height - len(largest)})"
        is_large = pl.col(column).is_in(largest)
        named = named.with_columns(
            pl.when(is_large).then(column).otherwise(pl.lit(rest)).alias(column)
        )
        note += f" The {len(largest)} largest groups are shown, and {rest}."
    return (named if sizes.height > 1 else None), note


def total(values: pl.Series) -> float:
    """Add numbers up.

    Parameters
    ----------
    values : polars.Series
        Nulls count as nothing.

    Returns
    -------
    float
    """
    return float(values.sum())


def with_names(frame: pl.DataFrame, sources: Sources) -> pl.DataFrame:
    """Add the customers' names, where the customers' table is there and has them.

    Parameters
    ----------
    frame : polars.DataFrame
        With a column ``customer_id``.
    sources : Sources

    Returns
    -------
    polars.DataFrame
        With ``name`` after ``customer_id``, or as it was.
    """
    if not sources.has("customers", "name"):
        return frame
    names = sources["customers"].select("customer_id", "name")
    first, *others = frame.columns
    joined = frame.join(names, on="customer_id", how="left", maintain_order="left")
    return joined.select(first, "name", *others)
