"""Answers of many rows: kept as the store gave them, shown as records, handed over as frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from enum import StrEnum
from html import escape
from typing import Any, Generic, NamedTuple, Self, TypeVar, overload

from telcrm.domain import Currency
from telcrm.domain.choice import choose
from telcrm.errors import MissingExtraError

__all__ = ["Backend", "Column", "ColumnKind", "Rows", "major_units"]

R_co = TypeVar("R_co", covariant=True)

_SHOWN = 10


class Backend(StrEnum):
    """The dataframe library that an answer is handed over in."""

    POLARS = "polars"
    PANDAS = "pandas"
    PYARROW = "pyarrow"


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DAY = "day"
    INSTANT = "instant"
    AMOUNT = "amount"
    """Major units as a float, beside a column ``currency``: frames are for looking, not booking."""
    WHOLE = "whole"
    NUMBER = "number"


class Column(NamedTuple):
    """A column of a frame."""

    kind: ColumnKind
    values: Sequence[Any]


class Rows(Sequence[R_co], Generic[R_co]):
    """A sequence of records that are made when they are looked at.

    An answer may have a million rows; what the store gave stays as it is, and :meth:`to_frame`
    makes columns of it without making records.
    """

    def __init__(self, raw: Iterable[Any]) -> None:
        self._raw: Sequence[Any] = tuple(raw)

    @abstractmethod
    def _record(self, raw: Any) -> R_co:
        """Return the record of a row."""

    @abstractmethod
    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        """Return the columns of some rows."""

    @overload
    def __getitem__(self, index: int) -> R_co: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> R_co | Self:
        """Return a record, or an answer of fewer rows."""
        if isinstance(index, slice):
            part = copy(self)
            vars(part)["_raw"] = self._raw[index]
            return part
        return self._record(self._raw[index])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._raw)

    def __iter__(self) -> Iterator[R_co]:
        """Run over the records."""
        return map(self._record, self._raw)

    def __eq__(self, other: object) -> bool:
        """Whether the other answer is the same."""
        if type(other) is not type(self):
            return NotImplemented
        return bool(self.__dict__ == other.__dict__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        head = ", ".join(repr(record) for record in self[:3])
        more = f", ... {len(self) - 3} more" if len(self) > 3 else ""
        return f"{type(self).__name__}([{head}{more}])"

    def _repr_html_(self) -> str:
        columns = self._columns(self._raw[:_SHOWN])
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        lines = zip(*(column.values for column in columns.values()), strict=True)
        body = "".join(
            "<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in line) + "</tr>"
            for line in lines
        )
        count = f"{len(self):,} rows"
        caption = count if len(self) <= _SHOWN else f"the first {_SHOWN} of {count}"
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"

    def to_frame(self, *, backend: Backend | str = Backend.POLARS) -> Any:
        """Return all rows as a frame.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            One row per record. Amounts are floats in major units, beside a column ``currency``.

        Raises
        ------
        ParameterError
            The backend is not known.
        MissingExtraError
            The backend is not installed.
        """
        return _frame(self._columns(self._raw), choose(Backend, backend, "backend"))


def _shown(value: object) -> str:
    return "" if value is None else escape(str(value))


def major_units(units: Iterable[int | None], currencies: Iterable[str]) -> Column:
    """Return a column of amounts.

    Parameters
    ----------
    units : iterable of int or None
        Minor units.
    currencies : iterable of str
        One for each amount.

    Returns
    -------
    Column
        Of floats, each the nearest to its amount.

    Examples
    --------
    >>> major_units([1250, 1250], ["EUR", "JPY"]).values
    [12.5, 1250.0]
    """
    known: dict[str, int] = {}
    values: list[float | None] = []
    for amount, code in zip(units, currencies, strict=True):
        if code not in known:
            known[code] = 10 ** (Currency(code).exponent or 0)
        values.append(None if amount is None else amount / known[code])
    return Column(ColumnKind.AMOUNT, values)


def _frame(columns: Mapping[str, Column], backend: Backend) -> Any:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]

        types = {
            ColumnKind.TEXT: pa.large_string(),
            ColumnKind.DAY: pa.date32(),
            ColumnKind.INSTANT: pa.timestamp("us", tz="UTC"),
            ColumnKind.AMOUNT: pa.float64(),
            ColumnKind.WHOLE: pa.int64(),
            ColumnKind.NUMBER: pa.float64(),
        }
        table = pa.table(
            {name: pa.array(values, types[kind]) for name, (kind, values) in columns.items()}
        )
        if backend is Backend.PYARROW:
            return table
        if backend is Backend.POLARS:
            import polars as pl

            return pl.from_arrow(table)
        import pandas as pd  # noqa: F401 - to_pandas would fail later and less clearly

        return table.to_pandas(date_as_object=False)
    except ModuleNotFoundError as error:
        extra = "polars" if backend is Backend.POLARS else "pandas"
        raise MissingExtraError.needing(
            f"a frame for the backend {backend.value}", str(error.name), extra=extra
        ) from error
