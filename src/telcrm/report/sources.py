"""The tables of a report, made ready: one engine, one currency, nothing after the as-of date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from telcrm.domain import Currency
from telcrm.errors import CurrencyMismatchError
from telcrm.tables import TABLES, ColumnType

if TYPE_CHECKING:
    import polars as pl
    from polars._typing import PolarsDataType

__all__ = ["EVENT_TIME", "STATE_TIME", "Sources", "last_day", "prepare"]

EVENT_TIME: Final[Mapping[str, str]] = {
    "subscriber_months": "period",
    "usage": "started_at",
    "recharges": "recharged_at",
    "invoices": "issued_on",
    "payments": "paid_on",
    "complaints": "received_at",
    "interactions": "started_at",
    "surveys": "responded_at",
    "campaign_contacts": "contacted_at",
}
"""When a row of a table happened. The other tables hold states, not events."""

STATE_TIME: Final[Mapping[str, str]] = {
    "customers": "since",
    "subscriptions": "activated_on",
    "equipment": "assigned_on",
}
"""Since when a row of the other tables holds."""


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
    after : mapping of str to int
        Rows that were left out because they happened after ``as_of``, per table.
    """

    frames: Mapping[str, pl.DataFrame]
    as_of: date | None
    currency: Currency | None
    after: Mapping[str, int]

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


def last_day(frames: Mapping[str, pl.DataFrame]) -> date | None:
    """Return the last day on which something happened.

    A month of ``subscriber_months`` counts to its last day. Where no table holds events, the last
    customer, subscription or assigned device counts.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame

    Returns
    -------
    datetime.date or None
    """
    for times in (EVENT_TIME, STATE_TIME):
        days = [
            _last_day_of(frames[table], column)
            for table, column in times.items()
            if table in frames and column in frames[table].columns
        ]
        known = [day for day in days if day is not None]
        if known:
            return max(known)
    return None


def _last_day_of(frame: pl.DataFrame, column: str) -> date | None:
    import polars as pl

    day = pl.col(column).cast(pl.Date)
    if column == "period":
        day = day.dt.month_end()
    found: date | None = frame.select(day.max()).item()
    return found


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
    as_of = as_of or last_day(ready)
    after: dict[str, int] = {}
    for table, column in EVENT_TIME.items():
        if table in ready and as_of is not None:
            before = ready[table].height
            ready[table] = _until(ready[table], column, as_of)
            after[table] = before - ready[table].height
    return Sources(
        frames={table: frame for table, frame in ready.items() if frame.height},
        as_of=as_of,
        currency=_one_currency(ready, currency),
        after={table: rows for table, rows in after.items() if rows},
    )


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
    columns = []
    for column in TABLES[table].columns:
        if column.name in frame.columns:
            value = pl.col(column.name)
            if getattr(frame.schema[column.name], "time_zone", None):
                value = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            columns.append(value.cast(dtypes[column.type]))
    return frame.select(columns)


def _until(frame: pl.DataFrame, column: str, as_of: date) -> pl.DataFrame:
    import polars as pl

    return frame.filter(pl.col(column).cast(pl.Date) <= as_of)


def _one_currency(frames: Mapping[str, Any], fallback: str | None) -> Currency | None:
    found: dict[str, list[str]] = {}
    for table, frame in frames.items():
        if "currency" in frame.columns:
            for code in frame["currency"].drop_nulls().unique().sort().to_list():
                found.setdefault(code, []).append(table)
        elif fallback and set(frame.columns) & _MONEY_COLUMNS:
            found.setdefault(fallback, []).append(table)
    if len(found) > 1:
        where = "; ".join(f"{code}: {', '.join(tables)}" for code, tables in sorted(found.items()))
        raise CurrencyMismatchError(
            f"the tables are in {len(found)} currencies ({where}), and a report adds up in one. "
            "Convert them, or keep each currency in a folder of its own.",
            currencies=found,
        )
    code = next(iter(found), fallback)
    return Currency(code) if code else None


_MONEY_COLUMNS = frozenset({"revenue", "amount", "total", "charge", "residual_value"})
