"""What a model looks at: columns of a frame or an array, as numbers and categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain import Record
from telcrm.errors import ParameterError, SchemaDriftError
from telcrm.tables.door import open_frame, parse_objects

__all__ = ["FeatureColumn", "FeatureTable", "is_frame", "read_features"]

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

MISSING: Final = -1
"""Code of a null, and of a category that is not known."""


class FeatureColumn(Record):
    """A column that a model looks at.

    Attributes
    ----------
    name : str
    levels : tuple of str, or None
        Categories; None for a column of numbers.
    """

    name: str
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Columns of a table, read.

    Attributes
    ----------
    numbers : mapping of str to array of shape (n,)
        A null is NaN.
    categories : mapping of str to array of shape (n,)
        Text, None for a null.
    rows : int
    """

    numbers: Mapping[str, Floats]
    categories: Mapping[str, NDArray[np.object_]]
    rows: int

    @property
    def names(self) -> list[str]:
        """Columns, numbers first."""
        return [*self.numbers, *self.categories]

    def levels(self, name: str, least_rows: int) -> tuple[str, ...]:
        """Return the categories of a column that enough rows have, the most frequent first."""
        told, counts = np.unique(
            np.array([each for each in self.categories[name] if each is not None], dtype=object),
            return_counts=True,
        )
        kept = [(-count, level) for level, count in zip(told, counts, strict=True)]
        return tuple(str(level) for count, level in sorted(kept) if -count >= least_rows)

    def no_levels(self, name: str) -> tuple[str, ...] | None:
        """Return no categories of a column of text, and None of a column of numbers."""
        return () if name in self.categories else None

    def codes(self, column: FeatureColumn) -> Codes:
        """Return the place of each value among the levels of a column, -1 if it is none of them."""
        place = {level: at for at, level in enumerate(column.levels or ())}
        told = self.categories[column.name]
        return np.fromiter((place.get(each, MISSING) for each in told), np.intp, told.size)


def is_frame(table: Any) -> bool:
    """Tell a dataframe from an array, and from a frame whose columns are only numbered."""
    reached: Any = nw.from_native(table, pass_through=True)
    if not isinstance(reached, nw.DataFrame | nw.LazyFrame):
        return False
    return all(isinstance(name, str) for name in reached.collect_schema().names())


def read_features(frame: Any, names: Sequence[str]) -> FeatureTable:
    """Read columns of a frame into memory.

    Parameters
    ----------
    frame : dataframe
        In memory: pandas, Polars, PyArrow. Of a lazy one, :func:`telcrm.churn.score_churn` asks
        part by part.
    names : sequence of str

    Returns
    -------
    FeatureTable
        Numbers and booleans as numbers, text as categories.

    Raises
    ------
    SchemaDriftError
        A column is not there.
    ParameterError
        A column holds neither numbers nor text, or a number is infinite.
    """
    opened = parse_objects(open_frame(frame, table="customers"), names)
    schema = opened.rows.collect_schema()
    missing = [name for name in names if name not in schema]
    if missing:
        raise SchemaDriftError(
            f"customers lacks {', '.join(map(repr, missing))}, which the model looks at (found: "
            f"{', '.join(schema.names())}). Build the table as the one that it learnt from.",
            missing=missing,
        )
    held = opened.rows.select(*names).collect()
    numbers: dict[str, Floats] = {}
    categories: dict[str, NDArray[np.object_]] = {}
    for name in names:
        column = held[name]
        if column.dtype.is_numeric() or column.dtype == nw.Boolean:
            numbers[name] = _numbers(column)
        elif isinstance(column.dtype, nw.String | nw.Categorical | nw.Enum):
            told = np.empty(len(column), dtype=object)
            told[:] = column.cast(nw.String).to_list()
            told[column.is_null().to_numpy()] = None
            categories[name] = told
        elif column.is_null().all():
            numbers[name] = np.full(len(column), np.nan)
        else:
            raise ParameterError(
                f"column {name!r} holds {column.dtype}, and a model looks at numbers and text. "
                "Make a number of it, such as the days since a date, or leave it out of features.",
                column=name,
            )
    return FeatureTable(numbers, categories, len(held))


def _numbers(column: nw.Series[Any]) -> Floats:
    values = np.asarray(column.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if np.isinf(values).any():
        raise ParameterError(
            f"column {column.name!r} holds an infinity. Cap it, or make it a null.",
            column=column.name,
        )
    return values
