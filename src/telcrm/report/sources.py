"""The tables of a report, made ready: one engine, one currency, nothing after the as-of date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from telcrm.domain import Currency
from telcrm.report.as_of import EVENT_TIME, STATE_TIME, Reach, reach
from telcrm.report.one_currency import one_currency
from telcrm.report.settings import ChurnSettings
from telcrm.tables import TABLES, ColumnType

if TYPE_CHECKING:
    import polars as pl
    from polars._typing import PolarsDataType

    from telcrm.report.books import Books

__all__ = ["Sources", "as_days", "prepare"]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the sections read.

    Attributes
    ----------
    frames : mapping of str to polars.DataFrame
        Canonical tables that are sound and hold rows; event times are in UTC.
    as_of : datetime.date, optional
        None: no table has a date.
    currency : Currency, optional
    assumed : tuple of str
        Tables with amounts that are taken to be in ``currency`` because the others are.
    after : mapping of str to int
        Rows that were left out because they are of a day after ``as_of``, per table.
    reach : Reach, optional
        How far the tables went before anything was left out.
    books : Books, optional
        What a ledger says, where the settings name one.
    churn : ChurnSettings
        What they say of the worth of keeping a line.
    """

    frames: Mapping[str, pl.DataFrame]
    as_of: date | None
    currency: Currency | None
    assumed: tuple[str, ...]
    after: Mapping[str, int]
    reach: Reach | None
    books: Books | None = None
    churn: ChurnSettings = field(default_factory=ChurnSettings)

    def __contains__(self, table: str) -> bool:
        return table in self.frames

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.frames[table]

    def has(self, table: str, *columns: str) -> bool:
        """Tell whether a table is there with these columns, and a value in each.

        Parameters
        ----------
        table : str
        *columns : str

        Returns
        -------
        bool
        """
        frame = self.frames.get(table)
        return frame is not None and all(
            column in frame.columns and frame[column].null_count() < frame.height
            for column in columns
        )

    @property
    def day(self) -> date:
        """The as-of date; a table with a time column always gives one."""
        if self.as_of is None:
            raise AssertionError("a section without a dated table asked for the as-of date")
        return self.as_of

    @property
    def looks_back(self) -> bool:
        """Whether the tables go on after ``as_of``, so that what they state may be of later."""
        return self.reach is not None and self.as_of is not None and self.as_of < self.reach.day

    @property
    def splits_a_month(self) -> bool:
        """Whether ``as_of`` lies within a month that ``subscriber_months`` holds a row of."""
        import polars as pl

        if self.as_of is None or "subscriber_months" not in self:
            return False
        month = pl.lit(self.as_of).dt.truncate("1mo")
        whole = pl.lit(self.as_of).dt.month_end() == self.as_of
        found = self["subscriber_months"].select(((pl.col("period") == month) & ~whole).any())
        return bool(found.item())

    @property
    def unit(self) -> str:
        """The currency's code, or nothing."""
        return self.currency.code if self.currency else ""

    def headed(self, label: str) -> str:
        """Add the currency to a column's heading.

        Parameters
        ----------
        label : str

        Returns
        -------
        str
        """
        return f"{label}, {self.unit}" if self.unit else label


def prepare(
    frames: Mapping[str, pl.DataFrame], *, as_of: date | None, currency: str | None
) -> Sources:
    """Bring validated tables into the form that the sections read.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
    as_of : datetime.date, optional
        Default: the last day on which something happened.
    currency : str, optional
        Of the tables that have no column of that name.

    Returns
    -------
    Sources

    Raises
    ------
    CurrencyMismatchError
        The tables are in more than one currency.
    UnknownCurrencyError
        ``currency`` is no ISO 4217 code.
    """
    ready = {table: _plain(frame, table) for table, frame in frames.items() if frame.height}
    reached = reach(ready)
    as_of = as_of or (reached.day if reached else None)
    unit, assumed = one_currency(ready, currency)
    kept = {
        table: frame if as_of is None else _until(frame, table, as_of)
        for table, frame in ready.items()
    }
    return Sources(
        frames={table: frame for table, frame in kept.items() if frame.height},
        as_of=as_of,
        currency=unit,
        assumed=assumed,
        after={
            table: ready[table].height - frame.height
            for table, frame in kept.items()
            if frame.height < ready[table].height
        },
        reach=reached,
    )


def as_days(frame: pl.DataFrame, table: str, column: str) -> pl.Series:
    """Return the days of a column of times: as they were written, or in UTC if it holds instants.

    Parameters
    ----------
    frame : polars.DataFrame
    table, column : str
        Canonical names.

    Returns
    -------
    polars.Series
    """
    import polars as pl

    kind = TABLES[table].column(column).type
    return frame.select(_timeless(frame, column, kind).cast(pl.Date)).to_series()


def _plain(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Keep the canonical columns, each in one dtype; Decimal to float: nothing is booked here."""
    import polars as pl

    dtypes: dict[ColumnType, PolarsDataType] = {
        ColumnType.TEXT: pl.String,
        ColumnType.INTEGER: pl.Int64,
        ColumnType.NUMBER: pl.Float64,
        ColumnType.BOOLEAN: pl.Boolean,
        ColumnType.DAY: pl.Date,
        ColumnType.MONTH: pl.Date,
        ColumnType.INSTANT: pl.Datetime("us"),
    }
    return frame.select(
        _timeless(frame, column.name, column.type).cast(dtypes[column.type])
        if frame.schema[column.name].is_temporal()
        else pl.col(column.name).cast(dtypes[column.type])
        for column in TABLES[table].columns
        if column.name in frame.columns
    )


def _timeless(frame: pl.DataFrame, column: str, kind: ColumnType) -> pl.Expr:
    """Take the zone off: an instant is moved to UTC, a day stays the day that was written."""
    import polars as pl

    value = pl.col(column)
    if not getattr(frame.schema[column], "time_zone", None):
        return value
    moved = value.dt.convert_time_zone("UTC") if kind is ColumnType.INSTANT else value
    return moved.dt.replace_time_zone(None)


def _until(frame: pl.DataFrame, table: str, as_of: date) -> pl.DataFrame:
    """Leave out the rows of later days; a row without a day stays."""
    import polars as pl

    column = EVENT_TIME.get(table) or STATE_TIME[table]
    if column not in frame.columns:
        return frame
    day = pl.col(column).cast(pl.Date)
    return frame.filter(day.is_null() | (day <= as_of))
