"""The rows of one customer, out of tables of any engine, as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from telcrm.domain import Currency, Money, Record
from telcrm.domain.exact import Rounding
from telcrm.errors import CurrencyMismatchError, InvalidTableError
from telcrm.tables import TABLES, Column, ColumnType
from telcrm.tables.door import key_values, open_frame, parse_objects, require_columns
from telcrm.tables.findings import readable

__all__ = ["CustomerRows", "Row", "amount", "day_of", "one_currency", "record_of"]

Row = dict[str, Any]
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """Reads the rows of one customer that were there on a day.

    Attributes
    ----------
    tables : mapping of str to frame
    customer_id : str
    as_of : date
    """

    tables: Mapping[str, Any]
    customer_id: str
    as_of: date

    def read(
        self, table: str, *, at: str | None = None, lines: Sequence[str] | None = None
    ) -> list[Row] | None:
        """Read rows as plain values, or return None if the table was not given.

        Parameters
        ----------
        table : str
        at : str, optional
            Column of the day or instant; later rows are left out, and the latest come first.
        lines : sequence of str, optional
            Read the rows of these subscriptions, where a table does not tell the customer.
        """
        if table not in self.tables:
            return None
        agreed = TABLES[table]
        opened = open_frame(self.tables[table], table=table)
        require_columns(
            opened, {column.name: column.name for column in agreed.columns if column.required}
        )
        opened = parse_objects(opened, agreed.column_names)
        schema = opened.rows.collect_schema()
        columns = [column for column in agreed.columns if column.name in schema]
        own = "customer_id" if lines is None else "subscription_id"
        wanted = [self.customer_id] if lines is None else list(lines)
        found = opened.rows.filter(key_values(opened, own).is_in(wanted))
        rows = [
            {column.name: _plain(column, row[column.name]) for column in columns}
            for row in found.collect().rows(named=True)
        ]
        if at is None:
            return rows
        dated = [row for row in rows if row[at] is not None and not self.is_later(row[at])]
        key = agreed.key[0]
        return sorted(dated, key=lambda row: (row[at], row[key] or ""), reverse=True)

    def is_later(self, when: date) -> bool:
        """Tell whether a day, or an instant by UTC, lies after the day of the view."""
        return day_of(when) > self.as_of


def day_of(when: date) -> date:
    """Return the day of a day or, by UTC, of an instant."""
    return when.date() if isinstance(when, datetime) else when


def one_currency(read: Mapping[str, list[Row] | None]) -> Currency | None:
    """Return the currency that the rows are in, where any tells it.

    Raises
    ------
    CurrencyMismatchError
        They tell of two.
    """
    rows = [row for found in read.values() for row in found or ()]
    told = sorted({row["currency"] for row in rows if row.get("currency")})
    if len(told) > 1:
        raise CurrencyMismatchError(
            f"the customer's amounts are in {', '.join(told)}, and a view has one currency. "
            "Convert the tables, or leave the others out.",
            currencies=told,
        )
    return Currency(told[0]) if told else None


def _plain(column: Column, value: Any) -> Any:
    if readable(value) is None:
        return None
    return _READ[column.type](value)


def _instant(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    # A pandas Timestamp is a datetime with nanoseconds.
    return datetime.combine(utc.date(), utc.time(), UTC)


def _day(value: date) -> date:
    return date(value.year, value.month, value.day)


_READ: Mapping[ColumnType, Callable[[Any], Any]] = {
    ColumnType.TEXT: str,
    ColumnType.INTEGER: int,
    ColumnType.NUMBER: lambda number: Decimal(str(number)),
    ColumnType.BOOLEAN: bool,
    ColumnType.DAY: _day,
    ColumnType.INSTANT: _instant,
    ColumnType.MONTH: _day,
}


def amount(row: Row, column: str, currency: Currency | None) -> Money | None:
    """Return an amount of a row, rounded to the minor unit; None without one, or a currency."""
    if row.get(column) is None or currency is None:
        return None
    return Money.rounded(row[column], currency, rounding=Rounding.HALF_EVEN)


def record_of(kind: type[R], table: str, row: Row, currency: Currency | None, **changed: Any) -> R:
    """Make the record that a row is.

    Raises
    ------
    InvalidTableError
        The row breaks a rule of the record, or its amount has no currency.
    """
    agreed = TABLES[table]
    amounts = [one.name for one in agreed.columns if one.type is ColumnType.NUMBER]
    fields = {name: value for name, value in row.items() if name in kind.model_fields}
    fields |= {name: amount(row, name, currency) for name in amounts if name in row}
    try:
        return kind(**{**fields, **changed})
    except ValidationError as error:
        key, problem = agreed.key[0], error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise InvalidTableError(
            f"{table}: the row with {key} {row.get(key)!r} is no valid record: {where}: "
            f"{problem['msg']}. telcrm.tables.validate finds all such rows.",
            table=table,
            key=row.get(key),
        ) from error
